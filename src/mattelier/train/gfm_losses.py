"""GFM's losses: what glance separates, what focus adds, and their merge.

Li et al., "Bridging Composite and Real", IJCV 2022 (https://arxiv.org/abs/2010.16188), section 4.4, with the constants
of the released code. All mattes are (B, 1, H, W) in [0, 1], trimaps 0, 0.5 and 1, colours (B, 3, H, W) in [0, 1] but
the image, -1..1 as samples have it. `weight` (B, 1, H, W) is how far the target can be trusted, pixel by pixel; the
paper knows exact targets only, and leaving it out gives its numbers.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from mattelier.train.losses import cross_entropy, weighted_mean

SHARE = 0.25  # of each of the four terms
LEVELS = 5
EPSILON = 1e-12  # under the root of every absolute difference
REPRESENTATIONS: tuple[Literal["tt", "ft", "bt"], ...] = ("tt", "ft", "bt")


def total_gfm(
    predicted: dict[str, Tensor],
    image: Tensor,
    alpha: Tensor,
    trimap: Tensor,
    weight: Tensor | None = None,
    foreground: Tensor | None = None,
    background: Tensor | None = None,
    representation: Literal["tt", "ft", "bt"] = "tt",
    wide: Tensor | None = None,
    literal: bool = False,
) -> dict[str, Tensor]:
    """The paper's objective for one representation, four terms of equal share.

    foreground, background: straight colours; None: the picture's own over black, which is all a photo can give.
    wide, literal: as glance_target and focus_target take them.
    """
    target = glance_target(alpha, trimap, representation, wide, literal)
    focus_alpha = focus_target(alpha, trimap, representation, wide)
    losses = {
        "glance": glance_entropy(predicted["glance"], target, weight),
        "focus": focus_loss(predicted["focus"], focus_alpha, trimap, weight),
        "fusion": fusion_loss(predicted["alpha"], alpha, weight),
        "composition": composition(predicted["alpha"], alpha, image, weight, foreground, background),
    }
    return losses | {"total": SHARE * summed(losses)}


def total_gfm_lite(
    predicted: dict[str, Tensor],
    image: Tensor,
    alpha: Tensor,
    trimap: Tensor,
    weight: Tensor | None = None,
    foreground: Tensor | None = None,
    background: Tensor | None = None,
) -> dict[str, Tensor]:
    """The terms of tt in full, and, ours, cross-entropies that a confident mistake cannot hide from.

    The released one takes the softmax of sigmoids: it never falls below 0.55, and its gradient fades as sigmoids
    saturate; so does an absolute difference behind a sigmoid. Hours of two cores are too short to wait for that.
    """
    unknown = in_unknown(trimap)
    trusted = unknown if weight is None else unknown * weight
    target = glance_target(alpha, trimap)
    losses = {
        "glance": scores_entropy(predicted["glance"], target, weight),
        "focus": focus_loss(predicted["focus"], alpha, trimap, weight),
        "fusion": fusion_loss(predicted["alpha"], alpha, weight),
        "composition": composition(predicted["alpha"], alpha, image, weight, foreground, background),
        "entropy": cross_entropy(predicted["focus"], alpha, trusted) * trimap.numel() / (unknown.sum() + 1.0),
    }
    return losses | {"total": summed(losses)}


def total_gfm_rim(
    predicted: dict[str, Tensor],
    image: Tensor,
    alpha: Tensor,
    trimap: Tensor,
    weight: Tensor | None = None,
    foreground: Tensor | None = None,
    background: Tensor | None = None,
    wide: Tensor | None = None,
    literal: bool = False,
) -> dict[str, Tensor]:
    """The released objective of RIM: every term of the three representations, and of their mixture, in full.

    literal: the released code's slip, which scores ft's heads twice and bt's never.
    """
    losses: dict[str, Tensor] = {}
    for name in REPRESENTATIONS:
        heads = "ft" if literal and name == "bt" else name
        one = {"glance": predicted[f"glance_{heads}"], "focus": predicted[f"focus_{heads}"]}
        one["alpha"] = predicted[f"fusion_{heads}"]
        parts = total_gfm(one, image, alpha, trimap, weight, foreground, background, name, wide)
        losses[name] = parts["total"] / SHARE
    losses["fusion"] = fusion_loss(predicted["alpha"], alpha, weight)
    losses["composition"] = composition(predicted["alpha"], alpha, image, weight, foreground, background)
    return losses | {"total": summed(losses)}


def glance_target(
    alpha: Tensor,
    trimap: Tensor,
    representation: Literal["tt", "ft", "bt"] = "tt",
    wide: Tensor | None = None,
    literal: bool = False,
) -> Tensor:
    """The class of every pixel, (B, H, W) int64.

    wide: a trimap of wider growth (50 px where the trimap's is 25) for the certain and possible foreground of ft and
    bt; None: the trimap.  literal: as the released code has it, which teaches ft the possible and bt the opaque
    foreground, neither of which its merge expects.
    """
    if representation == "tt":
        return (trimap[:, 0] > 0).long() + (trimap[:, 0] == 1).long()
    certain, possible = regions(trimap if wide is None else wide)
    if representation == "ft":
        return (possible if literal else certain)[:, 0].long()
    return (alpha == 1 if literal else possible)[:, 0].long()


def focus_target(
    alpha: Tensor, trimap: Tensor, representation: Literal["tt", "ft", "bt"] = "tt", wide: Tensor | None = None
) -> Tensor:
    """What focus has to add to (ft) or take from (bt) glance; in tt alpha itself."""
    certain, possible = regions(trimap if wide is None else wide)
    if representation == "ft":
        return (alpha - certain.to(alpha.dtype)).clamp(min=0.0)
    if representation == "bt":
        return (possible.to(alpha.dtype) - alpha).clamp(min=0.0)
    return alpha


def regions(trimap: Tensor) -> tuple[Tensor, Tensor]:
    """Certain and possible foreground."""
    return trimap == 1, trimap > 0


def glance_entropy(glance: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Cross-entropy as released: the softmax of scores that went through a sigmoid already."""
    entropy = F.cross_entropy(glance.float(), target, reduction="none")
    return weighted_mean(entropy[:, None], weight)


def scores_entropy(glance: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Cross-entropy of the scores before their sigmoid, recovered from it (ours)."""
    return glance_entropy(torch.logit(glance.float(), eps=1e-6), target, weight)


def focus_loss(focus: Tensor, target: Tensor, trimap: Tensor, weight: Tensor | None = None) -> Tensor:
    unknown = in_unknown(trimap)
    return alpha_unknown(focus, target, trimap, weight) + laplacian(focus * unknown, target * unknown, weight)


def fusion_loss(fusion: Tensor, alpha: Tensor, weight: Tensor | None = None) -> Tensor:
    return weighted_mean(distance(fusion - alpha), weight) + laplacian(fusion, alpha, weight)


def alpha_unknown(predicted: Tensor, target: Tensor, trimap: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean absolute difference over the unknown region, as released: one pixel more in the denominator."""
    unknown = in_unknown(trimap)
    error = distance((predicted - target) * unknown)
    return (error if weight is None else error * weight).sum() / (unknown.sum() + 1.0)


def laplacian(predicted: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """L1 between pyramids of five differences and their rest; every level counts alike.  Sides from 32 px on."""
    if weight is not None:
        predicted, target = predicted * weight, target * weight
    pairs = zip(pyramid(predicted.float()), pyramid(target.float()), strict=True)
    return torch.stack([F.l1_loss(ours, theirs) for ours, theirs in pairs]).sum()


def pyramid(matte: Tensor) -> list[Tensor]:
    """Differences to the blurred matte, which is then halved; last the halved rest.  Nothing is enlarged again."""
    weights, levels = kernel(matte), []
    for _ in range(LEVELS):
        blurred = F.conv2d(F.pad(matte, (2, 2, 2, 2), mode="replicate"), weights)
        levels.append(matte - blurred)
        matte = F.avg_pool2d(blurred, 2)
    return [*levels, matte]


def kernel(like: Tensor) -> Tensor:
    """The released 5x5 filter: rows and columns of a Gaussian are added, where a Gaussian would multiply them."""
    line = torch.exp(-((torch.arange(5, dtype=like.dtype, device=like.device) - 2.0) ** 2))
    plane = line[:, None] + line
    return (plane / plane.sum())[None, None]


def composition(
    predicted: Tensor,
    alpha: Tensor,
    image: Tensor,
    weight: Tensor | None = None,
    foreground: Tensor | None = None,
    background: Tensor | None = None,
) -> Tensor:
    """Difference of the picture to predicted * F + (1 - predicted) * B, summed over channels, a mean over pixels."""
    picture = (image + 1.0) / 2.0
    if foreground is None or background is None:
        foreground, background = picture, torch.zeros_like(picture)
        picture = alpha * foreground
    composed = predicted * foreground + (1.0 - predicted) * background
    # the released code takes the root in 0..255
    error = distance(255.0 * (composed - picture)).sum(1, keepdim=True) / 255.0
    return weighted_mean(error, weight)


def distance(difference: Tensor) -> Tensor:
    return torch.sqrt(difference**2 + EPSILON)


def in_unknown(trimap: Tensor) -> Tensor:
    # exactly 0.5: what interpolation puts between two values belongs to neither, as released
    return (trimap == 0.5).to(trimap.dtype)


def summed(losses: dict[str, Tensor]) -> Tensor:
    return torch.stack(list(losses.values())).sum()
