"""OpenCV's elliptic structuring element, taken apart into rectangles.

A rectangle's dilation is two running maxima, or one look at an integral image; an ellipse's is the union of a few.
"""

from math import isqrt
from typing import NamedTuple


class Rectangle(NamedTuple):
    """How far it reaches from its anchor, in pixels, to all four sides."""

    up: int
    down: int
    left: int
    right: int


def rectangles(side_px: int) -> tuple[Rectangle, ...]:
    """Rectangles around one anchor whose union is the ellipse of this side; 1 is a pixel, 3 a cross.

    Even sides have no middle: their anchor is side_px // 2, so they reach one pixel less down and right.
    """
    radius = side_px // 2
    last = side_px - 1 - radius
    reach = [_rounded_root(radius**2 - row**2) for row in range(radius + 1)]  # of each row; it never grows outwards
    outermost = {columns: row for row, columns in enumerate(reach)}
    return tuple(Rectangle(row, min(row, last), columns, min(columns, last)) for columns, row in outermost.items())


def _rounded_root(square: int) -> int:
    """The whole number nearest to the root, which never lies half-way."""
    root = isqrt(square)
    return root + (square > root * (root + 1))
