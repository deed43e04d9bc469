"""benchmarks/backgrounds.py: the alpha is held, the colours differ, the backgrounds are ten and new."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mattelier.errors import InputError


@pytest.fixture
def script(root: Path) -> dict[str, Any]:
    return runpy.run_path(str(root / "benchmarks" / "backgrounds.py"))


def test_ten_backgrounds_that_differ_and_are_drawn_alike_every_time(script: dict[str, Any]) -> None:
    first, again = (list(script["backgrounds"]((24, 32))) for _ in range(2))
    assert [each.shape for each in first] == [(24, 32, 3)] * 10
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert all(np.abs(a - b).mean() > 0.01 for k, a in enumerate(first) for b in first[:k])


def test_with_the_true_alpha_the_error_is_that_of_the_colours_under_it(script: dict[str, Any]) -> None:
    alpha = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (24, 1))
    truth = np.full((24, 32, 3), 0.4, np.float32)
    right, wrong = script["differences"](alpha, [truth, truth + 0.2], alpha, truth)
    assert right == 0
    assert wrong == pytest.approx(0.2 * alpha[:, 1:-1].mean(), rel=1e-5)


def test_a_wrong_alpha_lets_the_new_backgrounds_through(script: dict[str, Any]) -> None:
    target, alpha = np.full((24, 32), 0.5, np.float32), np.full((24, 32), 0.25, np.float32)
    truth = np.zeros((24, 32, 3), np.float32)  # black: what is seen besides is the background
    shown = np.mean([0.25 * np.abs(each).mean() for each in script["backgrounds"]((24, 32))])
    assert script["differences"](alpha, [truth], target, truth) == pytest.approx([shown], rel=1e-4)


def test_a_mask_without_mixed_pixels_says_so(script: dict[str, Any]) -> None:
    mask, colours = np.ones((24, 32), np.float32), np.zeros((24, 32, 3), np.float32)
    with pytest.raises(InputError, match="no pixel is mixed"):
        script["differences"](mask, [colours], mask, colours)
