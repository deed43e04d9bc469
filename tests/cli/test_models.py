"""matte models: cards in words, files compared with them."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import Result

from mattelier.cli.models import in_short
from mattelier.models.cards import CARDS, Card, Weights
from mattelier.models.imported import Imported, Origin, to_json

Matte = Callable[..., Result]


def test_list_is_one_line_a_card(matte: Matte, installed: Card) -> None:
    digest = installed.weights.sha256[:8]
    assert matte("models", "list").stdout == f"modnet-bright.test@{digest}  0.0 MB  Apache-2.0  installed\n"


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_list_says_how_good_and_fast_and_on_what_terms(card: Card) -> None:
    quality, seconds, terms = in_short(card)
    expected = {"required": r"SAD to closed form's \d\.\d+", "none": r"(IoU 0\.\d+|right choice by keyword \d+ %)"}
    assert re.fullmatch(expected[card.contract.trimap], quality)
    assert re.fullmatch(r"\d+\.\d+ s", seconds)
    assert re.fullmatch(r"\d+ data sources, terms of [1-9]\d* unstated, [1-9]\d* non-commercial", terms)


def test_show_says_where_it_comes_from(matte: Matte, installed: Card) -> None:
    shown = matte("models", "show", "modnet").stdout
    assert installed.weights.sha256 in shown
    assert "no paper" in shown
    assert "teacher not stated" in " ".join(shown.split())
    assert matte("models", "show", "modent").exit_code == 2


def test_verify_compares_the_file_with_its_card(
    matte: Matte, installed: Card, bright: tuple[Card, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "as its card says" in matte("models", "verify").stdout
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path))
    missing = matte("models", "verify")
    assert (missing.exit_code, "not installed" in missing.stdout) == (0, True)
    (tmp_path / bright[1].name).write_bytes(bright[1].read_bytes()[:-1])
    damaged = matte("models", "verify")
    assert (damaged.exit_code, damaged.stdout) == (1, "")
    assert "damaged or of another version" in damaged.stderr


def test_export_copies_a_models_own_file(matte: Matte, bright: tuple[Card, Path], tmp_path: Path) -> None:
    done = matte("models", "export", "modnet", "-o", "copy.onnx")
    assert (done.exit_code, done.stdout) == (0, "copy.onnx\n")
    assert "licence of these weights: Apache-2.0" in done.stderr
    assert (tmp_path / "copy.onnx").read_bytes() == bright[1].read_bytes()
    assert matte("models", "export", "modnet", "-o", "copy.onnx").exit_code == 1
    assert matte("models", "export", "modnet", "-o", "copy.onnx", "--overwrite").exit_code == 0
    assert matte("models", "export", "modent", "-o", "other.onnx").exit_code == 2


@pytest.fixture
def home(bright: tuple[Card, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's with an imported card, whose network is the bright one."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("MATTELIER_HOME", str(folder))
    (folder / bright[1].name).write_bytes(bright[1].read_bytes())
    (folder / "t.safetensors").write_bytes(b"tensors")
    tensors = Weights("t.safetensors", hashlib.sha256(b"tensors").hexdigest(), 7, "non-commercial")
    own = replace(bright[0], name="gfm-tiny.official", weights=replace(bright[0].weights, licence="non-commercial"))
    text = to_json(Imported(own, Origin("gfm.pth", "ab" * 32, tensors)))
    (folder / "gfm-tiny.official.card.json").write_text(text, encoding="utf-8")
    return folder


def test_an_imported_card_is_listed_shown_and_verified(matte: Matte, home: Path) -> None:
    assert "gfm-tiny.official@" in matte("models", "list").stdout
    shown = " ".join(matte("models", "show", "gfm").stdout.split())
    assert "licence of weights non-commercial" in shown and f"imported from gfm.pth, sha256 {'ab' * 32}" in shown
    assert matte("models", "verify").stdout.count("as its card says") == 2
    (home / "t.safetensors").write_bytes(b"tensorz")
    damaged = matte("models", "verify")
    assert damaged.exit_code == 1 and "t.safetensors has sha256" in damaged.stderr


def test_an_imported_card_cuts(matte: Matte, home: Path, photo: Callable[..., Path], tmp_path: Path) -> None:
    photo("disc.png")
    done = matte("cut", "disc.png", "--model", "gfm-tiny.official", "-o", "out.png")
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "out.png").is_file()


def test_a_broken_card_is_told_and_stops_nothing_else(matte: Matte, home: Path) -> None:
    (home / "fba-r50.official.card.json").write_text("{}", encoding="utf-8")
    listed = matte("models", "list")
    assert (listed.exit_code, listed.stdout.count("\n")) == (0, 2)
    assert "fba-r50.official.card.json cannot be used (card file has no card)" in listed.stderr
    assert matte("models", "verify").exit_code == 1
    named = matte("models", "show", "fba-r50.official")
    assert named.exit_code == 1 and "import the checkpoint again" in named.stderr
    assert matte("models", "show", "gfm").exit_code == 0


def test_import_says_what_it_cannot_take(matte: Matte, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path / "home"))
    (tmp_path / "x.pth").write_bytes(b"no checkpoint")
    refused = matte("models", "import", "fba", "x.pth", "--commercial")
    assert refused.exit_code == 1 and "non-commercial" in refused.stderr
    foreign = matte("models", "import", "fba", "x.pth", "--legacy-ws")
    assert foreign.exit_code == 1 and "give the released FBA.pth" in foreign.stderr
    unknown = matte("models", "import", "fbb", "x.pth")
    assert unknown.exit_code == 2 and "expected one of" in unknown.stderr
    option = matte("models", "import", "modnet", "x.pth", "--backbone", "r34")
    assert option.exit_code == 1 and "modnet has no option --backbone; expected none at all" in option.stderr
    assert not (tmp_path / "home").exists()
