"""dim-lite as an ONNX graph with dynamic height and width: both heads at sizes that were never traced."""

import warnings
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import Tensor, nn

from mattelier.models import build

TRACED_HW = (96, 128)
COMPARED_HW = ((64, 64), (160, 96), (224, 352))
HEADS = ("alpha", "coarse")
TOLERANCE, MOVED = 1e-3, 2e-4  # DESIGN: where two values of a window are as good as equal, either may be the maximum


class Heads(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        outputs = self.net(x)
        return tuple(outputs[head] for head in HEADS)


def picture(hw: tuple[int, int], generator: np.random.Generator, count: int = 1) -> Tensor:
    """(count, 4, h, w): large blocks with some noise, normalised, and a trimap of all three values."""
    h, w = hw
    blocks = generator.uniform(-1.5, 1.5, (count, 3, h // 32, w // 32)).repeat(32, 2).repeat(32, 3)
    noise = generator.uniform(-0.3, 0.3, (count, 3, h, w))
    noise[..., : w // 4] = 0  # flat, so that windows of equal values are there too
    trimap = generator.choice([0, 128 / 255, 1], (count, 1, h // 16, w // 16)).repeat(16, 2).repeat(16, 3)
    return torch.from_numpy(np.concatenate((blocks + noise, trimap), 1).astype(np.float32))


@pytest.fixture(scope="module")
def net() -> nn.Module:
    """Random weights with running statistics that belong to them, and a refinement that changes something."""
    torch.manual_seed(0)
    network = build("dim", lite=True).train()
    nn.init.normal_(network.get_submodule("refine.residual").weight, std=0.3)  # type: ignore[arg-type]
    with torch.no_grad():
        for seed in range(8):
            network(picture((96, 96), np.random.default_rng(seed), 4))
    return network.eval()


@pytest.fixture(scope="module")
def session(net: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> ort.InferenceSession:
    file = Path(tmp_path_factory.mktemp("onnx")) / "dim.onnx"
    height, width = (32 * torch.export.Dim(name, min=1, max=512) for name in ("h32", "w32"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        torch.onnx.export(
            Heads(net).eval(),
            (torch.zeros(1, 4, *TRACED_HW),),
            file,
            input_names=["x"],
            output_names=list(HEADS),
            dynamic_shapes={"x": {2: height, 3: width}},
            dynamo=True,
            opset_version=18,
            verbose=False,
        )
    return ort.InferenceSession(file, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("hw", COMPARED_HW)
def test_onnx_equals_torch_at_untraced_sizes(
    net: nn.Module, session: ort.InferenceSession, hw: tuple[int, int]
) -> None:
    x = picture(hw, np.random.default_rng(hw[0]))
    with torch.inference_mode():
        expected = net(x)
    results = dict(zip(HEADS, session.run(HEADS, {"x": x.numpy()}), strict=True))
    for head in HEADS:
        assert expected[head].std() > 0.02
        assert (np.abs(results[head] - expected[head].numpy()) > TOLERANCE).mean() <= MOVED
    assert (expected["alpha"] - expected["coarse"]).abs().max() > 0.05  # the refinement is in the graph
