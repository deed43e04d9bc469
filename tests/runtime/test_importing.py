"""Import of released checkpoints: whole or nothing, with their terms, and never a pickle that runs.

A system of one convolution stands for the published ones here; those are imported at the end, each a slow test.
"""

import json
import os
import pickle
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from mattelier import weights
from mattelier.backbones.official import read_state
from mattelier.errors import InputError, MattelierError, UnknownModel, WeightsError
from mattelier.models import imported, list_models
from mattelier.models.cards import CARDS, Contract
from mattelier.models.official import OFFICIAL, Official
from mattelier.runtime import export as exporting
from mattelier.runtime import importing
from mattelier.runtime.engine import open_engine
from mattelier.runtime.export import TOLERANCE, Difference
from mattelier.runtime.importing import import_official
from mattelier.runtime.interfaces import INTERFACES
from mattelier.runtime.manifest import digest
from parity import deterministic

PARITY = Path(__file__).parent.parent / "parity"


class Tiny(nn.Module):
    """Input: x (B, 3, H, W) in -1..1; alpha is one convolution."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = gain
        self.conv = nn.Conv2d(3, 1, 3, padding=1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"alpha": torch.sigmoid(self.gain * self.conv(x))}


def from_official(file: Path, gain: float = 1.0) -> Tiny:
    state = read_state(file, "tiny.pth")
    if set(state) != {"conv.weight", "conv.bias"}:
        raise WeightsError("not a tiny checkpoint; give tiny.pth")
    net = Tiny(gain)
    net.load_state_dict(state)
    return net.eval()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of the user's, and `tiny` among the systems."""
    tiny = ModuleType("mattelier.models.tiny")
    tiny.build, tiny.from_official = lambda lite=False, gain=1.0: Tiny(gain), from_official  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mattelier.models.tiny", tiny)
    monkeypatch.setattr("mattelier.models.SYSTEMS", ("tiny",))
    official = Official(
        file="tiny.pth",
        paper="paper",
        link="https://example.org",
        licence="CC0",
        commercial="yes",
        contract=Contract(64, multiple_of=32),
        variant=lambda net, options: ("one", {"gain": net.gain}),
        training="by nobody",
    )
    free, bound, silent = (replace(official, commercial=terms) for terms in ("yes", "no", "unknown"))
    monkeypatch.setattr(importing, "OFFICIAL", {"tiny": free, "fba": OFFICIAL["fba"], "bound": bound, "silent": silent})
    small = replace(
        INTERFACES["modnet"], multiple_of=8, every={}, traced_hw=(16, 24), compared_hw=((8, 16), (24, 16), (32, 40))
    )
    monkeypatch.setattr(exporting, "INTERFACES", {"tiny": small})
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    shapes = {"conv.weight": (1, 3, 3, 3), "conv.bias": (1,)}
    state = {key: torch.from_numpy(deterministic.values_for(key, shape, 7)).float() for key, shape in shapes.items()}
    torch.save(state, tmp_path / "tiny.pth")
    return tmp_path / "tiny.pth"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_an_import_is_a_card_its_network_and_its_tensors(home: Path, checkpoint: Path) -> None:
    receipt = import_official("tiny", checkpoint, {})
    card, origin = receipt.card, imported.origin(receipt.card)
    assert card.name == "tiny-one.official" and list_models() == (*CARDS, card)
    assert origin is not None and (origin.file, origin.sha256) == ("tiny.pth", digest(checkpoint))
    assert names(home) == {"tiny-one.official.card.json", card.weights.file, origin.tensors.file}
    assert card.weights.sha256[:8] in card.weights.file and card.weights.licence == "CC0"
    exact, kept = torch.load(checkpoint, weights_only=True), load_file(home / origin.tensors.file)
    assert all(torch.equal(exact[name], kept[name]) for name in exact) and kept["conv.weight"].dtype == torch.float32
    assert 0 < receipt.of_rounding < TOLERANCE and receipt.between_engines.is_tolerable()


