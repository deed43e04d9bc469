"""CLIPMat through ONNX at its fixed size: scores alike, and alpha but for ties."""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import Tensor, nn

from mattelier.backbones.clip import CLIPConfig
from mattelier.models import build
from mattelier.models.clipmat import CLIPMat, CLIPMatBase

HEADS = ("alpha", "trimap", "detail", "pointing")
TOLERANCE, FLIPPED = 1e-3, 2e-4  # DESIGN: a tie of classes may fall to either side
TINY = CLIPConfig(48, 16, 4, 128, 4, 64, 3, length=77, vocabulary=49_408)
TEXTS = ("the red car on the left", "dog")


class Ordered(nn.Module):
    """The heads as a tuple: what an ONNX graph returns."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor, tokens: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        outputs = self.net(image, tokens, mask)
        return tuple(outputs[head] for head in HEADS)


def exported(net: CLIPMatBase, side: int, file: Path) -> ort.InferenceSession:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        torch.onnx.export(
            Ordered(net).eval(),
            (torch.rand(1, 3, side, side), *net.prompts(["a"])),
            file,
            input_names=["image", "tokens", "mask"],
            output_names=list(HEADS),
            dynamo=True,
            opset_version=18,
            verbose=False,
        )
    return ort.InferenceSession(file, providers=["CPUExecutionProvider"])


def settled(net: CLIPMatBase, side: int) -> CLIPMatBase:
    """Random weights with running statistics that belong to them, so that scores differ from place to place."""
    net.train()
    with torch.no_grad():
        for i in range(4):
            net(picture(side, i).repeat(2, 1, 1, 1), *net.prompts(list(TEXTS)))
        net.eval()
        # no class ahead of the others everywhere, or alpha would agree whatever the merge did
        scores = net(picture(side, 4), *net.prompts([TEXTS[0]]))["trimap"].mean((0, 2, 3))
        net.get_parameter("semantic.head.bias").sub_(scores)
    return net


def picture(side: int, seed: int) -> Tensor:
    generator = np.random.default_rng(seed)
    blocks = generator.uniform(0.1, 0.9, (1, 3, side // 16, side // 16)).repeat(16, 2).repeat(16, 3)
    return torch.from_numpy((blocks + generator.uniform(-0.1, 0.1, (1, 3, side, side))).astype(np.float32))


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("lite", 64),
        ("patch14", 96),
        pytest.param("patch16", 64, marks=pytest.mark.slow),
        pytest.param("lite", 512, marks=pytest.mark.slow),
    ],
)
def test_onnx_equals_torch_at_its_size(name: str, side: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    configs = {"patch16": TINY, "patch14": replace(TINY, patch=14)}  # grids of 4: 96 px need other positions
    made = build("clipmat", lite=True) if name == "lite" else CLIPMat(configs[name])
    assert isinstance(made, CLIPMatBase)
    net = settled(made, side)
    session, kinds = exported(net, side, tmp_path / "clipmat.onnx"), set()
    for seed, text in enumerate(TEXTS):
        image, (tokens, mask) = picture(side, 10 + seed), net.prompts([text])
        with torch.inference_mode():
            ours = {head: value.numpy() for head, value in net(image, tokens, mask).items()}
        given = {"image": image.numpy(), "tokens": tokens.numpy(), "mask": mask.numpy()}
        theirs = dict(zip(HEADS, session.run(list(HEADS), given), strict=True))
        for head in ("trimap", "detail", "pointing"):
            np.testing.assert_allclose(theirs[head], ours[head], rtol=0, atol=TOLERANCE, err_msg=head)
        assert (np.abs(theirs["alpha"] - ours["alpha"]) > TOLERANCE).mean() <= FLIPPED
        kinds |= set(np.unique(ours["trimap"].argmax(1)).tolist())
    assert len(kinds) > 1
