"""What the proving ground is painted with: windows of a picture, layers, and shapes drawn with supersampling.

A subject is painted window by window, so that a picture of 4096 px needs no more than its 8-bit planes. Coordinates
are pixels of the whole picture, (x, y), with the corner of the first pixel at 0. Shapes are drawn by Pillow in
several samples a pixel and a side; a sample is covered or not, and what counts is their mean: alpha is an area, and
colours are averaged where there are any. Nearer shapes hide farther ones sample by sample, as in the world.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from PIL import Image, ImageDraw

from mattelier.image import Array, Float


@dataclass(frozen=True)
class View:
    """A window of a picture of size hw; it may reach beyond the picture's borders."""

    hw: tuple[int, int]
    top: int
    left: int
    height: int
    width: int

    @classmethod
    def whole(cls, hw: tuple[int, int]) -> "View":
        """The window that is the picture."""
        return cls(hw, 0, 0, *hw)

    @property
    def samples(self) -> int:
        """A pixel and a side: large pictures have no lines thinner than half a pixel."""
        return 6 if max(self.hw) <= 1024 else 4

    def padded(self, margin_px: int) -> "View":
        """The window and a margin on all sides."""
        return replace(
            self,
            top=self.top - margin_px,
            left=self.left - margin_px,
            height=self.height + 2 * margin_px,
            width=self.width + 2 * margin_px,
        )

    def grid(self) -> tuple[Float, Float]:
        """x (1, width) and y (height, 1) of the pixels' middles."""
        x = np.arange(self.left, self.left + self.width, dtype=np.float32)[None] + np.float32(0.5)
        y = np.arange(self.top, self.top + self.height, dtype=np.float32)[:, None] + np.float32(0.5)
        return x, y


@dataclass(frozen=True)
class Layer:
    """What a window shows of something: colour times alpha (h, w, 3), and alpha (h, w)."""

    premultiplied: Float
    alpha: Float

    def over(self, below: "Layer") -> "Layer":
        """This one before another."""
        clear = 1 - self.alpha
        return Layer(self.premultiplied + clear[..., None] * below.premultiplied, self.alpha + clear * below.alpha)


class Paint(Protocol):
    """Anything that can be painted."""

    def paint(self, view: View) -> Layer:
        """What a window shows of it; the same for any cutting into windows, but for single samples of outlines."""
        ...


class Surface(Protocol):
    """Colours without a border: a texture."""

    def colours(self, view: View) -> Float:
        """(h, w, 3) in [0, 1]."""
        ...


@dataclass(frozen=True)
class Shapes:
    """Convex or other simple polygons of flat colours, drawn in order: the last is nearest.

    batches: pairs of corners (n, corners, 2) and colours (n, 3) in [0, 1].
    """

    batches: tuple[tuple[Array, Array], ...]

    def paint(self, view: View) -> Layer:
        samples = view.samples
        image = Image.new("RGBA", (view.width * samples, view.height * samples))
        pen = ImageDraw.Draw(image)
        for corners, colours in self.batches:
            seen = _seen(corners, view)
            # Pillow takes whole samples; they are counted in the picture, so that every window cuts the same ones
            scaled = np.floor(corners[seen] * samples).astype(int) - np.array((view.left, view.top)) * samples
            inks = np.rint(np.clip(colours[seen], 0, 1) * 255).astype(int).tolist()
            for flat, ink in zip(scaled.reshape(len(scaled), 2 * corners.shape[1]).tolist(), inks, strict=True):
                pen.polygon(flat, fill=(ink[0], ink[1], ink[2], 255))
        return _mean(np.asarray(image), samples)

    def __add__(self, nearer: "Shapes") -> "Shapes":
        """Both, the second before the first."""
        return Shapes(self.batches + nearer.batches)


def _seen(corners: Array, view: View) -> Array:
    low, high = corners.min(1), corners.max(1)
    x, y = view.left, view.top
    inside: Array = (
        (high[:, 0] >= x) & (high[:, 1] >= y) & (low[:, 0] <= x + view.width) & (low[:, 1] <= y + view.height)
    )
    return inside


def _mean(image: Array, samples: int) -> Layer:
    """Sums of samples are whole numbers, so the mean is the same on every machine."""
    height, width = image.shape[0] // samples, image.shape[1] // samples
    rows = image.reshape(height, samples, -1).sum(1, dtype=np.uint16)
    sums = rows.reshape(height, width, samples, 4).sum(2, dtype=np.uint16).astype(np.float32)
    sums *= np.float32(1 / (255 * samples**2))
    return Layer(sums[..., :3], sums[..., 3])


@dataclass(frozen=True)
class Filled:
    """Shapes whose colours are those of a surface."""

    shapes: Shapes
    surface: Surface

    def paint(self, view: View) -> Layer:
        alpha = self.shapes.paint(view).alpha
        return Layer(self.surface.colours(view) * alpha[..., None], alpha)


@dataclass(frozen=True)
class Stack:
    """Several paints, the last nearest."""

    paints: tuple[Paint, ...]

    def paint(self, view: View) -> Layer:
        layer = self.paints[0].paint(view)
        for paint in self.paints[1:]:
            layer = paint.paint(view).over(layer)
        return layer


def ribbons(paths: Array, widths: Array, colours: Array) -> Shapes:
    """Tapering curves: paths (n, points, 2), widths (n, points) in px, colours (n, runs, 3) from root to tip.

    A ribbon is cut into as many polygons as it has colours; they share their ends.
    """
    count, points = paths.shape[:2]
    runs = colours.shape[1]
    along = np.gradient(paths, axis=1)
    along /= np.maximum(np.hypot(along[..., 0], along[..., 1]), 1e-6)[..., None]
    across = np.stack([-along[..., 1], along[..., 0]], -1) * (widths[..., None] / 2)
    left, right = paths + across, paths - across
    ends = np.linspace(0, points - 1, runs + 1).round().astype(int)
    longest = int(np.diff(ends).max()) + 1
    # every run gets the same number of corners: short ones repeat their last
    index = np.minimum(ends[:-1, None] + np.arange(longest), ends[1:, None])
    outline = np.concatenate([left[:, index], right[:, index[:, ::-1]]], axis=2)
    return Shapes(((outline.reshape(count * runs, 2 * longest, 2), colours.reshape(count * runs, 3)),))


def polygon(points: Array, colour: Sequence[float] | Array = (1.0, 1.0, 1.0)) -> Shapes:
    """One closed outline (corners, 2)."""
    return Shapes(((np.asarray(points, np.float64)[None], np.asarray(colour, np.float64)[None]),))


def discs(middles: Array, radii: Array, colours: Array, corners: int = 24) -> Shapes:
    """Filled circles: middles (n, 2), radii (n,), colours (n, 3)."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    rim = np.stack([np.cos(turn), np.sin(turn)], -1)
    return Shapes(((middles[:, None] + radii[:, None, None] * rim, colours),))


def blob(middle: Array, radii: tuple[float, float], rng: np.random.Generator, bumps: float = 0.06) -> Array:
    """A closed smooth outline (180, 2) around a middle, an ellipse with some waves."""
    turn = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    radius = np.ones_like(turn)
    for wave in range(2, 6):
        radius += bumps / wave * rng.normal() * np.cos(wave * turn + rng.uniform(0, 2 * np.pi))
    points: Array = middle + np.stack([radii[0] * radius * np.cos(turn), radii[1] * radius * np.sin(turn)], -1)
    return points
