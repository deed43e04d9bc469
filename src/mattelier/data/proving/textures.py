"""Procedural surfaces for subjects and backgrounds: functions of place, so any window of them can be asked for.

Sines and powers are taken in double precision: their last bits differ between processors, and so stay far from what
is rounded to 8 bits.

Families marked as test-only never appear in training pictures (scenes.py sees to that).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter1d, map_coordinates
from scipy.spatial import cKDTree

from mattelier.data.augment import Rng
from mattelier.data.files import load_rgb
from mattelier.data.proving.canvas import Shapes, Surface, View, polygon, ribbons
from mattelier.image import Array, Float
from mattelier.image.geometry import resize

_BORDER = 0.3  # how far beyond the picture, in its own sides, noise can still be asked for


@dataclass(frozen=True)
class Noise:
    """Smooth noise around 0: random lattices of finer and finer cells, drawn larger. About -1 to 1."""

    tables: tuple[Float, ...]
    cells: tuple[tuple[float, float], ...]  # of each table within the picture, rows and columns

    @classmethod
    def of(cls, rng: Rng, hw: tuple[int, int], cells: float, octaves: int = 4, stretch: float = 1.0) -> "Noise":
        """cells: along the longer side, in the coarsest lattice; stretch above 1 draws it out from left to right."""
        tables, sizes = [], []
        for octave in range(octaves):
            across = cells * 2**octave / max(hw)
            if across > 0.5:  # finer than two pixels
                break
            size = (max(1.0, hw[0] * across), max(1.0, hw[1] * across / stretch))
            rows, columns = (int(np.ceil(side * (1 + 2 * _BORDER))) + 4 for side in size)
            tables.append(rng.uniform(-1, 1, (rows, columns)).astype(np.float32))
            sizes.append(size)
        return cls(tuple(tables), tuple(sizes))

    def at(self, view: View) -> Float:
        """(h, w) of a window."""
        total, weight, power = np.zeros((view.height, view.width), np.float32), 1.0, 0.0
        for table, cells in zip(self.tables, self.cells, strict=True):
            total += np.float32(weight) * _window(table, cells, view)
            power, weight = power + weight**2, weight / 2
        # a lattice drawn larger loses contrast between its points
        total *= np.float32(1.6 / max(power, 1e-6) ** 0.5)
        return np.clip(total, -1, 1, out=total)


def _window(table: Float, cells: tuple[float, float], view: View) -> Float:
    box = []
    for start, length, whole, count in (
        (view.left, view.width, view.hw[1], cells[1]),
        (view.top, view.height, view.hw[0], cells[0]),
    ):
        scale, offset = count / whole, count * _BORDER + 2
        box.append((start * scale + offset, (start + length) * scale + offset))
    (left, right), (top, bottom) = box
    high, wide = table.shape
    fitted = (max(0.0, left), max(0.0, top), min(float(wide), right), min(float(high), bottom))
    image = Image.fromarray(table).resize((view.width, view.height), Image.Resampling.BICUBIC, box=fitted)
    return np.asarray(image)


def warped(noise: Noise, by: tuple[Noise, Noise], reach_px: float, view: View) -> Float:
    """Noise seen through moved places: each pixel looks up to reach_px away."""
    margin = int(np.ceil(reach_px)) + 1
    wide = noise.at(view.padded(margin))
    rows, columns = np.mgrid[: view.height, : view.width].astype(np.float32)
    places = [rows + margin + reach_px * by[0].at(view), columns + margin + reach_px * by[1].at(view)]
    found: Float = map_coordinates(wide, places, order=1, mode="nearest", output=np.float32)
    return found


def palette(rng: Rng, count: int = 3) -> Float:
    """Colours (count, 3) that belong together: near in hue or across, light and dark."""
    hue, spread = rng.random(), rng.choice((0.04, 0.1, 0.5))
    hues = (hue + spread * rng.uniform(-1, 1, count)) % 1
    saturation = np.clip(rng.uniform(0.03, 0.6) + rng.normal(0, 0.1, count), 0, 1)
    value = np.sort(rng.uniform(0.1, 1.0, count))
    return np.stack([hsv(*row) for row in zip(hues, saturation, value, strict=True)]).astype(np.float32)


def hsv(hue: float, saturation: float, value: float) -> Array:
    """RGB of a hue (0 to 1, red at 0), saturation and value."""
    shares = np.clip(np.abs((hue * 6 + np.array([0.0, 4.0, 2.0])) % 6 - 3) - 1, 0, 1)
    rgb: Array = value * (1 - saturation * (1 - shares))
    return rgb


def blend(colours: Float, where: Float) -> Float:
    """Colours (n, 3) mixed by a plane (h, w) of 0 (the first) to 1 (the last)."""
    place = np.clip(where, 0, 1) * np.float32(len(colours) - 1)
    first = np.minimum(place.astype(np.intp), len(colours) - 2)
    share = (place - first.astype(np.float32))[..., None]
    mixed: Float = colours[first] * (1 - share) + colours[first + 1] * share
    return mixed


@dataclass(frozen=True)
class Cloud:
    """Soft patches of a palette; with many cells, stone or plaster."""

    palette: Float
    noise: Noise
    contrast: float

    def colours(self, view: View) -> Float:
        return blend(self.palette, self.noise.at(view) * np.float32(self.contrast) + np.float32(0.5))


@dataclass(frozen=True)
class Bands:
    """Stripes that noise bends: marble with strong bending, wood with drawn-out noise, cloth with none."""

    palette: Float
    noise: Noise
    direction: tuple[float, float]  # cycles a pixel, x and y
    bend: float
    grain: Noise

    def colours(self, view: View) -> Float:
        x, y = view.grid()
        phase = np.float32(self.direction[0]) * x + np.float32(self.direction[1]) * y + self.bend * self.noise.at(view)
        wave = 0.5 + 0.5 * np.sin(2 * np.pi * phase.astype(np.float64))
        return blend(self.palette, (wave + 0.25 * self.grain.at(view)).astype(np.float32))


@dataclass(frozen=True)
class Plaid:
    """Stripes of two directions over each other, with the threads of a cloth."""

    palette: Float
    period_px: float
    edges: Float  # (2, stripes): where stripes end, as shares of a period
    thread_px: float

    def colours(self, view: View) -> Float:
        x, y = view.grid()
        planes = []
        for axis, edges in zip((x, y), self.edges, strict=True):
            stripe = np.searchsorted(edges, (axis / np.float32(self.period_px)) % 1)
            planes.append(self.palette[stripe % len(self.palette)])
        twill = (0.5 + 0.4 * np.sin(2 * np.pi * (x + y).astype(np.float64) / self.thread_px)).astype(np.float32)
        mixed: Float = planes[0] * twill[..., None] + planes[1] * (1 - twill[..., None])
        return mixed


@dataclass(frozen=True)
class Lights:
    """A place far out of focus: dim colours and bright round spots."""

    base: Cloud
    places: Float  # (n, 2)
    radii: Float
    glow: Float  # (n, 3)

    def colours(self, view: View) -> Float:
        rgb = self.base.colours(view) * np.float32(0.6)
        x, y = view.grid()
        for (u, v), radius, glow in zip(self.places, self.radii, self.glow, strict=True):
            rows, columns = (
                np.flatnonzero(np.abs(axis.ravel() - middle) < radius + 2) for axis, middle in ((y, v), (x, u))
            )
            if len(rows) and len(columns):
                part = np.ix_(rows, columns)
                distance = np.hypot(x[:, columns].astype(np.float64) - u, y[rows] - v)
                # lenses draw a spot as an even disc with a brighter rim
                inside = np.clip(radius - distance, 0, 1) * (0.75 + 0.25 * (distance / radius) ** 4)
                rgb[part] += inside[..., None].astype(np.float32) * glow
        return np.clip(rgb, 0, 1, out=rgb)


@dataclass(frozen=True)
class Clutter:
    """Things in a room: flat shapes over each other, somewhat out of focus, on a soft ground."""

    base: Surface
    shapes: Shapes
    blur_px: float

    def colours(self, view: View) -> Float:
        margin = int(4 * self.blur_px) + 1
        layer = self.shapes.paint(view.padded(margin))
        planes = np.dstack([layer.premultiplied, layer.alpha])
        for axis in (0, 1):
            planes = gaussian_filter1d(planes, self.blur_px, axis=axis, mode="nearest")
        planes = planes[margin:-margin, margin:-margin]
        mixed: Float = planes[..., :3] + (1 - planes[..., 3:]) * self.base.colours(view)
        return mixed


@dataclass(frozen=True)
class Cells:
    """Cobbles, scales, cracked earth: every pixel belongs to the nearest of many points, with dark joints."""

    palette: Float
    tree: cKDTree
    tone: Float  # (points,)
    joint_px: float

    def colours(self, view: View) -> Float:
        x, y = view.grid()
        places = np.stack(np.broadcast_arrays(x, y), -1).reshape(-1, 2)
        distance, index = self.tree.query(places, k=2)
        joint = np.clip((distance[:, 1] - distance[:, 0]) / self.joint_px, 0, 1).astype(np.float32)
        rgb = blend(self.palette, self.tone[index[:, 0]])
        shade = joint * (1.1 - 0.4 * (distance[:, 0] / (distance[:, 1] + 1e-6)).astype(np.float32))
        shaded: Float = np.clip(rgb * shade[:, None], 0, 1).astype(np.float32)
        return shaded.reshape(view.height, view.width, 3)


@dataclass(frozen=True)
class Photo:
    """Part of a photograph, drawn to the picture's size."""

    path: Path
    box: tuple[float, float, float, float]  # left, top, width, height as shares
    is_mirrored: bool

    def colours(self, view: View) -> Float:
        scaled = _photo(self.path, self.box, view.hw, self.is_mirrored)
        rows = np.clip(np.arange(view.top, view.top + view.height), 0, view.hw[0] - 1)
        columns = np.clip(np.arange(view.left, view.left + view.width), 0, view.hw[1] - 1)
        part: Float = scaled[rows][:, columns].astype(np.float32) / np.float32(255)
        return part


