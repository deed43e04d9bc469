"""Colours of the subject alone: what shines through half-transparent edges is taken out.

Germer, Uelwer, Conrad, Harmeling, "Fast Multi-Level Foreground Estimation" (ICPR 2020, arXiv 2006.14970),
written from the paper. A pixel is I = alpha F + (1 - alpha) B. From a picture of one pixel upwards, every
level starts with the colours of the level below and minimises, per pixel, equation (4):

    (alpha F + (1 - alpha) B - I)^2 + sum over 4 neighbours (regularisation + |d alpha|) (|dF|^2 + |dB|^2)

The paper sweeps pixel after pixel; here all pixels move at once (Jacobi), in half as many sweeps more. Levels
are every second pixel of the level above, not averages: pure foreground stays pure, and nothing is copied.
Large levels are solved only in blocks that hold unknown pixels, each with a margin as wide as the sweeps are
many, so that blocks give what the whole level would.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.colour import to_depth, white
from mattelier.image.geometry import resize, tiles

# The paper's 1e-5, and its 10 and 2 sweeps up to and above 32 px; more of them, as Jacobi needs.
_REGULARISATION = 1e-5
_SMALL_PX = 32
_SWEEPS_SMALL = 20
_SWEEPS = 3
# Levels up to this long side are solved whole; larger ones in blocks, some at a time to stay in the cache.
_WHOLE_PX = 128
_BLOCK_PX = 32
_BATCH = 8
_TILE_PX = 256


@dataclass(frozen=True)
class _Level:
    pixels: Array  # (h, w, 3), the photo's type
    alpha: Float  # (h, w)

    @property
    def hw(self) -> tuple[int, int]:
        return self.alpha.shape[0], self.alpha.shape[1]

    @property
    def is_whole(self) -> bool:
        return max(self.hw) <= _WHOLE_PX

    @property
    def side(self) -> tuple[int, int]:
        return self.hw if self.is_whole else (_BLOCK_PX, _BLOCK_PX)

    @property
    def sweeps(self) -> int:
        return _SWEEPS_SMALL if max(self.hw) <= _SMALL_PX else _SWEEPS


@dataclass(frozen=True)
class _State:
    """Colours of a level, F over B, where they are needed: memory follows the band."""

    blocks: Float  # (6, n, *side)
    slots: Array  # which block lies where, on the grid of blocks; -1 for none

    def at(self, rows: Array, columns: Array) -> Float:
        """Colours (6, ...) at pixels of the level; every one must lie in a block."""
        height, width = self.blocks.shape[2:]
        slot = self.slots[rows // height, columns // width]
        flat = (slot * height + rows % height) * width + columns % width
        colours: Float = self.blocks.reshape(6, -1).take(flat, axis=1)
        return colours


def estimate(pixels: Array, alpha: Float) -> Float:
    """Foreground colours of the whole picture.

    pixels: (H, W, 3) uint8, uint16 or float32; alpha: (H, W) float32 in [0, 1].
    Returns (H, W, 3) float32 in [0, 1], straight, in the colour space of pixels: the photo itself where
    alpha = 1, estimated colours where it is between, a smooth continuation of them where alpha = 0.
    Raises InputError for other shapes and types.
    """
    _check(pixels, alpha)
    levels = _pyramid(pixels, alpha)
    result = _continuation(levels)
    for block, planes in _solve_band(levels):
        result[block] = np.moveaxis(planes, 0, -1)
    for tile in tiles(levels[0].hw, _TILE_PX):
        solid = alpha[tile] == 1
        result[tile][solid] = to_depth(pixels[tile][solid], np.float32)
    return result


def decontaminate(pixels: Array, alpha: Float) -> Array:
    """The picture with foreground colours where 0 < alpha < 1, and bit-equal everywhere else.

    pixels: (H, W, 3) uint8, uint16 or float32; alpha: (H, W) float32 in [0, 1]. Returns the type of pixels.
    Time and memory follow the area of the band. Raises InputError for other shapes and types.
    """
    _check(pixels, alpha)
    result = pixels.copy()
    for block, planes in _solve_band(_pyramid(pixels, alpha)):
        soft = _soft(alpha[block])
        for channel, plane in enumerate(to_depth(planes, pixels.dtype)):
            np.copyto(result[(*block, channel)], plane, where=soft)
    return result


def _check(pixels: Array, alpha: Float) -> None:
    white(pixels.dtype)
    if alpha.dtype != np.float32 or pixels.size == 0 or pixels.shape != (*alpha.shape, 3):
        raise InputError(
            f"pixels {pixels.shape} and alpha {alpha.shape} of type {alpha.dtype} do not fit; "
            "expected (H, W, 3) and (H, W) float32; bring alpha to the photo's size first"
        )


def _soft(alpha: Float) -> Array:
    return (alpha > 0) & (alpha < 1)


def _pyramid(pixels: Array, alpha: Float) -> list[_Level]:
    """The picture itself, then every second pixel of every second pixel, down to one; all of them views."""
    levels = [_Level(pixels, alpha)]
    while max(levels[-1].hw) > 1:
        levels.append(_Level(levels[-1].pixels[::2, ::2], levels[-1].alpha[::2, ::2]))
    return levels


def _solve_band(levels: list[_Level]) -> Iterator[tuple[tuple[slice, slice], Float]]:
    """Blocks of the full picture with unknown pixels, and their foreground colours (3, h, w)."""
    corners = _needed_blocks(levels)
    coarser = _solve_below(levels, corners)
    height, width = levels[0].hw
    for batch, solved in _batches(levels[0], corners[0], coarser):
        for (top, left), planes in zip(batch, solved[:3].swapaxes(0, 1), strict=True):
            inside = planes[:, : height - top, : width - left]
            yield (slice(top, top + inside.shape[1]), slice(left, left + inside.shape[2])), inside


def _continuation(levels: list[_Level]) -> Float:
    """Foreground of the largest level that is solved whole, drawn to full size."""
    whole = [levels[0], *(level for level in levels if level.is_whole)]
    known = _solve_below(whole, [np.zeros((1, 2), int)] * len(whole))
    return resize(np.moveaxis(known.blocks[:3, 0], 0, -1), levels[0].hw)


def _solve_below(levels: list[_Level], corners: list[Array]) -> _State:
    """State of the second level, by way of all smaller ones."""
    last = _planes(levels[-1].pixels)
    state = _State(np.concatenate([last, last])[:, None], np.zeros((1, 1), int))
    for level, needed in zip(levels[:0:-1], corners[:0:-1], strict=True):
        blocks = np.empty((6, len(needed), *level.side), np.float32)
        filled = 0
        for batch, solved in _batches(level, needed, state):
            blocks[:, filled : filled + len(batch)] = solved
            filled += len(batch)
        state = _State(blocks, _slots(level, needed))
    return state


def _slots(level: _Level, corners: Array) -> Array:
    slots = np.full(_grid(level), -1)
    slots[corners[:, 0] // level.side[0], corners[:, 1] // level.side[1]] = np.arange(len(corners))
    return slots


def _grid(level: _Level) -> tuple[int, int]:
    return -(-level.hw[0] // level.side[0]), -(-level.hw[1] // level.side[1])


def _planes(pixels: Array) -> Float:
    """(..., 3) samples as (3, ...) float32 in [0, 1]: sums over planes need no broadcasting over three."""
    return to_depth(np.ascontiguousarray(pixels.transpose(-1, *range(pixels.ndim - 1))), np.float32)


def _needed_blocks(levels: list[_Level]) -> list[Array]:
    """Corners (n, 2) of the blocks to solve: the band at full size, below it whatever a finer block looks at."""
    needed = [np.argwhere(_soft_blocks(levels[0].alpha, levels[0].side)) * levels[0].side]
    for finer, level in pairwise(levels):
        last = np.array(finer.hw) - 1
        first_seen = np.clip(needed[-1] - finer.sweeps, 0, last)
        last_seen = np.clip(needed[-1] + np.array(finer.side) - 1 + finer.sweeps, 0, last)
        # A finer block sees fewer coarse pixels than a block is wide: its four corners name all blocks.
        low, high = (seen // 2 // level.side for seen in (first_seen, last_seen))
        mask = np.zeros(_grid(level), bool)
        for rows, columns in ((low, low), (low, high), (high, low), (high, high)):
            mask[rows[:, 0], columns[:, 1]] = True
        needed.append(np.argwhere(mask) * level.side)
    return needed


def _soft_blocks(alpha: Float, side: tuple[int, int]) -> Array:
    """Which blocks of the grid hold unknown pixels."""
    strips = [_soft(alpha[top : top + side[0]]).any(axis=0) for top in range(0, alpha.shape[0], side[0])]
    return np.logical_or.reduceat(np.stack(strips), np.arange(0, alpha.shape[1], side[1]), axis=1)


def _batches(level: _Level, corners: Array, coarser: _State) -> Iterator[tuple[Array, Float]]:
    """Some corners at a time (n, 2), and their solved blocks (6, n, *side)."""
    for start in range(0, len(corners), _BATCH):
        batch = corners[start : start + _BATCH]
        yield batch, _relax(level, batch, coarser)


def _relax(level: _Level, corners: Array, coarser: _State) -> Float:
    rows, columns = (
        np.clip(corners[:, axis, None] + np.arange(-level.sweeps, level.side[axis] + level.sweeps), 0, last - 1)
        for axis, last in enumerate(level.hw)
    )
    image, alpha = (
        np.stack([_cut(plane, *block) for block in zip(rows, columns, strict=True)])
        for plane in (level.pixels, level.alpha)
    )
    system = _System.of(_planes(image), alpha)
    # The single pixel of the last level starts from itself: 0 // 2 is 0.
    state = coarser.at(rows[:, :, None] // 2, columns[:, None, :] // 2)
    for _ in range(level.sweeps):
        system.step(state.reshape(6, -1))
    return state[..., level.sweeps : -level.sweeps, level.sweeps : -level.sweeps]


def _cut(plane: Array, rows: Array, columns: Array) -> Array:
    """plane[rows][:, columns] of runs without gaps, which may repeat the picture's border; a slice is far faster."""
    part = plane[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if part.shape[:2] != (len(rows), len(columns)):
        part = part[rows - rows[0]][:, columns - columns[0]]
    return part


@dataclass(frozen=True)
class _System:
    """The 2 x 2 normal equations of every pixel, and their inverse.

    Blocks are taken as one long row of pixels, all but the first and last `width`: numpy is twice as fast on it. At
    a block's border the neighbours are wrong, and every sweep carries that one pixel further, through the margin.
    """

    width: int
    weights: list[Float]  # of the neighbours up, down, left, right
    data: Float  # (6, ...): alpha I over (1 - alpha) I
    inverse: tuple[Float, Float, Float]  # FF, FB, BB

    @classmethod
    def of(cls, image: Float, alpha: Float) -> "_System":
        width = alpha.shape[-1]
        alpha, image = alpha.reshape(-1), image.reshape(3, -1)[:, width:-width]
        inner = alpha[width:-width]
        weights = [_REGULARISATION + np.abs(inner - near) for near in _neighbours(alpha, width)]
        total = weights[0] + weights[1] + weights[2] + weights[3]
        ff, fb, bb = inner * inner + total, inner * (1 - inner), (1 - inner) ** 2 + total
        scale = 1 / (ff * bb - fb * fb)
        data = np.concatenate([image * inner, image * (1 - inner)])
        return cls(width, weights, data, (bb * scale, -fb * scale, ff * scale))

    def step(self, state: Float) -> None:
        """One Jacobi sweep of (6, pixels), in place."""
        right, product = self.data.copy(), np.empty_like(self.data)
        for weight, near in zip(self.weights, _neighbours(state, self.width), strict=True):
            right += np.multiply(near, weight, out=product)
        ff, fb, bb = self.inverse
        solved = state[:, self.width : -self.width]
        np.multiply(right[:3], ff, out=solved[:3])
        solved[:3] += np.multiply(right[3:], fb, out=product[:3])
        np.multiply(right[3:], bb, out=solved[3:])
        solved[3:] += np.multiply(right[:3], fb, out=product[3:])
        np.clip(solved, 0, 1, out=solved)


def _neighbours(pixels: Float, width: int) -> tuple[Float, Float, Float, Float]:
    """Up, down, left and right of all pixels but the first and last `width`, in rows of `width`."""
    up, down = pixels[..., : -2 * width], pixels[..., 2 * width :]
    return up, down, pixels[..., width - 1 : -width - 1], pixels[..., width + 1 : 1 - width]
