"""ResNet: sizes, strides, names; its numbers are checked through GFM's fixtures."""

import pytest
import torch

from mattelier.backbones.resnet import BasicBlock, ResNet, resnet34, resnet101


@pytest.mark.parametrize(
    ("make", "parameters", "channels"),
    [
        (resnet34, 21_797_672, (64, 64, 128, 256, 512)),  # torchvision's count, classifier included
        (resnet101, 44_549_160, (64, 256, 512, 1024, 2048)),
    ],
)
def test_published_sizes(make: type[ResNet], parameters: int, channels: tuple[int, ...]) -> None:
    with torch.device("meta"):
        net = make()
    assert sum(p.numel() for p in net.parameters()) == parameters
    features = net(torch.zeros(1, 3, 64, 96, device="meta"))
    shapes = [tuple(feature.shape[1:]) for feature in features]
    assert shapes == [(c, 64 >> i, 96 >> i) for i, c in enumerate(channels, start=1)]


def test_names_are_torchvision_s() -> None:
    with torch.device("meta"):
        names = set(resnet101().state_dict())
    expected = {"conv1.weight", "bn1.running_var", "layer3.22.conv3.weight", "layer1.0.downsample.1.bias", "fc.bias"}
    assert expected <= names


def test_the_three_by_three_of_a_bottleneck_has_the_stride() -> None:
    with torch.device("meta"):
        first = resnet101().get_submodule("layer2.0")
    strides = [first.get_submodule(f"conv{i}").stride for i in (1, 2, 3)]
    assert strides == [(1, 1), (2, 2), (1, 1)]


def test_a_block_adds_to_what_it_gets() -> None:
    block = BasicBlock(2, 2).eval()
    torch.nn.init.zeros_(block.conv2.weight)
    x = torch.tensor([1.0, -1.0]).reshape(1, 2, 1, 1)
    assert block(x).flatten().tolist() == [1.0, 0.0]  # the shortcut alone, then ReLU
