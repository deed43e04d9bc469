"""The ellipse as rectangles against the ellipse as a picture."""

import numpy as np
import pytest

from mattelier.data.trimaps import ellipse
from mattelier.image.ellipse import Rectangle, rectangles


@pytest.mark.parametrize("side_px", range(1, 51))
def test_the_union_is_opencvs_element(side_px: int) -> None:
    drawn, middle = np.zeros((side_px, side_px), bool), side_px // 2
    for each in rectangles(side_px):
        assert min(each) >= 0 and each.up <= middle and each.left <= middle
        drawn[middle - each.up : middle + each.down + 1, middle - each.left : middle + each.right + 1] = True
    np.testing.assert_array_equal(drawn, ellipse(side_px))


def test_the_smallest_by_hand() -> None:
    assert rectangles(1) == (Rectangle(0, 0, 0, 0),)
    assert set(rectangles(3)) == {Rectangle(0, 0, 1, 1), Rectangle(1, 1, 0, 0)}  # a cross
    assert len(rectangles(15)) == 5
