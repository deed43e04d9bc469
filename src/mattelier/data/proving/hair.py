"""Strands around solid bodies: heads with hair, animals with fur."""

from dataclasses import dataclass

import numpy as np

from mattelier.data.augment import Rng
from mattelier.data.proving.canvas import Filled, Paint, Shapes, Stack, Surface, View, blob, discs, polygon, ribbons
from mattelier.data.proving.textures import Noise, hsv
from mattelier.image import Array

# hue, saturation, value: black, brown, auburn, blond, grey, white, dyed
_HAIR = ((0.07, 0.4, 0.12), (0.07, 0.55, 0.3), (0.04, 0.7, 0.42), (0.11, 0.45, 0.75), (0.1, 0.05, 0.55),
         (0.1, 0.06, 0.9), (0.85, 0.6, 0.7))  # fmt: skip
_POINTS = 26


@dataclass(frozen=True)
class Style:
    """How hair falls: all lengths in heights of the head."""

    length: tuple[float, float]
    gravity: float  # 0: it stands out; 1: it falls at once
    wave: float  # sideways swing
    waves: float  # swings along a strand
    clumping: float  # how far a lock's strands meet at its tip
    frizz: float


_STYLES = (
    Style((1.5, 2.2), 0.26, 0.02, 1.5, 0.7, 0.02),  # long and straight
    Style((1.3, 2.0), 0.22, 0.07, 2.5, 0.75, 0.03),  # long and wavy
    Style((0.7, 1.2), 0.10, 0.10, 4.5, 0.8, 0.05),  # curly
    Style((0.3, 0.6), 0.05, 0.02, 1.0, 0.5, 0.05),  # short, standing
    Style((0.6, 1.0), 0.03, 0.06, 6.0, 0.3, 0.14),  # a cloud of frizz
)


def hair(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """A head from behind, with shoulders that reach the lower border; surface: the clothes."""
    unit = min(hw)
    radius = unit * rng.uniform(0.15, 0.19)
    head = np.array([hw[1] * rng.uniform(0.42, 0.58), hw[0] * rng.uniform(0.36, 0.44)])
    tall = radius * rng.uniform(1.2, 1.35)
    style = _STYLES[int(rng.integers(len(_STYLES)))]
    tone = _HAIR[int(rng.integers(len(_HAIR)))]
    guides = _guides(head, (radius, tall), style, rng)
    locks, strays = _locks(guides, style, rng, tall, unit), _strays(guides, style, rng, tall)
    thick = _fine(unit)
    behind = polygon(blob(head, (radius, tall), rng, 0.02), hsv(tone[0], tone[1], tone[2] * 0.55))
    mane = _strands(locks, thick * rng.uniform(0.7, 1.2, len(locks)), tone, rng)
    loose = _strands(strays, thick * rng.uniform(0.35, 0.7, len(strays)), tone, rng)
    return Stack((_shoulders(head, radius, tall, hw, surface, rng), behind + mane + loose))


def _fine(unit: float) -> float:
    """Width of a hair in px: about one at 512; larger pictures show it thicker, but not in proportion."""
    return float((unit / 512) ** 0.6)


def _shoulders(head: Array, radius: float, tall: float, hw: tuple[int, int], surface: Surface, rng: Rng) -> Paint:
    top, wide = head[1] + tall * 1.25, radius * rng.uniform(2.0, 2.6)
    across = np.linspace(-1, 1, 60)
    outline = np.stack([head[0] + wide * across, top + radius * 1.1 * np.abs(across) ** 2.5], -1)
    below = np.array([(head[0] + wide * 1.15, hw[0] * 1.6), (head[0] - wide * 1.15, hw[0] * 1.6)])
    neck = polygon(
        head + np.array([(-0.45, 0.5), (0.45, 0.5), (0.6, 1.9), (-0.6, 1.9)]) * (radius, tall * 0.85),
        hsv(0.06, rng.uniform(0.3, 0.6), rng.uniform(0.35, 0.9)),
    )
    return Stack((neck, Filled(polygon(np.concatenate([outline, below])), surface)))


def _guides(head: Array, radii: tuple[float, float], style: Style, rng: Rng, count: int = 170) -> Array:
    """Curves (count, points, 2) from all over the head, those from its top last: they lie above the others."""
    turn, far = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.uniform(0, 1, count))
    roots = head + np.stack([np.cos(turn) * far * radii[0], np.sin(turn) * far * radii[1]], -1) * 0.97
    roots = roots[roots[:, 1] < head[1] + radii[1] * 0.75]
    roots = roots[np.argsort(-roots[:, 1])]
    crown = head - (0.0, radii[1] * 0.45)
    heading = roots - crown
    heading /= np.linalg.norm(heading, axis=1, keepdims=True) + 1e-6
    heading[:, 1] -= 0.35
    if style.gravity > 0.08:  # hair that falls parts at the crown instead of rising from it
        heading[:, 0] += 0.5 * np.sign(heading[:, 0])
        heading[:, 1] = np.maximum(heading[:, 1], -0.45)
    heading += rng.normal(0, 0.12, heading.shape)
    length = radii[1] * rng.uniform(*style.length, len(roots))
    path = [roots]
    for _ in range(_POINTS - 1):
        heading = heading + style.gravity * np.array([0.0, 1.0])
        heading /= np.linalg.norm(heading, axis=1, keepdims=True)
        path.append(path[-1] + heading * (length / (_POINTS - 1))[:, None])
    return _swung(np.stack(path, 1), style, rng, radii[1])


