"""Names become systems: cards, ONNX files, tools; and each is refused where it cannot be measured."""

import hashlib
import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.errors import InputError, MissingExtra, UnknownModel, WeightsError
from mattelier.evaluate import benchmark
from mattelier.evaluate.foreign import foreign_alpha, foreign_input, read_foreign
from mattelier.evaluate.own import hint_of
from mattelier.evaluate.system import Request
from mattelier.evaluate.systems import at_quality, open_system
from mattelier.models.cards import Card, Contract


def test_a_card_is_a_system(installed: Card, tmp_path: Path) -> None:
    system = open_system("modnet-bright")
    assert (system.name, system.sha256) == (installed.name, installed.weights.sha256)
    assert (system.hint, system.scope) == ("none", "in process")
    pixels = np.full((40, 48, 3), 10, np.uint8)
    pixels[10:30, 12:36] = 245
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    answer = system.open()(Request(tmp_path / "photo.png"))
    assert answer.alpha.shape == (40, 48) and answer.alpha[20, 24] == 1 and answer.alpha[0, 0] == 0
    assert answer.colours is not None and answer.colours.shape == (40, 48, 3)


def test_no_subject_is_scored_as_an_empty_alpha(installed: Card, tmp_path: Path) -> None:
    Image.fromarray(np.full((40, 44, 3), 10, np.uint8)).save(tmp_path / "flat.png")
    answer = open_system(installed.name).open()(Request(tmp_path / "flat.png"))
    assert answer.alpha.shape == (40, 44) and answer.alpha.max() == 0 and answer.colours is None


def test_hints_follow_the_contract(installed: Card) -> None:
    def hint(**contract) -> str:
        return hint_of(Card("a", "a", {}, "", "", installed.weights, Contract(64, **contract)))

    assert hint() == "none" and hint(trimap="required") == "trimap" and hint(inputs=("image", "tokens")) == "prompt"


@pytest.fixture
def three(
    bright: tuple[Card, Path], glancing: tuple[Card, Path], told: tuple[Card, Path], tmp_path: Path, monkeypatch
) -> Path:
    """An installation with an automatic card, one that glances, and one that needs a trimap; no file is shipped."""
    home = tmp_path / "home"
    home.mkdir()
    for card, file in (bright, glancing, told):
        (home / card.weights.file).write_bytes(file.read_bytes())
    monkeypatch.setattr("mattelier.models.CARDS", (bright[0], glancing[0], told[0]))
    monkeypatch.setenv("MATTELIER_HOME", str(home))
    return home


def test_a_card_that_needs_a_trimap_gets_the_sets_own(three: Path, bench: Path) -> None:
    system = open_system("fba-told")
    assert (system.name, system.hint, system.version) == ("fba-told.test", "trimap", "")
    answer = system.open()(Request(bench / "images" / "one.png", bench / "trimap" / "one.png"))
    trimap = np.asarray(Image.open(bench / "trimap" / "one.png"))
    assert (answer.alpha[trimap == 255] == 1).all() and (answer.alpha[trimap == 0] == 0).all()
    unknown = answer.alpha[trimap == 128]
    assert unknown.min() > 0 and unknown.max() < 1 and answer.colours is not None
    with pytest.raises(InputError, match="no trimap was given"):
        system.open()(Request(bench / "images" / "one.png"))


def test_trimap_cards_do_all_pictures_with_a_trimap_and_automatic_ones_theirs(three: Path, bench: Path) -> None:
    (bench / "trimap" / "two.png").unlink()
    found = benchmark.run(["fba-told", "modnet-bright"], bench)
    told, automatic = found["systems"]
    assert [picture["name"] for picture in told["pictures"]] == ["one", "three"] and not told["failed"]
    assert [picture["name"] for picture in automatic["pictures"]] == ["one", "two"]
    assert told["groups"]["auto = yes"]["pictures"] == 1
    assert told["hint"] == "trimap" and told["pictures"][0]["sad_background"] == 0
    (pair,) = found["paired"]
    assert pair["pictures"] == 1  # only "one" was done by both


def test_a_cascade_is_named_by_both_cards(three: Path, glancing: tuple[Card, Path], bench: Path) -> None:
    names = ["gfm-glancing+fba-told", "gfm-glancing", "gfm-glancing:draft", "gfm-glancing:alone"]
    joined, plain, draft, alone = (open_system(name) for name in names)
    assert [joined.name, plain.name] == ["gfm-glancing.test+fba-told.test", "gfm-glancing.test"]
    assert [draft.name, alone.name] == ["gfm-glancing.test:draft", "gfm-glancing.test:alone"]
    assert joined.hint == "none" and "refined by fba-told.test@" in joined.version and not plain.version
    assert joined.sha256 == plain.sha256 == glancing[0].weights.sha256
    request = Request(bench / "images" / "one.png")
    answers = [pickle.loads(pickle.dumps(system.open))()(request) for system in (joined, plain, draft, alone)]
    assert np.array_equal(answers[1].alpha, answers[3].alpha)  # nothing is shipped that would join by itself
    assert not np.array_equal(answers[0].alpha, answers[1].alpha)
    assert not np.array_equal(answers[2].alpha, answers[1].alpha)


