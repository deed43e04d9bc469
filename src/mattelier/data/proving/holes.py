"""Things with holes and hard edges: rings, chains, wheels; letters and digits."""

from itertools import pairwise

import numpy as np

from mattelier.data.augment import Rng
from mattelier.data.proving.canvas import Filled, Paint, Shapes, Stack, Surface, discs, ribbons
from mattelier.data.proving.textures import hsv
from mattelier.data.proving.tubes import ring, tube
from mattelier.image import Array


def _metal(rng: Rng) -> Array:
    return hsv(
        *((0.12, 0.6, 0.8), (0.6, 0.06, 0.7), (0.05, 0.55, 0.65), (rng.random(), 0.7, 0.8))[int(rng.integers(4))]
    )


def rings(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """Linked rings, a chain or a wheel; surface: not used."""
    return (_linked, _chain, _wheel)[int(rng.integers(3))](rng, hw)


def _linked(rng: Rng, hw: tuple[int, int]) -> Paint:
    unit, count = min(hw), int(rng.integers(2, 6))
    radius = unit * rng.uniform(0.15, 0.22)
    width = radius * rng.uniform(0.14, 0.4)
    shapes, halves = Shapes(()), Shapes(())
    middle = np.array([hw[1], hw[0]]) / 2
    for i in range(count):
        angle = 2 * np.pi * i / count + rng.normal(0, 0.15)
        place = middle + radius * 1.05 * np.array([np.cos(angle), np.sin(angle)])
        path = ring(place, (radius, radius * rng.uniform(0.6, 1.0)), rng.uniform(0, np.pi))
        colour = _metal(rng)
        shapes += tube(path, width, colour)
        halves += tube(path[20:56], width, colour)  # links: a part of each lies before its neighbours
    return shapes + halves


def _chain(rng: Rng, hw: tuple[int, int]) -> Paint:
    unit, colour = min(hw), _metal(rng)
    t = np.linspace(0, 1, 15)
    swing = rng.uniform(0.05, 0.2) * np.sin(2 * np.pi * t * rng.uniform(0.5, 1.2) + rng.uniform(0, 6))
    places = np.stack([hw[1] * (0.5 + swing), hw[0] * (0.04 + 0.92 * t)], -1)
    turn = np.arctan2(*np.gradient(places, axis=0).T[::-1])
    long = np.hypot(*(places[1] - places[0])) * 0.78
    width = unit * rng.uniform(0.018, 0.03)
    links = [
        ring(place, (long, long * (0.55 if i % 2 == 0 else 0.16)), angle)
        for i, (place, angle) in enumerate(zip(places, turn, strict=True))
    ]
    shapes = Shapes(())
    for first in (0, 1):  # flat links first, then those on edge, which go through them
        for path in links[first::2]:
            shapes += tube(path, width, colour)
    for path in links[::2]:
        shapes += tube(path[60:80], width, colour)
    return shapes


def _wheel(rng: Rng, hw: tuple[int, int]) -> Paint:
    unit = min(hw)
    middle, radius = np.array([hw[1], hw[0]]) * rng.uniform(0.45, 0.55, 2), unit * rng.uniform(0.34, 0.42)
    squash, spokes = rng.uniform(0.55, 1.0), int(rng.integers(12, 37))
    colour, steel = _metal(rng), hsv(0.6, 0.04, 0.75)
    shapes = Shapes(())
    for i in range(spokes):
        angle = 2 * np.pi * i / spokes
        slant = angle + (-1) ** i * 0.25
        ends = [
            np.array([np.cos(a), squash * np.sin(a)]) * r for a, r in ((slant, radius * 0.09), (angle, radius * 0.97))
        ]
        path = middle + np.linspace(ends[0], ends[1], 8)
        shapes += tube(path, unit * rng.uniform(0.004, 0.006), steel)
    shapes += discs(middle[None], np.array([radius * 0.11]), (colour * 0.7)[None])
    shapes += discs(middle[None] - radius * 0.02, np.array([radius * 0.06]), np.clip(colour * 1.3, 0, 1)[None])
    shapes += tube(ring(middle, (radius, radius * squash), 0.0, 160), unit * rng.uniform(0.022, 0.035), colour)
    return shapes + tube(
        ring(middle, (radius * 1.07, radius * 1.07 * squash), 0.0, 160), unit * 0.045, hsv(0.6, 0.1, 0.2)
    )


def _arc(middle: tuple[float, float], radii: tuple[float, float], start: float, end: float) -> Array:
    angle = np.radians(np.linspace(start, end, 40))
    return np.stack([middle[0] + radii[0] * np.cos(angle), middle[1] + radii[1] * np.sin(angle)], -1)


def _line(*points: tuple[float, float]) -> Array:
    pieces = [np.linspace(a, b, 12) for a, b in pairwise(points)]
    return np.concatenate(pieces)


# strokes in a box of 1 x 1, y down; every glyph has at least one hole
_STEM, _TOP = _line((0.0, 0.0), (0.0, 1.0)), _line((0.0, 0.0), (0.5, 0.0))
_GLYPHS = {
    "O": [_arc((0.5, 0.5), (0.5, 0.5), 0, 360)],
    "Q": [_arc((0.5, 0.5), (0.5, 0.5), 0, 360), _line((0.6, 0.65), (1.0, 1.05))],
    "A": [_line((0.0, 1.0), (0.5, 0.0), (1.0, 1.0)), _line((0.2, 0.64), (0.8, 0.64))],
    "B": [_STEM, _TOP, _arc((0.5, 0.24), (0.36, 0.24), -90, 90), _line((0.5, 0.48), (0.0, 0.48)),
          _arc((0.5, 0.74), (0.45, 0.26), -90, 90), _line((0.5, 1.0), (0.0, 1.0))],
    "D": [_STEM, _TOP, _arc((0.5, 0.5), (0.45, 0.5), -90, 90), _line((0.5, 1.0), (0.0, 1.0))],
    "R": [_STEM, _TOP, _arc((0.5, 0.26), (0.42, 0.26), -90, 90), _line((0.5, 0.52), (0.0, 0.52)),
          _line((0.45, 0.52), (0.95, 1.0))],
    "P": [_STEM, _TOP, _arc((0.5, 0.27), (0.42, 0.27), -90, 90), _line((0.5, 0.54), (0.0, 0.54))],
    "8": [_arc((0.5, 0.25), (0.36, 0.25), 0, 360), _arc((0.5, 0.74), (0.44, 0.26), 0, 360)],
    "6": [_arc((0.5, 0.68), (0.42, 0.32), 0, 360), _arc((0.95, 0.68), (0.87, 0.75), 180, 245)],
    "4": [_line((0.75, 1.0), (0.75, 0.0), (0.0, 0.7), (1.0, 0.7))],
    "&": [_arc((0.45, 0.22), (0.24, 0.22), 0, 360), _arc((0.42, 0.72), (0.4, 0.28), 0, 360),
          _line((0.45, 0.5), (1.0, 1.0))],
}  # fmt: skip


def letters(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """One to four letters with holes, thick or thin, flat or with a side; surface: their front."""
    count = int(rng.integers(1, 5))
    names = rng.choice(list(_GLYPHS), count)
    wide, tall = hw[1] * 0.78 / count, hw[0] * rng.uniform(0.35, 0.65)
    stroke = min(wide, tall) * rng.uniform(0.07, 0.26)
    front = Shapes(())
    top = hw[0] * 0.5 - tall / 2
    for i, name in enumerate(names):
        left = hw[1] * 0.11 + i * wide + stroke * 0.6
        turn = rng.normal(0, 0.12)
        for path in _GLYPHS[str(name)]:
            front += _stroke(_turned(path, turn) * (wide - 1.7 * stroke, tall) + (left, top), stroke)
    depth = stroke * rng.uniform(0, 0.5)
    side = Shapes(())
    for step in np.linspace(1, 0.05, max(2, int(depth))):
        shifted = tuple(
            (corners + depth * step * np.array([0.8, 0.6]), colours * 0.28) for corners, colours in front.batches
        )
        side += Shapes(shifted)
    return Stack((side, Filled(front, surface)))


def _turned(path: Array, turn: float) -> Array:
    spin = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
    turned: Array = (path - 0.5) @ spin + 0.5
    return turned


def _stroke(path: Array, width: float) -> Shapes:
    """A line of a width with round ends and corners, white."""
    line = ribbons(path[None], np.full((1, len(path)), width), np.ones((1, 1, 3)))
    every = path[::3] if len(path) < 60 else path
    ends = np.concatenate([every, path[-1:]])
    return line + discs(ends, np.full(len(ends), width / 2), np.ones((len(ends), 3)))
