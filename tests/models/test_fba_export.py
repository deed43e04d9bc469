"""fba-lite as an ONNX graph with dynamic height and width: every head at sizes that were never traced."""

import warnings
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import Tensor, nn

from mattelier.models import build
from mattelier.runtime.prepare_fba import INPUTS, published_input

TOLERANCE = 1e-3  # DESIGN.md §8
TRACED_HW = (64, 96)
HEADS = ("alpha", "foreground", "background")


class Heads(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(
        self, image: Tensor, two_chan_trimap: Tensor, image_n: Tensor, trimap_transformed: Tensor
    ) -> tuple[Tensor, ...]:
        outputs = self.net(image, two_chan_trimap, image_n, trimap_transformed)
        return tuple(outputs[head] for head in HEADS)


def inputs(hw: tuple[int, int]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(hw[0])
    trimap = np.full(hw, 128, np.uint8)
    trimap[: hw[0] // 3], trimap[-hw[0] // 4 :] = 0, 255
    return published_input(rng.integers(0, 256, (*hw, 3), dtype=np.uint8), trimap)


@pytest.fixture(scope="module")
def net() -> nn.Module:
    torch.manual_seed(0)
    network = build("fba", lite=True).eval()
    last = network.get_submodule("decoder.conv_up4.4")
    assert isinstance(last, nn.Conv2d)
    with torch.no_grad():  # heads that vary with the picture
        last.weight.mul_(4)
    return network


@pytest.fixture(scope="module")
def session(net: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> ort.InferenceSession:
    file = Path(tmp_path_factory.mktemp("onnx")) / "fba.onnx"
    height, width = (8 * torch.export.Dim(name, min=2, max=1024) for name in ("h8", "w8"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        torch.onnx.export(
            Heads(net).eval(),
            tuple(torch.from_numpy(x) for x in inputs(TRACED_HW).values()),
            file,
            input_names=INPUTS,
            output_names=HEADS,
            dynamic_shapes={name: {2: height, 3: width} for name in INPUTS},
            dynamo=True,
            opset_version=18,
            verbose=False,
        )
    return ort.InferenceSession(file, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("hw", [(40, 56), (104, 72), (136, 200)])
def test_onnx_equals_torch_at_untraced_sizes(
    net: nn.Module, session: ort.InferenceSession, hw: tuple[int, int]
) -> None:
    given = inputs(hw)
    with torch.inference_mode():
        expected = net(*(torch.from_numpy(x) for x in given.values()))
    results = dict(zip(HEADS, session.run(HEADS, given), strict=True))
    for head in HEADS:
        assert expected[head].std() > 0.02
        np.testing.assert_allclose(results[head], expected[head], rtol=0, atol=TOLERANCE)
