"""DIM's losses: alpha itself, and what it makes of the picture, both where the trimap knows nothing.

Xu, Price, Cohen, Huang, "Deep Image Matting", CVPR 2017 (https://arxiv.org/abs/1703.03872), section 4.1, with the
constants of pytorch-deep-image-matting. All mattes are (B, 1, H, W) in [0, 1], trimaps 0, 0.5 and 1, colours
(B, 3, H, W) in [0, 1], foreground and background straight. Sums over the whole batch are divided by its number of
unknown pixels and one more.
"""

import torch
from torch import Tensor

ALPHA_SHARE = 0.5  # w_l: of the alpha prediction loss; the compositional loss has the rest
EPSILON = 1e-12  # under the root: the square of the paper's 1e-6


def total_dim(
    predicted: dict[str, Tensor],
    image: Tensor,
    alpha: Tensor,
    foreground: Tensor,
    background: Tensor,
    trimap: Tensor,
    known: Tensor | None = None,
) -> dict[str, Tensor]:
    """The encoder-decoder's objective, on the coarse alpha.

    known: (B, 1, H, W), 0 where foreground and background are not true (a photo); those pixels are left out of the
    compositional loss.  None: they are true everywhere.
    """
    coarse, unknown = predicted["coarse"], in_unknown(trimap)
    parts = {
        "alpha": ALPHA_SHARE * alpha_prediction(coarse, alpha, unknown),
        "composition": (1.0 - ALPHA_SHARE)
        * composition(coarse, image, foreground, background, unknown if known is None else unknown * known),
    }
    return parts | {"total": parts["alpha"] + parts["composition"]}


def total_dim_refine(predicted: dict[str, Tensor], alpha: Tensor, trimap: Tensor) -> dict[str, Tensor]:
    """The refinement's objective: the alpha prediction loss alone."""
    refined = alpha_prediction(predicted["alpha"], alpha, in_unknown(trimap))
    return {"refined": refined, "total": refined}


def total_dim_both(
    predicted: dict[str, Tensor],
    image: Tensor,
    alpha: Tensor,
    foreground: Tensor,
    background: Tensor,
    trimap: Tensor,
    known: Tensor | None = None,
) -> dict[str, Tensor]:
    """Both objectives, for the last stage."""
    first = total_dim(predicted, image, alpha, foreground, background, trimap, known)
    second = total_dim_refine(predicted, alpha, trimap)
    return first | second | {"total": first["total"] + second["total"]}


def alpha_prediction(predicted: Tensor, alpha: Tensor, unknown: Tensor) -> Tensor:
    """Equation 1 of the paper, a mean over the unknown pixels."""
    return (distance(predicted - alpha) * unknown).sum() / (unknown.sum() + 1.0)


def alpha_prediction_over_all(predicted: Tensor, alpha: Tensor, unknown: Tensor, more: float = 1.0) -> Tensor:
    """The same with known pixels under the root, where each adds epsilon.

    So pytorch-deep-image-matting trains its stage 0, and foamliu all (more=1e-6 in the denominator).
    """
    return distance((predicted - alpha) * unknown).sum() / (unknown.sum() + more)


def composition(predicted: Tensor, image: Tensor, foreground: Tensor, background: Tensor, region: Tensor) -> Tensor:
    """Equation 2: the picture against predicted F + (1 - predicted) B, a mean over the region and three channels."""
    composed = predicted * foreground + (1.0 - predicted) * background
    # the code takes the root in 0..255
    error = distance(255.0 * (composed - image)) / 255.0
    return (error * region).sum() / (region.sum() + 1.0) / 3.0


def distance(difference: Tensor) -> Tensor:
    return torch.sqrt(difference**2 + EPSILON)


def in_unknown(trimap: Tensor) -> Tensor:
    return (trimap == 0.5).to(trimap.dtype)
