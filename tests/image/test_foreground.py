"""Foreground colours against pymatting's estimate_foreground_ml and against pictures whose foreground is known."""

import numpy as np
import pymatting
import pytest

from mattelier.errors import InputError
from mattelier.image import foreground
from mattelier.image.colour import to_depth
from mattelier.image.foreground import decontaminate, estimate
from mattelier.image.geometry import resize

HW = (187, 230)  # odd on purpose: every level is cut differently


def hard() -> np.ndarray:
    y, x = np.mgrid[: HW[0], : HW[1]]
    return np.clip(70.5 - np.hypot(y - 90, x - 115), 0, 1).astype(np.float32)


def soft() -> np.ndarray:
    y, x = np.mgrid[: HW[0], : HW[1]]
    return np.clip((70 - np.hypot(y - 90, x - 115)) / 25 + 0.5, 0, 1).astype(np.float32)


def strands() -> np.ndarray:
    y, x = np.mgrid[: HW[0], : HW[1]]
    comb = np.clip(1.5 - np.abs(x % 13 - 6), 0, 1) * (y > 15)
    return np.maximum(hard(), comb).astype(np.float32)


ALPHAS = [hard, soft, strands]


def scene(alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A photo and its true foreground, float: both grounds of slowly changing colours."""
    rng = np.random.default_rng(3)
    true = 0.1 + 0.4 * resize(rng.random((4, 5, 3), np.float32), HW)
    background = 0.5 + 0.5 * resize(rng.random((4, 5, 3), np.float32), HW)
    return alpha[..., None] * true + (1 - alpha[..., None]) * background, true


def weighted(difference: np.ndarray, alpha: np.ndarray) -> float:
    """Mean visible difference in the band: an error where alpha is small is hardly seen."""
    band = (alpha > 0) & (alpha < 1)
    return float((alpha[..., None] * np.abs(difference))[band].mean())


# The sweeps differ in order and number (Jacobi here, Gauss-Seidel there), so the two stop at different points on
# the way to the same minimum. Measured: 0.0011, 0.0017, 0.0041; one 8-bit step is 0.0039.
@pytest.mark.parametrize("make", ALPHAS)
def test_near_pymatting(make):
    alpha = make()
    photo, _ = scene(alpha)
    reference = pymatting.estimate_foreground_ml(photo.astype(float), alpha.astype(float))
    assert weighted(estimate(photo, alpha) - reference, alpha) < 0.006


@pytest.mark.parametrize("make", ALPHAS)
def test_as_near_to_the_truth_as_pymatting(make):
    alpha = make()
    photo, true = scene(alpha)
    reference = pymatting.estimate_foreground_ml(photo.astype(float), alpha.astype(float))
    # Measured, ours and theirs: 0.0016 0.0023, 0.0073 0.0078, 0.0048 0.0036.
    ours, theirs = (weighted(colours - true, alpha) for colours in (estimate(photo, alpha), reference))
    assert ours < 1.15 * theirs + 0.001
    assert ours < 0.5 * weighted(photo - true, alpha)


@pytest.mark.parametrize("make", ALPHAS)
def test_laid_over_its_background_it_gives_the_photo(make):
    alpha = make()
    photo, true = scene(alpha)
    band = (alpha > 0.02) & (alpha < 1)
    background = (photo - alpha[..., None] * true)[band]
    composed = alpha[band][:, None] * estimate(photo, alpha)[band] + background
    assert np.abs(composed - photo[band]).mean() < 0.02


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_estimate_keeps_the_solid_subject(dtype):
    alpha = strands()
    pixels = to_depth(scene(alpha)[0], dtype)
    colours = estimate(pixels, alpha)
    assert colours.dtype == np.float32
    assert colours.min() >= 0
    assert colours.max() <= 1
    assert np.array_equal(colours[alpha == 1], to_depth(pixels, np.float32)[alpha == 1])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_decontaminate_changes_the_band_only(dtype):
    alpha = soft()
    photo, _ = scene(alpha)
    pixels = to_depth(photo, dtype)
    before = pixels.copy()
    cleaned = decontaminate(pixels, alpha)
    band = (alpha > 0) & (alpha < 1)
    assert cleaned.dtype == dtype
    assert np.array_equal(pixels, before)
    assert np.array_equal(cleaned[~band], pixels[~band])
    assert np.array_equal(cleaned[band], to_depth(estimate(pixels, alpha), dtype)[band])
    assert (cleaned[band] != pixels[band]).mean() > 0.9


def test_bright_spill_is_taken_out():
    alpha = strands()
    pixels = to_depth(alpha[..., None] * np.array([0.2, 0.1, 0.05], np.float32) + 1 - alpha[..., None], np.uint8)
    cleaned = decontaminate(pixels, alpha)
    seen = (alpha > 0.1) & (alpha < 1)
    assert pixels[seen].mean() > 100
    assert np.abs(cleaned[seen].astype(float) - np.array([51, 25.5, 12.75])).mean() < 4


def test_blocks_equal_the_whole(monkeypatch):
    alpha = strands()
    photo, _ = scene(alpha)
    blocks = decontaminate(photo, alpha)
    monkeypatch.setattr(foreground, "_WHOLE_PX", 10_000)
    # Only at the picture's border a block repeats pixels in another way than the whole level does.
    assert np.abs(blocks - decontaminate(photo, alpha)).max() < 1e-3


def test_work_follows_the_band(monkeypatch):
    solved = []
    relax = foreground._relax
    monkeypatch.setattr(
        foreground,
        "_relax",
        lambda level, corners, coarser: (
            solved.append(len(corners) * level.side[0] * level.side[1]) or relax(level, corners, coarser)
        ),
    )
    alpha = np.zeros((2048, 2048), np.float32)
    alpha[:1000] = 1
    alpha[1000:1010, 300:400] = 0.5
    decontaminate(np.zeros((2048, 2048, 3), np.uint8), alpha)
    assert sum(solved) < 0.02 * alpha.size


@pytest.mark.parametrize("hw", [(1, 1), (1, 7), (5, 1), (33, 200), (129, 2)])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_any_size_and_constant_alpha(hw, value):
    pixels = np.full((*hw, 3), 77, np.uint8)
    alpha = np.full(hw, value, np.float32)
    # With one colour everywhere, foreground and background can only be that colour.
    assert np.array_equal(decontaminate(pixels, alpha), pixels)
    assert np.abs(estimate(pixels, alpha) * 255 - 77).max() < 0.1


@pytest.mark.parametrize(
    ("pixels", "alpha"),
    [
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.float32)),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float64)),
        (np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.float32)),
        (np.zeros((4, 4, 3), np.int16), np.zeros((4, 4), np.float32)),
    ],
)
def test_refuses(pixels, alpha):
    with pytest.raises(InputError, match="expected"):
        decontaminate(pixels, alpha)