def _swung(paths: Array, style: Style, rng: Rng, tall: float) -> Array:
    """Curves swinging to their sides, more towards the tip."""
    t = np.linspace(0, 1, paths.shape[1])
    phase = rng.uniform(0, 2 * np.pi, (len(paths), 1))
    speed = style.waves * rng.uniform(0.8, 1.2, (len(paths), 1))
    swing = (
        style.wave * tall * rng.uniform(0.5, 1.3, (len(paths), 1)) * np.sqrt(t) * np.sin(2 * np.pi * speed * t + phase)
    )
    along = np.gradient(paths, axis=1)
    along /= np.linalg.norm(along, axis=-1, keepdims=True) + 1e-6
    swung: Array = paths + swing[..., None] * np.stack([-along[..., 1], along[..., 0]], -1)
    return swung


def _locks(guides: Array, style: Style, rng: Rng, tall: float, unit: float) -> Array:
    """Strands (n, points, 2): many around every guide, wide apart at the root and near each other at the tip."""
    each = int(np.clip(22 * (unit / 512) ** 0.4, 14, 60))
    t = np.linspace(0, 1, guides.shape[1])[None, :, None]
    count = len(guides) * each
    repeated = np.repeat(guides, each, axis=0)
    offset = rng.normal(0, 0.07 * tall, (count, 1, 2))
    wander = _wander(rng, count, guides.shape[1]) * (style.frizz * tall)
    strands = repeated + offset * (1 - style.clumping * t**0.7) + wander
    return _shortened(strands, rng.uniform(0.7, 1.0, count))


def _strays(guides: Array, style: Style, rng: Rng, tall: float) -> Array:
    """Single hairs that leave the others."""
    chosen = guides[rng.integers(len(guides), size=130)]
    t = np.linspace(0, 1, guides.shape[1])[None, :, None]
    away = rng.normal(0, 0.22 * tall, (len(chosen), 1, 2)) - (0.0, 0.05 * tall)
    strands = chosen + away * t**1.3 + _wander(rng, len(chosen), guides.shape[1]) * ((0.05 + style.frizz) * tall)
    return _shortened(strands, rng.uniform(0.5, 1.1, len(chosen)))


def _wander(rng: Rng, count: int, points: int) -> Array:
    """A slow random walk away from 0, (count, points, 2), about 1 at the tip."""
    steps = rng.normal(0, 1, (count, points, 2)).cumsum(1).cumsum(1)
    steps -= steps[:, :1]
    walk: Array = steps / points**1.5
    return walk


def _shortened(strands: Array, share: Array) -> Array:
    """Each strand up to its share of its length."""
    points = strands.shape[1]
    place = np.minimum(np.arange(points)[None] * share[:, None], points - 1.001)
    first = place.astype(int)
    part = (place - first)[..., None]
    rows = np.arange(len(strands))[:, None]
    cut: Array = strands[rows, first] * (1 - part) + strands[rows, first + 1] * part
    return cut


def _strands(paths: Array, widths: Array, tone: tuple[float, float, float], rng: Rng, runs: int = 7) -> Shapes:
    """Hairs: thinner towards the tip, dark at the root, with the shine that falls across smooth hair."""
    t = np.linspace(0, 1, paths.shape[1])
    taper = widths[:, None] * np.clip(1.15 - t**2, 0.25, 1)
    s = np.linspace(0, 1, runs)[None]
    count = len(paths)
    shine = np.exp(-(((s - rng.uniform(0.2, 0.4)) / 0.16) ** 2)) * rng.uniform(0.1, 0.6)
    light = (0.75 + 0.3 * s + shine) * rng.lognormal(0, 0.2, (count, 1))
    base = hsv(*tone)
    colours = base * light[..., None] + shine[..., None] * 0.12 + rng.normal(0, 0.015, (count, 1, 3))
    return ribbons(paths, taper, colours)


