"""MatteFormer's published test procedure around its network: padding, one-hot trimap, os8 -> os4 -> os1, known pixels.

Park et al., "MatteFormer", CVPR 2022, and the released test code. The network merges its three alphas itself; `merge`
is the procedure as released, for who holds the three.
"""

from collections.abc import Mapping

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.ellipse import rectangles

MULTIPLE_OF, BORDER_PX = 32, 32
INPUTS = ("image", "trimap")
Area = tuple[slice, slice]  # rows, columns
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BELOW_IS_BACKGROUND, FROM_IS_FOREGROUND = 85, 170  # of a trimap's 256 greys
SQUARE_PX = 640  # uncertain regions grow on a square of this side
SIDE_OS4_PX, SIDE_OS1_PX = 15, 7  # of the ellipses
CERTAIN = 1 / 255


def published_size(hw: tuple[int, int]) -> tuple[int, int]:
    """Both sides up to the next multiple of 32, and 32 px of border on every side."""
    height, width = (-(-side // MULTIPLE_OF) * MULTIPLE_OF + 2 * BORDER_PX for side in hw)
    return height, width


def published_input(rgb: Array, trimap: Array) -> dict[str, Float]:
    """(H, W, 3) uint8 sRGB and (H, W) uint8 -> image and trimap, (1, 3, h, w) float32, sizes as `published_size` says.

    image: normalised as ImageNet's; trimap: background, unknown, foreground, one-hot. Both are mirrored over the edge,
    again and again where a picture is smaller than its border.
    Raises InputError when the sizes differ or a type is another.
    """
    return tile_input(rgb, trimap, (slice(0, rgb.shape[0]), slice(0, rgb.shape[1])))


def tile_input(rgb: Array, trimap: Array, inner: Area) -> dict[str, Float]:
    """The same of a part of a picture: its border shows what lies around it, and is mirrored where the picture ends.

    rgb, trimap: the part with BORDER_PX more on every side, as far as the picture goes; inner: where in it the part
    lies.  Raises InputError when the sizes differ or a type is another.
    """
    hw = _shared_size(rgb, trimap)
    part = (inner[0].stop - inner[0].start, inner[1].stop - inner[1].start)
    befores = (BORDER_PX - inner[0].start, BORDER_PX - inner[1].start)
    sides = [
        (before, full - before - side) for before, full, side in zip(befores, published_size(part), hw, strict=True)
    ]
    padded = np.pad(rgb, (*sides, (0, 0)), mode="reflect")
    image = (padded / np.float32(255) - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
    planes: dict[str, Array] = {
        "image": image.transpose(2, 0, 1),
        "trimap": one_hot(np.pad(trimap, sides, mode="reflect")),
    }
    return {name: np.ascontiguousarray(plane[None], np.float32) for name, plane in planes.items()}


def published_alpha(outputs: Mapping[str, Array], trimap: Array) -> Float:
    """The network's answer, (1, 1, h, w), as alpha (H, W) float32 in [0, 1], with what is known put back.

    outputs: alpha, merged by the network, or else alpha_os8, alpha_os4 and alpha_os1. The released code stores
    floor(255 alpha).
    """
    height, width = trimap.shape
    if "alpha" in outputs:
        whole = outputs["alpha"][0, 0]
    else:
        whole = merge(*(outputs[f"alpha_os{stride}"][0, 0] for stride in (8, 4, 1)))
    alpha = without_border(whole, (height, width))
    background, _, foreground = one_hot(trimap)
    return np.where(background == 1, 0.0, np.where(foreground == 1, 1.0, alpha)).astype(np.float32)


def without_border(plane: Array, hw: tuple[int, int]) -> Array:
    """What the network answered of the picture itself: (..., h, w) -> (..., *hw)."""
    return plane[..., BORDER_PX : BORDER_PX + hw[0], BORDER_PX : BORDER_PX + hw[1]]


def merge(os8: Float, os4: Float, os1: Float) -> Float:
    """A finer alpha decides wherever the coarser one is uncertain, or nearly so; all (H, W) in [0, 1]."""
    alpha = np.where(unknown(os8, SIDE_OS4_PX), os4, os8)
    return np.where(unknown(alpha, SIDE_OS1_PX), os1, alpha).astype(np.float32)


def unknown(alpha: Float, side_px: int) -> Array:
    """(H, W) bool: where alpha is neither 0 nor 1, grown by an ellipse of this odd side on a square of 640 px."""
    from scipy.ndimage import maximum_filter

    height, width = alpha.shape
    there = np.ix_(*(np.arange(SQUARE_PX) * side // SQUARE_PX for side in (height, width)))
    back = np.ix_(*(np.arange(side) * SQUARE_PX // side for side in (height, width)))
    square = alpha[there]
    uncertain = (square >= np.float32(CERTAIN)) & (square <= np.float32(1 - CERTAIN))
    grown = np.zeros_like(uncertain)
    for each in rectangles(side_px):
        size = (each.up + 1 + each.down, each.left + 1 + each.right)
        grown |= maximum_filter(uncertain, size, mode="constant", cval=0)
    result: Array = grown[back]
    return result


def one_hot(trimap: Array) -> Float:
    """(H, W) uint8 -> (3, H, W): background, unknown, foreground. Greys between belong to the nearest third."""
    background, foreground = trimap < BELOW_IS_BACKGROUND, trimap >= FROM_IS_FOREGROUND
    return np.stack((background, ~(background | foreground), foreground)).astype(np.float32)


def _shared_size(rgb: Array, trimap: Array) -> tuple[int, int]:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise InputError(f"picture of shape {rgb.shape} and type {rgb.dtype}; expected (H, W, 3) uint8; convert it")
    if trimap.shape != rgb.shape[:2] or trimap.dtype != np.uint8:
        raise InputError(
            f"trimap of shape {trimap.shape} and type {trimap.dtype} for a picture of {rgb.shape[:2]}; expected uint8 "
            "of the same size; export the trimap at the picture's size"
        )
    return rgb.shape[0], rgb.shape[1]
