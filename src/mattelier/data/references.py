"""Sets of pictures, mattes and the words that mean them: written here, read from here.

DIR/images/NAME.png       DIR/alpha/NAME_K.png     K = 0, 1, 2: one file a subject, what is seen of it
                          DIR/alpha/NAME_none.png  empty: what words for an absent thing mean
DIR/expressions.jsonl     a line an expression: image, alpha, kind, tells, template, text
DIR/manifest.csv          a row a subject: name, image, split, kind, description, category, object, background, area
"""

import csv
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mattelier.data.cutouts import Cutout, read_cutouts
from mattelier.data.expressions import PER_THING, tells
from mattelier.data.readers.example import Example
from mattelier.data.refer import Scene, scene, split_of, thinned
from mattelier.data.wordings import Split
from mattelier.errors import InputError
from mattelier.image.output import encode

COLUMNS = ("name", "image", "split", "kind", "description", "category", "object", "background", "area")
PICTURES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True)
class Reference:
    """A subject of a picture, its matte, and what means it; `kinds` names the kind of every text.

    `tells` says of every text what of it picks the subject (expressions.tells), "" where a set does not say.
    """

    name: str
    image: Path
    alpha: Path
    texts: tuple[str, ...]
    kinds: tuple[str, ...]
    tells: tuple[str, ...] = ()

    @property
    def is_absent(self) -> bool:
        """Whether its texts mean nothing in the picture, and its matte is empty."""
        return "absent" in self.kinds


def write_references(
    foregrounds: Path,
    backgrounds: Path,
    out: Path,
    *,
    count: int,
    seed: int,
    split: Split,
    side_px: int = 512,
    expressions: int = len(PER_THING),
    track: Callable[[Iterable[int], int], Iterable[int]] = lambda numbers, total: numbers,
) -> int:
    """Make a set of `count` scenes in a new folder, whole or not at all; returns the number of expressions.

    The same inputs, seed and split give the same bytes; with fewer expressions the pictures are the same. Raises
    InputError when `out` exists, when a folder holds nothing for the split, or when subjects cannot be told apart.
    """
    if out.exists():
        raise InputError(f"{out} already exists; a set is written into a new folder: choose another, or remove it")
    cutouts, grounds = of_split(read_cutouts(foregrounds), pictures(backgrounds), split)

    def make(number: int) -> Scene:
        made = scene(cutouts, grounds, side_px, split, seed, number)
        return thinned(made, expressions, np.random.default_rng((seed, number)))

    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for folder in ("images", "alpha"):
        (partial / folder).mkdir(parents=True)
    try:
        said = write_scenes(partial, track(range(count), count), make, split)
        os.replace(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return said


def write_scenes(folder: Path, numbers: Iterable[int], make: Callable[[int], Scene], split: Split) -> int:
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    said = 0
    with (folder / "expressions.jsonl").open("w", encoding="utf-8", newline="\n") as lines:
        for number in numbers:
            made, name = make(number), f"{split}_{number:06d}"
            (folder / "images" / f"{name}.png").write_bytes(encode(made.image, None, "png"))
            for k, alpha in enumerate(made.alphas):
                (folder / "alpha" / f"{name}_{k}.png").write_bytes(encode(alpha, None, "png"))
                writer.writerow(row_of(made, name, k, split))
            if made.absent:
                empty = encode(np.zeros_like(made.alphas[0]), None, "png")
                (folder / "alpha" / f"{name}_none.png").write_bytes(empty)
            for entry in entries(made, name):
                lines.write(json.dumps(entry, ensure_ascii=False) + "\n")
                said += 1
    (folder / "manifest.csv").write_text(table.getvalue(), encoding="utf-8", newline="\n")
    return said


def entries(made: Scene, name: str) -> list[dict[str, str]]:
    """A scene's lines: first of what is there, then of what is not."""
    found = []
    for e in (*made.expressions, *made.absent):
        is_there = e.kind != "absent"
        alpha, picks = (e.target, tells(e.query, made.things)) if is_there else ("none", "")
        row = {"image": name, "alpha": f"{name}_{alpha}", "kind": e.kind, "tells": picks}
        found.append(row | {"template": e.template, "text": e.text})
    return found


def row_of(made: Scene, name: str, k: int, split: Split) -> dict[str, str]:
    thing, cutout = made.things[k], made.cutouts[k]
    return {
        "name": f"{name}_{k}",
        "image": name,
        "split": split,
        "kind": made.layout,
        "description": thing.names.sure[0],
        "category": cutout.category,
        "object": cutout.thing,
        "background": made.background,
        "area": f"{thing.area:.4f}",
    }


def of_split(
    cutouts: tuple[Cutout, ...], grounds: tuple[Path, ...], split: Split
) -> tuple[tuple[Cutout, ...], tuple[Path, ...]]:
    """What belongs to a split: whole objects, and backgrounds by name. Raises InputError when nothing does."""
    own = tuple(cutout for cutout in cutouts if (cutout.split or split_of(cutout.thing)) == split)
    behind = tuple(ground for ground in grounds if split_of(ground.stem) == split)
    for what, all_of_them, some in (("cut-outs", cutouts, own), ("backgrounds", grounds, behind)):
        if not some:
            raise InputError(
                f"none of {len(all_of_them)} {what} falls into the split {split}; "
                "one object in ten goes to val and one to test: add more of them"
            )
    return own, behind


def pictures(folder: Path) -> tuple[Path, ...]:
    """All pictures of a folder and its sub-folders, by name."""
    found = tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES))
    if not found:
        raise InputError(f"{folder} holds no picture; expected backgrounds as JPEG, PNG or WebP")
    return found


def read_references(root: Path) -> tuple[Reference, ...]:
    """A set as written here. Raises InputError when a file that a line names is missing."""
    file = root / "expressions.jsonl"
    if not file.is_file():
        raise InputError(f"{file} was not found; expected a folder made by matte data refer")
    texts: dict[tuple[str, str], list[Said]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        said = entry["text"], entry["kind"], entry.get("tells", "")
        texts.setdefault((entry["image"], entry["alpha"]), []).append(said)
    return tuple(reference(root, image, alpha, said) for (image, alpha), said in texts.items())


def as_examples(references: Sequence[Reference]) -> tuple[Example, ...]:
    """One example a text, for systems that are told in words what to keep; the name carries the text's number."""
    subjects: dict[Path, list[Path]] = {}
    for each in references:
        subjects.setdefault(each.image, []).extend([] if each.is_absent else [each.alpha])
    return tuple(
        Example(
            f"{each.name}:{k}",
            each.image,
            each.alpha,
            category=kind,
            automatic=False,
            prompt=text,
            tells=each.tells[k] if each.tells else "",
            subjects=tuple(subjects[each.image]),
        )
        for each in references
        for k, (text, kind) in enumerate(zip(each.texts, each.kinds, strict=True))
    )


Said = tuple[str, str, str]  # text, kind, what of it tells


def reference(root: Path, image: str, alpha: str, said: list[Said]) -> Reference:
    files = root / "images" / f"{image}.png", root / "alpha" / f"{alpha}.png"
    for path in files:
        if not path.is_file():
            raise InputError(f"{path} is named in expressions.jsonl and missing; make the set again")
    texts, kinds, picks = zip(*said, strict=True)
    return Reference(alpha, *files, texts, kinds, picks)
