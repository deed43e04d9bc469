"""Published conventions against their fixtures, the default one by hand and against plain loops."""

from pathlib import Path

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.evaluate import metrics

FIXTURE = np.load(Path(__file__).parents[1] / "parity" / "metrics.npz")
CASES = range(4)


def case(index: int) -> tuple[dict[str, float], np.ndarray, np.ndarray, np.ndarray]:
    prefix = f"case{index}_"
    values = {key.removeprefix(prefix): FIXTURE[key] for key in FIXTURE if key.startswith(prefix)}
    pred, target, trimap = (values.pop(key) for key in ("pred_u8", "gt_u8", "trimap"))
    return {key: float(value) for key, value in values.items()}, pred, target, trimap


def gfm(pred, target, trimap) -> dict[str, float]:
    regions = metrics.sad_by_region(pred, target, trimap)
    return {
        "gfm_sad_trimap": metrics.sad(pred, target, trimap, "gfm"),
        "gfm_mse_trimap": metrics.mse(pred, target, trimap, "gfm"),
        "gfm_mad_trimap": metrics.mad(pred, target, trimap, "gfm"),
        "gfm_sad": metrics.sad(pred, target, None, "gfm"),
        "gfm_mse": metrics.mse(pred, target, None, "gfm"),
        "gfm_mad": metrics.mad(pred, target, None, "gfm"),
        "gfm_sad_fg": regions["foreground"],
        "gfm_sad_bg": regions["background"],
        "gfm_sad_tran": regions["unknown"],
        "gfm_conn": metrics.connectivity(pred, target, None, "gfm"),
        "gfm_grad": metrics.gradient(pred, target, None, "gfm"),
    }


def matteformer(pred, target, trimap) -> dict[str, float]:
    return {
        "mf_sad": metrics.sad(pred, target, trimap, "matteformer"),
        "mf_mse": metrics.mse(pred, target, trimap, "matteformer"),
        "mf_unknown_kpix": (trimap == 128).sum() / 1000,
    }


@pytest.mark.parametrize("index", CASES)
def test_published_conventions(index):
    expected, pred, target, trimap = case(index)
    ours = gfm(pred, target, trimap) | matteformer(pred, target, trimap)
    assert ours.keys() == expected.keys()
    for key, value in expected.items():
        # The published gradient runs in float32.
        assert ours[key] == pytest.approx(value, rel=1e-5 if key == "gfm_grad" else 1e-6), key


def test_sums_by_hand():
    pred = np.array([[0.5, 0.9], [0.2, 0.0]])
    target = np.array([[1.0, 1.0], [0.0, 0.0]])
    assert metrics.sad(pred, target) == pytest.approx(0.8 / 1000)
    assert metrics.mad(pred, target) == pytest.approx(0.2)
    assert metrics.mse(pred, target) == pytest.approx((0.25 + 0.01 + 0.04) / 4)
    # Unknown: the left column only; the wrong 0.9 of known foreground is forced to 1.
    trimap = np.array([[128, 255], [128, 0]], np.uint8)
    assert metrics.sad(pred, target, trimap) == pytest.approx(0.7 / 1000)
    assert metrics.mad(pred, target, trimap) == pytest.approx(0.35)
    assert metrics.mse(pred, target, trimap) == pytest.approx((0.25 + 0.04) / 2)


def test_types_are_scaled_by_their_own_white():
    half = np.full((2, 2), 0.2)
    for white, dtype in ((255, np.uint8), (65535, np.uint16)):
        assert metrics.mad((half * white).astype(dtype), np.zeros((2, 2), dtype)) == pytest.approx(0.2)


def test_known_pixels_cannot_cost_anything():
    rng = np.random.default_rng(0)
    target = rng.random((30, 40))
    trimap = rng.choice(np.array([0, 128, 255], np.uint8), (30, 40))
    target[trimap == 0], target[trimap == 255] = 0, 1
    pred = np.where(trimap == 128, target, 1 - target)
    for metric in (metrics.sad, metrics.mse, metrics.mad, metrics.gradient, metrics.connectivity):
        assert metric(pred, target, trimap) == 0
        assert metric(pred, target) > 0


def test_gradient_of_a_ramp_by_hand():
    # Kernel: x g(x) over its Frobenius norm; on a ramp of slope s the magnitude is s * sum(x * kernel).
    x = np.arange(-4, 5)
    g = np.exp(-(x**2) / 3.92)
    slope = (x * x * g).sum() * g.sum() / np.sqrt((g**2).sum() * ((x * g) ** 2).sum())
    ramp = np.arange(21)[None].repeat(21, 0) / 20
    trimap = np.zeros((21, 21), np.uint8)
    trimap[10, 10] = 128
    flat = np.zeros((21, 21))
    known = np.where(trimap == 128, flat, 0)
    # Scored at the middle, where no border is felt; the ramp stands as target, a flat picture as prediction.
    assert metrics.gradient(known, ramp, trimap) == pytest.approx((slope / 20) ** 2 / 1000)
    assert metrics.gradient(ramp, ramp) == 0


def test_gradient_measures_steepness_not_direction():
    ramp = np.arange(30)[None].repeat(30, 0) / 29
    assert metrics.gradient(ramp, ramp[:, ::-1]) == pytest.approx(0, abs=1e-12)


def test_connectivity_by_hand():
    # The common region at every level up to 0.8 is the left pair; the lone right pixel is lost from the start.
    pred = np.array([[0.8, 0.8, 0.0, 0.8]])
    target = np.array([[0.8, 0.8, 0.0, 0.3]])
    # Lone pixel: reached 0, so 1 - 0.8 against 1 - 0.3; the pair reaches its own value on both sides.
    assert metrics.connectivity(pred, target) == pytest.approx(0.5 / 1000)