@lru_cache(maxsize=3)  # a scene shows a few photographs, in many windows
def _photo(path: Path, box: tuple[float, float, float, float], hw: tuple[int, int], is_mirrored: bool) -> Array:
    pixels = load_rgb(path)
    height, width = pixels.shape[:2]
    side = min(height / hw[0], width / hw[1]) * box[2]
    rows, columns = max(1, round(hw[0] * side)), max(1, round(hw[1] * side))
    top, left = round(box[1] * (height - rows)), round(box[0] * (width - columns))
    part = resize(np.ascontiguousarray(pixels[top : top + rows, left : left + columns]), hw)
    return part[:, ::-1] if is_mirrored else part


def cloud(rng: Rng, hw: tuple[int, int]) -> Surface:
    return Cloud(palette(rng, 4), Noise.of(rng, hw, rng.uniform(1.5, 10), 6), rng.uniform(0.3, 0.6))


def speckle(rng: Rng, hw: tuple[int, int]) -> Surface:
    return Cloud(palette(rng, 3), Noise.of(rng, hw, max(hw) / rng.uniform(4, 14), 3), rng.uniform(0.4, 0.8))


def marble(rng: Rng, hw: tuple[int, int]) -> Surface:
    turn, cycles = rng.uniform(0, np.pi), rng.uniform(2, 6) / max(hw)
    direction = (float(np.cos(turn) * cycles), float(np.sin(turn) * cycles))
    return Bands(palette(rng, 4), Noise.of(rng, hw, 3, 5), direction, rng.uniform(0.6, 1.6), Noise.of(rng, hw, 20, 3))


