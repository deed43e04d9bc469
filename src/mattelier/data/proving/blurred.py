"""Subjects that a camera blurred: moving while the shutter was open, or out of focus."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy.signal import fftconvolve

from mattelier.data.augment import Rng
from mattelier.data.proving.canvas import Layer, Paint, Surface, View
from mattelier.data.proving.holes import rings
from mattelier.data.proving.leaf import leaf
from mattelier.data.proving.products import product
from mattelier.data.proving.tubes import bow, ring
from mattelier.image import Array, Float

_FINE = 8  # kernels are drawn this much larger


@dataclass(frozen=True)
class Blurred:
    """A paint seen through a kernel (odd side): alpha, and colour times alpha, are averaged alike."""

    paint_sharp: Paint
    kernel: Float

    def paint(self, view: View) -> Layer:
        margin = self.kernel.shape[0] // 2
        sharp = self.paint_sharp.paint(view.padded(margin))
        planes = [sharp.alpha, *np.moveaxis(sharp.premultiplied, -1, 0)]
        # a transform leaves dust of a millionth where nothing is
        alpha, *rgb = (np.clip(np.round(fftconvolve(plane, self.kernel, "valid"), 5), 0, 1) for plane in planes)
        alpha = alpha.astype(np.float32)
        return Layer(np.minimum(np.stack(rgb, -1).astype(np.float32), alpha[..., None]), alpha)


def motion(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """A product, ring or leaf that moved along a line or a bow."""
    long = min(hw) * rng.uniform(0.03, 0.09)
    turn, bend = rng.uniform(0, np.pi), rng.uniform(-0.3, 0.3)
    end = np.array([np.cos(turn), np.sin(turn)]) * long / 2
    path = bow(-end, np.array([-end[1], end[0]]) * bend, end, 30)
    return Blurred(_subject(rng, hw, surface), _kernel(path, long, is_filled=False))


def defocus(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """The same out of focus: every point a disc, or the shape of a lens with blades."""
    radius = min(hw) * rng.uniform(0.008, 0.03)
    blades = int(rng.choice((6, 7, 97)))
    return Blurred(
        _subject(rng, hw, surface), _kernel(ring(np.zeros(2), (radius, radius), 0.3, blades + 1), 2 * radius, True)
    )


def _subject(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    return (product, rings, leaf)[int(rng.choice(3, p=(0.6, 0.2, 0.2)))](rng, hw, surface)


def _kernel(path: Array, size: float, is_filled: bool) -> Float:
    side = 2 * (int(np.ceil(size / 2)) + 1) + 1
    image = Image.new("L", (side * _FINE, side * _FINE))
    points = [(float(x), float(y)) for x, y in (path + side / 2) * _FINE]
    pen = ImageDraw.Draw(image)
    if is_filled:
        pen.polygon(points, fill=255)
    else:
        pen.line(points, fill=255, width=_FINE)
    drawn = np.asarray(image, np.float32).reshape(side, _FINE, side, _FINE).sum((1, 3))
    kernel: Float = drawn / drawn.sum()
    return kernel
