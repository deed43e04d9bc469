"""The lite networks of all six systems with random weights: the pair that cuts are meant for, and the others."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from mattelier.image.foreground import decontaminate
from mattelier.models import build
from mattelier.models.cards import Card, Contract, Weights
from mattelier.models.official import OFFICIAL
from mattelier.runtime import automatic
from mattelier.runtime.export import export
from mattelier.runtime.pipeline import Matter

FBA = Contract(**{**vars(OFFICIAL["fba"].contract), "longest_px": 176, "reach_px": 16})
GFM = Contract(**{**vars(OFFICIAL["gfm"].contract), "longest_px": 96})


def photo() -> np.ndarray:
    """A soft disc on stripes, 150 x 210 px."""
    y, x = np.mgrid[:150, :210]
    alpha = np.clip((50 - np.hypot(y - 75, x - 105)) / 12 + 0.5, 0, 1)[..., None]
    return (alpha * 220 + (1 - alpha) * (40 + 30 * np.sin(x / 5))[..., None]).astype(np.uint8).repeat(3, 2)


def ring() -> np.ndarray:
    y, x = np.mgrid[:150, :210]
    distance = np.hypot(y - 75, x - 105)
    return np.where(distance < 35, 255, np.where(distance < 65, 128, 0)).astype(np.uint8)


def random_net(system: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return build(system, lite=True).eval()


def card_of(system: str, contract: Contract, file: Path) -> Card:
    data = file.read_bytes()
    facts = Weights(file.name, hashlib.sha256(data).hexdigest(), len(data), "Apache-2.0")
    return Card(f"{system}-lite.random", system, {"lite": True}, "", "", facts, contract)


def tensors_alone(net: torch.nn.Module, file: Path) -> Path:
    """What the torch engine reads of an ONNX file: its tensors by name."""
    tensors = [
        numpy_helper.from_array(tensor.numpy(), name)
        for name, tensor in net.state_dict().items()
        if tensor.is_floating_point()
    ]
    graph = onnx.helper.make_graph([], "tensors", [], [], tensors)
    file.write_bytes(onnx.helper.make_model(graph).SerializeToString())
    return file


@pytest.mark.parametrize("quality", ["standard", "draft"])
def test_the_pair_cuts_with_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quality: str) -> None:
    """Random networks find nothing; what is asked is that every size, head and region fits."""
    monkeypatch.setattr(automatic, "require_subject", lambda _: None)
    files = {name: tensors_alone(random_net(name), tmp_path / f"{name}.onnx") for name in ("gfm", "fba")}
    gfm, fba = card_of("gfm", GFM, files["gfm"]), card_of("fba", FBA, files["fba"])
    refiner = Matter(fba, file=files["fba"], engine="torch", threads=1)
    matter = Matter(gfm, file=files["gfm"], engine="torch", threads=1, refiner=refiner)
    cut = matter.cut(photo(), quality=quality)  # type: ignore[arg-type]
    assert cut.alpha.shape == (150, 210) and cut.alpha.min() >= 0 and cut.alpha.max() <= 1
    assert ("fba-lite.random@" in cut.model) == (quality == "standard")
    told = refiner.cut(photo(), trimap=ring())
    assert (told.alpha[ring() == 255] == 1).all() and (told.alpha[ring() == 0] == 0).all()
    assert np.array_equal(told.colours[ring() != 128], photo()[ring() != 128])
    assert told.subject is not None


def test_colours_are_estimated_from_an_alpha_that_was_polished(tmp_path: Path) -> None:
    file = tensors_alone(random_net("fba"), tmp_path / "fba.onnx")
    card = card_of("fba", Contract(**{**vars(FBA), "polish": 0.003}), file)
    cut = Matter(card, file=file, engine="torch", threads=1).cut(photo(), trimap=ring())
    assert np.array_equal(cut.colours, decontaminate(photo(), cut.alpha))


OTHERS = {
    "dim": Contract(longest_px=128, reach_px=16, trimap="required", inputs=("x",), outputs=("alpha", "coarse")),
    "matteformer": Contract(longest_px=128, reach_px=16, trimap="required", inputs=("image", "trimap")),
    "clipmat": Contract(
        longest_px=64, multiple_of=64, inputs=("image", "tokens", "mask"), outputs=("alpha", "trimap")
    ),
    "modnet": Contract(longest_px=128, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
}  # fmt: skip
LAYERS = {
    "dim": ["coarse", "alpha"],
    "matteformer": ["os8", "os4", "os1", "alpha"],
    "clipmat": ["pointing", "trimap", "detail", "alpha"],
    "modnet": ["semantic", "detail", "alpha"],
}


@pytest.mark.parametrize("system", OTHERS)
def test_every_other_system_cuts_and_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """What a card must say is in OTHERS; that every size, head and word fits is asked, not what is found."""
    for check in ("require_subject", "require_meant"):
        monkeypatch.setattr(automatic, check, lambda *_: ())
    file = tensors_alone(random_net(system), tmp_path / f"{system}.onnx")
    matter = Matter(card_of(system, OTHERS[system], file), file=file, engine="torch", threads=1)
    hints = {"dim": {"trimap": ring()}, "matteformer": {"trimap": ring()}, "clipmat": {"prompt": "the cat"}}.get(
        system, {}
    )
    cut = matter.cut(photo(), **hints)  # type: ignore[arg-type]
    assert cut.alpha.shape == (150, 210) and cut.alpha.min() >= 0 and cut.alpha.max() <= 1
    if "trimap" in hints:
        assert (cut.alpha[ring() == 255] == 1).all() and (cut.alpha[ring() == 0] == 0).all()
    look = matter.look(photo(), **hints)  # type: ignore[arg-type]
    assert [layer.name for layer in look.layers] == LAYERS[system]
    for layer in look.layers:  # in the photo's shape
        height, width = layer.pixels.shape
        assert width / height == pytest.approx(210 / 150, rel=0.2)


@pytest.mark.slow
def test_fba_is_the_same_in_onnx_and_torch(tmp_path: Path) -> None:
    """Whole and in tiles; DESIGN.md section 8."""
    file = tmp_path / "fba.onnx"
    export(random_net("fba"), file, {}, system="fba")
    for longest_px in (224, 176):
        card = card_of("fba", Contract(**{**vars(FBA), "longest_px": longest_px}), file)
        onnx_cut, torch_cut = (
            Matter(card, file=file, engine=engine, threads=1).cut(photo(), trimap=ring())
            for engine in ("onnx", "torch")
        )
        assert np.abs(onnx_cut.alpha - torch_cut.alpha).max() <= 1e-3
        sure = np.abs(onnx_cut.alpha - 0.5) < 0.49  # within a hair of 0 or 1 one of the two may snap to it
        assert np.abs(onnx_cut.colours.astype(int) - torch_cut.colours)[sure].max() <= 1
