"""What light goes through: glasses, bottles and bubbles; smoke and steam."""

from dataclasses import dataclass

import numpy as np

from mattelier.data.augment import Rng
from mattelier.data.proving.canvas import Filled, Layer, Paint, Shapes, Stack, Surface, View, polygon
from mattelier.data.proving.products import Flat, Lit, mug
from mattelier.data.proving.textures import Noise, hsv, warped
from mattelier.data.proving.tubes import ring, tube
from mattelier.image import Array, Float

# half width by height, both as shares, from the rim or the mouth down
_VESSELS = {
    "goblet": ((0.0, 0.30), (0.12, 0.33), (0.3, 0.31), (0.42, 0.2), (0.5, 0.04), (0.55, 0.025), (0.88, 0.028),
               (0.93, 0.12), (1.0, 0.24)),
    "tumbler": ((0.0, 0.3), (0.5, 0.28), (0.96, 0.255), (1.0, 0.23)),
    "bottle": ((0.0, 0.075), (0.24, 0.08), (0.34, 0.12), (0.45, 0.2), (0.55, 0.21), (0.96, 0.21), (1.0, 0.19)),
    "vase": ((0.0, 0.2), (0.1, 0.15), (0.25, 0.13), (0.55, 0.27), (0.75, 0.29), (0.95, 0.17), (1.0, 0.18)),
    "jar": ((0.0, 0.2), (0.06, 0.2), (0.14, 0.28), (0.3, 0.3), (0.95, 0.3), (1.0, 0.27)),
}  # fmt: skip


@dataclass(frozen=True)
class Glass:
    """A turned vessel: clear in its middle, dense where one looks along its wall, with streaks of light."""

    outline: Shapes
    middle: float
    top: float
    tall: float
    heights: Array
    halves: Array  # px, at these heights
    tint: Array
    density: float
    fill: tuple[float, Array, float] | None  # height share of the surface, colour, density
    streaks: tuple[tuple[float, float, float], ...]  # place across, width, strength

    def paint(self, view: View) -> Layer:
        cover = self.outline.paint(view).alpha
        x, y = view.grid()
        v = (y.astype(np.float64) - self.top) / self.tall
        half = np.interp(v.ravel(), self.heights, self.halves)[:, None]
        u = np.clip((x - self.middle) / np.maximum(half, 1), -1, 1)
        wall = 1 - np.sqrt(np.maximum(1 - u**2, 0))  # how much longer the way through the wall is
        alpha = np.clip(self.density + (0.85 - self.density) * wall**2.2, 0, 1) * np.ones_like(v)
        rgb = self.tint * (1.05 - 0.55 * wall[..., None])
        if self.fill:
            level, colour, dense = self.fill
            wet = np.clip((v - level) * self.tall / 2, 0, 1) * (np.abs(u) < 0.985)
            share = (wet * dense)[..., None]
            rgb = rgb * (1 - share) + share * colour * (1.1 - 0.4 * np.abs(u)[..., None])
            alpha = alpha + wet * dense * (1 - alpha)
        for place, width, strength in self.streaks:
            fade = np.clip(np.sin(np.pi * np.clip(v, 0, 1)), 0, 1) ** 0.5
            shine = strength * np.exp(-(((u - place) / width) ** 2)) * fade
            rgb = rgb + (1 - rgb) * np.clip(shine, 0, 1)[..., None]
            alpha = alpha + (1 - alpha) * np.clip(shine, 0, 1) * 0.9
        opacity: Float = (alpha * cover).astype(np.float32)
        return Layer((np.clip(rgb, 0, 1) * opacity[..., None]).astype(np.float32), opacity)


