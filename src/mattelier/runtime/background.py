"""What lies behind the subject: a colour, another picture, or the photo's own background, blurred."""

import io
import re
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor

from mattelier.errors import InputError
from mattelier.image import Array
from mattelier.image.colour import to_depth, to_srgb
from mattelier.image.composite import blur_background, cover, over
from mattelier.image.io import Limits, decode

Background = str | PathLike[str] | Image.Image
BLUR_SHARE = 1 / 50  # of the longer side: the radius of a plain "blur"  # ours


def render(
    background: Background, pixels: Array, alpha: Array, profile: bytes | None, limits: Limits | None = None
) -> Array:
    """The background for a photo, in its type and colour space: (H, W, 3), or (3,) for one colour.

    background: a colour as in CSS ("white", "#fff", "rgb(1, 2, 3)"), "blur", "blur:20" (px), a picture or its path.
    Colours and pictures are converted from their own space to the photo's. Raises InputError.
    """
    if isinstance(background, str) and (radius_px := _blur_radius(background, max(alpha.shape))) is not None:
        return blur_background(pixels, alpha, radius_px)
    colour = _colour(background) if isinstance(background, str) else None
    if colour is not None:
        one: Array = to_depth(from_srgb(colour, profile), pixels.dtype)[0, 0]
        return one
    height, width = pixels.shape[:2]
    return to_depth(from_srgb(_picture(background, (height, width), limits or Limits()), profile), pixels.dtype)


def check(background: str) -> None:
    """Raises InputError for words that `render` would refuse, before any photo is read."""
    if _blur_radius(background, 1) is None and _colour(background) is None and not Path(background).is_file():
        raise InputError(_unknown(background))


def _blur_radius(text: str, longest_px: int) -> float | None:
    """The radius in px that "blur" or "blur:N" means; None for other words."""
    if text == "blur":
        return longest_px * BLUR_SHARE
    if not text.startswith("blur:"):
        return None
    if not re.fullmatch(r"\d+(\.\d+)?", number := text.removeprefix("blur:")):
        raise InputError(f"the background {text!r} has no usable radius; expected a number of pixels; try blur:20")
    return float(number)


def _colour(text: str) -> Array | None:
    """(1, 1, 3) uint8 sRGB, or None when the text is no colour."""
    try:
        colour = ImageColor.getrgb(text)
    except ValueError:
        return None
    if len(colour) == 4 and colour[3] < 255:
        raise InputError(
            f"the background {text!r} is not opaque; expected a solid colour; leave the last two digits away"
        )
    return np.array([[colour[:3]]], np.uint8)


def _picture(source: Background, hw: tuple[int, int], limits: Limits) -> Array:
    """(H, W, 3) uint8 sRGB, scaled to cover hw; transparent places are white."""
    if not isinstance(source, Image.Image) and not Path(source).is_file():
        raise InputError(_unknown(source))
    picture = decode(source, limits)
    pixels = cover(picture.pixels, hw)
    if picture.alpha is not None:
        opacity = to_depth(cover(picture.alpha[..., None], hw)[..., 0], np.float32)
        pixels = over(pixels, np.full(3, np.iinfo(pixels.dtype).max, pixels.dtype), opacity)
    return to_srgb(pixels, picture.profile)


def from_srgb(pixels: Array, profile: bytes | None) -> Array:
    """(H, W, 3) uint8 sRGB -> uint8 in the profile's space; the same values when that is sRGB."""
    if profile is None or is_srgb(profile):
        return pixels
    from PIL import ImageCms

    target = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transform = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), target, "RGB", "RGB")
    # built from what to_srgb accepted, so this cannot fail for the profile's sake
    converted = ImageCms.applyTransform(Image.fromarray(np.ascontiguousarray(pixels)), transform)
    return np.asarray(converted)


def is_srgb(profile: bytes | None) -> bool:
    """Whether to_srgb leaves values alone: without a profile, and with one that is sRGB in all but name."""
    if profile is None:
        return True
    steps = np.arange(0, 256, 51, dtype=np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    return bool(np.array_equal(to_srgb(cube, profile), cube))


def _unknown(background: object) -> str:
    return (
        f"the background {str(background)!r} is neither a colour nor a file; "
        'expected a colour such as white or "#00ff00", a picture file, or blur:20; check the spelling or the path'
    )
