"""One picture, one answer: every figure of it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mattelier.data.readers.example import Example
from mattelier.errors import InputError
from mattelier.evaluate import metrics
from mattelier.evaluate.colours import bleed, composite_error, reference
from mattelier.evaluate.referring import referred
from mattelier.evaluate.sets import Truth, read_colours, read_truth
from mattelier.evaluate.system import Answer
from mattelier.image import Array, Float
from mattelier.image.colour import to_depth

ERRORS: dict[str, Callable[..., float]] = {
    "sad": metrics.sad,
    "mse": metrics.mse,
    "mad": metrics.mad,
    "gradient": metrics.gradient,
    "connectivity": metrics.connectivity,
}
OVERLAPS: dict[str, Callable[..., float]] = {"iou": metrics.iou, "boundary_iou": metrics.boundary_iou}
# Every name that a picture may carry: whole picture, unknown region, SAD by region, colours.
FIGURES = (
    *OVERLAPS,
    *ERRORS,
    *(f"{name}_unknown" for name in ERRORS),
    "sad_foreground",
    "sad_background",
    "composite",
    "composite_unknown",
    "bleed",
)


def judge(picture: Example, answer: Answer) -> dict[str, Any]:
    """The picture's figures; those that need a trimap, or half-transparent pixels, are left out without.

    Raises InputError when the set's files or the answer cannot be used.
    """
    truth = read_truth(picture)
    if answer.alpha.shape != truth.target.shape:
        raise InputError(
            f"the answer is {answer.alpha.shape} and the true alpha {truth.target.shape}; expected one size; "
            "the system must give the photo's size"
        )
    alpha = np.asarray(answer.alpha)
    figures: dict[str, Any] = {"name": picture.name, "category": picture.category, "automatic": picture.automatic}
    figures |= {name: metric(alpha, truth.target) for name, metric in (OVERLAPS | ERRORS).items()}
    figures |= by_region(alpha, truth)
    figures |= referred(picture, alpha, truth.target)
    figures |= colours(picture, answer, truth)
    return figures | {
        "seconds": answer.seconds,
        "cpu_seconds": answer.cpu_seconds,
        "peak_mib": answer.peak_mib,
    }


def by_region(alpha: Array, truth: Truth) -> dict[str, float]:
    """The errors of the unknown region, known pixels forced, and the plain SAD of the two known ones."""
    if truth.unknown is None or truth.trimap is None:
        return {}
    found = {f"{name}_unknown": metric(alpha, truth.target, truth.trimap) for name, metric in ERRORS.items()}
    regions = metrics.sad_by_region(alpha, truth.target, truth.trimap)
    return found | {"sad_foreground": regions["foreground"], "sad_background": regions["background"]}


def colours(picture: Example, answer: Answer, truth: Truth) -> dict[str, Any]:
    """Composite errors and bleeding; `true_colours` says where the truth came from."""
    photo = read_colours(picture.image)
    given = photo if answer.colours is None else answer.colours
    true, origin = true_colours(picture, photo, truth.target)
    found: dict[str, Any] = {
        "true_colours": origin,
        "composite": composite_error(answer.alpha, given, truth.target, true),
        "bleed": bleed(given, truth.target, true),
    }
    if truth.unknown is not None:
        found["composite_unknown"] = composite_error(answer.alpha, given, truth.target, true, truth.unknown)
    return found


def true_colours(picture: Example, photo: Array, target: Array) -> tuple[Float, str]:
    """The subject's colours, (H, W, 3) float32 [0, 1]: the set's own ("set"), else "estimated" from the true alpha."""
    if picture.foreground is None:
        return reference(photo, target), "estimated"
    return to_depth(read_colours(picture.foreground), np.float32), "set"
