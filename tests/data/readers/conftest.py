"""Tiny twins of published sets: their folders and names, with pictures of a few pixels made here."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Plant = Callable[[str, Sequence[str]], None]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Puts pictures of 6 x 8 into a folder below tmp_path: colour for .jpg, grey for .png."""

    def make(folder: str, names: Sequence[str]) -> None:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            shape = (6, 8, 3) if name.endswith(".jpg") else (6, 8)
            Image.fromarray(np.full(shape, 90, np.uint8)).save(tmp_path / folder / name)

    return make