def wood(rng: Rng, hw: tuple[int, int]) -> Surface:
    tone = np.stack([hsv(rng.uniform(0.05, 0.1), rng.uniform(0.35, 0.7), v) for v in (0.25, 0.5, 0.7)])
    direction = (0.0, rng.uniform(6, 16) / hw[0])
    stretched = Noise.of(rng, hw, 6, 4, stretch=5)
    grain = Noise.of(rng, hw, 60, 3, stretch=12)
    return Bands(tone.astype(np.float32), stretched, direction, rng.uniform(0.5, 1.2), grain)


def plaid(rng: Rng, hw: tuple[int, int]) -> Surface:
    edges = np.sort(rng.uniform(0, 1, (2, 5)), axis=1).astype(np.float32)
    return Plaid(palette(rng, 4), max(hw) * rng.uniform(0.1, 0.35), edges, max(3.0, max(hw) / rng.uniform(60, 120)))


def lights(rng: Rng, hw: tuple[int, int]) -> Surface:
    count = int(rng.integers(10, 40))
    base = Cloud(palette(rng, 3), Noise.of(rng, hw, 3, 3), 0.6)
    places = rng.uniform(0, 1, (count, 2)) * (hw[1], hw[0])
    glow = palette(rng, count)[rng.permutation(count)] * rng.uniform(0.2, 0.7, (count, 1)).astype(np.float32)
    return Lights(base, places.astype(np.float32), max(hw) * rng.uniform(0.015, 0.07, count).astype(np.float32), glow)


