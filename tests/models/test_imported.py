"""Cards of the user's folder: the same after writing and reading, strict, and each on its own."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mattelier import weights
from mattelier.errors import WeightsError
from mattelier.models import imported, list_models
from mattelier.models.cards import CARDS, Card, Contract, Weights
from mattelier.models.imported import Imported, Origin, from_json, to_json
from mattelier.models.sources import Source

DIGEST = "0123456789abcdef" * 4
CARD = Card(
    "fba-r50.official",
    "fba",
    {"legacy_ws": True},
    "paper",
    "link",
    Weights("fba-r50.official-01234567.onnx", DIGEST, 12, "non-commercial"),
    Contract(1024, multiple_of=8, trimap="required", inputs=("image", "two_chan_trimap"), levels=(0.1, 1.0)),
    data=(Source("set", "terms", 3),),
    metrics={"what": "figure"},
)
WHOLE = Imported(CARD, Origin("FBA.pth", DIGEST, Weights("fba-r50.official-89abcdef.safetensors", DIGEST, 34, "x")))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path))
    return tmp_path


def put(found: Imported) -> None:
    weights.card_file(found.card.name).write_text(to_json(found), encoding="utf-8")


def test_a_card_is_the_same_after_writing_and_reading() -> None:
    assert from_json(to_json(WHOLE)) == WHOLE


def test_the_folders_cards_follow_those_of_the_package(home: Path) -> None:
    assert list_models() == CARDS
    put(WHOLE)
    assert list_models() == (*CARDS, CARD)
    assert weights.resolve("fba-r50", list_models()) == CARD
    assert imported.origin(CARD) == WHOLE.origin and imported.origin(CARDS[0]) is None
    assert imported.files_of(CARD.name) == (CARD.weights.file, WHOLE.origin.tensors.file)


def test_a_folder_that_is_not_there_has_no_cards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path / "nowhere"))
    assert list_models() == CARDS and imported.broken() == () and imported.files_of("fba-r50.official") == ()


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    data = json.loads(to_json(WHOLE))
    change(data)
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Expecting value"),
        ("[1]", "card file is '[1]', not an object"),
        (changed(lambda d: d.pop("origin")), "card file has no origin"),
        (changed(lambda d: d["card"].update(colour=1)), "card has the unknown colour"),
        (changed(lambda d: d["card"].update(name=7)), "name is '7', not str"),
        (changed(lambda d: d["card"].update(name="../fba")), "name is '../fba'"),
        (changed(lambda d: d["card"]["weights"].update(file="../../etc/passwd")), "file is '../../etc/passwd'"),
        (changed(lambda d: d["card"]["weights"].update(size_bytes=True)), "size_bytes is 'True', not int"),
        (changed(lambda d: d["card"]["weights"].update(sha256="12")), "sha256 is '12'"),
        (changed(lambda d: d["card"]["contract"].update(levels=[0.1])), "levels is '[0.1]', not tuple"),
        (changed(lambda d: d["card"]["contract"].update(mean=[0, 0, "x"])), "mean is 'x', not float"),
        (changed(lambda d: d["card"]["contract"].update(trimap="maybe")), "trimap is 'maybe'"),
        (changed(lambda d: d["card"]["metrics"].update(IoU=0.9)), "metrics.IoU is '0.9', not str"),
        (changed(lambda d: d["origin"].update(sha256="é" * 64)), "sha256 is"),
    ],
)
def test_what_is_no_card_is_named_with_its_place(text: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        from_json(text)
    assert words in str(caught.value)


def test_a_broken_card_hides_no_other_and_is_told_when_it_is_named(home: Path) -> None:
    put(WHOLE)
    (home / "gfm-r34-tt.official.card.json").write_text("{", encoding="utf-8")
    (home / "modnet-x.official.card.json").write_bytes(b"\xff\xfe")
    put_under_another_name = home / "gfm-r34-ft.official.card.json"
    put_under_another_name.write_text(to_json(WHOLE), encoding="utf-8")
    assert list_models() == (*CARDS, CARD)
    told = [str(error) for error in imported.broken()]
    assert len(told) == 3 and "it is the card of fba-r50.official" in told[0]
    for name in ("gfm-r34", "gfm-r34-tt.official", "modnet-x"):
        with pytest.raises(WeightsError, match=r"the card .*card\.json cannot be used.*import the checkpoint again"):
            weights.resolve(name, list_models())
    assert weights.resolve("modnet", list_models()) == next(card for card in CARDS if card.system == "modnet")


def test_a_card_that_is_not_the_folders_has_no_origin(home: Path) -> None:
    put(WHOLE)
    assert imported.origin(replace(CARD, paper="another")) is None
