"""Leaves: toothed blades with veins on a twig, fern fronds, tufts of grass."""

import numpy as np

from mattelier.data.augment import Rng
from mattelier.data.proving.canvas import Paint, Shapes, Surface, ribbons
from mattelier.data.proving.textures import hsv
from mattelier.data.proving.tubes import bow, tube
from mattelier.image import Array


def leaf(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """A twig, a fern or a tuft of grass; surface: not used."""
    return (_twig, _fern, _grass)[int(rng.integers(3))](rng, hw)


def _green(rng: Rng) -> Array:
    autumn = rng.random() < 0.3
    hue = rng.uniform(0.02, 0.14) if autumn else rng.uniform(0.2, 0.36)
    return hsv(hue, rng.uniform(0.4, 0.85), rng.uniform(0.35, 0.8))


def _twig(rng: Rng, hw: tuple[int, int]) -> Paint:
    unit = min(hw)
    foot, tip = (
        np.array([hw[1] * rng.uniform(0.3, 0.7), hw[0] * 1.02]),
        np.array([hw[1] * rng.uniform(0.35, 0.65), hw[0] * 0.3]),
    )
    stem = bow(foot, (foot + tip) / 2 + (unit * rng.uniform(-0.2, 0.2), 0), tip, 60)
    shapes = tube(stem, unit * 0.018 * np.linspace(1.2, 0.4, 60), hsv(0.08, 0.5, 0.4))
    tone, teeth = _green(rng), rng.uniform(0, 0.12)
    count = int(rng.integers(5, 10))
    for i, at in enumerate(np.linspace(12, 59, count).astype(int)):
        lean = (-1) ** i * rng.uniform(0.6, 1.2) * (at < 59) + rng.normal(0, 0.1)
        long = unit * rng.uniform(0.22, 0.34)
        end = stem[at] + long * np.array([np.sin(lean), -np.cos(lean) + 0.15])
        middle = (stem[at] + end) / 2 + rng.normal(0, 0.1, 2) * long
        rib = bow(stem[at], middle, end, 40)
        shapes += blade(rib, long * rng.uniform(0.16, 0.24), teeth, tone * rng.lognormal(0, 0.12, 3), rng)
    return shapes


def blade(rib: Array, half: float, teeth: float, tone: Array, rng: Rng) -> Shapes:
    """A leaf along its middle rib (points, 2): two halves in different light, veins, a stalk."""
    points = len(rib)
    t = np.linspace(0, 1, points)
    profile = half * np.clip(np.sin(np.pi * np.clip((t - 0.1) / 0.9, 0, 1) ** 0.75), 0, 1) ** 0.9
    profile = profile * (1 - teeth + 2 * teeth * ((t * 18) % 1))
    along = np.gradient(rib, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-6
    across = np.stack([-along[:, 1], along[:, 0]], -1)
    corners, colours = [], []
    ripple = 0.06 * np.sin(t * rng.uniform(15, 40))
    for side, light in ((-1, 1.12), (1, 0.8)):
        edge = rib + side * across * profile[:, None]
        corners.append(np.stack([rib[:-1], rib[1:], edge[1:], edge[:-1]], 1))
        colours.append(tone * (light + ripple[1:, None] + 0.12 * t[1:, None]))
    body = Shapes(((np.concatenate(corners), np.concatenate(colours)),))
    return body + _veins(rib, along, across, profile, half, tone)


def _veins(rib: Array, along: Array, across: Array, profile: Array, half: float, tone: Array) -> Shapes:
    starts = np.arange(6, len(rib) - 6, 4)
    pale = np.clip(tone * 1.35 + 0.06, 0, 1)
    t = np.linspace(0, 1, 6)[None, :, None]
    veins = Shapes(())
    for side in (-1, 1):
        length = profile[starts][:, None, None] * 0.86
        paths = rib[starts][:, None] + length * t * (side * across[starts][:, None] + 0.7 * along[starts][:, None] * t)
        veins += ribbons(
            paths, np.full(paths.shape[:2], half * 0.035), np.broadcast_to(pale * 0.93, (len(starts), 1, 3))
        )
    return veins + ribbons(rib[None], half * 0.11 * np.linspace(1, 0.3, len(rib))[None], pale[None, None])


def _fern(rng: Rng, hw: tuple[int, int]) -> Paint:
    unit = min(hw)
    tone, shapes = _green(rng), Shapes(())
    for lean in np.linspace(-0.85, 0.85, int(rng.integers(2, 5))) + rng.normal(0, 0.12):
        foot, long = np.array([hw[1] * 0.5, hw[0] * 0.98]), unit * rng.uniform(0.65, 0.9)
        tip = foot + long * np.array([np.sin(lean), -np.cos(lean) * 0.95])
        stem = bow(foot, foot + np.array((0.0, -0.6 * long)), tip, 90)
        shapes += _frond(stem, long, tone * rng.lognormal(0, 0.15), rng)
    return shapes


def _frond(stem: Array, long: float, tone: Array, rng: Rng) -> Shapes:
    shapes = tube(stem, long * 0.012 * np.linspace(1, 0.25, len(stem)), tone * 0.7)
    along = np.gradient(stem, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    for at in range(14, len(stem) - 1, 4):
        size = long * 0.19 * np.sin(np.pi * (at / len(stem)) ** 1.2) ** 0.8 * rng.uniform(0.9, 1.1) + long * 0.01
        for side in (-1, 1):
            out = side * np.array([-along[at, 1], along[at, 0]]) + along[at] * 0.55
            rib = bow(stem[at], stem[at] + out * size * 0.5, stem[at] + out * size + along[at] * size * 0.3, 22)
            shapes += blade(rib, size * 0.085, 0.22, tone * rng.lognormal(0, 0.08), rng)
    return shapes


def _grass(rng: Rng, hw: tuple[int, int]) -> Paint:
    """Blades of grass from one place, some dry."""
    unit, count = min(hw), int(rng.integers(60, 150))
    roots = np.stack([rng.normal(hw[1] / 2, unit * 0.07, count), np.full(count, hw[0] * 1.0)], -1)
    lean = rng.normal(0, 0.35, (count, 1))
    t = np.linspace(0, 1, 24)
    turn = lean + t[None] ** 2 * lean * rng.uniform(0.5, 3.0, (count, 1)) * 1.5
    steps = np.stack([np.sin(turn), -np.cos(turn)], -1) * (unit * rng.uniform(0.5, 0.95, (count, 1, 1)) / 24)
    widths = unit * rng.uniform(0.006, 0.018, (count, 1)) * np.clip(1 - t**2, 0.06, 1)
    tones = np.stack([_green(rng) for _ in range(4)])[rng.integers(4, size=count)]
    light = np.linspace(0.55, 1.1, 6)[None, :, None] * rng.lognormal(0, 0.15, (count, 1, 1))
    paths = roots[:, None] + steps.cumsum(1)
    blades = ribbons(paths, widths, tones[:, None] * light)
    return blades + ribbons(paths, widths * 0.15, np.clip(tones[:, None] * light * 1.35, 0, 1))