def clutter(rng: Rng, hw: tuple[int, int]) -> Surface:
    shapes = Shapes(())
    tones = palette(rng, 6)
    for _ in range(int(rng.integers(8, 24))):
        middle, size = rng.uniform(0, 1, 2) * (hw[1], hw[0]), rng.uniform(0.05, 0.35, 2) * max(hw)
        turn = rng.uniform(-0.3, 0.3)
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * size / 2
        spin = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
        shapes += polygon(corners @ spin + middle, tones[rng.integers(6)] * rng.uniform(0.7, 1.2))
    return Clutter(cloud(rng, hw), shapes, max(hw) / 512 * rng.uniform(0.5, 6))


def straw(rng: Rng, hw: tuple[int, int]) -> Surface:
    """Blades and stalks crossing each other: thin things that belong to the background."""
    count, long = 500, max(hw)
    roots = rng.uniform(-0.1, 1.1, (count, 1, 2)) * (hw[1], hw[0])
    turn = rng.normal(-np.pi / 2, 0.6, (count, 1)) + np.linspace(0, 1, 8) * rng.normal(0, 0.5, (count, 1))
    steps = np.stack([np.cos(turn), np.sin(turn)], -1) * (long * rng.uniform(0.01, 0.05, (count, 1, 1)))
    widths = long / 512 * rng.uniform(1, 5, (count, 1)) * np.linspace(1, 0.2, 8)
    tones = blend(palette(rng, 4), rng.random((count, 1)).astype(np.float32)) * rng.uniform(0.7, 1.1, (count, 1, 1))
    return Clutter(cloud(rng, hw), ribbons(roots + steps.cumsum(1), widths, tones), long / 512 * rng.uniform(0.4, 2.5))


def cells(rng: Rng, hw: tuple[int, int]) -> Surface:
    spacing = max(hw) * rng.uniform(0.025, 0.09)
    rows, columns = (int(side * 1.6 / spacing) for side in hw)
    lattice = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).reshape(-1, 2)
    points = (lattice + rng.uniform(-0.35, 0.35, lattice.shape)) * spacing - 0.3 * np.array([hw[1], hw[0]])
    tone = rng.random(len(points)).astype(np.float32)
    return Cells(palette(rng, 4), cKDTree(points), tone, max(1.5, spacing * 0.12))


Make = Callable[[Rng, tuple[int, int]], Surface]
FAMILIES: dict[str, Make] = {
    "cloud": cloud,
    "speckle": speckle,
    "marble": marble,
    "wood": wood,
    "plaid": plaid,
    "lights": lights,
    "clutter": clutter,
    "straw": straw,
}
TEST_FAMILIES: dict[str, Make] = {"cells": cells}
CALM = ("cloud", "marble", "wood", "plaid", "speckle")  # fit for the outside of a thing


def photo(rng: Rng, paths: tuple[Path, ...]) -> Surface:
    """Part of one of these pictures, as large as half of it or more."""
    path = paths[int(rng.integers(len(paths)))]
    share = float(rng.uniform(0.5, 1.0))
    return Photo(path, (float(rng.random()), float(rng.random()), share, share), bool(rng.random() < 0.5))
