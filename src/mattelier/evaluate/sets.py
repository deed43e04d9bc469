"""Picture sets as a benchmark sees them: photos, what their alphas should be, and what a system may be told."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from mattelier.data.datasets import read_photos
from mattelier.data.readers.example import Example
from mattelier.data.readers.registry import recognise
from mattelier.errors import InputError
from mattelier.image import Array
from mattelier.image.io import decode, decode_mask
from mattelier.image.trimap import BACKGROUND, FOREGROUND, UNKNOWN

Hint = Literal["none", "trimap", "prompt"]  # what a system must be told beside the photo
_CHUNK = 1 << 20


@dataclass(frozen=True)
class PictureSet:
    """A folder's pictures, and in words what they are."""

    name: str
    kind: str
    pictures: tuple[Example, ...]

    def for_systems(self, hint: Hint) -> tuple[Example, ...]:
        """The pictures that a system with such a hint is judged on.

        Without hints: those with one evident subject. With a trimap or words: all that have one.
        """
        if hint == "trimap":
            return tuple(picture for picture in self.pictures if picture.trimap)
        if hint == "prompt":
            return tuple(picture for picture in self.pictures if picture.prompt)
        return tuple(picture for picture in self.pictures if picture.automatic)

    def sha256(self) -> str:
        """One digest of every file's bytes and of what each is; the folder's place does not matter."""
        total = hashlib.sha256()
        for picture in self.pictures:
            total.update(f"{picture.name}\n{picture.automatic}\n{picture.prompt}\n".encode())
            for path in (picture.image, picture.alpha, picture.trimap, picture.foreground):
                total.update(file_digest(path).encode() if path else b"-")
        return total.hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file, "missing" when it cannot be read: that is a matter of its picture, named when it is judged."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return "missing"
    return digest.hexdigest()


def read_set(root: Path, limit: int | None = None) -> PictureSet:
    """A training folder's `test` split (photos/), or any layout of data.readers; limit: the first so many pictures.

    Raises InputError when it is none of these, is incomplete, or gives nothing.
    """
    if limit is not None and limit < 1:
        raise InputError(f"{limit} pictures were asked for; expected 1 or more; leave the limit out for all")
    if (root / "photos" / "manifest.csv").is_file():
        kind, pictures = "test split, teacher mattes", tuple(_photos(root))
    elif reader := recognise(root):
        kind, pictures = _words(reader.name), reader.read(root, "test")
    else:
        raise InputError(
            f"{root} holds no set to measure on; expected photos/manifest.csv, images/ with alpha/, or the layout of a "
            "published set (docs/evaluate.md lists them)"
        )
    if not pictures:
        raise InputError(f"{root} has no picture to measure on; expected a test split, or rows in its manifest")
    return PictureSet(root.resolve().name, kind, pictures[:limit])


def _words(reader: str) -> str:
    return "benchmark, true alpha" if reader == "benchmark" else reader


def _photos(root: Path) -> Iterator[Example]:
    for photo in read_photos(root, "test"):
        yield Example(photo.name, photo.image, photo.matte, category=photo.category)


@dataclass(frozen=True)
class Truth:
    """A picture's answer: target (H, W) uint8 or uint16, trimap (H, W) of 0, 128, 255 or None."""

    target: Array
    trimap: Array | None

    @property
    def unknown(self) -> Array | None:
        """The unknown region, (H, W) bool; None where there is nothing of the kind."""
        region = None if self.trimap is None else self.trimap == UNKNOWN
        return region if region is not None and region.any() else None


def read_truth(picture: Example) -> Truth:
    """Load alpha and trimap.  Raises InputError when they cannot be read or differ in size."""
    target = decode_mask(picture.alpha)
    trimap = None if picture.trimap is None else read_trimap(picture.trimap)
    if trimap is not None and trimap.shape != target.shape:
        raise InputError(
            f"{picture.trimap} is {trimap.shape} and {picture.alpha} {target.shape}; expected one size; "
            "unpack the set again"
        )
    return Truth(target, trimap)


def read_trimap(path: Path) -> Array:
    """(H, W) uint8: 0 and 255 as they are, every other grey is unknown, which some sets write as 127 or 129."""
    grey = decode_mask(path)
    return np.where(grey == FOREGROUND, FOREGROUND, np.where(grey == BACKGROUND, BACKGROUND, UNKNOWN)).astype(np.uint8)


def read_colours(path: Path) -> Array:
    """(H, W, 3), the file's own samples, upright."""
    return decode(path).pixels
