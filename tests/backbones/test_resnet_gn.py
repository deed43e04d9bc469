"""Weight standardisation by both published rules, and the encoder's strides and dilations."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mattelier.backbones.resnet_gn import ResNetGN, WSConv2d, standardise, standardise_2020

OPS = np.load(Path(__file__).parent.parent / "parity" / "fba_ops.npz")


def test_standardise_equals_the_released_code() -> None:
    result = standardise(torch.from_numpy(OPS["ws_in"]))
    np.testing.assert_allclose(result, OPS["ws_out"], rtol=0, atol=1e-5)


def test_both_rules_by_hand() -> None:
    weight = torch.tensor([1.0, 3.0, 5.0, 7.0], dtype=torch.float64).view(1, 4, 1, 1)
    # mean 4, squares 9 + 1 + 1 + 9: biased variance 5, unbiased 20 / 3
    np.testing.assert_allclose(standardise(weight).flatten(), np.array([-3, -1, 1, 3]) / np.sqrt(5 + 1e-5))
    expected = np.array([-3, -1, 1, 3]) / (np.sqrt(20 / 3 + 1e-12) + 1e-5)
    np.testing.assert_allclose(standardise_2020(weight).flatten(), expected)


def test_a_flat_kernel_becomes_zero_and_keeps_a_gradient() -> None:
    for rule in (standardise, standardise_2020):
        weight = torch.full((2, 3, 3, 3), 0.7, requires_grad=True)
        result = rule(weight)
        assert result.abs().max() < 1e-2
        result.square().sum().backward()
        assert weight.grad is not None and torch.isfinite(weight.grad).all()


@pytest.mark.parametrize("legacy_ws", [False, True])
def test_a_pass_standardises_and_leaves_the_parameter(legacy_ws: bool) -> None:
    torch.manual_seed(0)
    conv = WSConv2d(3, 4, 3, bias=True, legacy_ws=legacy_ws)
    before, x = conv.weight.detach().clone(), torch.rand(1, 3, 5, 6)
    rule = standardise_2020 if legacy_ws else standardise
    expected = nn.functional.conv2d(x, rule(before), conv.bias, padding=1)
    torch.testing.assert_close(conv.train()(x), expected)
    torch.testing.assert_close(conv.eval()(x), expected)
    assert torch.equal(conv.weight, before)
    # the answer does not depend on the scale of the weights, and so their gradient is orthogonal to them
    conv(x).square().sum().backward()
    assert conv.weight.grad is not None
    assert (conv.weight.grad * conv.weight).sum().abs() < 1e-3 * conv.weight.grad.norm() * conv.weight.norm()


def test_strides_widths_and_dilations() -> None:
    encoder = ResNetGN(5, stem=8, widths=(8, 16, 24, 32), blocks=(1, 2, 2, 2), groups=4)
    os2, os4, os8 = encoder(torch.rand(1, 5, 48, 64))
    assert [tuple(x.shape[1:]) for x in (os2, os4, os8)] == [(8, 24, 32), (32, 12, 16), (128, 6, 8)]
    dilations = [
        [block.get_submodule("conv2").dilation for block in layer]
        for layer in (encoder.layer1, encoder.layer2, encoder.layer3, encoder.layer4)
    ]
    assert dilations == [[(1, 1)], [(1, 1), (1, 1)], [(1, 1), (2, 2)], [(2, 2), (4, 4)]]
