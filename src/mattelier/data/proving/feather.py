"""Feathers: a shaft, and on both sides barbs that hold together, part in places, and end in down.  Test-only."""

import numpy as np

from mattelier.data.augment import Rng
from mattelier.data.proving.canvas import Paint, Shapes, Surface, ribbons
from mattelier.data.proving.textures import blend, palette
from mattelier.data.proving.tubes import bow
from mattelier.image import Array


def feather(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """One to three feathers; surface: not used, their colours are their own."""
    unit = min(hw)
    count = int(rng.integers(1, 4))
    foot = np.array([hw[1] * rng.uniform(0.4, 0.6), hw[0] * 0.93])
    tones = palette(rng, 3)
    shapes = Shapes(())
    for i in range(count):
        lean = (i - (count - 1) / 2) * 0.55 + rng.normal(0, 0.12)
        long = unit * rng.uniform(0.72, 0.85)
        tip = foot + long * np.array([np.sin(lean), -np.cos(lean)])
        side = np.array([np.cos(lean), np.sin(lean)]) * long * rng.uniform(-0.14, 0.14)
        shapes += _feather(bow(foot, (foot + tip) / 2 + side, tip, 160), long * rng.uniform(0.11, 0.16), tones, rng)
    return shapes


def _feather(shaft: Array, reach: float, tones: Array, rng: Rng) -> Shapes:
    unit = np.hypot(*(shaft[-1] - shaft[0]))
    down, left, right = (_barbs(shaft, side, reach, tones, rng) for side in (0, -1, 1))
    width = unit * 0.014 * np.linspace(1, 0.15, len(shaft))
    pale = tones[-1] * 0.5 + 0.45
    rod = ribbons(shaft[None], width[None], pale[None, None] * np.linspace(0.85, 1, 4)[None, :, None])
    shine = ribbons(shaft[None], width[None] * 0.35, np.clip(pale * 1.25, 0, 1)[None, None])
    return down + left + right + rod + shine


def _barbs(shaft: Array, side: int, reach: float, tones: Array, rng: Rng) -> Shapes:
    """Barbs of one side, from the foot up; side 0: the down at the foot, on both."""
    count = 70 if side == 0 else 330
    along = np.sort(rng.uniform(0.1, 0.27, count)) if side == 0 else np.linspace(0.2, 0.995, count)
    place = along * (len(shaft) - 1)
    first = np.minimum(place.astype(int), len(shaft) - 2)
    roots = shaft[first] + (shaft[first + 1] - shaft[first]) * (place - first)[:, None]
    heading = shaft[first + 1] - shaft[first]
    heading /= np.linalg.norm(heading, axis=1, keepdims=True)
    across = np.stack([-heading[:, 1], heading[:, 0]], -1) * (side or rng.choice((-1, 1), count)[:, None])
    vane = np.clip((along - 0.1) / 0.25, 0.25, 1) ** 0.7 * np.clip((1.0 - along) / 0.3, 0.02, 1) ** 0.6
    length = reach * vane * rng.uniform(0.93, 1.04, count)
    # barbs hang together in bundles; between two bundles the vane is split
    bundle = np.cumsum(rng.random(count) < 0.045)
    lean = rng.normal(0, 0.16, bundle.max() + 1)[bundle] + rng.normal(0, 0.025, count)
    t = np.linspace(0, 1, 14)[None, :, None]
    steep = (0.75 + lean)[:, None, None]
    paths = roots[:, None] + length[:, None, None] * (
        across[:, None] * t + heading[:, None] * steep * (t + 0.35 * t**2)
    )
    if side == 0:
        curl = rng.normal(0, 1, (count, 14, 2)).cumsum(1).cumsum(1) / 14**1.5
        paths = paths + (curl - curl[:, :1]) * reach * 0.35
    gap = np.hypot(*(shaft[-1] - shaft[0])) * (0.8 / 330 if side else 0.5 / 330)
    widths = gap * 1.7 * np.clip(1.05 - t[..., 0] ** 2, 0.2, 1) * np.ones((count, 1))
    bands = 0.5 + 0.5 * np.sin(along[:, None] * rng.uniform(8, 40) + np.linspace(0, 1.5, 5)[None] * side)
    colours = blend(tones.astype(np.float32), bands.astype(np.float32)) * rng.lognormal(0, 0.09, (count, 1, 1))
    light = np.linspace(0.8, 1.1, 5)[None, :, None] * (0.88 if side < 0 else 1.05)
    return ribbons(paths, widths, colours * light)
