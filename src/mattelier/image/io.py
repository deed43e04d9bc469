"""Pictures in and out: file, bytes, PIL image or array -> upright samples with alpha and profile; and back to a file.

Samples are the file's own: 8 or 16 bits, its own colour space, nothing scaled by a picture's own extremes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike

import numpy as np
from PIL import Image

from mattelier.errors import InputError
from mattelier.image import Array
from mattelier.image.containers import avif_bits, holds_several, kind_of, open_image, refuse_damage
from mattelier.image.limits import DEFAULT, Limits, check_pixels, read_bytes
from mattelier.image.output import FORMATS, Format, encode, write
from mattelier.image.png import has_all_rows
from mattelier.image.profiles import is_foreign, profile_for_rgb, to_srgb
from mattelier.image.samples import (
    divide_by_alpha,
    float_to_16,
    is_cut,
    key_alpha,
    raw_mode,
    read_deep,
    read_plain,
    to_array,
    to_depth,
    turn_upright,
)

__all__ = ["FORMATS", "Format", "Limits", "Picture", "Source", "decode", "decode_mask", "encode", "to_depth", "write"]

Source = str | PathLike[str] | bytes | Image.Image | Array

_SEVERAL = "The file holds several pictures; the first was used."
_FLOATS = "The picture holds floats; they were kept as 16-bit integers."
_DNG_VERSION, _SUBFILE, _PHOTOMETRIC, _BITS, _PLANES = 50706, 254, 262, 258, 284  # TIFF tags


@dataclass(frozen=True)
class Picture:
    """A decoded photo.

    pixels: (H, W, 3) uint8 or uint16, the photo's own colour space, upright, straight (not premultiplied).
    alpha: (H, W), same dtype; None when the file carries none.
    profile: the ICC profile that belongs to `pixels`, valid for RGB; None means sRGB.
    notes: sentences that a user should see (first frame used, colours converted, profile left out).
    """

    pixels: Array
    alpha: Array | None
    profile: bytes | None
    notes: tuple[str, ...] = ()


def decode(source: Source, limits: Limits = DEFAULT) -> Picture:
    """Read a picture: JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF or HEIC by content, a PIL image, or an array.

    Arrays: (H, W, 3) or (H, W, 4) with straight alpha, or grey (H, W); uint8, uint16, or float in [0, 1], which
    becomes 16 bit. Raises InputError for what is missing, damaged, too large by `limits` (checked before decoding) or
    cannot be kept whole, and MissingExtra for HEIC without pi-heif.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, limits)
    if isinstance(source, Image.Image):
        return _from_pillow(source, limits)
    if not isinstance(source, str | bytes | PathLike):
        raise InputError(
            f"the picture is a {type(source).__name__}; a path, bytes, a PIL image or a numpy array was expected; "
            "pass one of these"
        )
    name, data = read_bytes(source, limits)
    kind = kind_of(data, name)
    with refuse_damage(name, kind):
        if kind == "heif":
            return _from_heif(data, name, limits)
        return _from_file(data, kind, name, limits)