def test_both_engines_load_an_imported_card(home: Path, checkpoint: Path) -> None:
    import_official("tiny", checkpoint, {"gain": 3.0})
    card = weights.resolve("tiny", list_models())
    assert card.config == {"gain": 3.0}
    inputs = INTERFACES["modnet"].specimen((32, 64), np.random.default_rng(0))
    data = weights.read(card.weights)
    of_onnx, of_torch = (open_engine(card, data, name).run(inputs)["alpha"] for name in ("onnx", "torch"))
    np.testing.assert_allclose(of_onnx, of_torch, rtol=0, atol=1e-6)
    exact = from_official(checkpoint, 3.0)(torch.from_numpy(inputs["image"]))["alpha"].detach().numpy()
    np.testing.assert_allclose(of_onnx, exact, rtol=0, atol=1e-2)  # kernels in float16
    assert of_onnx.std() > 0.1


def test_a_name_says_what_it_may(home: Path, checkpoint: Path) -> None:
    assert import_official("tiny-one.mine", checkpoint, {}).card.name == "tiny-one.mine"
    assert import_official("tiny.other", checkpoint, {}).card.name == "tiny-one.other"
    with pytest.raises(WeightsError, match=r"the file is tiny-one; the name tiny-two\.official asks for tiny-two"):
        import_official("tiny-two.official", checkpoint, {})


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("u2net", UnknownModel, "no released checkpoints are known for 'u2net'; expected one of tiny, fba"),
        (
            "tiny-one",
            InputError,
            r"'tiny-one' cannot be a card's name; expected tiny, or architecture-variant\.training",
        ),
        ("tiny-one.Mine", InputError, "cannot be a card's name"),
        ("tiny/../x.y", UnknownModel, "no released checkpoints"),
        ("", UnknownModel, "no released checkpoints"),
    ],
)
def test_names_that_cannot_be_are_told(
    name: str, kind: type[MattelierError], words: str, home: Path, checkpoint: Path
) -> None:
    with pytest.raises(kind, match=words):
        import_official(name, checkpoint, {})
    assert names(home) == set()


def test_an_option_of_another_system_is_told(home: Path, checkpoint: Path) -> None:
    with pytest.raises(InputError, match="tiny has no option --legacy-ws; expected --gain; leave it out"):
        import_official("tiny", checkpoint, {"legacy_ws": True})


@pytest.mark.parametrize("system", ["bound", "silent", "fba"])
def test_commercial_refuses_other_terms_and_those_unknown(system: str, home: Path, checkpoint: Path) -> None:
    with pytest.raises(WeightsError, match=rf"the released weights of {system} are .*--commercial asks for"):
        import_official(system, checkpoint, {}, commercial=True)
    assert names(home) == set()
    assert import_official("tiny", checkpoint, {}, commercial=True).card.weights.licence == "CC0"


