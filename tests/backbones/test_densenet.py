"""DenseNet-121: sizes, strides, names; its numbers are checked through GFM's fixtures."""

import torch

from mattelier.backbones.densenet import DenseBlock, DenseNet121


def test_published_size_and_strides() -> None:
    with torch.device("meta"):
        net = DenseNet121()
    assert sum(p.numel() for p in net.parameters()) == 7_978_856  # torchvision's count, classifier included
    features = net(torch.zeros(1, 3, 64, 96, device="meta"))
    shapes = [tuple(feature.shape[1:]) for feature in features]
    assert shapes == [(64, 32, 48), (128, 16, 24), (256, 8, 12), (512, 4, 6), (1024, 4, 6)]


def test_names_are_torchvision_s_of_today() -> None:
    with torch.device("meta"):
        names = set(DenseNet121().state_dict())
    assert "features.denseblock3.denselayer24.conv2.weight" in names and "features.transition3.norm.bias" in names
    assert "features.norm5.running_mean" in names and "classifier.weight" in names


def test_a_block_keeps_what_it_saw() -> None:
    torch.manual_seed(0)
    x = torch.rand(1, 8, 4, 4)
    y = DenseBlock(8, 3).eval()(x)
    assert y.shape == (1, 8 + 3 * 32, 4, 4) and torch.equal(y[:, :8], x)