def test_a_shipped_refiner_joins_by_itself_and_alone_leaves_it_out(three: Path, monkeypatch) -> None:
    monkeypatch.setattr("mattelier.weights.shipped_folder", lambda: three)
    assert "refined by fba-told.test@" in open_system("gfm-glancing").version
    assert open_system("gfm-glancing").name == "gfm-glancing.test"
    assert not open_system("gfm-glancing:alone").version and not open_system("gfm-glancing:draft").version


def test_ways_that_do_not_go_together(three: Path) -> None:
    for name, words in (
        ("gfm-glancing:best", "names no known tool; .* or a model before standard, draft, fine, alone"),
        ("fba-told:fine", "looks once; expected a model that needs the photo alone; leave :fine away"),
        ("gfm-glancing+fba-told:draft", "names a refiner, and draft runs none"),
        ("modnet-bright+fba-told", "was given to refine modnet-bright.test"),
        ("gfm-glancing+modnet-bright", "was given to refine gfm-glancing.test"),
    ):
        with pytest.raises(InputError, match=words):
            open_system(name)


def test_a_quality_is_added_to_cards_alone() -> None:
    assert at_quality("gfm-lite", "draft") == "gfm-lite:draft"
    for name in ("pymatting:cf", "card.json", "gfm-lite:alone", "gfm-lite+fba-lite"):
        assert at_quality(name, "draft") == name


def test_a_json_file_is_a_card_or_an_adapter(foreign: Path, tmp_path: Path) -> None:
    assert open_system(str(foreign)).scope == "in process"
    adapter = tmp_path / "adapter.json"
    adapter.write_text(json.dumps({"name": "tool", "command": [sys.executable, "{image}", "{output}"]}))
    assert open_system(str(adapter)).scope == "whole process"
    adapter.write_text("no json")
    with pytest.raises(InputError, match="cannot be read as a card"):
        open_system(str(adapter))


def test_unknown_names_are_sentences(installed: Card) -> None:
    with pytest.raises(UnknownModel):
        open_system("no-such-model")
    with pytest.raises(InputError, match="names no known tool; expected pymatting, rembg"):
        open_system("photoshop:cut")
    with pytest.raises(InputError, match="pymatting:lbdm is not known; expected one of cf, knn"):
        open_system("pymatting:lbdm")


def test_pymatting_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mattelier.evaluate.classical.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pip install pymatting"):
        open_system("pymatting:cf")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # pymatting's and numba's own
@pytest.mark.parametrize("method", ["cf", "knn"])
def test_classical_matting_finds_a_soft_edge(method: str, bench: Path) -> None:
    pytest.importorskip("pymatting")
    system = open_system(f"pymatting:{method}")
    assert system.hint == "trimap" and system.version.startswith("pymatting ")
    answer = system.open()(Request(bench / "images" / "one.png", bench / "trimap" / "one.png"))
    truth = np.asarray(Image.open(bench / "alpha" / "one.png")) / 255
    edge = (truth > 0) & (truth < 1)
    # two flat colours: closed form is all but exact there, KNN is near
    assert np.abs(answer.alpha - truth)[edge].mean() < 0.05 and answer.colours is not None
    assert answer.colours.dtype == np.uint8 and answer.colours.shape == (40, 48, 3)


def test_a_foreign_file_must_be_the_one_its_card_means(foreign: Path) -> None:
    facts = json.loads(foreign.read_text())
    for change, error, words in (
        ({"sha256": "0" * 64}, WeightsError, "its card says 0000"),
        ({"colour": "no such key"}, InputError, "cannot be read as a card"),
        ({"file": "absent.onnx"}, WeightsError, r"absent\.onnx cannot be read"),
    ):
        foreign.write_text(json.dumps(facts | change))
        with pytest.raises(error, match=words):
            open_system(str(foreign))


def test_a_foreign_file_answers(foreign: Path, bright: tuple[Card, Path], bench: Path) -> None:
    system = open_system(str(foreign))
    assert system.sha256 == hashlib.sha256(bright[1].read_bytes()).hexdigest()
    answer = system.open()(Request(bench / "images" / "one.png"))
    assert answer.alpha.shape == (40, 48) and answer.alpha[20, 24] > 0.9 and answer.colours is None


def test_foreign_input_and_alpha_by_hand(foreign: Path) -> None:
    facts = json.loads(foreign.read_text())
    foreign.write_text(json.dumps(facts | {"divide_by_maximum": True, "stretch": True, "height": 4, "width": 4}))
    card = read_foreign(foreign)
    rgb = np.full((4, 4, 3), 100, np.uint8)
    assert foreign_input(card, rgb).tolist() == [[[[1.0] * 4] * 4] * 3]  # 100 / 100, mean and std 0.5
    mask = np.float32([[0.2, 0.4], [0.6, 0.6]])
    np.testing.assert_allclose(foreign_alpha(card, mask, (2, 2)), [[0, 127 / 255], [1, 1]], atol=1e-6)