def decode_mask(source: Source, limits: Limits = DEFAULT) -> Array:
    """Read a mask or a trimap as grey, (H, W) uint8, upright, no ICC conversion.

    Equal channels are taken as they are, others by Rec. 601 luma; 16 bit is rounded to 8. A transparent pixel counts
    as black in proportion, so a trimap painted on transparent ground reads as it looks over black.
    Arrays may also be (H, W) bool. Raises as `decode` does.
    """
    if isinstance(source, np.ndarray) and source.dtype == bool:
        source = source.astype(np.uint8) * np.uint8(255)
    picture = decode(source, limits)
    pixels = to_depth(picture.pixels, 8)
    grey: Array = np.ascontiguousarray(pixels[..., 0])
    if not (np.array_equal(grey, pixels[..., 1]) and np.array_equal(grey, pixels[..., 2])):
        grey = np.array(Image.fromarray(pixels).convert("L"))
    if picture.alpha is None:
        return grey
    cover = to_depth(picture.alpha, 8).astype(np.uint16)
    return ((grey * cover + 127) // 255).astype(np.uint8)


def _from_array(array: Array, limits: Limits) -> Picture:
    shape = array.shape
    if array.ndim not in (2, 3) or (array.ndim == 3 and shape[2] not in (3, 4)):
        raise InputError(
            f"the array has shape {shape}; (height, width, 3 or 4) was expected; move colour to the last axis, "
            "and pass the pictures of a stack one by one"
        )
    check_pixels("the array", shape[1], shape[0], limits)
    samples = array.reshape(*shape[:2], -1)
    if array.dtype.kind == "f":
        return _picture(float_to_16(samples, "the array"), None)
    if array.dtype.kind != "u" or array.dtype.itemsize > 2:
        raise InputError(
            f"the array holds {array.dtype}; uint8, uint16 or floats within 0 and 1 were expected; convert it"
        )
    return _picture(samples.astype(array.dtype.newbyteorder("=")), None)  # a copy: the caller may change theirs


def _from_pillow(image: Image.Image, limits: Limits) -> Picture:
    if is_cut(image, raw_mode(image)):
        raise InputError(
            "the PIL image is an unread file of 16-bit colour, which Pillow cuts to 8; all bits were expected; "
            "pass the file's path instead"
        )
    with refuse_damage("the PIL image", image.format or "picture"):
        return _from_image(image, "the PIL image", limits, lambda: image)


def _from_heif(data: bytes, name: str, limits: Limits) -> Picture:
    from mattelier.image.heif import decode_heif

    samples, profile, several = decode_heif(data, name, limits)
    return _picture(samples, profile, [_SEVERAL] if several else [])


def _from_file(data: bytes, kind: str, name: str, limits: Limits) -> Picture:
    def again() -> Image.Image:
        return open_image(data, kind, name)

    if kind == "tiff" and _is_unusual(data, name):
        return _from_unusual_tiff(data, name, limits)
    image = again()
    check_pixels(name, *image.size, limits)
    notes = [_SEVERAL] if holds_several(again()) else []
    if kind == "avif" and avif_bits(data) > 8:
        notes.append(f"The AVIF has {avif_bits(data)} bits a sample; its decoder gave 8.")
    picture = _from_image(image, name, limits, again, notes)
    if kind == "png":
        _check_png(data, name, picture.pixels)
    return picture


def _check_png(data: bytes, name: str, pixels: Array) -> None:
    """Two things Pillow may do without a word: cut 16 bits to 8, and leave missing rows empty."""
    if data[24] == 16 and pixels.dtype == np.uint8:
        raise InputError(f"{name} is a 16-bit PNG, read as 8 by this Pillow; all bits were expected; change Pillow")
    may_lack_rows = data[25] == 3 or data[28] == 1 or not pixels[-1].any()  # palette, interlaced, black last row
    if may_lack_rows and not has_all_rows(data):
        raise InputError(f"{name} is a damaged PNG file (rows are missing); a whole one was expected; copy it again")


def _is_unusual(data: bytes, name: str) -> bool:
    """True for a TIFF that Pillow cannot hold whole. Raises InputError for a camera raw file."""
    try:
        tags = open_image(data, "tiff", name).tag_v2  # type: ignore[attr-defined]
    except InputError:
        return True  # unknown to Pillow, or damaged: the other reader finds out
    if _DNG_VERSION in tags or tags.get(_SUBFILE, 0) & 1:
        raise InputError(
            f"{name} is a camera raw file, or begins with a thumbnail; a developed picture was expected; "
            "develop it to TIFF or JPEG first"
        )
    deep = max(tags.get(_BITS, (1,))) > 8
    return bool(deep and (tags.get(_PLANES) == 2 or tags.get(_PHOTOMETRIC) == 0))  # read wrongly, or not inverted


def _from_unusual_tiff(data: bytes, name: str, limits: Limits) -> Picture:
    from mattelier.image.tiff import decode_unusual

    found = decode_unusual(data, name, limits)
    samples, notes = found.values, []
    if samples.dtype.kind == "f":
        samples, notes = float_to_16(samples, name), [_FLOATS]
    elif samples.dtype.kind != "u" or samples.dtype.itemsize > 2:
        raise InputError(f"{name} holds {samples.dtype} samples; 8 or 16 bits were expected; export it as 16-bit TIFF")
    samples = divide_by_alpha(samples) if found.premultiplied else samples
    return _picture(turn_upright(samples, found.orientation), found.profile, notes)


def _from_image(
    image: Image.Image, name: str, limits: Limits, again: Callable[[], Image.Image], notes: list[str] | None = None
) -> Picture:
    """The picture in a Pillow image, read or not; `again` opens another image of the same file."""
    check_pixels(name, *image.size, limits)
    raw, profile, notes = raw_mode(image), image.info.get("icc_profile"), notes or []
    if is_cut(image, raw):
        samples = read_deep(image, raw, again, name)
        return _picture(samples, profile, notes, key_alpha(image, raw, samples))
    image = read_plain(image, raw, name)
    if image.mode == "F":
        return _picture(float_to_16(to_array(image), name), profile, [*notes, _FLOATS])
    key = key_alpha(image, raw, to_array(image)) if "transparency" in image.info else None
    if is_foreign(image, profile):
        image, note = to_srgb(image, profile)
        profile, notes = None, [*notes, note]
    return _picture(to_array(image), profile, notes, key)


def _picture(
    samples: Array, profile: bytes | None, notes: list[str] | None = None, key: Array | None = None
) -> Picture:
    """Split (H, W, 1 to 4) samples; `key` is alpha that came another way than as a channel."""
    channels = samples.shape[2]
    colour, alpha = (samples[..., :-1], samples[..., -1]) if channels in (2, 4) else (samples, key)
    profile, dropped = profile_for_rgb(profile)
    alpha = None if alpha is None else np.ascontiguousarray(alpha)
    return Picture(_three(colour), alpha, profile, (*(notes or ()), *dropped))


def _three(colour: Array) -> Array:
    """(H, W, 1 or 3) as contiguous (H, W, 3)."""
    if colour.shape[2] == 3 and colour.flags.c_contiguous:
        return colour
    out: Array = np.empty((*colour.shape[:2], 3), colour.dtype)
    for c in range(3):  # channel by channel: three times faster than by the short last axis
        out[..., c] = colour[..., min(c, colour.shape[2] - 1)]
    return out
