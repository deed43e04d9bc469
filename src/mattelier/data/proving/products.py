"""Products with hard edges: boxes, bottles, mugs, furniture with thin legs."""

from dataclasses import dataclass

import numpy as np

from mattelier.data.augment import Rng
from mattelier.data.proving.canvas import Filled, Paint, Shapes, Stack, Surface, View, polygon
from mattelier.data.proving.textures import hsv
from mattelier.data.proving.tubes import ring, tube
from mattelier.image import Array, Float


@dataclass(frozen=True)
class Lit:
    """A surface in light: even, or rounded about an upright axis."""

    surface: Surface
    brightness: float = 1.0
    axis: tuple[float, float] | None = None  # x of the axis and radius, px

    def colours(self, view: View) -> Float:
        rgb = self.surface.colours(view) * np.float32(self.brightness)
        if self.axis:
            u = np.clip((view.grid()[0].astype(np.float64) - self.axis[0]) / self.axis[1], -1, 1)
            round_light = np.sqrt(1 - u**2 * 0.97) * (1 - 0.35 * u) + 0.5 * np.exp(-(((u + 0.45) / 0.08) ** 2))
            rgb = rgb * round_light[..., None].astype(np.float32)
        return np.clip(rgb, 0, 1, out=rgb)


@dataclass(frozen=True)
class Flat:
    """One colour."""

    colour: Array

    def colours(self, view: View) -> Float:
        return np.broadcast_to(self.colour.astype(np.float32), (view.height, view.width, 3))


def product(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """A box, a bottle, a mug or a stool; surface: what it is made of."""
    return (_box, _bottle, _any_mug, _stool)[int(rng.integers(4))](rng, hw, surface)


def _box(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """Three faces of a box, with a label on the largest."""
    unit, edge = min(hw), rng.uniform(0.3, 0.6)
    corner = np.array([hw[1] * (0.35 + 0.3 * edge), hw[0] * rng.uniform(0.34, 0.42)])
    tall = np.array([0.0, unit * rng.uniform(0.3, 0.45)])
    left = np.array([-unit * rng.uniform(0.22, 0.34), -unit * rng.uniform(0.05, 0.14)])
    right = np.array([unit * rng.uniform(0.15, 0.3), -unit * rng.uniform(0.05, 0.14)])
    faces = (
        ((corner, corner + left, corner + left + tall, corner + tall), 1.0),
        ((corner, corner + right, corner + right + tall, corner + tall), 0.6),
        ((corner, corner + left, corner + left + right, corner + right), 1.25),
    )
    # drawn together, so that nothing shines through where two faces meet
    whole = [polygon(np.stack(face)) for face, _ in faces]
    paints: list[Paint] = [Filled(whole[0] + whole[1] + whole[2], Lit(surface, 0.8))]
    paints += [Filled(shape, Lit(surface, light)) for shape, (_, light) in zip(whole, faces, strict=True)]
    shares = np.array([(0.2, 0.25), (0.8, 0.25), (0.8, 0.6), (0.2, 0.6)])
    label = corner + shares[:, :1] * left + shares[:, 1:] * tall
    return Stack((*paints, Filled(polygon(label), Flat(hsv(rng.random(), 0.5, 0.95)))))


def _bottle(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    middle, tall = hw[1] * rng.uniform(0.42, 0.58), hw[0] * rng.uniform(0.6, 0.8)
    top, half = (hw[0] - tall) * 0.6, tall * rng.uniform(0.14, 0.24)
    neck = half * rng.uniform(0.25, 0.5)
    heights = np.array([0.1, 0.2, 0.26, 0.3, 0.35, 0.97, 1.0])
    halves = np.array([neck, neck, neck * 1.3, half * 0.8, half, half, half * 0.95])
    body = np.stack([middle - halves, top + heights * tall], -1)
    outline = np.concatenate([body, (body * (-1, 1) + (2 * middle, 0))[::-1]])
    band = np.array([(-half, 0.5), (half, 0.5), (half, 0.78), (-half, 0.78)]) * (1, tall) + (middle, top)
    cap = np.array([(-neck, 0.0), (neck, 0.0), (neck, 0.11), (-neck, 0.11)]) * (1.15, tall) + (middle, top)
    tone = hsv(rng.random(), rng.uniform(0.2, 0.9), rng.uniform(0.3, 0.9))
    return Stack(
        (
            Filled(polygon(outline), Lit(Flat(tone), 1.0, (middle, half))),
            Filled(polygon(band), Lit(surface, 1.0, (middle, half))),
            Filled(polygon(cap), Lit(Flat(hsv(rng.random(), 0.6, 0.6)), 1.0, (middle, neck * 1.15))),
        )
    )


def _any_mug(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    place = np.array([hw[1] * rng.uniform(0.4, 0.5), hw[0] * rng.uniform(0.28, 0.36)])
    return mug(place, min(hw) * rng.uniform(0.19, 0.26), surface)


def mug(rim: Array, half: float, surface: Surface) -> Paint:
    """A mug whose rim has this middle and half width: a handle with a hole, and a dark inside."""
    tall = half * 1.9
    lower = ring(rim + np.array((0.0, tall)), (half * 0.9, half * 0.22))
    upper = ring(rim, (half, half * 0.26))
    handle = ring(rim + np.array((half * 1.05, tall * 0.5)), (half * 0.5, tall * 0.32))
    lit = Lit(surface, 1.0, (float(rim[0]), half))
    front = polygon(np.concatenate([upper[:49], lower[:49][::-1]])) + polygon(upper)
    return Stack(
        (
            tube(handle, half * 0.22, _mean_colour(surface, rim)),
            Filled(front, lit),
            Filled(polygon(upper), Lit(surface, 1.15)),
            Filled(polygon(ring(rim, (half * 0.9, half * 0.21))), Flat(hsv(0.07, 0.6, 0.22))),
        )
    )


def _mean_colour(surface: Surface, near: Array) -> Array:
    side = int(np.abs(near).max()) * 2
    small = View((side, side), int(near[1]), int(near[0]), 8, 8)
    mean: Array = surface.colours(small).mean((0, 1))
    return mean


def _stool(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """A seat on thin legs with bars between them."""
    unit = min(hw)
    middle = np.array([hw[1] * 0.5, hw[0] * rng.uniform(0.3, 0.42)])
    half, tall = unit * rng.uniform(0.2, 0.28), hw[0] * rng.uniform(0.42, 0.5)
    wide, tone = (
        unit * rng.uniform(0.012, 0.026),
        hsv(rng.uniform(0, 0.15), rng.uniform(0.1, 0.7), rng.uniform(0.2, 0.8)),
    )
    legs, feet = Shapes(()), []
    for x, y in ((-0.75, -0.12), (0.75, -0.12), (-0.9, 0.14), (0.9, 0.14)):
        foot = middle + np.array((x * half * 1.2, y * half + tall))
        legs += tube(np.linspace(middle + np.array((x * half, y * half)), foot, 12), wide, tone)
        feet.append((middle + np.array((x * half, y * half))) * 0.35 + foot * 0.65)
    for a, b in ((0, 1), (2, 3), (0, 2), (1, 3)):
        legs += tube(np.linspace(feet[a], feet[b], 12), wide * 0.7, tone * 0.9)
    seat = ring(middle, (half * 1.12, half * 0.3))
    under = seat + np.array((0.0, unit * 0.03))
    return Stack((legs, Filled(polygon(under), Lit(surface, 0.55)), Filled(polygon(seat), Lit(surface, 1.1))))
