"""Tiles over an unknown region: every pixel answered for once, nothing shown outside the photo."""

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.runtime.tiles import SEAM_PX, around, bounds, plan, whole

SIDE, REACH = 96, 16  # a step of 48 px


def ring(hw: tuple[int, int]) -> np.ndarray:
    y, x = np.mgrid[: hw[0], : hw[1]]
    distance = np.hypot(y - hw[0] / 2, x - hw[1] / 2) / (min(hw) / 2)
    return np.asarray((distance > 0.8) & (distance < 1))


def test_one_pixel_by_hand() -> None:
    unknown = np.zeros((200, 300), bool)
    unknown[50, 100] = True
    (tile,) = plan(unknown, SIDE, REACH, 8)
    assert tile.answered == (slice(50, 51), slice(100, 101))
    # 33 px with the margins, 40 as a multiple of 8, the rest to the right
    assert tile.shown == (slice(34, 74), slice(84, 124))
    assert tile.inner == (slice(16, 17), slice(16, 17))
    assert tile.weights.tolist() == [[1]]


def test_a_long_band_by_hand() -> None:
    unknown = np.zeros((64, 200), bool)
    unknown[30:32, 40:136] = True  # 96 px: two parts of 48
    first, second = plan(unknown, SIDE, REACH, 8)
    assert first.answered == (slice(30, 32), slice(40, 96)) and second.answered == (slice(30, 32), slice(80, 136))
    # the first fades from 16 to 1 over the seam, the second from 1 to 16; rows: two pixels in a part two pixels high
    assert first.weights[0, -18:].tolist() == [1] * 18
    wide = np.zeros((64, 200), bool)
    wide[0:64, 40:136] = True
    left = next(tile for tile in plan(wide, SIDE, REACH, 8) if tile.answered[1].start == 40)
    assert left.weights[20, -17:].tolist() == [16, *range(16, 0, -1)]


@pytest.mark.parametrize("hw", [(200, 300), (97, 401), (300, 40), (20, 500), (7, 9), (1, 400)])
@pytest.mark.parametrize("shape", ["all", "ring", "corners"])
def test_every_unknown_pixel_is_answered_for_and_margins_are_kept(hw: tuple[int, int], shape: str) -> None:
    unknown = {"all": np.ones(hw, bool), "ring": ring(hw), "corners": np.zeros(hw, bool)}[shape]
    unknown[0, 0] = unknown[-1, -1] = True
    laid = np.zeros(hw, int)
    for tile in plan(unknown, SIDE, REACH, 8):
        laid[tile.answered] += tile.weights
        assert tile.weights.shape == unknown[tile.answered].shape and tile.weights.min() >= 1
        for answered, shown, side in zip(tile.answered, tile.shown, hw, strict=True):
            length = shown.stop - shown.start
            assert shown.start >= 0 and shown.stop <= side and length <= SIDE
            assert length % 8 == 0 or length == side
            assert answered.start - shown.start >= min(REACH, answered.start)
            assert shown.stop - answered.stop >= min(REACH, side - answered.stop)
        assert unknown[tile.answered].any()
    assert laid[unknown].min() >= 1 and laid.max() <= 4 * SEAM_PX < 256


def test_known_regions_have_no_tiles() -> None:
    assert list(plan(np.zeros((100, 100), bool), SIDE, REACH, 8)) == []
    assert bounds(np.zeros((3, 3), bool)) is None
    middle = np.zeros((400, 400), bool)
    middle[[0, -1]] = middle[:, [0, -1]] = True  # a frame of one pixel: 9 parts a side, the inner ones empty
    assert len(list(plan(middle, SIDE, REACH, 8))) == 32


def test_the_whole_and_what_lies_around() -> None:
    assert whole((3, 4)).inner == (slice(0, 3), slice(0, 4))
    assert around((slice(5, 9), slice(0, 9)), 3, (20, 10)) == ((slice(2, 12), slice(0, 10)), (slice(3, 7), slice(0, 9)))


def test_tiles_without_room_for_their_margins_are_refused() -> None:
    with pytest.raises(InputError, match=r"tiles of 64 px with 16 px of margin .* at least 80 px"):
        list(plan(np.ones((100, 100), bool), 64, 16, 8))
