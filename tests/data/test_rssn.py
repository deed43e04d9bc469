"""RSSN against pictures that the authors' code made, and its switches."""

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mattelier.data.rssn import Draw, Rssn, box_blur, compose, denoise, noise_of, parts
from mattelier.data.synthesis import composite_bytes
from mattelier.errors import InputError, MissingExtra

GFM = np.load(Path(__file__).parent.parent / "parity" / "gfm-ops.npz")
NOISE = GFM["rssn_noise_draw"]
DRAWS = {
    "plain": Draw(),
    "denoise": Draw(is_denoised=True),
    "blur20": Draw(blur_px=20),
    "blur50_nodenoiseimgs": Draw(blur_px=50),
    "noise": Draw(noise=NOISE),
    "all30": Draw(is_denoised=True, blur_px=30, noise=NOISE),
}


@pytest.mark.parametrize("name", DRAWS)
def test_as_the_authors_code(name: str) -> None:
    """Within two steps of 255, as they cut to integers at several places; where noise leaves 0 to 255 theirs wraps."""
    draw = DRAWS[name]
    foreground = GFM["rssn_fg_denoise" if draw.is_denoised else "rssn_fg"]
    # the fixture's own resized background: their resizing is scikit-image's, ours Pillow's
    background = GFM["rssn_denoise_bg" if draw.is_denoised else "rssn_plain_bg"]
    noise = 0 if draw.noise is None else draw.noise
    blurred = background if draw.blur_px is None else box_blur(background, draw.blur_px)
    stays = ((foreground + noise) // 255 == 0) & ((blurred + noise) // 255 == 0)
    assert stays.mean() > 0.97
    for ours, part in zip(compose(foreground, background, GFM["rssn_mask"], draw), ("comp", "fg", "bg"), strict=True):
        assert np.abs(ours - GFM[f"rssn_{name}_{part}"].astype(np.float32))[stays].max() <= 2


def test_noise_is_measured() -> None:
    slope = np.linspace(0.2, 0.8, 64, dtype=np.float32)[:, None, None] + np.zeros((64, 64, 3), np.float32)
    assert noise_of(slope) < 1e-6
    noisy = slope + np.random.default_rng(0).normal(0, 0.05, slope.shape).astype(np.float32)
    assert noise_of(noisy) == pytest.approx(0.05, rel=0.05)


@pytest.mark.parametrize("name", DRAWS)
def test_the_equation_holds_exactly(name: str) -> None:
    image, foreground, background = compose(GFM["rssn_fg"], GFM["rssn_bg"], GFM["rssn_mask"], DRAWS[name])
    np.testing.assert_array_equal(image, composite_bytes(foreground, background, GFM["rssn_mask"]))


def test_a_switch_changes_one_thing() -> None:
    hw = (8, 8)
    every = [Draw.of(hw, Rssn(probability=1), np.random.default_rng(s)) for s in range(5)]
    assert all(draw.is_denoised and draw.blur_px in (20, 30, 40, 50, 60) for draw in every)
    sharp = [Draw.of(hw, Rssn(probability=1, sharpness=False), np.random.default_rng(s)) for s in range(5)]
    for full, part in zip(every, sharp, strict=True):
        assert part.blur_px is None and part.is_denoised
        np.testing.assert_array_equal(part.noise, full.noise)
    half = [Draw.of(hw, Rssn(), np.random.default_rng(s)).blur_px is None for s in range(200)]
    assert 70 < sum(half) < 130


def test_box_blur_by_hand() -> None:
    line = np.zeros((1, 5, 3), np.float32)
    line[0, 2] = 6
    np.testing.assert_allclose(box_blur(line, 3)[0, :, 0], [0, 2, 2, 2, 0])


def test_denoising_takes_noise_and_leaves_edges() -> None:
    pytest.importorskip("skimage")
    clean = np.zeros((48, 48, 3), np.uint8) + 60
    clean[:, 24:] = 190
    noisy = np.clip(clean + np.random.default_rng(0).normal(0, 12, clean.shape), 0, 255).astype(np.uint8)
    done = denoise(noisy).astype(np.float32)
    assert np.abs(done - clean).mean() < 0.4 * np.abs(noisy.astype(np.float32) - clean).mean()


def test_without_scikit_image_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("skimage"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtra, match="pip install scikit-image"):
        denoise(np.zeros((8, 8, 3), np.uint8))


def test_contradictory_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="expected 0 to 1"):
        Rssn(probability=2)
    with pytest.raises(InputError, match="blur_px"):
        Rssn(blur_px=())


def test_parts_by_their_words() -> None:
    assert parts("all") == Rssn()
    assert parts("noise, sharpness") == Rssn(resolution=False, denoise=False)
    with pytest.raises(InputError, match="has no part 'blur'"):
        parts("blur")
