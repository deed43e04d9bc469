"""One system on one photo, here in this process: costs, and what of the answer is shown."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.errors import InputError, NoSubject
from mattelier.evaluate.system import Request
from mattelier.evolve.perform import Actor, glance, perform
from mattelier.evolve.view import Place
from mattelier.models.cards import Card
from mattelier.runtime.pipeline import Matter

Stands = tuple[Card, Path]
Photo = Callable[..., Path]
GREEN = (0, 177, 64)


def matter(stands: Stands) -> Matter:
    return Matter(stands[0], file=stands[1], threads=1, refiner=None)


def test_an_answer_has_its_costs_and_its_pictures(bright: Stands, photo: Photo) -> None:
    shown = perform(matter(bright), None, Request(photo()))
    assert shown.seconds > 0 and shown.cpu_seconds > 0 and (shown.peak_mib or 0) > 20
    assert shown.alpha.dtype == np.uint8 and shown.hw == (96, 128)
    assert (shown.alpha[48, 64], shown.alpha[0, 0]) == (255, 0)
    assert tuple(shown.over[0, 0]) == GREEN and shown.over[48, 64].min() > 200
    assert shown.place.fits(shown.hw) and shown.edge.shape == (shown.place.height, shown.place.width, 4)
    assert shown.edge[..., 3].min() == 0 and shown.edge[..., 3].max() == 255  # its place holds both sides


def test_the_place_is_the_one_given_unless_the_picture_is_smaller(bright: Stands, photo: Photo) -> None:
    place = Place(top=40, left=50, height=10, width=20, zoom=3)
    shown = perform(matter(bright), place, Request(photo()))
    assert shown.place == place and shown.edge.shape == (10, 20, 4) and (shown.edge[..., 3] == 255).all()
    far = Place(top=400, left=500, height=10, width=20, zoom=1)
    assert perform(matter(bright), far, Request(photo())).place.fits((96, 128))


def test_large_photos_are_shown_small_and_the_edge_is_not(bright: Stands, photo: Photo) -> None:
    shown = perform(matter(bright), None, Request(photo("large.png", (1000, 1500))))
    assert shown.alpha.shape == (640, 960) and shown.over.shape == (640, 960, 3) and shown.hw == (1000, 1500)
    assert shown.edge.shape == (204, 306, 4) and shown.place.zoom == 1


def test_hints_go_only_to_who_asks(
    bright: Stands, told: Stands, reading: Stands, photo: Photo, trimap: Callable[..., Path]
) -> None:
    request = Request(photo(), trimap(), "red")
    assert [layer.name for layer in perform(matter(bright), None, request).layers] == ["alpha"]
    assert perform(matter(told), None, request).layers[-1].name == "background"
    assert perform(matter(reading), None, request).layers[0].name == "pointing"
    with pytest.raises(InputError, match="no trimap was given"):
        perform(matter(told), None, Request(photo()))


def test_what_was_transparent_stays_so(bright: Stands, photo: Photo, tmp_path: Path) -> None:
    cover = np.full((96, 128), 255, np.uint8)
    cover[:, 64:] = 0
    with Image.open(photo()) as picture:
        Image.fromarray(np.dstack((np.asarray(picture), cover))).save(tmp_path / "clear.png")
    shown = perform(matter(bright), None, Request(tmp_path / "clear.png"))
    assert shown.alpha[48, 60] == 255 and shown.alpha[48, 70] == 0 and tuple(shown.over[48, 70]) == GREEN


def test_sixteen_bits_and_a_wide_gamut_are_shown_as_8_bit_srgb(bright: Stands, photo: Photo, tmp_path: Path) -> None:
    from mattelier.image.io import encode

    with Image.open(photo()) as picture:
        deep = np.asarray(picture).astype(np.uint16) * 257
    (tmp_path / "deep.png").write_bytes(encode(deep, None, "png"))
    shown = perform(matter(bright), None, Request(tmp_path / "deep.png"))
    assert shown.over.dtype == shown.edge.dtype == np.uint8 and tuple(shown.over[0, 0]) == GREEN


def test_no_subject_is_told_and_not_drawn(bright: Stands, photo: Photo) -> None:
    with pytest.raises(NoSubject):
        perform(matter(bright), None, Request(photo(is_empty=True)))


def test_a_glance_makes_a_trimap_with_its_costs(glancing: Stands, photo: Photo) -> None:
    answer = glance(matter(glancing), Request(photo()))
    assert answer.alpha.shape == (96, 128) and sorted(np.unique(answer.alpha)) == [0, 128, 255]
    assert answer.seconds > 0 and answer.colours is None


def test_an_actor_is_a_system_that_is_warmed_first(told: Stands) -> None:
    system = Actor(*told).system
    assert (system.scope, system.hint, system.sha256) == ("in process", "trimap", told[0].weights.sha256)
