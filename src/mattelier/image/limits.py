"""What a source may weigh, checked before it costs memory; and the bytes of a source."""

import os
import stat
from dataclasses import dataclass
from os import PathLike
from typing import BinaryIO

from mattelier.errors import InputError


@dataclass(frozen=True)
class Limits:
    """How large a picture may be: bytes before it is read, pixels before it is decoded."""

    file_bytes: int = 256 * 1024 * 1024
    pixels: int = 128_000_000


DEFAULT = Limits()


def read_bytes(source: str | PathLike[str] | bytes, limits: Limits) -> tuple[str, bytes]:
    """The name to use in messages, and the whole content.

    Raises InputError when there is nothing to read, or more than `limits.file_bytes`.
    """
    if isinstance(source, bytes):
        name, data = "the data given", source
    else:
        name = os.fspath(source)
        data = _read_file(name, limits)
    if len(data) > limits.file_bytes:
        raise _too_heavy(name, len(data), limits)
    if not data:
        raise InputError(f"{name} is empty (0 bytes); a picture was expected; copy or download it again")
    return name, data


def _read_file(name: str, limits: Limits) -> bytes:
    try:
        with open(name, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return _read_stream(file, limits.file_bytes + 1)
            if status.st_size > limits.file_bytes:
                raise _too_heavy(name, status.st_size, limits)
            return file.read(status.st_size + 1)
    except IsADirectoryError:
        raise InputError(f"{name} is a folder; one picture file was expected; name a file inside it") from None
    except FileNotFoundError:
        raise InputError(f"{name} does not exist; a picture file was expected; check the path") from None
    except PermissionError:
        if os.path.isdir(name):  # Windows reports a folder this way
            raise InputError(f"{name} is a folder; one picture file was expected; name a file inside it") from None
        raise InputError(f"{name} may not be read; read permission was expected; change its permissions") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        raise InputError(f"{name!r} cannot be read ({error}); a picture file was expected; check the path") from error


def _read_stream(file: BinaryIO, most: int) -> bytes:
    """A pipe or device, piece by piece: one read of `most` bytes would set that much memory aside."""
    pieces: list[bytes] = []
    while most > 0 and (piece := file.read(min(most, 1 << 20))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def _too_heavy(name: str, size: int, limits: Limits) -> InputError:
    return InputError(
        f"{name} has at least {size} bytes; at most {limits.file_bytes} were expected; "
        "use a smaller file or raise Limits.file_bytes"
    )


def check_pixels(name: str, width: int, height: int, limits: Limits) -> None:
    """Refuse a picture whose header promises no pixels at all, or more than `limits.pixels`."""
    if width < 1 or height < 1:
        raise InputError(f"{name} is {width} x {height} pixels; at least 1 x 1 was expected; export the picture again")
    if width * height > limits.pixels:
        raise InputError(
            f"{name} is {width} x {height} = {width * height} pixels; at most {limits.pixels} were expected; "
            "make it smaller or raise Limits.pixels"
        )
