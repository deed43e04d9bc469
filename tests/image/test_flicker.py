"""One-frame delay by hand: which pixels count as flicker, and what a whole video gives."""

from collections.abc import Iterator

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.image.flicker import steadied, steady


def row(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def test_a_jump_that_is_back_in_the_next_frame_is_taken_out() -> None:
    #            jumps  moves  still  neighbours differ  small jump
    before = row(0.10, 0.00, 0.50, 0.00, 0.40)
    now = row(0.90, 0.50, 0.52, 0.90, 0.45)
    after = row(0.20, 1.00, 0.50, 0.30, 0.40)
    np.testing.assert_allclose(steadied(before, now, after), row(0.15, 0.50, 0.52, 0.90, 0.45), rtol=0, atol=1e-6)


def test_the_threshold_is_where_neighbours_still_agree_and_a_jump_does_not_yet_count() -> None:
    # numbers that float32 holds exactly, at the threshold and one step beyond
    exact = steadied(row(0.0, 0.0, 0.0), row(1.0, 0.5, 0.25), row(0.25, 0.375, 0.0), threshold=0.25)
    np.testing.assert_array_equal(exact, row(0.125, 0.5, 0.25))
    # a jump has to stand apart from both neighbours
    np.testing.assert_array_equal(steadied(row(0.0), row(0.5), row(0.25), threshold=0.25), row(0.5))
    np.testing.assert_array_equal(steadied(row(0.0), row(0.5), row(0.125), threshold=0.25), row(0.0625))


def test_nothing_is_changed_in_place_and_the_type_is_kept() -> None:
    before, now, after = (np.full((2, 3), value, np.float64) for value in (0.0, 1.0, 0.0))
    result = steadied(before, now, after)
    assert result.dtype == np.float64 and not result.any() and now.all()


def test_a_video_keeps_its_ends_and_looks_at_raw_neighbours() -> None:
    values = [1.0, 0.0, 1.0, 0.0, 0.0]
    smooth = [matte.item() for matte in steady(np.full((1, 1), v) for v in values)]
    # frame 1 between two 1s; frame 2 between two raw 0s, though frame 1 went out as 1; frame 3 between 1 and 0 stays
    assert smooth == [1.0, 1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_videos_too_short_to_smooth_come_back_as_they_are(count: int) -> None:
    frames = [np.full((1, 1), float(i)) for i in range(count)]
    assert [matte.item() for matte in steady(frames)] == [float(i) for i in range(count)]


def test_a_matte_is_given_out_one_frame_later() -> None:
    asked: list[int] = []

    def frames() -> Iterator[np.ndarray]:
        for i in range(4):
            asked.append(i)
            yield np.zeros((1, 1))

    given = steady(frames())
    next(given)
    assert asked == [0, 1]
    next(given)
    assert asked == [0, 1, 2]


def test_what_are_no_mattes_of_one_video_is_a_sentence() -> None:
    with pytest.raises(InputError, match=r"consecutive mattes are .*one size"):
        steadied(np.zeros((2, 2)), np.zeros((2, 3)), np.zeros((2, 2)))
    with pytest.raises(InputError, match="of type uint8; expected float"):
        steadied(*(np.zeros((2, 2), np.uint8),) * 3)  # type: ignore[arg-type]
