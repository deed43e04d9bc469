"""MatteFormer's losses: three alphas, each judged where it is meant to decide.

Park et al., "MatteFormer", CVPR 2022 (https://arxiv.org/abs/2203.15662), and the released configuration; the schedule
is that of Yu et al., "Mask Guided Matting", CVPR 2021. os8 is judged everywhere. os4 and os1 are judged in the trimap's
unknown region at first, and later where the coarser alpha is uncertain, as they will be merged: every pixel that is not
is overwritten by the coarser alpha.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mattelier.models.matteformer import unknown
from mattelier.train.fba_losses import blur, expand

SHARES = {"os1": 2 / 5, "os4": 1 / 5, "os8": 1 / 5}  # of the three alphas in every loss, as released
LEVELS = 5
LARGEST_OS4_PX, LARGEST_OS1_PX = 29, 14  # ellipses are drawn from 1 to these, for every picture
IMAGENET_STD = (0.229, 0.224, 0.225)
EPS = 1e-8


@dataclass(frozen=True)
class Schedule:
    """Until when the trimap alone says where os4 and os1 are judged, and from when their own uncertainty does.

    Between the two a coin is tossed at every step.
    """

    trimap_steps: int = 10_000
    certain_steps: int = 30_000


PUBLISHED = Schedule()
LITE = Schedule(trimap_steps=500, certain_steps=1_500)  # ours: the same shares of a run of 10,000 steps


def total_matteformer(
    predicted: Mapping[str, Tensor],
    image: Tensor,
    alpha: Tensor,
    foreground: Tensor,
    background: Tensor,
    trimap: Tensor,
    known: Tensor,
    step: int,
    schedule: Schedule = PUBLISHED,
) -> dict[str, Tensor]:
    """rec, comp and lap, weight 1 each, and their total.

    predicted: alpha_os1, alpha_os4 and alpha_os8; all alphas, trimap (0, 0.5, 1) and known are (B, 1, H, W), colours
    (B, 3, H, W) in [0, 1].  known: 0 where a photo's own colours are not known; comp is not judged there (ours).
    """
    rng = np.random.default_rng((step, 8282))  # by the step alone, so that a resumed run draws what it would have drawn
    planes, weights = judged(predicted, trimap, step, schedule, rng)
    std = torch.tensor(IMAGENET_STD, dtype=image.dtype, device=image.device)[:, None, None]
    colours = foreground / std, background / std, image / std  # the means cancel out
    parts = {
        "rec": {head: regression(planes[head], alpha, weights[head]) for head in SHARES},
        "comp": {head: composition(planes[head], *colours, weights[head] * known) for head in SHARES},
        "lap": {head: laplacian(planes[head], alpha, weights[head]) for head in SHARES},
    }
    sums = {
        name: torch.stack([SHARES[head] * loss for head, loss in each.items()]).sum() for name, each in parts.items()
    }
    return sums | {"total": torch.stack(list(sums.values())).sum()}


def judged(
    predicted: Mapping[str, Tensor], trimap: Tensor, step: int, schedule: Schedule, rng: np.random.Generator
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The three alphas as they are judged, and where: weights of 0 and 1, both by head."""
    os8, os4, os1 = (predicted[f"alpha_os{stride}"] for stride in (8, 4, 1))
    if by_trimap(step, schedule, rng):
        region = (trimap == 0.5).to(os8.dtype)
        return {"os8": os8, "os4": os4, "os1": os1}, {"os8": torch.ones_like(region), "os4": region, "os1": region}
    wide = uncertain(os8, LARGEST_OS4_PX, rng)
    os4 = torch.where(wide, os4, os8)
    narrow = uncertain(os4, LARGEST_OS1_PX, rng)
    os1 = torch.where(narrow, os1, os4)
    weights = {"os8": torch.ones_like(os8), "os4": wide.to(os8.dtype), "os1": narrow.to(os8.dtype)}
    return {"os8": os8, "os4": os4, "os1": os1}, weights


def by_trimap(step: int, schedule: Schedule, rng: np.random.Generator) -> bool:
    if step < schedule.trimap_steps:
        return True
    return step < schedule.certain_steps and bool(rng.random() < 0.5)


def uncertain(alpha: Tensor, largest_px: int, rng: np.random.Generator) -> Tensor:
    """The network's unknown region with an ellipse drawn for every picture; (B, 1, H, W) bool."""
    with torch.no_grad():
        sides = rng.integers(1, largest_px + 1, size=len(alpha)).tolist()
        return torch.cat([unknown(alpha[k : k + 1], side) for k, side in enumerate(sides)])


def regression(predicted: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean absolute difference over the weights; sums go over the whole batch."""
    return ((predicted - target).abs() * weight).sum() / (weight.sum() + EPS)


def composition(alpha: Tensor, foreground: Tensor, background: Tensor, image: Tensor, weight: Tensor) -> Tensor:
    """|alpha F + (1 - alpha) B - I| over the weights, its three channels summed and not averaged, as released."""
    error = (alpha * foreground + (1.0 - alpha) * background - image).abs()
    return (error * weight).sum() / (weight.sum() + EPS)


def laplacian(predicted: Tensor, target: Tensor, weight: Tensor, levels: int = LEVELS) -> Tensor:
    """Sum over levels s = 0, 1, ... of 2^s times the regression loss between two bands of Laplacian pyramids.

    Weights are every second one of the level before. The pyramid is linear: one of the difference is enough.
    """
    difference = predicted - target
    total = difference.new_zeros(())
    for level in range(levels):
        if min(difference.shape[-2:]) < 3:  # a crop too small for more
            break
        smaller = blur(difference)[..., ::2, ::2]
        band = difference - expand(smaller, difference)
        total = total + 2.0**level * regression(band, torch.zeros_like(band), weight)
        difference, weight = smaller, weight[..., ::2, ::2]
    return total