class Trap:
    """What a pickle can do: run anything when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("kind", ["pickle", "torch", "truncated", "empty", "text", "folder", "absent", "other"])
def test_files_that_are_no_checkpoint_are_refused_and_nothing_runs(
    kind: str, home: Path, checkpoint: Path, tmp_path: Path
) -> None:
    file, mark = tmp_path / "given.pth", tmp_path / "ran"
    if kind == "pickle":
        file.write_bytes(pickle.dumps({"conv.weight": Trap(mark)}))
    elif kind == "torch":
        torch.save({"conv.weight": Trap(mark)}, file)
    elif kind == "other":
        torch.save({"head.weight": torch.zeros(1)}, file)
    elif kind == "folder":
        file.mkdir()
    elif kind != "absent":
        whole = checkpoint.read_bytes()
        file.write_bytes({"truncated": whole[: len(whole) // 2], "empty": b"", "text": b"no checkpoint"}[kind])
    with pytest.raises(WeightsError, match=r"give tiny\.pth") as caught:
        import_official("tiny", file, {})
    assert "weights_only" not in str(caught.value) and "\n" not in str(caught.value)
    assert not mark.exists() and names(home) == set()


def test_an_imported_name_is_free_once(home: Path, checkpoint: Path) -> None:
    first = import_official("tiny", checkpoint, {}).card
    with pytest.raises(InputError, match=r"tiny-one\.official\.card\.json exists already.*--overwrite"):
        import_official("tiny", checkpoint, {})
    second = import_official("tiny", checkpoint, {"gain": 2.0}, overwrite=True).card
    assert second.weights.sha256 != first.weights.sha256
    assert list_models()[len(CARDS) :] == (second,)
    assert len(names(home)) == 3 and second.weights.file in names(home)  # the older network is gone


def test_names_of_the_package_are_taken(home: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mattelier.models.CARDS", (replace(CARDS[0], name="tiny-one.official"),))
    with pytest.raises(InputError, match=r"tiny-one\.official comes with the package"):
        import_official("tiny", checkpoint, {}, overwrite=True)


def test_an_import_that_fails_late_leaves_what_was_there(
    home: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = import_official("tiny", checkpoint, {}).card
    before = names(home)

    def full(*_given: object) -> None:
        raise InputError("the disk is full")

    with monkeypatch.context() as patched, pytest.raises(InputError, match="the disk is full"):
        patched.setattr(importing, "write", full)
        import_official("tiny", checkpoint, {"gain": 2.0}, overwrite=True)
    with monkeypatch.context() as patched, pytest.raises(WeightsError, match="differ on the exported network"):
        patched.setattr(exporting, "compare", lambda *_: Difference({"alpha": 0.5}, {}))
        import_official("tiny", checkpoint, {"gain": 2.0}, overwrite=True)
    assert names(home) == before and weights.read(first.weights)


def test_a_folder_that_cannot_be_is_told(
    home: Path, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(InputError, match=r"file.home cannot be made \(Not a directory\).*set MATTELIER_HOME"):
        import_official("tiny", checkpoint, {})


def test_a_disk_that_is_full_is_told(home: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "save_tensors", full)
    with pytest.raises(InputError, match=r"home cannot be written to \(No space left on device\).*free some space"):
        import_official("tiny", checkpoint, {})
    assert names(home) == set()


def test_what_one_file_cannot_hold_is_not_imported(
    home: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_two(_net: nn.Module, file: Path, _metadata: Mapping[str, str], system: str) -> Difference:
        for path in (file, exporting.data_file(file)):
            path.write_bytes(b"half")
        return Difference({"alpha": 0.0}, {})

    monkeypatch.setattr(exporting, "export", in_two)
    with pytest.raises(WeightsError, match=r"tiny-one\.official is beyond 2 GB, in two files"):
        import_official("tiny", checkpoint, {})
    assert names(home) == set()


def test_every_system_with_released_files_can_be_exported() -> None:
    assert set(OFFICIAL) <= set(INTERFACES)
    for official in OFFICIAL.values():
        assert official.link.startswith("https://") and official.licence and "alpha" in official.contract.outputs


def state_of(name: str) -> dict[str, Tensor]:
    """A state dict as released, its numbers made from the names."""
    fixture = np.load(PARITY / f"{name}.npz")
    keys: Mapping[str, Any] = json.loads((PARITY / f"{name}.keys.json").read_text())
    seed, gain = int(fixture["seed"]), float(fixture["gain"])
    return {
        key: torch.zeros(shape, dtype=torch.int64)
        if dtype == "int64"
        else torch.from_numpy(deterministic.values_for(key, shape, seed, gain)).float()
        for key, (shape, dtype) in keys.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fixture", "name", "found", "prefix"),
    [
        ("modnet", "modnet", "modnet-mobilenetv2.official", "module."),
        ("fba", "fba", "fba-r50.official", ""),
        # not gfm: numbers made from names saturate its sigmoids, every pixel is a tie; see models/test_gfm_export.py
    ],
)
def test_a_published_layout_is_imported_and_agrees_in_both_engines(
    fixture: str, name: str, found: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path))
    state = {prefix + key.removeprefix(prefix): tensor for key, tensor in state_of(fixture).items()}
    torch.save(state, tmp_path / "released.pth")
    receipt = import_official(name, tmp_path / "released.pth", {})
    card, (system, interface) = receipt.card, (fixture.partition("-")[0], INTERFACES[fixture.partition("-")[0]])
    assert (card.name, card.system) == (found, system)
    assert receipt.between_engines.is_tolerable()
    inputs = interface.specimen((64, 96), np.random.default_rng(5))
    assert tuple(inputs) == card.contract.inputs
    data = weights.read(card.weights)
    of_onnx, of_torch = (open_engine(card, data, engine, threads=1).run(inputs) for engine in ("onnx", "torch"))
    assert tuple(of_onnx) == tuple(of_torch) == card.contract.outputs
    for head in set(card.contract.outputs) - set(interface.chosen):
        np.testing.assert_allclose(of_onnx[head], of_torch[head], rtol=0, atol=TOLERANCE)
