"""Picture sets as a benchmark sees them: a photo, what its alpha should be, and which group it belongs to."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mattelier.data.datasets import load_grey, load_rgb, read_bench, read_photos
from mattelier.errors import InputError
from mattelier.image import Array


@dataclass(frozen=True)
class Case:
    """One picture to be judged on: rgb (H, W, 3) uint8 and target (H, W) uint8 are read when asked for."""

    name: str
    category: str
    image: Path
    alpha: Path

    def rgb(self) -> Array:
        return load_rgb(self.image)

    def target(self) -> Array:
        return load_grey(self.alpha)


def read_cases(root: Path) -> tuple[str, tuple[Case, ...]]:
    """What kind of set a folder is, in words, and its cases for automatic systems.

    A training folder (photos/) gives its `test` split; a benchmark (images/, alpha/) its pictures with one evident
    subject (auto = yes). Raises InputError when it is neither, or gives nothing.
    """
    if (root / "photos" / "manifest.csv").is_file():
        kind, cases = "test split, teacher mattes", tuple(_photos(root))
    elif (root / "manifest.csv").is_file() and (root / "images").is_dir():
        kind, cases = "benchmark, true alpha, auto = yes", tuple(_bench(root))
    else:
        raise InputError(
            f"{root} holds no set to measure on; expected photos/manifest.csv, or manifest.csv with images/ and alpha/"
        )
    if not cases:
        raise InputError(f"{root} has no picture to measure on; expected rows with split=test, or with auto=yes")
    return kind, cases


def _photos(root: Path) -> Iterator[Case]:
    for photo in read_photos(root, "test"):
        yield Case(photo.name, photo.category, photo.image, photo.matte)


def _bench(root: Path) -> Iterator[Case]:
    for picture in read_bench(root):
        if picture.automatic:
            yield Case(picture.name, picture.category, picture.image, picture.alpha)
