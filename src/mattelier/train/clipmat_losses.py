"""CLIPMat's losses: what the words mean, its details, and their merge.

Li et al., "Referring Image Matting", CVPR 2023 (https://arxiv.org/abs/2206.05149). Nobody published its training code;
the terms are those of the authors' other network (train/gfm_losses.py), with a true softmax, of equal share (ours). All
mattes are (B, 1, H, W) in [0, 1], trimaps 0, 0.5 and 1, the image -1..1 as samples have it. `weight` (B, 1, H, W) is
how far the target can be trusted, pixel by pixel.
"""

import torch.nn.functional as F
from torch import Tensor

from mattelier.train.gfm_losses import SHARE, composition, focus_loss, fusion_loss, glance_target, in_unknown, summed
from mattelier.train.losses import cross_entropy, weighted_mean


def total_clipmat(
    predicted: dict[str, Tensor],
    image: Tensor,
    alpha: Tensor,
    trimap: Tensor,
    weight: Tensor | None = None,
    foreground: Tensor | None = None,
    background: Tensor | None = None,
) -> dict[str, Tensor]:
    """Four terms of equal share.

    foreground, background: straight colours; None: the picture's own over black.
    """
    losses = terms(predicted, image, alpha, trimap, weight, foreground, background)
    return losses | {"total": SHARE * summed(losses)}


def total_clipmat_lite(
    predicted: dict[str, Tensor], image: Tensor, alpha: Tensor, trimap: Tensor, weight: Tensor | None = None
) -> dict[str, Tensor]:
    """The terms in full, and, ours, two cross-entropies: of the map where the words point, and of the details.

    Encoders that were not trained together have to be told where the words point; an absolute difference behind a
    sigmoid fades where the network is sure of a mistake.
    """
    unknown = in_unknown(trimap)
    trusted = unknown if weight is None else unknown * weight
    losses = terms(predicted, image, alpha, trimap, weight)
    losses["pointing"] = pointing_entropy(predicted["pointing"], alpha)
    losses["entropy"] = cross_entropy(predicted["detail"], alpha, trusted) * trimap.numel() / (unknown.sum() + 1.0)
    return losses | {"total": summed(losses)}


def terms(
    predicted: dict[str, Tensor],
    image: Tensor,
    alpha: Tensor,
    trimap: Tensor,
    weight: Tensor | None = None,
    foreground: Tensor | None = None,
    background: Tensor | None = None,
) -> dict[str, Tensor]:
    return {
        "semantic": semantic_entropy(predicted["trimap"], trimap, weight),
        "details": focus_loss(predicted["detail"], alpha, trimap, weight),
        "fusion": fusion_loss(predicted["alpha"], alpha, weight),
        "composition": composition(predicted["alpha"], alpha, image, weight, foreground, background),
    }


def semantic_entropy(scores: Tensor, trimap: Tensor, weight: Tensor | None = None) -> Tensor:
    """Cross-entropy of the softmax over background, transition and foreground; scores (B, 3, H, W) before it."""
    entropy = F.cross_entropy(scores.float(), glance_target(trimap, trimap), reduction="none")
    return weighted_mean(entropy[:, None], weight)


def pointing_entropy(pointing: Tensor, alpha: Tensor) -> Tensor:
    """Binary cross-entropy of the map against how much of every cell the subject covers."""
    return cross_entropy(pointing, F.interpolate(alpha, size=pointing.shape[-2:], mode="area"))
