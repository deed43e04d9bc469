"""The measures of matting, each once, in numpy.

SAD, MSE, gradient and connectivity error: Rhemann et al., "A Perceptually Motivated Online Benchmark for Image
Matting" (CVPR 2009), in the form of the MATLAB code that came with Xu et al., "Deep Image Matting" (CVPR 2017).
Boundary IoU: Cheng et al., "Boundary IoU" (CVPR 2021).

Three conventions:

default      scores the unknown region of the trimap after its known pixels were forced to 0 and 1 in the
             prediction; without a trimap the whole picture. SAD, gradient and connectivity / 1000, MSE and MAD
             means over the scored pixels. An alpha is not stretched to min..max, as MATLAB's mat2gray would.
gfm          the test code of Li et al., "Bridging Composite and Real" (IJCV 2022).
matteformer  the test code of Park et al., "MatteFormer" (CVPR 2022): sad and mse only.

Alphas are (H, W): uint8 [0, 255], uint16 [0, 65535] or float [0, 1]; trimaps uint8 {0, 128, 255}.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mattelier.errors import InputError
from mattelier.image import Array
from mattelier.image.trimap import BACKGROUND, FOREGROUND, UNKNOWN

Convention = Literal["default", "gfm", "matteformer"]
Double = NDArray[np.float64]
_SIGMA = 1.4
# Levels of the connectivity error, and the distance that is forgiven.
_STEPS = 10
_FORGIVEN = 0.15


def sad(pred: Array, target: Array, trimap: Array | None = None, convention: Convention = "default") -> float:
    """Sum of absolute differences in thousands.

    gfm sums over the whole picture after forcing; matteformer over the unknown region without forcing.
    """
    difference, scored = _difference(pred, target, trimap, convention)
    if convention == "gfm":
        scored = np.ones_like(scored)
    return float(np.abs(difference[scored]).sum() / 1000)


def sad_by_region(pred: Array, target: Array, trimap: Array) -> dict[str, float]:
    """SAD in thousands of the prediction as it is, in each region: "foreground", "background", "unknown".

    The three add up to the whole picture's; gfm reports them as SAD-FG, SAD-BG and SAD-TRAN.
    """
    difference = np.abs(np.subtract(*_prepare(pred, target, None, "default")[:2]))
    regions = {"foreground": FOREGROUND, "background": BACKGROUND, "unknown": UNKNOWN}
    return {name: float(difference[trimap == value].sum() / 1000) for name, value in regions.items()}


def mse(pred: Array, target: Array, trimap: Array | None = None, convention: Convention = "default") -> float:
    """Mean squared difference over the scored pixels.

    gfm divides the whole picture's sum by the number of unknown pixels (inf when there are none); matteformer
    adds 1e-8 to that number.
    """
    difference, scored = _difference(pred, target, trimap, convention)
    return _mean(difference**2, scored, convention)


def mad(pred: Array, target: Array, trimap: Array | None = None, convention: Convention = "default") -> float:
    """Mean absolute difference over the scored pixels; gfm divides as in mse."""
    _refuse(convention == "matteformer", "mad", convention)
    difference, scored = _difference(pred, target, trimap, convention)
    return _mean(np.abs(difference), scored, convention)


def gradient(pred: Array, target: Array, trimap: Array | None = None, convention: Convention = "default") -> float:
    """Squared difference of gradient magnitudes (Gaussian derivatives, sigma 1.4), summed, in thousands.

    gfm: scipy's filters, float32, sum / 10, whole picture only.
    """
    _refuse(convention == "matteformer" or (convention == "gfm" and trimap is not None), "gradient", convention)
    p, t, scored = _prepare(pred, target, trimap, convention)
    if convention == "gfm":
        return float(((_gfm_magnitude(p) - _gfm_magnitude(t)) ** 2).sum() / 10)
    return float(((_magnitude(p) - _magnitude(t)) ** 2)[scored].sum() / 1000)


def connectivity(pred: Array, target: Array, trimap: Array | None = None, convention: Convention = "default") -> float:
    """Difference in the degree of connection to the largest common region, in thousands (step 0.1).

    gfm: levels without a common region are skipped, so an empty prediction scores 0; whole picture only.
    """
    _refuse(convention == "matteformer" or (convention == "gfm" and trimap is not None), "connectivity", convention)
    p, t, scored = _prepare(pred, target, trimap, convention)
    reached = _reached_level(p, t, skip_empty=convention == "gfm")
    return float(np.abs(_connection(p, reached) - _connection(t, reached))[scored].sum() / 1000)


def iou(pred: Array, target: Array, threshold: float = 0.5) -> float:
    """Intersection over union of (alpha > threshold); 1 when both are empty."""
    p, t, _ = _prepare(pred, target, None, "default")
    return _iou(p > threshold, t > threshold)


def boundary_iou(pred: Array, target: Array, threshold: float = 0.5, dilation_ratio: float = 0.02) -> float:
    """IoU of the pixels of (alpha > threshold) that lie within a share of the diagonal from its outline.

    The distance is counted in steps of a 3 x 3 erosion, and the picture's border counts as outline, as in the
    authors' code.
    """
    p, t, _ = _prepare(pred, target, None, "default")
    reach_px = max(1, round(dilation_ratio * float(np.hypot(*p.shape))))
    return _iou(_inner_boundary(p > threshold, reach_px), _inner_boundary(t > threshold, reach_px))


def bootstrap_interval(
    values: Sequence[float] | Array, seed: int, confidence: float = 0.95, resamples: int = 10_000
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of values (n,): low and high end."""
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or len(values) == 0 or not np.isfinite(values).all() or not 0 < confidence < 1:
        raise InputError(
            f"values of shape {values.shape} at confidence {confidence}; expected at least one finite number "
            "and a confidence between 0 and 1; leave out pictures without a score"
        )
    rng = np.random.default_rng(seed)
    means = rng.choice(values, (resamples, len(values))).mean(1)
    tail = 50 * (1 - confidence)
    low, high = np.percentile(means, [tail, 100 - tail])
    return float(low), float(high)