def test_connectivity_forgives_less_than_15_percent():
    target = np.array([[1.0, 1.0]])
    assert metrics.connectivity(np.array([[0.9, 0.86]]), target) == pytest.approx(0.0 + 0.2 / 1000)
    # 0.86 reaches 0.8: the target is 0.2 above; 0.9 reaches 0.9 and is forgiven.


def test_an_empty_prediction_is_not_perfectly_connected():
    target = np.zeros((20, 20))
    target[5:15, 5:15] = 1
    empty = np.zeros((20, 20))
    assert metrics.connectivity(empty, target) == pytest.approx(100 / 1000)
    assert metrics.connectivity(empty, target, None, "gfm") == 0
    assert metrics.connectivity(target, target) == 0


def test_a_separate_blob_costs_connectivity():
    target = np.zeros((20, 40))
    target[5:15, 5:15] = 1
    target[5:8, 30:33] = 0.5
    attached, detached = target.copy(), target.copy()
    attached[5:8, 30:33] = 0.5
    detached[5:8, 30:33] = 1
    assert metrics.connectivity(attached, target) == 0
    assert metrics.connectivity(detached, target) == pytest.approx(9 * 0.5 / 1000)


def test_connectivity_breaks_ties_by_columns():
    # Two regions of two pixels: MATLAB's first is the one further left, a raster scan's the one further up.
    target = np.zeros((3, 4))
    target[2, 0:2] = target[0, 2:4] = 1
    pred = np.zeros((3, 4))
    pred[2, 0:2], pred[0, 2:4] = 0.9, 0.5
    # Up to 0.5 they tie: the left one stays, and the right one is lost at level 0, where it is 0.5 off (1 - 0.5 against
    # 1 - 1). The left one reaches 0.9, and its missing tenth is forgiven. By rows, the left one would cost its tenth.
    assert metrics.connectivity(pred, target) == pytest.approx(2 * 0.5 / 1000)
    assert metrics.connectivity(pred, target, None, "gfm") == pytest.approx((2 * 0.5 + 2 * 0.1) / 1000)


def test_iou_by_hand():
    pred = np.array([[1, 1, 0.6, 0.5]])
    target = np.array([[1, 0, 1.0, 1.0]])
    assert metrics.iou(pred, target) == pytest.approx(2 / 4)
    assert metrics.iou(pred, target, threshold=0.45) == pytest.approx(3 / 4)
    assert metrics.iou(np.zeros((2, 2)), np.zeros((2, 2))) == 1
    assert metrics.iou(np.zeros((2, 2)), np.ones((2, 2))) == 0


def test_boundary_iou_by_hand():
    # Diagonal of 60 x 80 is 100: two pixels deep. A 20-square has 20^2 - 16^2 = 144 boundary pixels.
    square = np.zeros((60, 80))
    square[20:40, 20:40] = 1
    assert metrics.boundary_iou(square, square) == 1
    larger = np.zeros((60, 80))
    larger[18:42, 18:42] = 1  # its boundary lies wholly outside the square
    assert metrics.boundary_iou(larger, square) == 0
    shifted = np.roll(square, 2, axis=1)
    # Common: the top and bottom rows overlap in 18 columns (2 x 2 x 18); the sides, 16 rows each, do not meet
    # but for the rows already counted.
    assert metrics.boundary_iou(shifted, square) == pytest.approx(72 / (2 * 144 - 72))


def test_boundary_counts_the_picture_border():
    full = np.ones((60, 80))
    half = full.copy()
    half[:, 40:] = 0
    common = 60 * 2 + 2 * 2 * 36 + 2 * 2 * 2  # left side, top and bottom up to the cut, its last two columns
    union = (60 * 80 - 56 * 76) + (60 * 40 - 56 * 36) - common
    assert metrics.boundary_iou(half, full) == pytest.approx(common / union)


def test_bootstrap_interval():
    values = np.random.default_rng(0).normal(3, 1, 400)
    low, high = metrics.bootstrap_interval(values, seed=1)
    # Normal theory: mean +- 1.96 s / sqrt(n).
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)
    assert metrics.bootstrap_interval(values, seed=1) == (low, high)
    narrow = metrics.bootstrap_interval(values, seed=1, confidence=0.5)
    assert low < narrow[0] < narrow[1] < high
    assert metrics.bootstrap_interval(np.array([0.5]), seed=0) == (0.5, 0.5)


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.sad(np.zeros((2, 2)), np.zeros((2, 3))),
        lambda: metrics.sad(np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((3, 3), np.uint8)),
        lambda: metrics.sad(np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((2, 2), np.uint8)),
        lambda: metrics.sad(np.full((2, 2), np.nan), np.zeros((2, 2))),
        lambda: metrics.sad(np.full((2, 2), 255.0), np.zeros((2, 2))),
        lambda: metrics.sad(np.zeros((2, 2, 1)), np.zeros((2, 2, 1))),
        lambda: metrics.sad(np.zeros((2, 2)), np.zeros((2, 2)), None, "matteformer"),
        lambda: metrics.mad(np.zeros((2, 2)), np.zeros((2, 2)), np.full((2, 2), 128, np.uint8), "matteformer"),
        lambda: metrics.gradient(np.zeros((2, 2)), np.zeros((2, 2)), np.full((2, 2), 128, np.uint8), "gfm"),
        lambda: metrics.connectivity(np.zeros((2, 2)), np.zeros((2, 2)), np.full((2, 2), 128, np.uint8), "gfm"),
        lambda: metrics.bootstrap_interval(np.array([]), seed=0),
        lambda: metrics.bootstrap_interval(np.array([np.inf]), seed=0),
    ],
)
def test_refuses(call):
    with pytest.raises(InputError):
        call()
