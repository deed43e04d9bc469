"""A picture to bytes of a format, and bytes to a file that is whole or absent."""

import contextlib
import errno
import os
import secrets
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from mattelier.errors import InputError
from mattelier.image import Array
from mattelier.image.png import encode_png
from mattelier.image.samples import to_depth
from mattelier.image.tiff import encode_tiff

Format = Literal["png", "webp", "tiff", "jpg"]

FORMATS: dict[str, Format] = {
    ".png": "png",
    ".webp": "webp",
    ".tiff": "tiff",
    ".tif": "tiff",
    ".jpg": "jpg",
    ".jpeg": "jpg",
}
_LONGEST_SIDE = {"webp": 16383, "jpg": 65500}  # what the formats' encoders can address


def encode(
    pixels: Array,
    alpha: Array | None,
    format: Format,
    bits: Literal[8, 16] | None = None,
    profile: bytes | None = None,
) -> bytes:
    """A picture file of these samples. No metadata of the photo is copied except the ICC profile.

    pixels: (H, W, 3), or (H, W) grey, uint8 or uint16; alpha: (H, W), same dtype, straight, or None.
    bits: None keeps the array's depth; WebP and JPEG are always 8 and refuse 16.
    PNG and TIFF keep every sample, except that colour under alpha 0 becomes 0 (nobody sees it, it compresses).
    WebP: colour at quality 90, alpha lossless. JPEG: quality 95, full colour resolution, refuses alpha.
    Raises InputError for what the format cannot hold.
    """
    _check_arrays(pixels, alpha)
    if format not in FORMATS.values():
        raise InputError(f"the format is {format!r}; png, webp, tiff or jpg was expected; choose one of these")
    if bits not in (None, 8, 16):
        raise InputError(f"{bits} bits were asked for; 8 or 16 were expected; choose one of these")
    if format in ("png", "tiff"):
        depth = bits or (8 if pixels.dtype == np.uint8 else 16)
        deep = None if alpha is None else to_depth(alpha, depth)
        return (encode_png if format == "png" else encode_tiff)(to_depth(pixels, depth), deep, profile)
    if bits == 16:
        raise InputError(f"16 bits were asked for; {format} holds 8; use png or tiff, or 8 bits")
    return _encode_lossy(to_depth(pixels, 8), None if alpha is None else to_depth(alpha, 8), format, profile)


def _check_arrays(pixels: Array, alpha: Array | None) -> None:
    good = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)
    if not good or pixels.dtype not in (np.uint8, np.uint16) or 0 in pixels.shape:
        raise InputError(
            f"the pixels are {pixels.dtype} of shape {pixels.shape}; uint8 or uint16 of (height, width, 3) or "
            "(height, width) were expected; convert them"
        )
    if alpha is not None and (alpha.shape != pixels.shape[:2] or alpha.dtype != pixels.dtype):
        raise InputError(
            f"alpha is {alpha.dtype} of shape {alpha.shape}; {pixels.dtype} of {pixels.shape[:2]} was expected, "
            "like the pixels; resize or convert it"
        )


def _encode_lossy(pixels: Array, alpha: Array | None, format: Format, profile: bytes | None) -> bytes:
    height, width = pixels.shape[:2]
    if max(height, width) > _LONGEST_SIDE[format]:
        raise InputError(
            f"the picture is {width} x {height}; {format} holds at most {_LONGEST_SIDE[format]} a side; use png or tiff"
        )
    if format == "jpg" and alpha is not None:
        raise InputError("the picture has transparency; jpg holds none; use png or webp, or put it over a background")
    image = Image.fromarray(pixels)
    if alpha is not None:
        image = image.convert("RGB")
        image.putalpha(Image.fromarray(alpha))
    out = BytesIO()
    if format == "jpg":
        image.save(out, "JPEG", quality=95, subsampling=0, icc_profile=profile)
    else:  # method 2: half the time of the default, files 5 % larger
        image.save(out, "WEBP", quality=90, alpha_quality=100, method=2, icc_profile=profile or b"")
    return out.getvalue()


def is_same_file(one: Path, other: Path) -> bool:
    """Whether both are there and are one file, by another path or a hard link too: an output must not be an input."""
    return one.exists() and other.exists() and one.samefile(other)


def write(path: str | PathLike[str], data: bytes, overwrite: bool = False) -> None:
    """Put `data` at `path`, whole or not at all: written under another name in the same folder, then renamed.

    Without `overwrite` an existing file stays, also one that appears at the last moment. Raises InputError.
    """
    path = Path(path)
    if not overwrite and os.path.lexists(path):
        raise _exists(path)
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with open(part, "xb") as file:
            file.write(data)
        if overwrite:
            os.replace(part, path)
        else:
            _move_without_replacing(part, path)
    except FileExistsError:
        raise _exists(path) from None
    except (OSError, ValueError) as error:
        raise InputError(_why_not(path, error)) from error
    finally:
        with contextlib.suppress(OSError, ValueError):
            os.unlink(part)


def _move_without_replacing(part: Path, path: Path) -> None:
    """Rename, but fail with FileExistsError if `path` is taken: a hard link does both in one step."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # a file system without hard links: reserve the name first
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        try:
            os.replace(part, path)
        except OSError:
            os.unlink(path)
            raise


def _exists(path: Path) -> InputError:
    return InputError(f"{path} exists already; a new name was expected; choose another, or ask to overwrite")


def _why_not(path: Path, error: Exception) -> str:
    code = getattr(error, "errno", None)
    if isinstance(error, IsADirectoryError) or os.path.isdir(path):
        return f"{path} is a folder; a file name was expected; add one"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"the folder {path.parent} does not exist; an existing folder was expected; create it first"
    if isinstance(error, PermissionError) or code == errno.EROFS:
        return f"{path.parent} may not be written to; a writable folder was expected; choose another"
    if code in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {path.parent} is full; room for the picture was expected; free some space"
    return f"{path} cannot be written ({error}); a usable file name was expected; choose another"