def _refuse(is_missing: bool, metric: str, convention: Convention) -> None:
    if is_missing:
        raise InputError(
            f"{metric} with this trimap is not part of the {convention} convention; "
            "its published code has no such number; use convention='default'"
        )


def _prepare(pred: Array, target: Array, trimap: Array | None, convention: Convention) -> tuple[Double, Double, Array]:
    """Both alphas as float64, known pixels forced in the first, and the mask of the scored pixels."""
    p, t = _unit(pred, "pred"), _unit(target, "target")
    if p.shape != t.shape or (trimap is not None and trimap.shape != p.shape):
        raise InputError(
            f"pred {p.shape}, target {t.shape} and trimap {None if trimap is None else trimap.shape} differ; "
            "expected one size; resize the prediction to the target"
        )
    if trimap is None:
        return p, t, np.ones(p.shape, bool)
    scored = trimap == UNKNOWN
    if convention == "default" and not scored.any():
        raise InputError("the trimap has no unknown pixel (128); expected some to score; leave the trimap out")
    if convention != "matteformer":
        p = np.where(trimap == FOREGROUND, 1, np.where(trimap == BACKGROUND, 0, p))
    return p, t, scored


def _unit(alpha: Array, name: str) -> Double:
    scale = {"uint8": 255, "uint16": 65535}.get(alpha.dtype.name, 1)
    values = np.asarray(alpha / scale, np.float64)
    is_known = alpha.dtype.name in ("uint8", "uint16", "float32", "float64")
    if not is_known or values.ndim != 2 or values.size == 0 or not (values.min() >= 0 and values.max() <= 1):
        raise InputError(
            f"{name} of shape {alpha.shape} and type {alpha.dtype} is no alpha; expected (H, W) uint8, uint16 "
            "or float in [0, 1]; clip or convert it first"
        )
    return values


