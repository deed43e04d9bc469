import numpy as np
import pytest

from mattelier.serve.layout import (
    Box,
    Margins,
    Sheet,
    arranged,
    cropped,
    resampled,
    shrunk,
    subject_box,
    take,
    within,
)


@pytest.fixture
def sheet() -> Sheet:
    """A grey square of 2 x 2 at (2, 4) on a canvas of 8 x 10."""
    colours = np.zeros((8, 10, 3), np.uint8)
    alpha = np.zeros((8, 10), np.uint8)
    colours[2:4, 4:6], alpha[2:4, 4:6] = 100, 255
    return Sheet(colours, alpha, Box(2, 4, 2, 2))


def test_a_size_is_scaled_down_and_never_up() -> None:
    assert within((400, 625), 250_000) == (400, 625)
    assert within((1000, 1000), 250_000) == (500, 500)
    assert within((3000, 4000), 250_000) == (433, 577)
    assert within((10, 10), 250_000) == (10, 10)


@pytest.mark.parametrize("hw", [(1, 1_000_000), (7, 90_001), (1_000_000, 1), (2999, 4001)])
def test_a_size_stays_within_its_pixels_with_at_least_one_a_side(hw: tuple[int, int]) -> None:
    height, width = within(hw, 250_000)
    assert height * width <= 250_000
    assert min(height, width) >= 1


def test_the_subject_is_the_box_around_what_can_be_seen() -> None:
    alpha = np.zeros((6, 8), np.uint8)
    assert subject_box(alpha) is None
    alpha[1, 2], alpha[4, 5], alpha[0, 0] = 255, 20, 3  # the last one nobody sees
    assert subject_box(alpha) == Box(1, 2, 4, 4)
    assert subject_box(alpha, faint=0) == Box(0, 0, 5, 6)
    assert subject_box(alpha.astype(np.float32) / 255) == Box(1, 2, 4, 4)


def test_what_a_box_holds_beyond_a_picture_is_zero() -> None:
    plane = np.arange(1, 7).reshape(2, 3)
    assert take(plane, Box(-1, 1, 3, 3)).tolist() == [[0, 0, 0], [2, 3, 0], [5, 6, 0]]
    assert take(plane, Box(5, 5, 1, 2)).tolist() == [[0, 0]]


def test_a_crop_has_its_margins_even_beyond_the_canvas(sheet: Sheet) -> None:
    cut = cropped(sheet, Margins(top=1, right=7, bottom=0, left=2))
    assert cut.hw == (3, 11)
    assert cut.subject == Box(1, 2, 2, 2)
    assert np.array_equal(cut.alpha[cut.subject.slices], np.full((2, 2), 255))
    assert cut.alpha.sum() == sheet.alpha.sum()


@pytest.mark.parametrize(
    ("position", "corner"), [((0, 0), (0, 0)), ((1, 1), (6, 8)), ((0.5, 0.5), (3, 4)), ((1, 0), (0, 8))]
)
def test_a_position_is_horizontal_then_vertical(
    sheet: Sheet, position: tuple[float, float], corner: tuple[int, int]
) -> None:
    moved = arranged(sheet, None, position)
    assert moved.subject == Box(*corner, 2, 2)
    assert moved.hw == sheet.hw
    assert subject_box(moved.alpha) == moved.subject


def test_a_scale_is_the_share_of_the_side_where_the_subject_is_larger(sheet: Sheet) -> None:
    full = arranged(sheet, 1.0, (0.5, 0.5))
    assert full.subject == Box(0, 1, 8, 8)
    assert full.colours[4, 5].tolist() == [100, 100, 100]
    assert arranged(sheet, 0.5, (0.5, 0.5)).subject == Box(2, 3, 4, 4)


def test_a_scaled_subject_stays_where_it_was_as_far_as_it_fits(sheet: Sheet) -> None:
    assert arranged(sheet, 0.5, None).subject == Box(1, 3, 4, 4)
    assert arranged(sheet, 1.0, None).subject == Box(0, 1, 8, 8)
    assert arranged(sheet, None, None) is sheet


def test_a_sheet_shrinks_with_its_subject() -> None:
    alpha = np.zeros((40, 40), np.uint8)
    alpha[10:30, 20:40] = 255
    small = shrunk(Sheet(np.zeros((40, 40, 3), np.uint8), alpha, Box(10, 20, 20, 20)), 400)
    assert small.hw == (20, 20)
    assert small.subject == Box(5, 10, 10, 10) == subject_box(small.alpha)


def test_resampling_takes_no_colour_from_where_nothing_is_seen() -> None:
    colours = np.zeros((2, 2, 3), np.uint8)
    colours[0, 0], colours[0, 1] = 200, 9
    alpha = np.array([[255, 0], [255, 0]], np.uint8)
    colours[1] = colours[0]
    mixed, half = resampled(colours, alpha, (1, 1))
    assert half.tolist() == [[128]]
    assert abs(int(mixed[0, 0, 0]) - 200) <= 1


def test_what_is_opaque_stays_opaque() -> None:
    colours = np.full((4, 4, 3), 7, np.uint8)
    small, alpha = resampled(colours, None, (2, 2))
    assert (small == 7).all()
    assert (alpha == 255).all()
