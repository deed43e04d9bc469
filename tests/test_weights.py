"""Weight files are found, checked every time, and named without surprise."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from mattelier import weights
from mattelier.errors import InputError, UnknownModel, WeightsError
from mattelier.models.cards import Card, Contract, Weights

DATA = b"some weights"
DIGEST = hashlib.sha256(DATA).hexdigest()


def card(name: str, digest: str = DIGEST) -> Card:
    return Card(name, "modnet", {}, "paper", "link", Weights("w.onnx", digest, len(DATA), "Apache-2.0"), Contract(512))


CARDS = (card("modnet-lite.mattelier"), card("modnet-full.official", "ab" * 32), card("gfm-r34-tt.am2k", "cd" * 32))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path))
    return tmp_path


def test_the_users_folder_is_searched_after_the_package(home: Path) -> None:
    (home / "w.onnx").write_bytes(DATA)
    assert weights.find(CARDS[0].weights) == home / "w.onnx"
    assert weights.read(CARDS[0].weights) == DATA


def test_a_missing_file_names_the_folder_to_put_it_in(home: Path) -> None:
    with pytest.raises(WeightsError, match=f"(?s)w.onnx.*{home}.*put it there"):
        weights.read(CARDS[0].weights)


def test_cards_of_the_users_folder_lie_beside_their_files(home: Path) -> None:
    assert weights.card_files() == [] and weights.card_file("fba-r50.official") == home / "fba-r50.official.card.json"
    for name in ("b-x.own", "a-x.own"):
        weights.card_file(name).write_text("{}", encoding="utf-8")
    (home / "a.json").write_text("{}", encoding="utf-8")
    assert [path.name for path in weights.card_files()] == ["a-x.own.card.json", "b-x.own.card.json"]
    with pytest.raises(WeightsError, match=r"a-x\.own\.card\.json cannot be used"):
        weights.resolve("a-x", CARDS)
    with pytest.raises(UnknownModel):
        weights.resolve("a-y", CARDS)


def test_what_is_staged_goes_again_and_what_cannot_be_written_is_told(home: Path) -> None:
    with weights.staging(home) as folder:
        (folder / "half").write_bytes(DATA)
        assert folder.parent == home
    assert list(home.iterdir()) == []
    with (
        pytest.raises(InputError, match=r"cannot be written to \(No such file or directory\)"),
        weights.staging(home / "nowhere"),
    ):
        raise AssertionError
    with pytest.raises(KeyError), weights.staging(home):
        raise KeyError
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("data", [b"", DATA[:-1], DATA + b"\0", DATA.swapcase()])
def test_one_wrong_byte_is_refused(home: Path, data: bytes) -> None:
    (home / "w.onnx").write_bytes(data)
    with pytest.raises(WeightsError, match="its card says " + DIGEST[:12]):
        weights.read(CARDS[0].weights)


def test_a_path_says_where_but_not_what(home: Path) -> None:
    (home / "elsewhere.bin").write_bytes(DATA)
    assert weights.read(CARDS[0].weights, home / "elsewhere.bin") == DATA
    with pytest.raises(WeightsError, match="damaged or of another version"):
        weights.read(CARDS[1].weights, home / "elsewhere.bin")
    with pytest.raises(WeightsError, match="No such file"):
        weights.read(CARDS[0].weights, home / "nowhere.bin")


def test_the_folder_follows_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MATTELIER_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setattr("sys.platform", "linux")
    assert weights.user_folder() == tmp_path / "mattelier"
    monkeypatch.setattr("sys.platform", "win32")
    assert weights.user_folder() == tmp_path / "local" / "mattelier"
    monkeypatch.setattr("sys.platform", "darwin")
    assert weights.user_folder().parts[-3:] == ("Library", "Application Support", "mattelier")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("modnet", 0),
        ("modnet-lite", 0),
        ("modnet-lite.mattelier", 0),
        ("modnet-full", 1),
        ("gfm", 2),
        ("gfm-r34", 2),
        (f"modnet-lite@{DIGEST[:8]}", 0),
        (f"modnet@{DIGEST}", 0),
        ("modnet@" + "ab" * 4, 1),
    ],
)
def test_a_name_means_the_first_card_that_begins_so(name: str, found: int) -> None:
    assert weights.resolve(name, CARDS) is CARDS[found]


def test_a_full_name_wins_over_a_longer_one_before_it() -> None:
    longer = replace(CARDS[0], name="modnet-lite.mattelier-2")
    assert weights.resolve("modnet-lite.mattelier", (longer, CARDS[0])) is CARDS[0]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("mondet", "near names: modnet-lite.mattelier"),
        ("modnt-full", "near names: modnet-full.official"),
        ("mod", "no model is called 'mod'"),
        ("", "no model is called ''"),
        ("zzzzzz", "there are: modnet-lite.mattelier, modnet-full.official, gfm-r34-tt.am2k"),
        ("modnet@", "at least 8 hex digits"),
        ("modnet@1234567", "at least 8 hex digits"),
        ("modnet@NOTHEXNO", "at least 8 hex digits"),
    ],
)
def test_an_unknown_name_is_answered_with_near_ones(name: str, says: str) -> None:
    with pytest.raises(UnknownModel, match=says):
        weights.resolve(name, CARDS)


def test_no_model_at_all_is_said_too() -> None:
    with pytest.raises(UnknownModel, match="carries no model"):
        weights.resolve("modnet", ())


def test_a_pin_that_is_not_here_is_not_replaced() -> None:
    with pytest.raises(WeightsError, match=f"modnet-lite@{'0' * 8} are not here; found modnet-lite.mattelier@"):
        weights.resolve("modnet-lite@" + "0" * 8, CARDS)


def test_the_pin_of_a_card_means_that_card() -> None:
    for one in CARDS:
        assert weights.resolve(weights.pin(one), CARDS) is one


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a file that may not be read")
def test_a_file_that_may_not_be_read_is_said(home: Path) -> None:
    (home / "w.onnx").write_bytes(DATA)
    (home / "w.onnx").chmod(0)
    with pytest.raises(WeightsError, match="Permission denied"):
        weights.read(CARDS[0].weights)
