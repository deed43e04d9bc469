"""Glance, the learned unknown region, and the network that refines it: by hand, and with networks of known answers."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mattelier.errors import InputError, NoSubject, WeightsError
from mattelier.image.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from mattelier.models.cards import Card
from mattelier.runtime import automatic, cascade, pipeline
from mattelier.runtime.cascade import learned_trimap, lifted, settled
from mattelier.runtime.pipeline import Matter

Made = tuple[Card, Path]
B, U, F = BACKGROUND, UNKNOWN, FOREGROUND


def glance_of(classes: list[list[int]]) -> np.ndarray:
    return np.eye(3, dtype=np.float32)[np.array(classes)].transpose(2, 0, 1)[None]


def photo(hw: tuple[int, int] = (240, 320)) -> np.ndarray:
    """A bright disc that fades into a dark ground over 24 px, with a little noise."""
    y, x = np.mgrid[: hw[0], : hw[1]]
    alpha = np.clip((min(hw) / 4 - np.hypot(y - hw[0] / 2, x - hw[1] / 2)) / 24 + 0.5, 0, 1)
    noise = np.random.default_rng(0).uniform(0, 10, (*hw, 3))
    return (10 + 220 * alpha[..., None] + noise).astype(np.uint8)


@pytest.fixture
def leader(glancing: Made, told: Made) -> Matter:
    return Matter(glancing[0], file=glancing[1], threads=1, refiner=Matter(told[0], file=told[1], threads=1))


@pytest.fixture
def shipped(glancing: Made, told: Made, bright: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with all three cards, their files in the package."""
    for card, file in (glancing, told, bright):
        (tmp_path / card.weights.file).write_bytes(file.read_bytes())
    monkeypatch.setattr("mattelier.weights.shipped_folder", lambda: tmp_path)
    monkeypatch.setattr("mattelier.models.CARDS", (glancing[0], bright[0], told[0]))
    monkeypatch.setenv("MATTELIER_HOME", str(tmp_path / "none"))
    return tmp_path


def test_the_learned_region_by_hand() -> None:
    glance = glance_of([[0, 0, 1, 2, 2, 1, 0]])
    coarse = np.array([[0, 0, 0.5, 1, 1, 0.5, 0]], np.float32)
    assert learned_trimap(glance, coarse, (1, 7)).tolist() == [[B, B, U, F, F, U, B]]


def test_an_island_of_doubt_that_was_cleared_is_not_looked_at_again() -> None:
    glance = glance_of([[1, 1, 0, 1, 2, 1, 0]])
    coarse = np.array([[0, 0, 0, 0.5, 1, 0.4, 0]], np.float32)  # without_ghosts has cleared the left
    assert learned_trimap(glance, coarse, (1, 7)).tolist() == [[B, B, B, U, F, U, B]]
    assert np.array_equal(glance, glance_of([[1, 1, 0, 1, 2, 1, 0]]))  # the network's own answer is left alone


def test_the_cascade_is_the_refiner_with_the_learned_trimap(leader: Matter, told: Made) -> None:
    pixels = photo((96, 128))  # what the refiner is given at once
    cut = leader.cut(pixels)
    grey = pixels.mean(-1)
    assert cut.trimap.shape == (96, 128) and set(np.unique(cut.trimap)) == {B, U, F}
    assert (cut.trimap[grey < 40] == B).mean() > 0.98 and (cut.trimap[grey > 215] == F).mean() > 0.9
    assert (cut.trimap[(grey > 80) & (grey < 160)] == U).all()
    alone = Matter(told[0], file=told[1], threads=1).cut(pixels, trimap=cut.trimap)
    assert np.array_equal(cut.alpha, alone.alpha) and np.array_equal(cut.colours, alone.colours)
    assert (cut.alpha[cut.trimap == F] == 1).all() and (cut.alpha[cut.trimap == B] == 0).all()
    assert np.array_equal(cut.colours[cut.trimap != U], pixels[cut.trimap != U])