def glass(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """A vessel, sometimes filled, with something solid about it: a straw, a stopper or a band; surface: not used."""
    name = str(rng.choice(list(_VESSELS)))
    tall = hw[0] * rng.uniform(0.68, 0.82)
    middle, top = hw[1] * rng.uniform(0.42, 0.58), (hw[0] - tall) / 2 + hw[0] * 0.04
    heights, halves = _smooth(np.array(_VESSELS[name]), rng)
    halves = halves * min(tall, hw[1] * 1.2)
    tint = hsv(rng.random(), rng.uniform(0.02, 0.5), rng.uniform(0.55, 1.0))
    fill = None
    if rng.random() < 0.6:
        fill = (
            rng.uniform(0.1, 0.5),
            hsv(rng.random(), rng.uniform(0.3, 0.95), rng.uniform(0.3, 0.95)),
            rng.uniform(0.25, 0.75),
        )
    streaks = tuple(
        (rng.uniform(-0.8, 0.8), rng.uniform(0.02, 0.09), rng.uniform(0.4, 0.95))
        for _ in range(int(rng.integers(2, 5)))
    )
    left = np.stack([middle - halves, top + heights * tall], -1)
    right = np.stack([middle + halves, top + heights * tall], -1)[::-1]
    outline = polygon(np.concatenate([left, right]))
    body = Glass(outline, middle, top, tall, heights, halves, tint, rng.uniform(0.04, 0.2), fill, streaks)
    rim = tube(ring(np.array([middle, top]), (halves[0], halves[0] * 0.13)), max(1.5, tall * 0.008), tint * 0.8 + 0.2)
    foot = tube(left[-1] + np.linspace(0, 1, 20)[:, None] * (right[0] - left[-1]), tall * 0.012, tint * 0.6 + 0.2)
    return Stack((_solid(name, middle, top, tall, halves, rng), body, rim + foot))


def _smooth(profile: Array, rng: Rng) -> tuple[Array, Array]:
    """The profile at 120 heights, without corners, a little wider or narrower."""
    heights = np.linspace(0, 1, 120)
    halves = np.interp(heights, profile[:, 0], profile[:, 1])
    kernel = np.hanning(9) / np.hanning(9).sum()
    return heights, np.convolve(np.pad(halves, 4, mode="edge"), kernel, "valid") * rng.uniform(0.85, 1.1)


def _solid(name: str, middle: float, top: float, tall: float, halves: Array, rng: Rng) -> Paint:
    colour = hsv(rng.random(), rng.uniform(0.3, 0.9), rng.uniform(0.4, 0.95))
    mouth = halves[0]
    if name in ("bottle", "jar"):
        corners = np.array([(-1, 0.04), (1, 0.04), (1, -0.07), (-1, -0.07)]) * (mouth * 0.97, tall) + (middle, top)
        tone = hsv(0.08, 0.45, 0.65) if name == "bottle" else colour
        return Filled(polygon(corners), Lit(Flat(tone), 1.0, (middle, float(mouth))))
    start = np.array([middle - mouth * 0.5, top + tall * (0.3 if name == "goblet" else 0.85)])
    end = np.array([middle + mouth * rng.uniform(0.6, 1.1), top - tall * 0.13])
    return tube(np.linspace(start, end, 12), tall * rng.uniform(0.03, 0.045), colour)


@dataclass(frozen=True)
class Smoke:
    """Vapour: the thicker the denser, alpha = 1 - exp(-thickness)."""

    swirl: Noise
    warp: tuple[Noise, Noise]
    shade: Noise
    path: tuple[Array, Array, Array]  # heights from the source up, middle and half width there, px
    thickness: float
    colour: Float
    reach_px: float

    def paint(self, view: View) -> Layer:
        x, y = (axis.astype(np.float64) for axis in view.grid())
        heights, middles, halves = self.path
        middle, half = (np.interp(y.ravel(), heights, plane)[:, None] for plane in (middles, halves))
        risen = np.clip((heights[-1] - y) / heights[-1], 0, 1)
        # still near its source, whirled higher up
        bent = self.reach_px * 0.8 * np.sqrt(risen) * self.warp[0].at(view)
        body = np.exp(-1.6 * ((x + bent - middle) / half) ** 2)
        swirl = warped(self.swirl, self.warp, self.reach_px, view).astype(np.float64)
        # veils: thick where the noise crosses zero, a sheet seen on edge
        veils = 0.25 + 1.6 * np.clip(1 - 1.5 * np.abs(swirl), 0, 1) ** 2.5 + 0.5 * np.clip(swirl, 0, 1)
        wisps = veils * np.minimum(risen * 6, 1) + 1.2 * (1 - np.minimum(risen * 6, 1))
        spread = (halves[-1] / half) ** 0.35  # as it widens it thins, if less than it would
        born = np.clip((heights[-1] - y) / 2, 0, 1)
        thin = np.clip((y - heights[0]) / (view.hw[0] * 0.4), 0, 1)
        alpha = (1 - np.exp(-self.thickness * body * wisps * spread * born * thin)).astype(np.float32)
        light = np.clip(0.85 + 0.25 * self.shade.at(view), 0, 1.05)[..., None]
        return Layer(np.clip(self.colour * light, 0, 1) * alpha[..., None], alpha)


def smoke(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """Smoke above a stick, or steam above a cup; surface: the cup."""
    source = np.array([hw[1] * rng.uniform(0.4, 0.6), hw[0] * rng.uniform(0.72, 0.8)])
    is_cup = rng.random() < 0.4
    start = min(hw) * (0.11 if is_cup else 0.012)
    heights = np.linspace(hw[0] * -0.05, source[1], 80)
    risen = (source[1] - heights) / source[1]
    lean, waves = rng.normal(0, 0.12), rng.uniform(1.0, 2.5)
    sway = lean * risen + rng.uniform(0.02, 0.07) * np.sin(2 * np.pi * waves * risen + rng.uniform(0, 6)) * risen**0.7
    middles = source[0] + hw[1] * sway
    halves = start + min(hw) * rng.uniform(0.1, 0.28) * risen**0.9
    warp = (Noise.of(rng, hw, 5, 4), Noise.of(rng, hw, 5, 4))
    grey = hsv(rng.random(), rng.uniform(0, 0.1), rng.uniform(0.7, 1.0)) if rng.random() < 0.8 else hsv(0.1, 0.1, 0.25)
    plume = Smoke(
        Noise.of(rng, hw, rng.uniform(3, 6), 6),
        warp,
        Noise.of(rng, hw, 6, 4),
        (heights, middles, halves),
        rng.uniform(1.2, 3.2),
        grey.astype(np.float32),
        min(hw) * rng.uniform(0.08, 0.15),
    )
    return Stack((plume, mug(source, min(hw) * 0.14, surface) if is_cup else _stick(source, hw, rng)))


def _stick(source: Array, hw: tuple[int, int], rng: Rng) -> Shapes:
    foot = source + np.array((rng.uniform(-0.25, 0.25) * hw[1], hw[0] * 0.3))
    wide = min(hw) * rng.uniform(0.012, 0.03)
    path = np.linspace(source, foot, 30)
    return tube(path, wide, hsv(0.07, 0.5, 0.4)) + tube(path[:3], wide, hsv(0.03, 0.9, 1.0))
