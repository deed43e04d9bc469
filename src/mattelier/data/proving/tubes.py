"""Round rods, wires and threads: ribbons over each other that together look round."""

import numpy as np

from mattelier.data.proving.canvas import Shapes, ribbons
from mattelier.image import Array

# share of the width, how far towards the light in widths, brightness
_ROUND = ((1.0, 0.0, 0.45), (0.82, 0.04, 0.75), (0.6, 0.09, 1.0), (0.3, 0.14, 1.3), (0.1, 0.17, 1.9))


def tube(path: Array, width_px: float | Array, colour: Array, runs: int = 1) -> Shapes:
    """A rod along a path (points, 2), lit from above left. width_px: one, or (points,)."""
    widths = np.broadcast_to(np.asarray(width_px, np.float64), (len(path),))
    light = np.array([-0.6, -0.8])
    shapes = Shapes(())
    for share, shift, bright in _ROUND:
        moved = path + light * shift * widths[:, None]
        tones = np.broadcast_to(colour * bright, (1, runs, 3))
        shapes += ribbons(moved[None], widths[None] * share, np.clip(tones, 0, 1))
    return shapes


def thread(path: Array, width_px: float, colour: Array, twist_px: float) -> Shapes:
    """A twisted thread along a path (points, 2): short light and dark pieces."""
    length = np.hypot(*np.diff(path, axis=0).T).sum()
    runs = int(np.clip(length / twist_px, 2, len(path) - 1))
    tones = colour * np.where(np.arange(runs) % 2, 1.0, 0.86)[:, None]
    return ribbons(path[None], np.full((1, len(path)), width_px), tones[None])


def ring(middle: Array, radii: tuple[float, float], turn: float = 0.0, points: int = 97) -> Array:
    """A closed ellipse (points, 2), its first point again at its end, radii along and across `turn`."""
    angle = np.linspace(0, 2 * np.pi, points)
    plane = np.stack([radii[0] * np.cos(angle), radii[1] * np.sin(angle)], -1)
    spin = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
    path: Array = plane @ spin + middle
    return path


def bow(start: Array, over: Array, end: Array, points: int = 40) -> Array:
    """A parabola (points, 2) from start to end that heads for `over`."""
    t = np.linspace(0, 1, points)[:, None]
    path: Array = (1 - t) ** 2 * start + 2 * t * (1 - t) * over + t**2 * end
    return path
