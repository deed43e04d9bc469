import numpy as np
import pytest

from mattelier.serve.layers import drop_shadow, hardened, shadow_margins, solid, under
from mattelier.serve.layout import Box, Sheet, cropped


@pytest.fixture
def square() -> Sheet:
    """White, 100 x 100, in the middle of 200 x 200."""
    alpha = np.zeros((200, 200), np.uint8)
    alpha[50:150, 50:150] = 255
    return Sheet(np.full((200, 200, 3), 255, np.uint8), alpha, Box(50, 50, 100, 100))


def test_a_shadow_is_soft_and_falls_down_and_to_the_right(square: Sheet) -> None:
    shadow = drop_shadow(square, 0.5).astype(int)
    assert shadow[100, 100] == 128
    assert shadow[151, 100] > shadow[48, 100]
    assert shadow[100, 151] > shadow[100, 48]
    assert 0 < shadow[154, 100] < 128
    assert shadow[:40].max() == shadow[170:].max() == 0


def test_a_shadow_is_as_dark_as_it_is_told(square: Sheet) -> None:
    assert drop_shadow(square, 1.0).max() == 255
    assert drop_shadow(square, 0.0).max() == 0


def test_its_margins_hold_all_of_a_shadow(square: Sheet) -> None:
    cut = cropped(square, shadow_margins(square.subject))
    shadow = drop_shadow(cut, 1.0)
    border = np.concatenate((shadow[0], shadow[-1], shadow[:, 0], shadow[:, -1]))
    assert border.max() <= 5
    assert cut.hw < square.hw


def test_under_blends_straight_colours_by_hand() -> None:
    colours = np.array([[[200] * 3, [200] * 3, [200] * 3]], np.uint8)
    alpha = np.array([[255, 0, 51]], np.uint8)  # 1, 0, 0.2
    sheet = Sheet(colours, alpha, Box(0, 0, 1, 3))
    opaque = under(sheet, np.array([100, 100, 100], np.uint8), 255)
    assert opaque.alpha.tolist() == [[255, 255, 255]]
    assert opaque.colours[0, :, 0].tolist() == [200, 100, 120]
    # below it alpha 0.5: 0.2 + 0.8 * 0.5 = 0.6, colour (0.2 * 200 + 0.4 * 100) / 0.6 = 133
    half = under(sheet, np.array([100, 100, 100], np.uint8), 128)
    assert half.alpha.tolist() == [[255, 128, 153]]
    assert half.colours[0, :, 0].tolist() == [200, 100, 133]


def test_nothing_under_it_changes_nothing(square: Sheet) -> None:
    same = under(square, np.zeros(3, np.uint8), 0)
    assert np.array_equal(same.colours, square.colours)
    assert np.array_equal(same.alpha, square.alpha)


def test_solid_fills_the_inside_and_leaves_the_edge(square: Sheet) -> None:
    alpha = square.alpha.copy()
    alpha[90:110, 90:110] = 100  # a window
    alpha[50:150, 49] = 60  # a soft edge
    alpha[60:70, 120:130] = 0  # a hole is background
    filled = solid(Sheet(square.colours, alpha, square.subject)).alpha
    assert (filled[90:110, 90:110] == 255).all()
    assert (filled[50:150, 49] == 60).all()
    assert (filled[60:70, 120:130] == 0).all()


def test_hardened_knows_only_in_and_out(square: Sheet) -> None:
    alpha = square.alpha.copy()
    alpha[50:150, 150:153] = 60
    alpha[5, 5] = 255  # a speck
    hard = hardened(Sheet(square.colours, alpha, square.subject)).alpha
    assert set(np.unique(hard)) == {0, 255}
    assert hard[5, 5] == 0
    assert hard[100, 100] == 255
