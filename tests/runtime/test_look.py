"""A network's own heads as pictures, and a trimap that nobody painted."""

from pathlib import Path

import numpy as np
import pytest

from mattelier.errors import InputError, NoSubject
from mattelier.image.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from mattelier.models.cards import Card
from mattelier.runtime.look import HEADS, layers, made_trimap
from mattelier.runtime.pipeline import Matter

Made = tuple[Card, Path]


def photo(hw: tuple[int, int] = (120, 160)) -> np.ndarray:
    """A bright disc that fades into a dark ground over 24 px."""
    y, x = np.mgrid[: hw[0], : hw[1]]
    alpha = np.clip((min(hw) / 4 - np.hypot(y - hw[0] / 2, x - hw[1] / 2)) / 24 + 0.5, 0, 1)
    return (10 + 220 * np.repeat(alpha[..., None], 3, -1)).astype(np.uint8)


@pytest.fixture
def leader(glancing: Made) -> Matter:
    return Matter(glancing[0], file=glancing[1], threads=1, refiner=None)


def test_outputs_become_pictures_by_hand() -> None:
    plane = np.array([[[[-0.2, 0.0, 0.5, 1.2]]]], np.float32)
    scores = np.eye(3, dtype=np.float32)[[0, 1, 2, 1]].T[None, :, None]
    found = {
        layer.name: layer.pixels.tolist()
        for layer in layers({"alpha": plane, "glance": scores, "foreground": np.repeat(plane, 3, 1), "odd": plane})
    }
    assert found == {
        "glance": [[BACKGROUND, UNKNOWN, FOREGROUND, UNKNOWN]],
        "alpha": [[0, 0, 128, 255]],
        "foreground": [[[0] * 3, [0] * 3, [128] * 3, [255] * 3]],
    }


def test_layers_stand_in_the_papers_order_whatever_the_files() -> None:
    plane = np.zeros((1, 3, 2, 2), np.float32)
    names = [layer.name for layer in layers({head.output: plane for head in reversed(HEADS)})]
    for order in (
        "coarse alpha", "alpha foreground background", "glance focus alpha", "semantic detail alpha",
        "os8 os4 os1 alpha", "pointing trimap detail alpha",
    ):  # fmt: skip
        assert [name for name in names if name in order.split()] == order.split()


def test_a_look_shows_every_head_of_the_file_at_the_networks_size(leader: Matter) -> None:
    look = leader.look(photo())
    assert [layer.name for layer in look.layers] == ["glance", "focus", "alpha"]
    assert {layer.pixels.shape for layer in look.layers} == {(64, 64)}  # 48 x 64, rounded to multiples of 32
    glance, _, alpha = (layer.pixels for layer in look.layers)
    assert (alpha[glance == FOREGROUND] == 255).all() and (alpha[glance == BACKGROUND] == 0).all()
    assert look.seconds > 0


def test_a_look_answers_where_a_cut_finds_no_subject(leader: Matter) -> None:
    dark = photo() // 8
    with pytest.raises(NoSubject):
        leader.cut(dark)
    assert not leader.look(dark).layers[-1].pixels.any()


def test_a_look_beside_a_trimap_says_when_nothing_is_left(told: Made) -> None:
    """This network's alpha is grey: none of a black photo, half of a grey one and all of a white one."""
    trimap = np.full((40, 48), UNKNOWN, np.uint8)
    trimap[:4] = BACKGROUND
    matter = Matter(told[0], file=told[1], refiner=None)
    black, white = (matter.look(np.full((40, 48, 3), value, np.uint8), trimap=trimap).doubt for value in (0, 255))
    assert black is not None and black.startswith("no subject found") and white is None


def test_a_look_refuses_what_a_cut_refuses(leader: Matter) -> None:
    with pytest.raises(InputError, match="a trimap was given"):
        leader.look(photo(), trimap=np.zeros((120, 160), np.uint8))
    with pytest.raises(InputError, match="understands no words"):
        leader.look(photo(), prompt="the disc")


def test_a_made_trimap_is_the_one_a_cascade_uses(leader: Matter, glancing: Made, told: Made) -> None:
    small = photo((90, 120))  # what the refiner is given at once
    trimap = made_trimap(leader, small)
    cascade = Matter(glancing[0], file=glancing[1], refiner=Matter(told[0], file=told[1]))
    assert trimap.shape == (90, 120) and set(np.unique(trimap)) == {BACKGROUND, UNKNOWN, FOREGROUND}
    assert np.array_equal(trimap, cascade.cut(small).trimap)


def test_no_trimap_is_made_by_a_network_that_does_not_glance(bright: Made) -> None:
    with pytest.raises(InputError, match=r"modnet-bright\.test; expected a network that glances"):
        made_trimap(Matter(bright[0], file=bright[1]), photo())


def test_no_trimap_is_made_of_a_picture_without_a_subject(leader: Matter) -> None:
    with pytest.raises(NoSubject):
        made_trimap(leader, photo() // 8)
