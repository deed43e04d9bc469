"""Folders of pictures with mattes, cut-outs and backgrounds (layout: docs/train.md), read by split and quality."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from mattelier.errors import InputError
from mattelier.image import Array

Split = Literal["train", "val", "test"]
QUALITIES = ("good", "fair", "doubtful")  # best first


@dataclass(frozen=True)
class SetPicture:
    """A picture of a set on disk; foreground and background where the set has them."""

    image: Path
    alpha: Path
    foreground: Path | None
    background: Path | None


@dataclass(frozen=True)
class Photo:
    """A photograph with a matte of its own size; `quality` says how far a teacher's matte can be trusted."""

    name: str
    image: Path
    matte: Path
    category: str
    quality: str
    source: str
    licence: str
    description: str = ""  # a short noun phrase, where the manifest has one


@dataclass(frozen=True)
class Folder:
    """The three parts of a data folder; a part that is absent is empty."""

    photos: tuple[Photo, ...]
    foregrounds: tuple[Path, ...]
    backgrounds: tuple[Path, ...]


def read_folder(root: Path, split: Split, worst_quality: str = "fair") -> Folder:
    """Everything in root that belongs to a split; cut-outs and backgrounds belong to train only.

    Raises InputError when there is no photos/manifest.csv, a matte is missing or the split is empty.
    """
    photos = tuple(read_photos(root, split, worst_quality))
    if not photos:
        raise InputError(f"{root} has no photo of split {split!r}; expected rows with split={split} in its manifest")
    if split != "train":
        return Folder(photos, (), ())
    return Folder(photos, listed(root / "foregrounds"), listed(root / "backgrounds"))


def read_photos(root: Path, split: Split, worst_quality: str = "fair") -> Iterator[Photo]:
    accepted = QUALITIES[: QUALITIES.index(worst_quality) + 1]
    for row in rows(root / "photos"):
        if row["split"] != split or row.get("quality", "good") not in accepted:
            continue
        image = root / "photos" / f"{row['name']}.jpg"
        photo = Photo(
            row["name"],
            image,
            image.with_suffix(".png"),
            row.get("category", ""),
            row.get("quality", "good"),
            row.get("source", ""),
            row.get("licence", ""),
            row.get("description") or "",
        )
        for path in (photo.image, photo.matte):
            if not path.is_file():
                raise InputError(f"{path} is in the manifest and not in the folder; remove its row or add the file")
        yield photo


def listed(folder: Path) -> tuple[Path, ...]:
    return tuple(folder / row["name"] for row in rows(folder)) if (folder / "manifest.csv").is_file() else ()


def rows(folder: Path) -> list[dict[str, str]]:
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        raise InputError(f"{manifest} was not found; a data folder has one manifest.csv beside its pictures")
    with manifest.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@lru_cache(maxsize=8192)
def encoded(path: Path) -> bytes:
    # some hundred MB at most; the disk of a training machine is often slower than its decoder
    return path.read_bytes()


def load_rgb(path: Path) -> Array:
    """(H, W, 3) uint8."""
    return _load(path, "RGB")


def load_grey(path: Path) -> Array:
    """(H, W) uint8."""
    return _load(path, "L")


def load_rgba(path: Path) -> Array:
    """(H, W, 4) uint8, straight alpha."""
    return _load(path, "RGBA")


def _load(path: Path, mode: str) -> Array:
    try:
        with Image.open(io.BytesIO(encoded(path))) as image:
            return np.asarray(image.convert(mode))
    except (OSError, SyntaxError) as error:
        raise InputError(f"{path} does not open ({error}); expected a picture; mend it or take it away") from error


def read_set(root: Path) -> tuple[SetPicture, ...]:
    """The pictures of a set (images/, alpha/, and fg/ and bg/ where it has them), by name.

    Raises InputError for a folder that is none, or a picture without its alpha.
    """
    files = sorted((root / "images").glob("*.png"))
    if not files:
        raise InputError(f"{root}/images holds no PNG; expected a set made by matte data compose or synth")
    pictures = []
    for file in files:
        alpha, front, back = (root / folder / file.name for folder in ("alpha", "fg", "bg"))
        if not alpha.is_file():
            raise InputError(f"{alpha} was not found; every picture of a set has its alpha; make the set again")
        both = front.is_file() and back.is_file()
        pictures.append(SetPicture(file, alpha, front if both else None, back if both else None))
    return tuple(pictures)
