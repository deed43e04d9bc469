"""Colour: sample depth, sRGB and linear light, luminance, and the sRGB copy a network sees."""

import io
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from mattelier.errors import InputError
from mattelier.image import Array, Float

_UINT8, _UINT16 = np.dtype(np.uint8), np.dtype(np.uint16)
_WHITE = {_UINT8: 255.0, _UINT16: 65535.0, np.dtype(np.float32): 1.0}
# ITU-R BT.709: luminance of linear RGB, luma of encoded RGB.
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
# 8-bit steps by which a profile may move a colour and still be called sRGB (rounding of its tables).
_SRGB_TOLERANCE = 2
# Samples converted at a time: what lies between input and output stays in the cache.
_BLOCK = 1 << 16


def to_depth(samples: Array, dtype: DTypeLike) -> Array:
    """Convert between uint8 [0, 255], uint16 [0, 65535] and float32 [0, 1], any shape, rounded to nearest.

    Returns the array itself when nothing changes; uint8 -> uint16 -> uint8 is exact.
    Raises InputError for any other type.
    """
    target = np.dtype(dtype)
    if samples.dtype == target:
        return samples
    flat, result = samples.reshape(-1), np.empty(samples.size, target)
    for start in range(0, max(1, flat.size), _BLOCK):
        block = slice(start, start + _BLOCK)
        result[block] = _convert(flat[block], target)
    return result.reshape(samples.shape)


def _convert(samples: Array, target: np.dtype[Any]) -> Array:
    if (samples.dtype, target) == (_UINT8, _UINT16):
        return np.multiply(samples, 257, dtype=np.uint16)
    if (samples.dtype, target) == (_UINT16, _UINT8):
        # x / 257 rounded, for every 16-bit x (the test tries them all); a real division takes thrice the time.
        return ((samples.astype(np.uint32) * 255 + 32895) >> 16).astype(np.uint8)
    if target == np.float32:
        return np.multiply(samples, np.float32(1 / white(samples.dtype)), dtype=np.float32)
    if samples.dtype.kind == "f":
        return np.rint(np.clip(samples, 0, 1) * white(target)).astype(target)
    raise InputError(
        f"samples of type {samples.dtype} cannot become {target}; expected uint8, uint16 or float32; convert first"
    )


def white(dtype: DTypeLike) -> float:
    """Value of full intensity: 255 for uint8, 65535 for uint16, 1 for float32. Raises InputError otherwise."""
    value = _WHITE.get(np.dtype(dtype))
    if value is None:
        raise InputError(
            f"samples of type {np.dtype(dtype)} have no known white; expected uint8, uint16 or float32; convert first"
        )
    return value


def srgb_to_linear(rgb: Array) -> Float:
    """Decode sRGB values in [0, 1] to linear light (IEC 61966-2-1); any shape, float32 out."""
    rgb = np.asarray(rgb, np.float32)
    return np.where(rgb <= 0.04045, rgb / 12.92, ((np.maximum(rgb, 0.04045) + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear_to_srgb(linear: Array) -> Float:
    """Encode linear light in [0, 1] as sRGB values (IEC 61966-2-1); any shape, float32 out."""
    linear = np.asarray(linear, np.float32)
    curve = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, linear * 12.92, curve).astype(np.float32)


def luminance(rgb: Array) -> Float:
    """Rec. 709 weighted sum over the last axis: (..., 3) to (...), float32.

    Luminance when the values are linear, luma when they are encoded; the input's range is kept.
    """
    return np.asarray(rgb, np.float32) @ LUMINANCE


def to_srgb(pixels: Array, profile: bytes | None) -> Array:
    """Convert to (H, W, 3) uint8 sRGB, for the network's copy only.

    pixels: (H, W, 3) uint8 or uint16 in the space of the ICC profile; None means sRGB.
    Cheap on a small copy, so resize first. Raises InputError for a profile that is damaged or not RGB.
    """
    eight = to_depth(pixels, np.uint8)
    if profile is None:
        return eight
    transform = _transform(profile)
    if _changes_little(transform):
        return eight
    return _apply(transform, eight)


def is_rgb_profile(profile: bytes) -> bool:
    """True when the ICC profile can be read and describes RGB; to_srgb accepts exactly these."""
    try:
        _transform(profile)
    except InputError:
        return False
    return True


def _transform(profile: bytes) -> Any:
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    except (ImageCms.PyCMSError, OSError) as error:
        raise InputError(
            f"the picture's ICC profile of {len(profile)} bytes cannot be used ({error}); "
            "expected an RGB profile; save the picture again with an sRGB profile or with none"
        ) from error


def _apply(transform: Any, pixels: Array) -> Array:
    from PIL import Image, ImageCms

    image = Image.fromarray(np.ascontiguousarray(pixels))
    converted = ImageCms.applyTransform(image, transform)
    return np.asarray(converted)


def _changes_little(transform: Any) -> bool:
    """Asks a cube of colours: names lie ("c2", "sRGB built-in"), and camera sRGB profiles differ in bytes."""
    steps = np.arange(0, 256, 51, dtype=np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    moved = np.abs(_apply(transform, cube).astype(np.int16) - cube)
    return bool(moved.max() <= _SRGB_TOLERANCE)
