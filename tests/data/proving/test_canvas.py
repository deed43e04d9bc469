"""Layers and shapes of the proving ground, by hand."""

import numpy as np
import pytest

from mattelier.data.proving.canvas import Filled, Layer, Shapes, Stack, View, discs, polygon, ribbons

HW = (40, 60)
WHOLE = View.whole(HW)


def square(left: float, top: float, side: float, colour: tuple[float, float, float] = (1, 1, 1)) -> Shapes:
    return polygon(np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * side + (left, top), colour)


def test_a_square_on_the_grid_has_a_hard_edge() -> None:
    alpha = square(10, 12, 8).paint(WHOLE).alpha
    assert (alpha[12:20, 10:18] == 1).all()
    assert alpha.sum() == pytest.approx(64, abs=4 * 8 / WHOLE.samples)  # Pillow draws an outline's last sample, too


def test_half_a_pixel_is_half_covered() -> None:
    alpha = square(10.5, 12, 8).paint(WHOLE).alpha
    assert alpha[15, 10] == pytest.approx(0.5, abs=1.01 / WHOLE.samples)


def test_a_disc_s_area() -> None:
    alpha = discs(np.array([[30.0, 20.0]]), np.array([10.0]), np.ones((1, 3)), 90).paint(WHOLE).alpha
    assert alpha.sum() == pytest.approx(np.pi * 100, rel=0.03)


def test_the_nearer_shape_hides_the_farther_one() -> None:
    layer = (square(5, 5, 20, (1, 0, 0)) + square(10, 10, 8, (0, 0, 1))).paint(WHOLE)
    assert layer.premultiplied[14, 14].tolist() == [0, 0, 1] and layer.premultiplied[7, 7].tolist() == [1, 0, 0]
    # where they meet nothing shines through
    assert layer.alpha[5:25, 5:25].min() == 1


def test_over_by_hand() -> None:
    half_red = Layer(np.float32([[[0.5, 0, 0]]]), np.float32([[0.5]]))
    blue = Layer(np.float32([[[0, 0, 1]]]), np.float32([[1]]))
    both = half_red.over(blue)
    assert both.alpha[0, 0] == 1 and both.premultiplied[0, 0].tolist() == [0.5, 0, 0.5]


def test_windows_show_what_the_whole_shows() -> None:
    paths = np.random.default_rng(0).uniform(0, 40, (30, 9, 2))
    shapes = ribbons(paths, np.full((30, 9), 1.3), np.random.default_rng(1).random((30, 3, 3)))
    whole = shapes.paint(WHOLE)
    part = shapes.paint(View(HW, 8, 16, 20, 30))
    np.testing.assert_array_equal(part.alpha, whole.alpha[8:28, 16:46])
    np.testing.assert_array_equal(part.premultiplied, whole.premultiplied[8:28, 16:46])


def test_a_ribbon_s_colours_run_from_root_to_tip() -> None:
    path = np.stack([np.linspace(5, 55, 11), np.full(11, 20.0)], -1)
    layer = ribbons(path[None], np.full((1, 11), 4.0), np.array([[(1.0, 0, 0), (0, 0, 1.0)]])).paint(WHOLE)
    assert layer.premultiplied[20, 10].tolist() == [1, 0, 0] and layer.premultiplied[20, 50].tolist() == [0, 0, 1]
    assert layer.alpha[:, 30].sum() == pytest.approx(4, abs=1.01 / WHOLE.samples)


def test_a_filled_shape_takes_a_surface() -> None:
    class Green:
        def colours(self, view: View) -> np.ndarray:
            return np.broadcast_to(np.float32([0, 1, 0]), (view.height, view.width, 3))

    layer = Stack((square(0, 0, 30, (1, 1, 1)), Filled(square(5, 5, 10), Green()))).paint(WHOLE)
    assert layer.premultiplied[8, 8].tolist() == [0, 1, 0] and layer.premultiplied[2, 2].tolist() == [1, 1, 1]


def test_nothing_in_sight_is_empty() -> None:
    assert not square(500, 500, 5).paint(WHOLE).alpha.any()
    assert not Shapes(()).paint(WHOLE).alpha.any()
