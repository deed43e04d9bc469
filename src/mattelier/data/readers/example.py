"""What a reader gives, and how files of one picture find each other: by the same name without its ending."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mattelier.errors import InputError

Split = Literal["train", "test"]  # `test` is whatever a set is compared on; some call it validation
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")


@dataclass(frozen=True)
class Example:
    """One picture of a set: paths only, nothing is opened before it is asked for.

    alpha: grey, the picture's size.  trimap: 0, 128, 255, or None where the set has none.
    foreground: the subject's own colours, the picture's size, or None.  prompt: words that mean the subject, or "".
    automatic: it shows one evident subject, so that a system without hints may be judged on it.
    subjects: with words, the alphas of everything in the picture that words may mean; `alpha` is one of them, or empty
    where the words mean nothing.  tells: what of the words picks the subject (data.expressions.tells), or "".
    """

    name: str
    image: Path
    alpha: Path
    trimap: Path | None = None
    foreground: Path | None = None
    category: str = ""
    automatic: bool = True
    prompt: str = ""
    tells: str = ""
    subjects: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Subject:
    """A foreground to compose with: its colours and its alpha, of one size."""

    name: str
    colours: Path
    alpha: Path


def by_stem(folder: Path) -> dict[str, Path]:
    """The pictures directly inside a folder, by name without ending, sorted.

    Raises InputError when the folder is missing or two of its pictures would answer to one name.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} was not found; the set's layout expects it; unpack the archive whole")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        if path.stem in found:
            raise InputError(
                f"{found[path.stem].name} and {path.name} in {folder} have one name; expected one picture a name; "
                "move one of them away"
            )
        found[path.stem] = path
    return found


def paired(
    images: Path, alphas: Path, trimaps: Path | None = None, *, category: str = "", prefix: str = ""
) -> tuple[Example, ...]:
    """Every picture in `images` with the alpha, and the trimap if there is such a folder, of the same name.

    prefix: put before the names, where two parts of a set may hold the same ones. Raises InputError for a missing
    folder and for a picture without its alpha or, where trimaps exist, without its trimap.
    """
    alpha_of = by_stem(alphas)
    trimap_of = by_stem(trimaps) if trimaps is not None and trimaps.is_dir() else None
    return tuple(
        Example(
            name=prefix + stem,
            image=image,
            alpha=partner(alpha_of, stem, image, alphas),
            trimap=None if trimap_of is None or trimaps is None else partner(trimap_of, stem, image, trimaps),
            category=category,
        )
        for stem, image in by_stem(images).items()
    )


def partner(files: Mapping[str, Path], stem: str, of: Path, folder: Path) -> Path:
    """The file called `stem`.  Raises InputError naming what it belongs to and where it was expected."""
    if stem not in files:
        raise InputError(f"{of} has no partner in {folder}; expected {stem}.png; unpack the archive whole")
    return files[stem]
