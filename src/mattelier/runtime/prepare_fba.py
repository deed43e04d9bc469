"""What FBA's network is given and how its answer is read: as published, the whole picture at once; and tile by tile.

Published, sides are rounded up to multiples of 8 by resampling. A tile is never resampled: it has such a size, or is
padded to it where the photo itself is too small.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.interpolate import interpolate
from mattelier.image.trimap_encoding import distance_maps, two_channels

MULTIPLE_OF = 8
Area = tuple[slice, slice]  # rows, columns
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
    return _named(image, two_chan, distance_maps(two_chan))


def tile_input(rgb: Array, around: Array, inner: Area) -> dict[str, Float]:
    """A part of a picture, (h, w, 3) uint8 sRGB -> the four inputs; sides up to multiples of 8 repeat the last pixel.

    around: the part's trimap with REACH_PX more on every side, as far as the picture goes, so that distances are those
    of the whole picture to 1/255; inner: where in it the part lies.
    Raises InputError when the sizes differ or a type is another.
    """
    height, width = _shared_size(rgb, around[inner])
    size = published_size((height, width))
    pad = ((0, size[0] - height), (0, size[1] - width), (0, 0))
    two_chan = two_channels(around)
    maps = distance_maps(two_chan)[:, *inner]
    return _named(
        np.pad(rgb, pad, "edge") / np.float32(255.0),
        np.pad(two_chan[inner], pad, "edge"),
        np.pad(maps, (pad[2], *pad[:2]), "edge"),
    )


def tile_layers(outputs: Mapping[str, Array], rgb: Array, trimap: Array) -> Layers:
    """The network's three heads for a part of a picture, what was padded cut off and what is known put back."""
    height, width = _shared_size(rgb, trimap)
    return published_layers({name: plane[..., :height, :width] for name, plane in outputs.items()}, rgb, trimap)


def published_layers(outputs: Mapping[str, Array], rgb: Array, trimap: Array) -> Layers:
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


def _named(image: Array, two_chan: Array, maps: Float) -> dict[str, Float]:
    """(h, w, 3), (h, w, 2) and (6, h, w) as the network's inputs."""
    planes = {
        "image": image.transpose(2, 0, 1),
        "two_chan_trimap": two_chan.transpose(2, 0, 1),
        "image_n": ((image - MEAN) / STD).transpose(2, 0, 1),
        "trimap_transformed": maps,
    }
    return {name: np.ascontiguousarray(plane[None], np.float32) for name, plane in planes.items()}


def _shared_size(rgb: Array, trimap: Array) -> tuple[int, int]:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise InputError(f"picture of shape {rgb.shape} and type {rgb.dtype}; expected (H, W, 3) uint8; convert it")
    if trimap.shape != rgb.shape[:2]:
        raise InputError(
            f"the trimap is {trimap.shape[1]} x {trimap.shape[0]} px and the picture {rgb.shape[1]} x {rgb.shape[0]}; "
            "expected one size; export the trimap at the picture's size"
        )
    return rgb.shape[0], rgb.shape[1]