def fur(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """An animal of a few rounded parts, all covered with short hair; surface: not used, fur has its own pattern."""
    unit = min(hw)
    middle = np.array([hw[1] * rng.uniform(0.45, 0.55), hw[0] * rng.uniform(0.62, 0.7)])
    body = (unit * rng.uniform(0.24, 0.3), unit * rng.uniform(0.22, 0.28))
    face = middle + np.array((unit * rng.uniform(-0.1, 0.1), -body[1] - unit * 0.08))
    skull = unit * rng.uniform(0.14, 0.18)
    parts = [(middle, body), (face, (skull * 1.1, skull))]
    parts += [
        (face + np.array((side * skull * 0.8, -skull * rng.uniform(0.85, 1.1))), (skull * 0.32, skull * 0.5))
        for side in (-1, 1)
    ]
    pattern = Noise.of(rng, hw, rng.uniform(4, 10), 3)
    tones = np.stack([hsv(rng.uniform(0.04, 0.12), rng.uniform(0.05, 0.6), v) for v in rng.uniform(0.12, 0.95, 2)])
    length = unit * rng.uniform(0.035, 0.075)
    order = (2, 3, 0, 1)  # ears lie behind, the face before the body
    coat = Shapes(())
    for part in order:
        coat += _coat(parts[part], length * (0.6 if part > 0 else 1.0), pattern, tones, rng, hw)
    return Stack((coat, _features(face, skull, rng)))


def _coat(
    part: tuple[Array, tuple[float, float]], length: float, pattern: Noise, tones: Array, rng: Rng, hw: tuple[int, int]
) -> Shapes:
    middle, radii = part
    unit = min(hw)
    count = int(np.clip(radii[0] * radii[1] * 90_000 / unit**2 * (unit / 512) ** 0.8, 300, 40_000))
    turn, far = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.uniform(0, 1, count))
    place = np.stack([np.cos(turn), np.sin(turn)], -1) * far[:, None]
    # shingles: what hangs lowest is drawn first, and the hair above it covers its roots
    place = place[np.lexsort((place[:, 1],))[::-1]]
    roots = middle + place * radii
    outward = place + np.array((0.0, 0.55)) + rng.normal(0, 0.22, place.shape)
    comb = rng.normal(0, 0.3, 2)
    heading = (outward + comb) / (np.linalg.norm(outward + comb, axis=1, keepdims=True) + 1e-6)
    t = np.linspace(0, 1, 7)[None, :, None]
    bend = rng.normal(0, 0.35, (count, 1, 2)) + np.array((0.0, 0.25))
    own = length * rng.lognormal(-0.1, 0.3, (count, 1, 1))
    paths = roots[:, None] + own * (heading[:, None] * t + bend * t**2)
    widths = _fine(unit) * rng.uniform(0.7, 1.5, (count, 1)) * np.clip(1.1 - t[..., 0] ** 1.5, 0.15, 1)
    spots = _looked_up(pattern, roots, hw)
    share = np.clip(0.5 + 2.2 * spots, 0, 1)[:, None]
    base = tones[0] * share + tones[1] * (1 - share)
    round_light = np.clip(0.95 - 0.5 * place[:, 1:] - 0.15 * place[:, :1], 0.45, 1.3)
    s = np.linspace(0.75, 1.15, 3)[None, :, None]
    colours = (base * round_light)[:, None] * s * rng.lognormal(0, 0.16, (count, 1, 1))
    under = polygon(blob(middle, (radii[0] * 0.97, radii[1] * 0.97), rng, 0.01), base.mean(0) * 0.5)
    return under + ribbons(paths, widths, colours)


def _looked_up(noise: Noise, places: Array, hw: tuple[int, int]) -> Array:
    """Noise at single places, from a small drawing of it."""
    small = noise.at(View.whole((128, 128)))
    index = np.clip(places / (hw[1], hw[0]) * 128, 0, 127).astype(int)
    values: Array = small[index[:, 1], index[:, 0]]
    return values


def _features(face: Array, skull: float, rng: Rng) -> Shapes:
    """Eyes and a nose."""
    eyes = face + np.array([(-0.42, -0.1), (0.42, -0.1)]) * skull
    nose = face + np.array([[0.0, 0.38]]) * skull
    iris = hsv(rng.uniform(0.08, 0.4), 0.6, 0.6)
    size = skull * np.array([0.15, 0.15])
    shapes = discs(eyes, size, np.array([iris] * 2)) + discs(eyes, size * 0.6, np.zeros((2, 3)) + 0.03)
    shapes += discs(eyes - skull * 0.05, size * 0.2, np.ones((2, 3)))
    return shapes + discs(nose, skull * np.array([0.13]), np.array([[0.12, 0.08, 0.08]]))
