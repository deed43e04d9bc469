"""DIM's published test procedure around its network, as pytorch-deep-image-matting has it: resize, run, resize back.

Sides become multiples of 32, each axis for itself; picture and trimap are resized as eight-bit pictures, and only then
normalised. Sizes that fit already pass unchanged, so tiles of such a size go through the same two functions.
foamliu's network takes any size: give it the picture's own.
"""

from collections.abc import Iterator

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.interpolate import interpolate
from mattelier.image.trimap import BACKGROUND, FOREGROUND, UNKNOWN

INPUTS = ("x",)
MULTIPLE_OF = 32
LONGEST_PX = 1600  # of each axis, as the published numbers were made
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_ONE = 2048  # OpenCV's weights for eight-bit pictures have eleven bits


def published_size(hw: tuple[int, int], longest_px: int = LONGEST_PX) -> tuple[int, int]:
    """Both sides down to a multiple of 32 and to longest_px, each for itself: large pictures change their shape.

    A side below 32 becomes 32; the published code has no answer there.
    """
    height, width = (min(longest_px, max(MULTIPLE_OF, side - side % MULTIPLE_OF)) for side in hw)
    return height, width


def published_input(rgb: Array, trimap: Array, hw: tuple[int, int] | None = None) -> dict[str, Float]:
    """(H, W, 3) uint8 sRGB and (H, W) uint8 -> {"x": (1, 4, h, w) float32}: normalised RGB, then the trimap / 255.

    hw: the network's size; None: as published_size has it.  The trimap is interpolated too, so that greys appear.
    Raises InputError when the sizes differ or a type is another.
    """
    _check(rgb, trimap)
    size = published_size((rgb.shape[0], rgb.shape[1])) if hw is None else hw
    unit, mean, std = np.float32(255.0), np.asarray(MEAN, np.float32), np.asarray(STD, np.float32)
    # in float32 as published: a last bit can move a maximum to another place in its window
    image = (resize_8bit(rgb, size) / unit - mean) / std
    hint = resize_8bit(trimap, size) / unit
    return {"x": np.ascontiguousarray(np.concatenate((image, hint[..., None]), -1).transpose(2, 0, 1)[None])}


def published_alpha(alpha: Array, trimap: Array) -> Float:
    """The network's alpha (1, 1, h, w) at the trimap's size, (H, W) float32, with what is known put back."""
    plane = interpolate(alpha[0, 0], (trimap.shape[0], trimap.shape[1]))
    return put_back(plane, trimap)


def tile_input(rgb: Array, trimap: Array) -> dict[str, Float]:
    """A part of a picture at its own size -> {"x": (1, 4, h, w)}; sides up to multiples of 32 repeat the last pixel.

    Raises InputError when the sizes differ or a type is another.
    """
    _check(rgb, trimap)
    height, width = (-side % MULTIPLE_OF for side in trimap.shape)
    pad = ((0, height), (0, width))
    return published_input(
        np.pad(rgb, (*pad, (0, 0)), "edge"),
        np.pad(trimap, pad, "edge"),
        (trimap.shape[0] + height, trimap.shape[1] + width),
    )


def tile_alpha(alpha: Array, trimap: Array) -> Float:
    """The network's alpha (1, 1, h, w) for a part of a picture, what was padded cut off and what is known put back."""
    return put_back(alpha[0, 0, : trimap.shape[0], : trimap.shape[1]], trimap)


def put_back(alpha: Array, trimap: Array) -> Float:
    """alpha with 0 on known background and 1 on known foreground."""
    return np.where(trimap == FOREGROUND, 1.0, np.where(trimap == BACKGROUND, 0.0, alpha)).astype(np.float32)


def published_tiles(trimap: Array, hw: tuple[int, int]) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of the tiles of the published "crop" procedure: side by side, without those all known.

    Tiles at the right and lower edge are smaller, and drawn larger for the network like any other picture.
    """
    for top in range(0, trimap.shape[0], hw[0]):
        for left in range(0, trimap.shape[1], hw[1]):
            tile = slice(top, top + hw[0]), slice(left, left + hw[1])
            if (trimap[tile] == UNKNOWN).any():
                yield tile


def resize_8bit(array: Array, hw: tuple[int, int]) -> Array:
    """(H, W) or (H, W, C) uint8 by OpenCV's bilinear rule, to the bit: no antialiasing, sums in integers."""
    if array.shape[:2] == tuple(hw):
        return array.copy()
    (top, bottom), (above, below) = _taps(array.shape[0], hw[0])
    (left, right), (before, after) = _taps(array.shape[1], hw[1])
    tail = (1,) * (array.ndim - 2)
    wide = array[:, left] * before.reshape(-1, *tail) + array[:, right] * after.reshape(-1, *tail)
    # 16 of the 22 bits of weights and 4 bits of the sum are cut off before the last rounding
    upper = (wide[top] >> 4) * above.reshape(-1, 1, *tail) >> 16
    lower = (wide[bottom] >> 4) * below.reshape(-1, 1, *tail) >> 16
    result: Array = (upper + lower + 2 >> 2).astype(np.uint8)
    return result


def _taps(old: int, new: int) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """The two source positions of every new pixel, and their weights, int32."""
    centres = ((np.arange(new) + 0.5) * (old / new) - 0.5).astype(np.float32)
    first = np.floor(centres).astype(np.int64)
    fraction = centres - first
    weights = (np.rint(share * _ONE).astype(np.int32) for share in (np.float32(1.0) - fraction, fraction))
    positions = (np.clip(first + step, 0, old - 1) for step in (0, 1))
    return (next(positions), next(positions)), (next(weights), next(weights))


def _check(rgb: Array, trimap: Array) -> None:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise InputError(f"picture of shape {rgb.shape} and type {rgb.dtype}; expected (H, W, 3) uint8; convert it")
    if trimap.ndim != 2 or trimap.dtype != np.uint8:
        raise InputError(f"trimap of shape {trimap.shape} and type {trimap.dtype}; expected (H, W) uint8; convert it")
    if trimap.shape != rgb.shape[:2]:
        raise InputError(
            f"the trimap is {trimap.shape[1]} x {trimap.shape[0]} px and the picture {rgb.shape[1]} x {rgb.shape[0]}; "
            "expected one size; export the trimap at the picture's size"
        )
