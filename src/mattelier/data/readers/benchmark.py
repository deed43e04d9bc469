"""This project's own benchmark layout, which the proving ground has too.

    ROOT/images/NAME.png   alpha/NAME.png   trimap/NAME.png   fg/ or foreground/NAME.png (the subject's true colours)
    ROOT/manifest.csv      name, category or kind, auto (yes, no), split

The manifest, `trimap/` and `fg/` may be missing; a picture without a row counts as automatic.
"""

import csv
from pathlib import Path

from mattelier.data.readers.example import SUFFIXES, Example, Split, by_stem, partner
from mattelier.errors import InputError

MARKS = ("images", "alpha")
FOREGROUNDS = ("fg", "foreground")


def read(root: Path, split: Split) -> tuple[Example, ...]:
    """The pictures of the manifest in its order, or all of the folder; those of other splits are left out.

    Raises InputError for a row or a picture without its files.
    """
    images, alphas = by_stem(root / "images"), by_stem(root / "alpha")
    trimaps = by_stem(root / "trimap") if (root / "trimap").is_dir() else {}
    colours = next((by_stem(root / name) for name in FOREGROUNDS if (root / name).is_dir()), {})
    found = []
    for name, row in _rows(root, images).items():
        if row.get("split", split) not in (split, ""):
            continue
        image = partner(images, name, root / "manifest.csv", root / "images")
        alpha = partner(alphas, name, image, root / "alpha")
        category = row.get("category") or row.get("kind") or ""
        is_automatic = row.get("auto", "yes") == "yes"
        found.append(Example(name, image, alpha, trimaps.get(name), colours.get(name), category, is_automatic))
    return tuple(found)


def _rows(root: Path, images: dict[str, Path]) -> dict[str, dict[str, str]]:
    manifest = root / "manifest.csv"
    if not manifest.is_file():
        return {name: {} for name in images}
    with manifest.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if rows and "name" not in rows[0]:
        raise InputError(f"{manifest} has the columns {', '.join(rows[0])}; expected one called name; add it")
    return {_stem(row["name"]): row for row in rows}


def _stem(name: str) -> str:
    """A manifest may name the file; other dots belong to the name."""
    path = Path(name)
    return path.stem if path.suffix.lower() in SUFFIXES else name
