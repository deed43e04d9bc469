"""Textures: colours in range, the same through any window, and photographs."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.data.proving import textures
from mattelier.data.proving.canvas import View

HW = (72, 96)


@pytest.mark.parametrize("family", [*textures.FAMILIES, *textures.TEST_FAMILIES])
def test_a_window_shows_what_the_whole_shows(family: str) -> None:
    make = {**textures.FAMILIES, **textures.TEST_FAMILIES}[family]
    surface = make(np.random.default_rng(3), HW)
    whole = surface.colours(View.whole(HW))
    assert whole.shape == (*HW, 3) and whole.dtype == np.float32
    assert whole.min() >= -1e-6 and whole.max() <= 1.3 and whole.std() > 0.01
    part = surface.colours(View(HW, 20, 40, 30, 25))
    np.testing.assert_allclose(part, whole[20:50, 40:65], atol=2e-3)  # Pillow's coefficients are rounded


@pytest.mark.parametrize("family", [*textures.FAMILIES, *textures.TEST_FAMILIES])
def test_seeds_differ(family: str) -> None:
    make = {**textures.FAMILIES, **textures.TEST_FAMILIES}[family]
    one, two = (make(np.random.default_rng(seed), HW).colours(View.whole(HW)) for seed in (1, 2))
    assert np.abs(one - two).mean() > 0.01


def test_no_family_is_for_both() -> None:
    assert not set(textures.FAMILIES) & set(textures.TEST_FAMILIES)
    assert set(textures.CALM) <= set(textures.FAMILIES)


def test_hsv_by_hand() -> None:
    assert textures.hsv(0, 1, 1).tolist() == [1, 0, 0]
    assert textures.hsv(1 / 3, 1, 0.5).tolist() == pytest.approx([0, 0.5, 0])
    assert textures.hsv(0.7, 0, 0.4).tolist() == pytest.approx([0.4, 0.4, 0.4])


def test_blend_by_hand() -> None:
    colours = np.float32([[0, 0, 0], [1, 0, 0], [1, 1, 1]])
    mixed = textures.blend(colours, np.float32([[0, 0.25, 0.5, 1, 7]]))
    np.testing.assert_allclose(mixed[0, :, 0], [0, 0.5, 1, 1, 1])
    np.testing.assert_allclose(mixed[0, :, 1], [0, 0, 0, 1, 1])


def test_a_photograph_fills_the_picture(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (90, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "p.png")
    surface = textures.photo(np.random.default_rng(1), (tmp_path / "p.png",))
    whole = surface.colours(View.whole(HW))
    assert whole.shape == (*HW, 3) and whole.std() > 0.05
    np.testing.assert_array_equal(surface.colours(View(HW, 10, 10, 5, 5)), whole[10:15, 10:15])
    beyond = surface.colours(View.whole(HW).padded(4))  # blur looks over the border
    np.testing.assert_array_equal(beyond[4:-4, 4:-4], whole)
