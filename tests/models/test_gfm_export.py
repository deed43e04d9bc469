"""GFM through ONNX at sizes that were not traced: scores alike, and alpha but for ties."""

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
HEADS = ("alpha", "glance", "focus")
SCORE_TOLERANCE, ALPHA_TOLERANCE, FLIPPED = 1e-3, 1e-3, 2e-4  # DESIGN: a tie of classes may fall to either side


class Ordered(nn.Module):
    """The heads as a tuple: what an ONNX graph returns."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        outputs = self.net(x)
        return tuple(outputs[head] for head in HEADS)


def exported(net: nn.Module, file: Path) -> ort.InferenceSession:
    height, width = (32 * torch.export.Dim(name, min=1, max=512) for name in ("h32", "w32"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        torch.onnx.export(
            Ordered(net).eval(),
            (torch.zeros(1, 3, *TRACED_HW),),
            file,
            input_names=["image"],
            output_names=list(HEADS),
            dynamic_shapes={"x": {2: height, 3: width}},
            dynamo=True,
            opset_version=18,
            verbose=False,
        )
    return ort.InferenceSession(file, providers=["CPUExecutionProvider"])


def settled(net: nn.Module) -> nn.Module:
    """Random weights with running statistics that belong to them, so that scores differ from place to place."""
    torch.manual_seed(0)
    net.train()
    with torch.no_grad():
        for _ in range(8):
            net(picture((96, 96), np.random.default_rng(1), 4))
    return net.eval()


def picture(hw: tuple[int, int], generator: np.random.Generator, count: int = 1) -> Tensor:
    """(count, 3, h, w) in 0..255: large blocks with some noise."""
    h, w = hw
    blocks = generator.uniform(20, 235, (count, 3, h // 32, w // 32)).repeat(32, 2).repeat(32, 3)
    return torch.from_numpy((blocks + generator.uniform(-20, 20, (count, 3, h, w))).astype(np.float32))


@pytest.mark.parametrize(
    "options", [{"lite": True}, pytest.param({"backbone": "r34"}, marks=pytest.mark.slow)], ids=["lite", "r34"]
)
def test_onnx_equals_torch_at_sizes_that_were_not_traced(options: dict[str, object], tmp_path: Path) -> None:
    net = settled(build("gfm", **options))  # type: ignore[arg-type]
    session, generator = exported(net, tmp_path / "gfm.onnx"), np.random.default_rng(0)
    classes: set[int] = set()
    for hw in COMPARED_HW:
        x = picture(hw, generator)
        with torch.inference_mode():
            ours = {head: value.numpy() for head, value in net(x).items()}
        theirs = dict(zip(HEADS, session.run(list(HEADS), {"image": x.numpy()}), strict=True))
        for head in ("glance", "focus"):
            np.testing.assert_allclose(theirs[head], ours[head], rtol=0, atol=SCORE_TOLERANCE)
        assert (np.abs(theirs["alpha"] - ours["alpha"]) > ALPHA_TOLERANCE).mean() <= FLIPPED
        classes |= set(np.unique(ours["glance"].argmax(1)).tolist())
    assert len(classes) > 1  # or alpha would agree whatever the merge did
