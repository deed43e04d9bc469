"""Lace: threads in a pattern that repeats around a middle or along a strip, laid in soft folds."""

from collections.abc import Callable

import numpy as np

from mattelier.data.augment import Rng
from mattelier.data.proving.canvas import Paint, Shapes, Surface
from mattelier.data.proving.textures import hsv
from mattelier.data.proving.tubes import thread
from mattelier.image import Array

# a place in the pattern, (points, 2) of s along (one repeat is 1) and v outwards (0 to 1), to pixels
Mapping = Callable[[Array], Array]


def lace(rng: Rng, hw: tuple[int, int], surface: Surface) -> Paint:
    """A round doily or an edging with a woven hem; surface: not used."""
    unit = min(hw)
    repeats = int(rng.integers(10, 19))
    is_round = rng.random() < 0.65
    place = _round(hw, repeats, rng) if is_round else _strip(hw, repeats, rng)
    colour = hsv(rng.uniform(0, 1), rng.uniform(0, 0.25), rng.uniform(0.75, 1.0))
    if rng.random() < 0.2:
        colour = hsv(rng.random(), rng.uniform(0.2, 0.7), rng.uniform(0.08, 0.4))
    thick = unit * rng.uniform(0.0036, 0.0056)
    shapes = Shapes(())
    for path, share in _pattern(repeats, rng):
        tone = colour * rng.uniform(0.92, 1.04)
        shapes += thread(place(path), thick * share, np.clip(tone, 0, 1), thick * 1.1)
    return shapes


def _round(hw: tuple[int, int], repeats: int, rng: Rng) -> Mapping:
    middle = np.array([hw[1], hw[0]]) * rng.uniform(0.46, 0.54, 2)
    radius, squash, turn = min(hw) * rng.uniform(0.39, 0.46), rng.uniform(0.75, 1.0), rng.uniform(0, np.pi)
    fold = _fold(hw, rng)

    def place(path: Array) -> Array:
        angle = 2 * np.pi * path[:, 0] / repeats + turn
        points = radius * path[:, 1:] * np.stack([np.cos(angle), squash * np.sin(angle)], -1)
        return fold(middle + points)

    return place


def _strip(hw: tuple[int, int], repeats: int, rng: Rng) -> Mapping:
    top, tall = hw[0] * rng.uniform(0.05, 0.2), hw[0] * rng.uniform(0.6, 0.75)
    fold = _fold(hw, rng)

    def place(path: Array) -> Array:
        x = hw[1] * (path[:, 0] / repeats * 1.3 - 0.15)
        return fold(np.stack([x, top + tall * path[:, 1]], -1))

    return place


def _fold(hw: tuple[int, int], rng: Rng) -> Mapping:
    """Cloth that does not lie flat: places move by slow waves."""
    waves = rng.normal(0, 1, (3, 2)) * 2 * np.pi / max(hw)
    phase, reach = rng.uniform(0, 2 * np.pi, 3), rng.normal(0, 0.007, (3, 2)) * max(hw)
    return lambda points: points + np.sin(points @ waves.T + phase) @ reach


def _pattern(repeats: int, rng: Rng) -> list[tuple[Array, float]]:
    """Threads as paths in the pattern and their widths as shares; from the middle outwards row by row."""
    paths: list[tuple[Array, float]] = []
    inner = 0.14
    paths += [(_circle(repeats, v), 2.6) for v in (0.045, 0.075, 0.105, inner)]
    rows = rng.permutation(6)[: int(rng.integers(3, 5))]
    edges = np.linspace(inner, 0.9, len(rows) + 1) + np.r_[0, rng.normal(0, 0.02, len(rows) - 1), 0]
    for row, low, high in zip(rows, edges[:-1], edges[1:], strict=True):
        paths += _ROWS[row](repeats, float(low), float(high))
        paths += [(_circle(repeats, high), 2.0), (_circle(repeats, high - 0.018), 1.3)]
    return paths + _scallops(repeats, 0.9, 1.0) + _scallops(repeats, 0.9, 0.955)


def _circle(repeats: int, v: float) -> Array:
    s = np.linspace(0, repeats, repeats * 40 + 1)
    return np.stack([s, np.full_like(s, v)], -1)


def _wave(
    repeats: int, low: float, high: float, per: int, shape: Callable[[Array], Array], shift: float = 0.0
) -> Array:
    s = np.linspace(0, repeats, repeats * per * 16 + 1)
    return np.stack([s, low + (high - low) * shape((s * per + shift) % 1)], -1)


def _scallops(repeats: int, low: float, high: float) -> list[tuple[Array, float]]:
    return [(_wave(repeats, low, high, 2, lambda p: np.sqrt(np.clip(1 - (2 * p - 1) ** 2, 0, 1))), 1.5)]


def _zigzag(repeats: int, low: float, high: float) -> list[tuple[Array, float]]:
    return [(_wave(repeats, low, high, 3, lambda p: np.abs(2 * p - 1), shift), 1.0) for shift in (0.0, 0.5)]


def _mesh(repeats: int, low: float, high: float) -> list[tuple[Array, float]]:
    """Two families of slanting threads: a diamond net."""
    v, paths = np.linspace(low, high, 30), []
    for start in range(repeats * 4):
        for slant in (-1, 1):
            s = start / 4 + slant * (v - low) / (high - low) * 0.75
            paths.append((np.stack([s, v], -1), 0.75))
    return paths


def _petals(repeats: int, low: float, high: float) -> list[tuple[Array, float]]:
    """Dense leaves, sewn with many threads side by side."""
    t, paths = np.linspace(0, 1, 24), []
    for start in range(repeats):
        for share in np.linspace(-1, 1, 9):
            s = start + 0.5 + 0.3 * share * np.sin(np.pi * t**1.3)
            paths.append((np.stack([s, low + (high - low) * t], -1), 1.3))
    return paths


def _loops(repeats: int, low: float, high: float) -> list[tuple[Array, float]]:
    turn, paths = np.linspace(0, 2 * np.pi, 40), []
    for start in np.arange(0, repeats, 0.5):
        for size in (1.0, 0.6):
            s, v = start + 0.25 + 0.24 * size * np.cos(turn), (low + high) / 2 + (high - low) / 2 * size * np.sin(turn)
            paths.append((np.stack([s, v], -1), 1.2))
    return paths


def _bars(repeats: int, low: float, high: float) -> list[tuple[Array, float]]:
    v = np.linspace(low, high, 12)
    return [
        (np.stack([np.full_like(v, start + shift), v], -1), 1.1)
        for start in range(repeats)
        for shift in (0.0, 0.12, 0.5)
    ]


def _flowers(repeats: int, low: float, high: float) -> list[tuple[Array, float]]:
    """A flower of six leaves in every repeat, hung on threads."""
    turn, paths = np.linspace(0, 2 * np.pi, 120), []
    for start in range(repeats):
        for size in (0.95, 0.75, 0.5, 0.25):
            radius = size * (0.6 + 0.4 * np.cos(6 * turn)) / 1.0
            s, v = (
                start + 0.5 + 0.42 * radius * np.cos(turn),
                (low + high) / 2 + (high - low) / 2 * radius * np.sin(turn),
            )
            paths.append((np.stack([s, v], -1), 1.3))
    return paths + _zigzag(repeats, low, high)[:1]


_ROWS = (_zigzag, _mesh, _petals, _loops, _bars, _flowers)
