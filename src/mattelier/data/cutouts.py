"""Folders of cut-outs with names: which file shows which object, and what it may be called."""

import re
from dataclasses import dataclass
from pathlib import Path

from mattelier.data.datasets import rows
from mattelier.data.nouns import Names, names_of
from mattelier.errors import InputError

SUFFIXES = {".png", ".webp", ".tif", ".tiff"}
CUT = "cut_"  # before the name of a photo: what was cut from it
VIEW = re.compile(r"(?:_up|_left|_right)?(?:[ _-]\d{1,2})?$")


@dataclass(frozen=True)
class Cutout:
    """An RGBA file, the object it shows (all views of one object share it), and what it may be called."""

    file: Path
    thing: str
    names: Names
    category: str
    split: str = ""  # where its manifest says so; else the object's name decides


def read_cutouts(folder: Path) -> tuple[Cutout, ...]:
    """The cut-outs of a folder, by its manifest.csv (name, description, category; object and split where known).

    Without a manifest every RGBA file is a cut-out called after its file name or, in sub-folders, after its folder.
    Raises InputError when there is none.
    """
    if (folder / "manifest.csv").is_file():
        found = tuple(from_row(folder, row) for row in rows(folder))
    else:
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        found = tuple(from_file(folder, path) for path in files)
    if not found:
        raise InputError(f"{folder} holds no cut-out; expected RGBA pictures, with or without a manifest.csv")
    return found


def from_row(folder: Path, row: dict[str, str]) -> Cutout:
    file, category = folder / row["name"], row.get("category") or "object"
    if not file.is_file():
        raise InputError(f"{file} is in the manifest and not in the folder; remove its row or add the file")
    names = names_of(row.get("description") or "", category)
    return Cutout(file, row.get("object") or object_of(file.stem), names, category, row.get("split") or "")


def from_file(folder: Path, file: Path) -> Cutout:
    thing = object_of(file.relative_to(folder).with_suffix("").as_posix())
    noun = thing.split("/")[-2] if "/" in thing else thing
    return Cutout(file, thing, names_of(re.sub(r"[_-]", " ", noun), "object"), "object")


def object_of(name: str) -> str:
    """The object of a file name: a number of one or two digits at its end, or "_up", is a view of it.

    db_backpack_00 and db_backpack_01 are one backpack; human_0012 and human_0013 are two people.
    """
    return VIEW.sub("", name) or name
