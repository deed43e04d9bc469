"""Trimaps for training: the papers' own (fixtures of their code), and those from marks."""

from pathlib import Path

import numpy as np
import pytest

from mattelier.data import trimaps
from mattelier.errors import InputError

PARITY = Path(__file__).parent.parent / "parity"
DIM = np.load(PARITY / "dim_losses.npz")
GFM = np.load(PARITY / "gfm-ops.npz")


def square(side: int = 96, dtype: type = np.uint8) -> np.ndarray:
    alpha = np.zeros((side, side), dtype)
    alpha[side // 4 : 3 * side // 4, side // 4 : 3 * side // 4] = 255 if dtype is np.uint8 else 1
    return alpha


@pytest.mark.parametrize(("kernel", "iterations"), [(2, 5), (3, 7), (4, 6), (4, 14)])
def test_dim_as_its_code(kernel: int, iterations: int) -> None:
    made = trimaps.grow(DIM["gen_trimap_alpha_u8"], kernel, iterations=iterations)
    np.testing.assert_array_equal(made, DIM[f"gen_trimap_k{kernel}_it{iterations}"])


@pytest.mark.parametrize("kernel", [15, 25, 50])
def test_gfm_as_its_code(kernel: int) -> None:
    alpha = GFM["alpha_u8"]
    np.testing.assert_array_equal(trimaps.grow(alpha, kernel), GFM[f"trimap_k{kernel}"])
    element = trimaps.ellipse(kernel)
    np.testing.assert_array_equal(trimaps.dilate(alpha > 0, element), GFM[f"dilation_k{kernel}"] > 0)
    np.testing.assert_array_equal(trimaps.erode(alpha == 255, element), GFM[f"erosion_k{kernel}"] > 0)


def test_ellipse_by_hand() -> None:
    assert trimaps.ellipse(1).tolist() == [[True]]
    assert trimaps.ellipse(3).astype(int).tolist() == [[0, 1, 0], [1, 1, 1], [0, 1, 0]]


def test_an_element_larger_than_the_picture() -> None:
    mask = np.zeros((5, 7), bool)
    mask[2, 3] = True
    assert trimaps.dilate(mask, trimaps.ellipse(25)).all()
    assert not trimaps.erode(mask, trimaps.ellipse(25)).any()


@pytest.mark.parametrize("paper", trimaps.PAPERS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_every_paper_draws_from_its_seed(paper: str, dtype: type) -> None:
    alpha = square(dtype=dtype)
    draws = [trimaps.draw(alpha, trimaps.PAPERS[paper], np.random.default_rng(seed)) for seed in (1, 1, 2, 3, 4)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert len({trimap.tobytes() for trimap in draws}) > 1 or paper == "gfm"
    for trimap in draws:
        assert set(np.unique(trimap)) <= {0, 128, 255}
        assert (trimap[alpha == 0] != 255).all() and (trimap[alpha > 0] != 0).all()  # never a lie


def test_matteformer_follows_the_picture_s_size() -> None:
    seeds = [trimaps.draw(square(side), trimaps.MATTEFORMER, np.random.default_rng(5)) for side in (320, 640)]
    share = [(trimap == 128).mean() for trimap in seeds]
    assert share[0] == pytest.approx(share[1], rel=0.1)


def test_a_share_is_drawn_as_a_glance() -> None:
    alpha = np.zeros((64, 64), np.uint8)
    alpha[:, 32:] = 255
    ranges = trimaps.Ranges((9, 9), glance_share=0.5)
    grown = trimaps.grow(alpha, 9)
    others = [not np.array_equal(trimaps.draw(alpha, ranges, np.random.default_rng(i)), grown) for i in range(60)]
    assert 15 < sum(others) < 45  # half of them, the rest as without
    again = trimaps.draw(alpha, trimaps.Ranges((9, 9)), np.random.default_rng(0))
    assert np.array_equal(again, grown)


def test_scribbles_never_lie_and_leave_most_unknown() -> None:
    alpha = square(200)
    for seed in range(8):
        trimap = trimaps.scribbles(alpha, np.random.default_rng(seed))
        assert (alpha[trimap == 255] == 255).all() and (alpha[trimap == 0] == 0).all()
        assert (trimap == 255).any() and (trimap == 0).any() and (trimap == 128).mean() > 0.5


def test_strokes_are_lines_of_a_width() -> None:
    subject, ground = [np.array([[10, 5], [10, 35]])], [np.array([[30, 5], [30, 35]])]
    trimap = trimaps.from_strokes((40, 40), subject, ground, 4)
    assert trimap[10, 20] == 255 and trimap[30, 20] == 0 and trimap[20, 20] == 128
    assert 4 <= (trimap[:, 20] == 255).sum() <= 5


def test_box_by_hand() -> None:
    trimap = trimaps.from_box((4, 6), (1, 1, 3, 9))
    assert trimap.tolist()[0] == [0] * 6 and trimap.tolist()[1] == [0, 128, 128, 0, 0, 0]
    with pytest.raises(InputError, match="covers nothing"):
        trimaps.from_box((4, 6), (3, 1, 3, 2))


def test_a_loose_box_holds_the_subject() -> None:
    for seed in range(8):
        left, top, right, bottom = trimaps.loose_box(square(), np.random.default_rng(seed), 0.3)
        assert 0 <= left <= 24 and 0 <= top <= 24 and 72 <= right <= 96 and 72 <= bottom <= 96
    with pytest.raises(InputError, match="0 everywhere"):
        trimaps.loose_box(np.zeros((4, 4), np.uint8), np.random.default_rng(0))


def test_only_what_is_pure_in_a_glance_counts_as_known() -> None:
    scores = np.zeros((3, 2, 4), np.float32)
    scores[0, :, :2] = 1
    scores[2, :, 2:] = 1
    trimap = trimaps.from_glance(scores, (8, 16))
    assert (trimap[:, :6] == 0).all() and (trimap[:, 10:] == 255).all() and (trimap[:, 7:9] == 128).all()


def test_a_simulated_glance_is_unsure_around_the_edge() -> None:
    alpha = square(256)
    trimap = trimaps.glance(alpha, np.random.default_rng(0))
    assert (alpha[trimap == 255] == 255).all() and (alpha[trimap == 0] == 0).all()
    assert (trimap[60:68, 128] == 128).all() and (trimap == 255).any()


def test_bad_input_is_named() -> None:
    with pytest.raises(InputError, match=r"expected \(H, W\) uint8 or float32"):
        trimaps.grow(np.zeros((4, 4, 3), np.uint8), 3)
    with pytest.raises(InputError, match="the smaller first"):
        trimaps.Ranges(kernel_px=(5, 2))
