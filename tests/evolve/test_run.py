"""Six systems on one photo, each in a process of its own; what a row says when there is nothing to show."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.evolve.run import Evolution, Hints, Row, Task, card_of, evolve, hints_of, rows_of
from mattelier.evolve.story import STORY
from mattelier.models.cards import Card

Photo = Callable[..., Path]
Cards = Callable[..., tuple[Card, ...]]


def row(evolution: Evolution, system: str) -> Row:
    return next(row for row in evolution.rows if row.chapter.system == system)


LAYERS = {
    "dim": ["coarse", "alpha"],
    "fba": ["alpha", "foreground", "background"],
    "gfm": ["glance", "focus", "alpha"],
    "modnet": ["alpha"],
    "matteformer": ["os8", "os4", "os1", "alpha"],
    "clipmat": ["pointing", "trimap", "detail", "alpha"],
}


def test_six_systems_are_shown_each_with_layers_of_its_own(six: tuple[Card, ...], photo: Photo) -> None:
    found = evolve(Task(photo(), prompt="red"), lambda _: None)
    assert [row.why_not for row in found.rows] == [""] * 6
    assert {row.chapter.system: [layer.name for layer in row.shown.layers] for row in found.rows if row.shown} == LAYERS
    for row_ in found.rows:
        assert row_.shown is not None and row_.shown.hw == (96, 128) and row_.shown.place == found.place
        assert (row_.shown.over[0, 0] == [0, 177, 64]).all()  # all of them leave the corner out
        assert row_.shown.alpha[48, 64] > 200 and row_.shown.seconds > 0


def test_a_trimap_that_nobody_painted_is_said_to_be_made(cards: Cards, photo: Photo) -> None:
    cards(fba="told", gfm="glancing")
    lines: list[str] = []
    found = evolve(Task(photo()), lines.append)
    trimap = found.hints.trimap
    assert trimap is not None and trimap.is_made
    assert trimap.origin.startswith("Made from gfm-standin's glance in ")
    assert trimap.origin.endswith(" s; nobody painted it.")
    assert sorted(np.unique(trimap.grey)) == [0, 128, 255] and trimap.grey.shape == (96, 128)
    assert not trimap.file.exists()  # a picture of ours goes with the run
    gfm = row(found, "gfm").shown
    assert gfm is not None and [layer.name for layer in gfm.layers] == ["glance", "focus", "alpha"]
    assert gfm.alpha.shape == gfm.over.shape[:2] == (96, 128)
    assert gfm.alpha[48, 64] == 255 and gfm.alpha[0, 0] == 0
    assert gfm.over[0, 0].tolist() == [0, 177, 64]  # the colour, where there is no subject
    assert gfm.edge.shape == (*(gfm.place.height, gfm.place.width), 4) and gfm.place == trimap.place == found.place
    assert [line.partition(":")[0] for line in lines] == [
        *("trimap", "DIM", "FBA", "FBA", "GFM", "GFM", "MODNet", "MatteFormer", "CLIPMat")
    ]


def test_the_rows_are_the_story_and_absent_weights_are_said(cards: Cards, photo: Photo) -> None:
    cards(modnet="bright")
    found = evolve(Task(photo()), lambda _: None)
    assert [row.chapter for row in found.rows] == list(STORY)
    assert [row.chapter.system for row in found.rows if row.shown] == ["modnet"]
    assert row(found, "dim").why_not == "Its weights are not here: this version ships none, and none were imported."
    assert not any(row.has_failed for row in found.rows)
    assert found.hints.trimap is None and found.place == row(found, "modnet").shown.place  # type: ignore[union-attr]
    assert found.edge is not None and found.edge.shape[2] == 3


def test_a_card_without_its_file_is_a_row_that_says_so(
    cards: Cards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards(dim="told")
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path / "elsewhere"))
    rows, _ = rows_of(tmp_path / "never-read.png", Hints(None, None), lambda _: None)
    assert rows[0].why_not == ("Its weights are not here: told.onnx is neither in the package nor in your own folder.")


def test_what_is_missing_beside_the_photo_is_said_and_nothing_is_run(cards: Cards, tmp_path: Path) -> None:
    cards(fba="told", clipmat="bright")
    hints = Hints(None, None, "no glance is here")
    rows, place = rows_of(tmp_path / "never-read.png", hints, lambda _: None)
    why = {row.chapter.system: row.why_not for row in rows}
    assert why["fba"] == "It needs a trimap; none was given, and no glance is here."
    assert why["clipmat"] == "It needs words that say what to keep, and was given none: pass --prompt TEXT."
    assert place is None


def test_without_a_network_that_glances_no_trimap_is_made(cards: Cards, photo: Photo, tmp_path: Path) -> None:
    cards(modnet="bright")
    hints = hints_of(Task(photo()), (96, 128), tmp_path, lambda _: None)
    assert hints.trimap is None
    assert hints.no_trimap == "the weights of GFM, whose glance could make one, are not here"


def test_a_photo_without_a_subject_fails_in_each_row(cards: Cards, photo: Photo) -> None:
    cards(fba="told", gfm="glancing", modnet="bright")
    found = evolve(Task(photo(is_empty=True)), lambda _: None)
    assert not any(row.shown for row in found.rows) and found.place is None
    assert row(found, "gfm").why_not.startswith("No subject found: ") and row(found, "gfm").has_failed
    assert row(found, "modnet").why_not.startswith("No subject found: ")
    why = row(found, "fba").why_not
    assert why.startswith("It needs a trimap; none was given, and gfm-standin's glance made none: no subject found")


def test_the_users_own_trimap_is_given_to_all_who_ask(cards: Cards, photo: Photo, trimap: Callable[..., Path]) -> None:
    cards(gfm="glancing")
    found = evolve(Task(photo(), trimap()), lambda _: None)
    assert found.hints.trimap is not None and not found.hints.trimap.is_made
    assert found.hints.trimap.origin == "Given: trimap.png." and found.hints.trimap.file.exists()


def test_a_trimap_of_another_size_is_refused(cards: Cards, photo: Photo, trimap: Callable[..., Path]) -> None:
    cards(gfm="glancing")
    with pytest.raises(InputError, match="the trimap is 20 x 10 px and the photo 128 x 96"):
        evolve(Task(photo(), trimap((10, 20))), lambda _: None)


def test_a_damaged_weight_file_costs_its_own_row(cards: Cards, photo: Photo, tmp_path: Path) -> None:
    cards(gfm="glancing", modnet="bright")
    (tmp_path / "home" / "glancing.onnx").write_bytes(b"damaged")
    found = evolve(Task(photo()), lambda _: None)
    assert "has sha256" in row(found, "gfm").why_not and row(found, "gfm").has_failed
    assert row(found, "modnet").shown


def test_memory_is_each_systems_own(cards: Cards, photo: Photo) -> None:
    cards(gfm="hungry", modnet="bright")
    found = evolve(Task(photo()), lambda _: None)
    first, second = (row(found, system).shown for system in ("gfm", "modnet"))
    assert first is not None and second is not None
    assert first.peak_mib and second.peak_mib
    assert second.peak_mib > 20  # Python and its libraries at least
    assert first.peak_mib > second.peak_mib + 150  # 200 MB of the first are not in the second
    assert first.seconds > 0 and second.seconds > 0


def test_the_card_whose_weights_are_here_stands_for_its_system(cards: Cards, tmp_path: Path) -> None:
    first, second = cards(modnet="bright", gfm="glancing")
    assert card_of("modnet") == first and card_of("gfm") == second and card_of("dim") is None