def _difference(pred: Array, target: Array, trimap: Array | None, convention: Convention) -> tuple[Double, Array]:
    if convention == "matteformer" and trimap is None:
        raise InputError("no trimap given; the matteformer convention scores its unknown region; pass trimap=")
    p, t, scored = _prepare(pred, target, trimap, convention)
    return p - t, scored


def _mean(error: Double, scored: Array, convention: Convention) -> float:
    if convention == "gfm":
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(error.sum() / np.float64(scored.sum()))
    return float(error[scored].sum() / (scored.sum() + (1e-8 if convention == "matteformer" else 0)))


def _gaussian_derivative() -> Double:
    """The 9 x 9 kernel of the MATLAB code: Gaussian down, its derivative across, unit Frobenius norm."""
    # Cut where the Gaussian falls to 0.01.
    half = int(np.ceil(_SIGMA * np.sqrt(-2 * np.log(np.sqrt(2 * np.pi) * _SIGMA * 0.01))))
    x = np.arange(-half, half + 1)
    gauss = np.exp(-(x**2) / (2 * _SIGMA**2)) / (_SIGMA * np.sqrt(2 * np.pi))
    kernel = np.outer(gauss, -x * gauss / _SIGMA**2)
    normalised: Double = kernel / np.sqrt((kernel**2).sum())
    return normalised


def _magnitude(alpha: Double) -> Double:
    from scipy.ndimage import convolve

    kernel = _gaussian_derivative()
    down, across = (convolve(alpha, k, mode="nearest") for k in (kernel.T, kernel))
    magnitude: Double = np.hypot(down, across)
    return magnitude


def _gfm_magnitude(alpha: Double) -> Array:
    from scipy.ndimage import gaussian_filter

    down, across = (gaussian_filter(alpha, _SIGMA, order=order, output=np.float32) for order in ((1, 0), (0, 1)))
    return np.asarray(np.sqrt(down**2 + across**2))


def _reached_level(pred: Double, target: Double, skip_empty: bool) -> Double:
    """Highest level at which a pixel still belongs to the largest region common to both."""
    if not skip_empty:
        # MATLAB walks columns first, and of regions of one size its max takes the first.
        return _levels(pred.T, target.T, skip_empty).T
    return _levels(pred, target, skip_empty)


def _levels(pred: Double, target: Double, skip_empty: bool) -> Double:
    # The published code's expression, float error included.
    levels = np.arange(0, 1.1, 0.1) if skip_empty else np.arange(_STEPS + 1) / _STEPS
    reached = np.full(pred.shape, -1.0)
    for previous, level in pairwise(levels):
        omega = _largest_region((pred >= level) & (target >= level))
        if omega is None and skip_empty:
            continue
        lost = reached == -1 if omega is None else (reached == -1) & ~omega
        reached[lost] = previous
    return np.where(reached == -1, 1, reached)


def _largest_region(mask: Array) -> Array | None:
    """The largest 4-connected region, the first of equal ones; None in an empty mask."""
    from scipy.ndimage import label

    labels, count = label(mask)
    if count == 0:
        return None
    sizes = np.bincount(labels.ravel())
    return np.asarray(labels == 1 + int(np.argmax(sizes[1:])))


def _connection(alpha: Double, reached: Double) -> Double:
    distance = alpha - reached
    return 1 - np.where(distance >= _FORGIVEN, distance, 0)


def _iou(a: Array, b: Array) -> float:
    union = int((a | b).sum())
    return int((a & b).sum()) / union if union else 1.0


def _inner_boundary(mask: Array, reach_px: int) -> Array:
    from scipy.ndimage import minimum_filter

    # One wide square is the same as many 3 x 3 erosions, and separable.
    eroded = minimum_filter(mask, 2 * reach_px + 1, mode="constant", cval=0)
    return np.asarray(mask & ~eroded)
