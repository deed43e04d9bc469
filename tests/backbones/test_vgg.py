"""Pooling that remembers places against torch's indices, and VGG's sizes; its numbers are checked through DIM's."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mattelier.backbones.vgg import VGG, pool, unpool


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("hw", [(2, 2), (6, 10), (32, 64)])
def test_places_equal_torch_s_indices_with_many_ties(hw: tuple[int, int], layout: torch.memory_format) -> None:
    made = torch.Generator().manual_seed(0)
    x = torch.randint(0, 3, (2, 5, *hw), generator=made).float().contiguous(memory_format=layout)
    largest, indices = F.max_pool2d(x, 2, return_indices=True)
    ours, place = pool(x)
    assert torch.equal(ours, largest) and place.dtype == torch.bool and place.shape == x.shape
    y = torch.randn(largest.shape, generator=made)
    assert torch.equal(unpool(y, place), F.max_unpool2d(y, indices, 2))


def test_ties_by_hand() -> None:
    zeros = pool(torch.zeros(1, 1, 2, 2))[1]
    assert zeros[0, 0].tolist() == [[True, False], [False, False]]
    right = pool(torch.tensor([[[[0.0, 2.0], [2.0, 1.0]]]]))[1]
    assert right[0, 0].tolist() == [[False, True], [False, False]]
    below = pool(torch.tensor([[[[-3.0, -2.0], [-1.0, -1.0]]]]))[1]
    assert below[0, 0].tolist() == [[False, False], [True, False]]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_precision_makes_no_difference(dtype: torch.dtype) -> None:
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(1)).to(dtype)
    largest, place = pool(x)
    assert largest.dtype == dtype and place.sum() == largest.numel()
    assert torch.equal(x[place].sort().values, largest.flatten().sort().values)


def test_gradients_go_to_the_places_and_come_from_them() -> None:
    x = torch.randn(1, 2, 4, 4, generator=torch.Generator().manual_seed(2)).requires_grad_()
    largest, place = pool(x)
    (2.0 * unpool(largest, place)).sum().backward()
    assert torch.equal(x.grad, 2.0 * place)


def test_published_size_and_strides() -> None:
    with torch.device("meta"):
        net = VGG()
        x, features, places = net(torch.zeros(1, 3, 64, 96))
    assert sum(p.numel() for p in net.parameters()) == 14_714_688  # torchvision's vgg16 without its classifier
    assert x.shape == (1, 512, 2, 3)
    shapes = [tuple(feature.shape[1:]) for feature in features]
    assert shapes == [(64, 64, 96), (128, 32, 48), (256, 16, 24), (512, 8, 12), (512, 4, 6)]
    assert [place.shape for place in places] == [feature.shape for feature in features]


def test_norms_stand_behind_every_convolution() -> None:
    with torch.device("meta"):
        net = VGG(4, (8, 8, 16, 16, 16), norm=True)
    kinds = [type(module) for group in net.groups for module in group]
    assert kinds == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU] * 13
