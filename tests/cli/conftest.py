"""The command line in process, with a network that keeps what is bright as its only model."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from mattelier.cli import app
from mattelier.models.cards import Card

Matte = Callable[..., Result]


@pytest.fixture
def matte(installed: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Matte:
    """matte("cut", "x.png") in an empty folder; no expected error may come out as a traceback."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path, data: bytes | None = None) -> Result:
        result = CliRunner().invoke(app, [str(word) for word in words], input=data)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


@pytest.fixture
def photo(tmp_path: Path) -> Callable[..., Path]:
    """photo("a/x.png") draws a bright disc on a dark ground; is_empty leaves the disc away."""

    def draw(name: str, is_empty: bool = False, size_px: int = 60) -> Path:
        y, x = np.mgrid[:size_px, :size_px] - size_px / 2
        disc = (np.hypot(y, x) < size_px / 3) & (not is_empty)
        noise = np.random.default_rng(0).integers(0, 20, (size_px, size_px, 3))
        pixels = (np.where(disc[..., None], 220, 10) + noise).astype(np.uint8)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        return path

    return draw
