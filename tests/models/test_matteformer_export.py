"""matteformer-lite as an ONNX graph with dynamic height and width: every head at sizes that were never traced."""

import warnings
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import Tensor, nn

from mattelier.models import build

TRACED_HW = (256, 320)  # smaller, one window would cover os32, and its number would be frozen at 1
HEADS = ("alpha_os1", "alpha_os4", "alpha_os8", "alpha")
TOLERANCE, FLIPPED = 1e-3, 2e-4  # DESIGN.md §8; alpha chooses between heads, and may choose otherwise at a threshold


class Heads(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor, trimap: Tensor) -> tuple[Tensor, ...]:
        outputs = self.net(image, trimap)
        return tuple(outputs[head] for head in HEADS)


def inputs(hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """A picture of blocks and noise; columns of background, unknown and foreground."""
    made, (height, width) = torch.Generator().manual_seed(hw[1]), hw
    blocks = torch.randn(1, 3, height // 32, width // 32, generator=made).repeat_interleave(32, 2)
    image = blocks.repeat_interleave(32, 3) + 0.3 * torch.randn(1, 3, height, width, generator=made)
    third = torch.arange(width) * 3 // width
    return image, torch.stack([(third == value).float() for value in range(3)])[None, :, None].repeat(1, 1, height, 1)


@pytest.fixture(scope="module")
def net() -> nn.Module:
    """Random weights with running statistics that belong to them, and heads that are certain in places."""
    torch.manual_seed(0)
    network = build("matteformer", lite=True).train()
    with torch.no_grad():
        for _ in range(4):
            network(*inputs((96, 96)))
        for head, factor in (("OS1", 8.0), ("OS4", 200.0), ("OS8", 400.0)):
            last = network.get_submodule(f"decoder.refine_{head}.3")
            assert isinstance(last, nn.Conv2d)
            last.weight.mul_(factor)
    return network.eval()


@pytest.fixture(scope="module")
def session(net: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> ort.InferenceSession:
    file = Path(tmp_path_factory.mktemp("onnx")) / "matteformer.onnx"
    height, width = (32 * torch.export.Dim(name, min=1, max=256) for name in ("h32", "w32"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        torch.onnx.export(
            Heads(net).eval(),
            inputs(TRACED_HW),
            file,
            input_names=["image", "trimap"],
            output_names=list(HEADS),
            dynamic_shapes={name: {2: height, 3: width} for name in ("image", "trimap")},
            dynamo=True,
            opset_version=18,
            optimize=False,  # as mattelier.runtime.export has it, and a quarter quicker
            verbose=False,
        )
    return ort.InferenceSession(file, providers=["CPUExecutionProvider"])


@pytest.mark.slow
@pytest.mark.parametrize("hw", [(64, 64), (160, 96), (224, 352)])
def test_onnx_equals_torch_at_untraced_sizes(
    net: nn.Module, session: ort.InferenceSession, hw: tuple[int, int]
) -> None:
    given = inputs(hw)
    with torch.inference_mode():
        expected = {head: x.numpy() for head, x in net(*given).items()}
    feed = {name: x.numpy() for name, x in zip(("image", "trimap"), given, strict=True)}
    results = dict(zip(HEADS, session.run(list(HEADS), feed), strict=True))
    for head in HEADS[:3]:
        assert expected[head].std() > 0.1
        np.testing.assert_allclose(results[head], expected[head], rtol=0, atol=TOLERANCE)
    assert (np.abs(results["alpha"] - expected["alpha"]) > TOLERANCE).mean() <= FLIPPED
    # or the choice would not matter
    assert all((np.abs(expected["alpha"] - expected[head]) > TOLERANCE).any() for head in HEADS[:3])
