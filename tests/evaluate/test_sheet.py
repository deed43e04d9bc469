"""The sheet of the worst: the right pictures, in the right order, with everybody's answer."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.errors import InputError
from mattelier.evaluate import benchmark, sheet
from mattelier.evaluate.system import System


def result(**sad: float) -> dict:
    return {"systems": [{"name": "a", "pictures": [{"name": name, "sad": value} for name, value in sad.items()]}]}


def test_the_worst_come_first() -> None:
    assert sheet.worst(result(x=1.0, y=3.0, z=2.0), count=2) == ["y", "z"]
    assert len(sheet.worst(result(**{f"p{i}": 1.0 for i in range(30)}))) == 10


def test_a_sheet_shows_every_system(bench: Path, copying: Callable[..., System], monkeypatch) -> None:
    for module in (benchmark, sheet):
        monkeypatch.setattr(module, "open_system", lambda name: copying(name))
    found = benchmark.run(["half", "exact"], bench)
    with Image.open(io.BytesIO(sheet.sheet(found, ["half", "exact"], bench))) as picture:
        pixels = np.asarray(picture)
    step = 256 + 4
    assert pixels.shape == (2 * (16 + 40 + 4), 4 * step, 3)  # two pictures, four columns, none enlarged
    middle = 16 + 20  # of the first row: the disc's centre in photo, truth, half and exact
    assert [tuple(pixels[middle, column * step + 24]) for column in (1, 2, 3)] == [(255,) * 3, (127,) * 3, (255,) * 3]
    with pytest.raises(InputError, match="did no picture"):
        sheet.sheet(result(), ["half"], bench)


def test_large_pictures_are_shrunk_and_rows_are_as_tall_as_needed() -> None:
    wide, tall = np.zeros((100, 1000), np.uint8), np.zeros((1000, 100, 3), np.uint8)
    paper = sheet.drawn([[("a", wide)], [("b", tall)]])
    assert paper.shape == (16 + 26 + 4 + 16 + 256 + 4, 260, 3)
