"""The ten worst pictures on one sheet: photo, true alpha, and what each system made of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from mattelier.data.readers.example import Example
from mattelier.errors import InputError
from mattelier.evaluate.sets import read_colours, read_set
from mattelier.evaluate.system import Request, System
from mattelier.evaluate.systems import open_system
from mattelier.evaluate.worker import Worker
from mattelier.image import Array
from mattelier.image.colour import to_depth
from mattelier.image.io import decode_mask, encode

WORST = 10
_CELL_PX = 256
_LINE_PX = 16  # of text above a cell
_GAP_PX = 4
_PAPER, _INK = (255, 255, 255), (0, 0, 0)


def worst(result: Mapping[str, Any], count: int = WORST) -> list[str]:
    """The names of the pictures with the largest SAD of the first system, worst first."""
    pictures = result["systems"][0]["pictures"]
    ordered = sorted(pictures, key=lambda picture: (-picture["sad"], picture["name"]))
    return [picture["name"] for picture in ordered[:count]]


def sheet(result: Mapping[str, Any], names: Sequence[str], data: Path) -> bytes:
    """A PNG with a row a picture; each system is run once more on these pictures, so that nothing is kept for it.

    It holds pixels of the set: whoever asks for it decides where it may lie. Raises InputError without any figures.
    """
    chosen = worst(result)
    if not chosen:
        raise InputError(f"{result['systems'][0]['name']} did no picture; expected some for a sheet; see what failed")
    by_name = {picture.name: picture for picture in read_set(data).pictures}
    pictures = [by_name[name] for name in chosen]
    columns = [_truths(pictures), *(_answers(system, pictures, result) for system in map(open_system, names))]
    rows = [[cell for cells in row for cell in cells] for row in zip(*columns, strict=True)]
    return encode(drawn(rows), None, "png")


Cell = tuple[str, Array]  # a caption and a picture


def _truths(pictures: Sequence[Example]) -> list[list[Cell]]:
    return [
        [(picture.name, to_depth(read_colours(picture.image), np.uint8)), ("true alpha", decode_mask(picture.alpha))]
        for picture in pictures
    ]


def _answers(system: System, pictures: Sequence[Example], result: Mapping[str, Any]) -> list[list[Cell]]:
    measured = next(found for found in result["systems"] if found["name"] == system.name)
    sad = {picture["name"]: picture["sad"] for picture in measured["pictures"]}
    with Worker(system) as worker:
        return [[_answer(worker, picture, sad.get(picture.name))] for picture in pictures]


def _answer(worker: Worker, picture: Example, sad: float | None) -> Cell:
    name = worker.system.name
    if sad is None:
        return f"{name}: not measured", np.full((_CELL_PX, _CELL_PX), 128, np.uint8)
    alpha = worker.answer(Request(picture.image, picture.trimap, picture.prompt)).alpha
    return f"{name}: SAD {sad:.2f}", to_depth(np.asarray(alpha), np.uint8)


def drawn(rows: Sequence[Sequence[Cell]]) -> Array:
    """(H, W, 3) uint8: the cells in a grid, each scaled to fit, its caption above."""
    strips = [_strip(row) for row in rows]
    paper = Image.new("RGB", (max(strip.width for strip in strips), sum(strip.height for strip in strips)), _PAPER)
    top = 0
    for strip in strips:
        paper.paste(strip, (0, top))
        top += strip.height
    return np.asarray(paper)


def _strip(row: Sequence[Cell]) -> Image.Image:
    """One row, as tall as its tallest picture."""
    small = [_fitted(pixels) for _, pixels in row]
    step = _CELL_PX + _GAP_PX
    strip = Image.new("RGB", (step * len(row), _LINE_PX + max(cell.height for cell in small) + _GAP_PX), _PAPER)
    pen = ImageDraw.Draw(strip)
    for place, ((caption, _), cell) in enumerate(zip(row, small, strict=True)):
        pen.text((place * step, 0), caption, _INK)
        strip.paste(cell, (place * step, _LINE_PX))
    return strip


def _fitted(pixels: Array) -> Image.Image:
    picture = Image.fromarray(pixels).convert("RGB")
    picture.thumbnail((_CELL_PX, _CELL_PX), Image.Resampling.BOX)
    return picture
