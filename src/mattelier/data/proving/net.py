"""Nets: knotted cords in a slack grid between solid rods.  Test-only."""

import numpy as np

from mattelier.data.augment import Rng
from mattelier.data.proving.canvas import Paint, Shapes, Surface, discs
from mattelier.data.proving.textures import hsv
from mattelier.data.proving.tubes import thread, tube
from mattelier.image import Array


def net(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """A goal's net, a fishing net, a wire fence: diamonds or squares, some torn; surface: not used."""
    unit = min(hw)
    rows = int(rng.integers(9, 18))
    nodes = _nodes(rows, hw, rng)
    colour = hsv(rng.random(), rng.uniform(0, 0.6), rng.uniform(0.3, 1.0))
    thick = unit * rng.uniform(0.005, 0.009)
    is_torn = rng.random((2, *nodes.shape[:2])) < 0.03
    shapes = Shapes(())
    for y in range(nodes.shape[0] - 1):
        for x in range(nodes.shape[1] - 1):
            for torn, (dy, dx) in zip(is_torn[:, y, x], ((1, 0), (0, 1)), strict=True):
                if not torn:
                    shapes += _cord(nodes[y, x], nodes[y + dy, x + dx], thick, colour, rng)
    knots = nodes[1:-1, 1:-1].reshape(-1, 2)
    tones = np.broadcast_to(colour, (len(knots), 3)) * rng.uniform(0.75, 1.0, (len(knots), 1))
    shapes += discs(knots, np.full(len(knots), thick * 1.1), tones, 12)
    rod = hsv(rng.random(), rng.uniform(0, 0.5), rng.uniform(0.4, 0.9))
    for side in (nodes[0], nodes[-1], nodes[:, 0], nodes[:, -1]):
        shapes += tube(side, unit * 0.022, rod)
    return shapes


def _cord(start: Array, end: Array, thick: float, colour: Array, rng: Rng) -> Shapes:
    t = np.linspace(0, 1, 9)[:, None]
    sag = np.array([0.0, 1.0]) * np.hypot(*(end - start)) * rng.uniform(0.0, 0.1)
    return thread(start + (end - start) * t + 4 * t * (1 - t) * sag, thick, colour, thick * 1.3)


def _nodes(rows: int, hw: tuple[int, int], rng: Rng) -> Array:
    """Knots (rows, columns, 2) of a slack cloth in a frame that is seen from the side."""
    columns = rows + int(rng.integers(-2, 3))
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    corners = np.array([(0.12, 0.12), (0.88, 0.12), (0.88, 0.88), (0.12, 0.88)]) + rng.normal(0, 0.04, (4, 2))
    plane = (
        corners[0] * ((1 - u) * (1 - v))[..., None]
        + corners[1] * (u * (1 - v))[..., None]
        + corners[2] * (u * v)[..., None]
        + corners[3] * ((1 - u) * v)[..., None]
    )
    inside = np.sin(np.pi * u) * np.sin(np.pi * v)
    waves = np.stack([np.sin(5 * u + 4 * v + p) for p in rng.uniform(0, 6.28, 2)], -1) * rng.uniform(0.02, 0.05)
    loose = rng.normal(0, 0.008, (*u.shape, 2))
    nodes: Array = (plane + inside[..., None] * (waves + loose + (0.0, 0.05))) * (hw[1], hw[0])
    return nodes