def test_a_leader_looks_twice_but_for_a_draft(leader: Matter, glancing: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    really = automatic._looked
    monkeypatch.setattr(automatic, "_looked", lambda *given: (calls.append(given), really(*given))[1])

    def looks(matter: Matter) -> list[int]:
        counts = []
        for quality in ("draft", "standard", "fine"):
            calls.clear()
            matter.cut(photo(), quality=quality)
            counts.append(len(calls))
        return counts

    assert looks(leader) == [1, 2, 2]
    assert looks(Matter(glancing[0], file=glancing[1], threads=1, refiner=None)) == [1, 1, 2]


def test_a_large_photo_is_refined_smaller_and_lifted(glancing: Made, told: Made) -> None:
    pixels = photo((960, 1280))
    cuts = []
    for longest_px in (1280, 160):
        card = replace(told[0], contract=replace(told[0].contract, longest_px=longest_px))
        refiner = Matter(card, file=told[1], threads=1)
        cuts.append(Matter(glancing[0], file=glancing[1], threads=1, refiner=refiner).cut(pixels))
    native, cut = cuts
    assert cut.alpha.shape == cut.trimap.shape == (960, 1280)
    known = cut.trimap != U
    assert np.array_equal(cut.alpha[known], (cut.trimap[known] == F).astype(np.float32))
    assert (cut.trimap == U)[native.trimap == U].mean() > 0.95
    assert np.abs(cut.alpha - native.alpha).mean() < 0.01
    assert np.array_equal(cut.colours[cut.alpha == 1], pixels[cut.alpha == 1])


def test_an_island_that_stays_faint_is_cleared_by_hand() -> None:
    alpha = np.array([[0.3, 0.5, 0, 0.4, 0.9, 0.2, 0]], np.float32)
    colours, pixels = np.full((1, 7, 3), 9, np.uint8), np.full((1, 7, 3), 5, np.uint8)
    clear, found = settled(alpha, colours, pixels)
    assert clear.tolist() == [[0, 0, 0, *alpha[0, 3:6], 0]] and found is not None
    assert found[0, :, 0].tolist() == [5, 5, 5, 9, 9, 9, 5]
    assert settled(alpha, None, pixels)[1] is None
    smoke = np.minimum(alpha, np.float32(0.6))
    assert np.array_equal(settled(smoke, colours, pixels)[0], smoke)


def test_a_lifted_trimap_knows_only_what_is_exact() -> None:
    pixels = photo()
    trimap = np.full((120, 160), B, np.uint8)
    trimap[40:80, 60:100] = F
    alpha = (trimap == F).astype(np.float32)
    alpha[40:80, 90:100] = 0.5  # against what the trimap knows
    large, marks = lifted(alpha, pixels, pixels[::2, ::2], trimap)
    assert large.shape == marks.shape == (240, 320)
    assert (marks[90:150, 185:195] == U).all() and (marks[90:150, 130:170] == F).all() and (marks[:70] == B).all()
    known = marks != U
    assert np.array_equal(large[known], (marks[known] == F).astype(np.float32))


def test_it_says_who_worked_and_how_long(leader: Matter, glancing: Made, told: Made) -> None:
    cut = leader.cut(photo())
    first, second = (f"{card.name}@{card.weights.sha256[:8]}" for card, _ in (glancing, told))
    assert cut.model == leader.used("standard") == f"{first} + {second}"
    assert set(cut.seconds) == {"decode", "prepare", "network", "trimap", "refine"}
    draft = leader.cut(photo(), quality="draft")
    assert draft.model == leader.used("draft") == leader.name == first
    assert set(draft.seconds) == {"decode", "prepare", "network", "refine"}
    assert draft.colours is draft.pixels


def test_the_photo_is_decoded_once(leader: Matter, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    really = pipeline.decode
    monkeypatch.setattr(pipeline, "decode", lambda *given: (calls.append(given), really(*given))[1])
    leader.cut(photo())
    assert len(calls) == 1


def test_the_files_own_alpha_is_multiplied_in(leader: Matter) -> None:
    own = np.full((240, 320), 255, np.uint8)
    own[:, :160] = 0
    own[:, 160:170] = 51
    cut = leader.cut(np.dstack((photo(), own)))
    assert (cut.alpha[:, :160] == 0).all() and cut.alpha[120, 165] == pytest.approx(0.2)
    assert cut.alpha[120, 190] == 1 and cut.matte is not None and cut.matte[120, 165] == 1


def test_without_a_subject_nothing_is_refined(leader: Matter) -> None:
    with pytest.raises(NoSubject, match="one even colour"):
        leader.cut(np.full((100, 100, 3), 128, np.uint8))
    with pytest.raises(NoSubject, match="no subject found"):
        leader.cut(np.random.default_rng(0).integers(0, 50, (100, 100, 3), dtype=np.uint8))


def test_a_glance_that_doubts_nothing_leaves_nothing_to_refine(leader: Matter) -> None:
    pixels = np.full((64, 64, 3), 10, np.uint8)
    pixels[16:48, 16:48] = 250
    cut = leader.cut(pixels)
    certain = cut.trimap != U  # the border between the two known classes stays to be looked at
    assert np.array_equal(cut.alpha[certain], (cut.trimap[certain] == F).astype(np.float32))


def test_shipped_cards_join_by_themselves(shipped: Path, glancing: Made, told: Made, bright: Made) -> None:
    matter = Matter(None, threads=1)
    assert matter.card is glancing[0] and matter.refiner is not None and matter.refiner.card is told[0]
    assert matter.refiner is matter.refiner  # opened once
    assert " + fba-told.test@" in matter.cut(photo()).model
    assert Matter("modnet-bright", threads=1).refiner is None  # has no glance
    assert Matter("gfm", threads=1, refiner=None).refiner is None
    assert Matter("fba-told", threads=1).refiner is None
    assert cascade.refiner_of(replace(glancing[0], config={"representation": "ft"})) is None


def test_a_refiner_in_the_users_folder_does_not_join_unasked(
    shipped: Path, told: Made, glancing: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shipped / told[0].weights.file).unlink()
    monkeypatch.setenv("MATTELIER_HOME", str(told[1].parent))
    matter = Matter("gfm", threads=1)
    assert matter.refiner is None and matter.used("standard") == matter.name
    assert Matter("fba-told", threads=1).card is told[0]


def test_without_a_refiner_standard_is_what_it_was(glancing: Made) -> None:
    from mattelier.image.foreground import decontaminate
    from mattelier.image.io import decode
    from mattelier.image.refine import upsample_alpha
    from mattelier.runtime.prepare import network_copy, network_input, restore

    card, file = glancing
    matter, pixels = Matter(card, file=file, threads=1, refiner=None), photo()
    cut = matter.cut(pixels)
    copy = network_copy(card.contract, decode(pixels))
    outputs = matter._engine.run(network_input(card.contract, copy))
    alpha = upsample_alpha(restore(card.contract, outputs, copy.shape[:2]), pixels)
    assert np.array_equal(cut.alpha, alpha) and np.array_equal(cut.colours, decontaminate(pixels, alpha))


def test_the_refiner_is_opened_when_first_needed_and_only_once(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    really = pipeline.open_engine
    monkeypatch.setattr(pipeline, "open_engine", lambda card, *rest: (opened.append(card.name), really(card, *rest))[1])
    matter = Matter("gfm", threads=1)
    matter.cut(photo(), quality="draft")
    assert opened == ["gfm-glancing.test"]
    made: list[bytes] = []
    threads = [threading.Thread(target=lambda: made.append(matter.cut(photo()).encoded("png"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == ["gfm-glancing.test", "fba-told.test"]
    assert len(made) == 4 and len(set(made)) == 1


def test_a_refiner_that_is_damaged_is_an_error_and_no_worse_picture(shipped: Path, told: Made) -> None:
    (shipped / told[0].weights.file).write_bytes(b"other")
    matter = Matter("gfm", threads=1)
    with pytest.raises(WeightsError, match="damaged or of another version"):
        matter.cut(photo())
    assert matter.cut(photo(), quality="draft").alpha.shape == (240, 320)


def test_what_cannot_lead_or_follow_is_refused(glancing: Made, told: Made, bright: Made) -> None:
    refiner, other = (Matter(card, file=file, threads=1) for card, file in (told, bright))
    with pytest.raises(InputError, match=r"fba-told.test was given to refine modnet-bright.test; expected a trimap"):
        Matter(bright[0], file=bright[1], refiner=refiner)
    with pytest.raises(InputError, match=r"modnet-bright.test was given to refine gfm-glancing.test"):
        Matter(glancing[0], file=glancing[1], refiner=other)


@pytest.mark.parametrize("hw", [(1, 300), (300, 2), (33, 65), (64, 64), (129, 127)])
def test_odd_sizes(leader: Matter, hw: tuple[int, int]) -> None:
    pixels = np.full((*hw, 3), 10, np.uint8)
    pixels[: (hw[0] + 1) // 2, : (hw[1] + 1) // 2] = 240
    assert leader.cut(pixels).alpha.shape == hw
