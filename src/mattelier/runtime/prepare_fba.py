"""FBA's published test procedure around its network: the whole picture at once, sides rounded up to multiples of 8.

Sizes that are multiples of 8 pass unchanged, so tiles of such a size go through the same two functions.
"""

from dataclasses import dataclass

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.interpolate import interpolate
from mattelier.image.trimap_encoding import distance_maps, two_channels

MULTIPLE_OF = 8
INPUTS = ("image", "two_chan_trimap", "image_n", "trimap_transformed")
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Layers:
    """alpha (H, W), foreground and background (H, W, 3), float32 in [0, 1], sRGB, straight."""

    alpha: Float
    foreground: Float
    background: Float


def published_size(hw: tuple[int, int]) -> tuple[int, int]:
    """Both sides up to the next multiple of 8."""
    height, width = (-(-side // MULTIPLE_OF) * MULTIPLE_OF for side in hw)
    return height, width


def published_input(rgb: Array, trimap: Array) -> dict[str, Float]:
    """(H, W, 3) uint8 sRGB and (H, W) uint8 -> the four inputs, (1, C, h, w) float32, in the network's order.

    Picture and two-channel trimap are drawn larger with Lanczos, distances taken in the larger one.
    Raises InputError when the sizes differ or a type is another.
    """
    hw = _shared_size(rgb, trimap)
    size = published_size(hw)
    image = interpolate(rgb / 255.0, size, "lanczos4")
    two_chan = interpolate(two_channels(trimap).astype(np.float64), size, "lanczos4")
    planes = {
        "image": image.transpose(2, 0, 1),
        "two_chan_trimap": two_chan.transpose(2, 0, 1),
        "image_n": ((image - MEAN) / STD).transpose(2, 0, 1),
        "trimap_transformed": distance_maps(two_chan),
    }
    return {name: np.ascontiguousarray(plane[None], np.float32) for name, plane in planes.items()}


def published_layers(outputs: dict[str, Array], rgb: Array, trimap: Array) -> Layers:
    """The network's three heads, (1, C, h, w), at the picture's size, with what is known put back.

    alpha is 0 and 1 where the trimap says so; where alpha is exactly 1 the foreground is the picture, where it is
    exactly 0 the background is.  Bilinear, though the released code asks for Lanczos: it passes the flag as another
    argument, and its published numbers were made so.
    """
    hw = _shared_size(rgb, trimap)
    alpha, foreground, background = (
        interpolate(outputs[name][0].transpose(1, 2, 0), hw) for name in ("alpha", "foreground", "background")
    )
    known = two_channels(trimap)
    alpha = np.where(known[..., 0] == 1, 0.0, np.where(known[..., 1] == 1, 1.0, alpha[..., 0])).astype(np.float32)
    picture = (rgb / 255.0).astype(np.float32)
    return Layers(
        alpha=alpha,
        foreground=np.where(alpha[..., None] == 1, picture, foreground),
        background=np.where(alpha[..., None] == 0, picture, background),
    )


def _shared_size(rgb: Array, trimap: Array) -> tuple[int, int]:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise InputError(f"picture of shape {rgb.shape} and type {rgb.dtype}; expected (H, W, 3) uint8; convert it")
    if trimap.shape != rgb.shape[:2]:
        raise InputError(
            f"the trimap is {trimap.shape[1]} x {trimap.shape[0]} px and the picture {rgb.shape[1]} x {rgb.shape[0]}; "
            "expected one size; export the trimap at the picture's size"
        )
    return rgb.shape[0], rgb.shape[1]
