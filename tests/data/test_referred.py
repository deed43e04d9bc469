"""Samples with words: a mirrored picture comes with mirrored words."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mattelier.data.references import Reference
from mattelier.data.referred import Referred
from mattelier.errors import InputError


@pytest.fixture
def reference(tmp_path: Path) -> Reference:
    rgb, alpha = np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32), np.uint8)
    rgb[8:24, 2:10], alpha[8:24, 2:10] = (200, 30, 30), 255
    Image.fromarray(rgb).save(tmp_path / "image.png")
    Image.fromarray(alpha).save(tmp_path / "alpha.png")
    return Reference("x", tmp_path / "image.png", tmp_path / "alpha.png", ("the box on the left",), ("absolute",))


def test_words_and_picture_are_mirrored_together(reference: Reference) -> None:
    sides = set()
    for i in range(20):
        item = Referred((reference,), 32, seed=0)[i]
        alpha, text = item["alpha"], item["text"]
        assert isinstance(alpha, torch.Tensor) and isinstance(text, str)
        side = "left" if alpha[..., :16].sum() > alpha[..., 16:].sum() else "right"
        assert text == f"the box on the {side}"
        sides.add(side)
    assert sides == {"left", "right"}


def test_an_item_is_the_same_every_time(reference: Reference) -> None:
    one, two = (Referred((reference,), 32, seed=3)[7] for _ in range(2))
    assert torch.equal(one["image"], two["image"]) and one["text"] == two["text"]  # type: ignore[arg-type]
    assert one["image"].shape == (3, 32, 32)  # type: ignore[union-attr]


def test_nothing_to_refer_to_is_said() -> None:
    with pytest.raises(InputError, match="make it with matte data refer"):
        Referred((), 32, 0)
