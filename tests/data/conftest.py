"""A small set on disk, for what draws from sets."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def composed(tmp_path: Path) -> Path:
    """A set of two pictures with fg/ and bg/, and one without."""
    y, x = np.mgrid[:48, :80]
    rng = np.random.default_rng(0)
    for folder in ("images", "alpha", "fg", "bg"):
        (tmp_path / folder).mkdir()
    for name in ("a", "b", "c"):
        alpha = np.clip((16 - np.hypot(y - 24, x - 40)) / 4 + 0.5, 0, 1)
        front, back = (np.full((48, 80, 3), rng.integers(0, 256, 3), np.uint8) for _ in range(2))
        image = (alpha[..., None] * front + (1 - alpha[..., None]) * back + 0.5).astype(np.uint8)
        planes = {"images": image, "alpha": (alpha * 255 + 0.5).astype(np.uint8), "fg": front, "bg": back}
        for folder, plane in planes.items():
            if name != "c" or folder in ("images", "alpha"):
                Image.fromarray(plane).save(tmp_path / folder / f"{name}.png")
    return tmp_path
