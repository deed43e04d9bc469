"""Random changes keep what they must keep."""

import numpy as np
import pytest

from mattelier.data.augment import crop_box, degrade, jpeg, recolour, resize_crop, unit


def ramp(height: int = 48, width: int = 64) -> np.ndarray:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.dstack((x / width, y / height, (x + y) / (height + width))).astype(np.float32)


@pytest.mark.parametrize("seed", range(20))
def test_crops_stay_inside_and_keep_the_subject(seed: int) -> None:
    alpha = np.zeros((90, 160), np.uint8)
    alpha[60:80, 120:150] = 255
    left, top, right, bottom = crop_box((90, 160), np.random.default_rng(seed), alpha)
    assert 0 <= left < right <= 160 and 0 <= top < bottom <= 90
    assert alpha[top:bottom, left:right].sum() >= 0.25 * alpha.sum()
    assert (right - left) * (bottom - top) >= 0.35 * 90 * 160


def test_picture_and_alpha_are_cut_alike() -> None:
    rgb = (ramp() * 255).astype(np.uint8)
    box = (8, 4, 40, 36)
    colour, plane = resize_crop(rgb, box, 32), resize_crop(rgb[..., 0], box, 32)
    assert colour.shape == (32, 32, 3)
    assert np.abs(colour[..., 0].astype(int) - plane).max() <= 1
    assert np.abs(plane.astype(int) - rgb[4:36, 8:40, 0]).max() <= 1  # same size: nothing is resampled


@pytest.mark.parametrize("seed", range(12))
def test_colours_stay_in_range_and_type(seed: int) -> None:
    rng = np.random.default_rng(seed)
    changed = degrade(recolour(ramp(), rng), rng)
    assert changed.dtype == np.float32 and changed.shape == ramp().shape
    assert changed.min() >= 0 and changed.max() <= 1


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, two = (degrade(recolour(ramp(), rng), rng) for rng in (np.random.default_rng(7), np.random.default_rng(7)))
    assert np.array_equal(one, two)


def test_jpeg_changes_little_and_unit_scales_by_255() -> None:
    assert np.abs(jpeg(ramp(), 95) - ramp()).mean() < 0.02
    assert unit(np.array([0, 51, 255], np.uint8)).tolist() == pytest.approx([0, 0.2, 1])
