"""Losses of the papers: functions of tensors that return scalars; `total_*` returns the named parts and their sum.

All mattes are (B, 1, H, W) in [0, 1]. `weight` (B, 1, H, W) is how far the target can be trusted, pixel by pixel; the
papers know exact targets only, and leaving it out gives their numbers.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

# scipy's gaussian_filter of a 3x3 unit impulse, sigma 0.8, whose reflected borders make it differ from the textbook's
BLUR_KERNEL = (
    (0.06261057, 0.1249999, 0.06261057),
    (0.1249999, 0.24955814, 0.1249999),
    (0.06261057, 0.1249999, 0.06261057),
)


def total_modnet(
    predicted: dict[str, Tensor], image: Tensor, alpha: Tensor, trimap: Tensor, weight: Tensor | None = None
) -> dict[str, Tensor]:
    """MODNet's supervised objective (AAAI 2022, equations 1 to 4) with the factors of the released code."""
    losses = {
        "semantic": modnet_semantic(predicted["semantic"], alpha),
        "detail": modnet_detail(predicted["detail"], alpha, trimap, weight),
        "matte": modnet_matte(predicted["alpha"], alpha, trimap, image, weight),
    }
    return losses | {"total": torch.stack(list(losses.values())).sum()}


def total_modnet_lite(
    predicted: dict[str, Tensor], image: Tensor, alpha: Tensor, trimap: Tensor, weight: Tensor | None = None
) -> dict[str, Tensor]:
    """MODNet's objective and, ours, cross-entropy on semantic and alpha.

    Behind a sigmoid the squared and absolute errors of a confident mistake have almost no gradient; cross-entropy
    has, and hours of two cores are too short to wait for it.
    """
    losses = total_modnet(predicted, image, alpha, trimap, weight)
    coarse = cross_entropy(predicted["semantic"], semantic_target(alpha, predicted["semantic"]))
    fine = cross_entropy(predicted["alpha"], alpha, weight)
    return losses | {"entropy": coarse + fine, "total": losses["total"] + coarse + fine}


def modnet_semantic(semantic: Tensor, alpha: Tensor) -> Tensor:
    """10 * MSE against the blurred 1/16 matte; semantic (B, 1, H/16, W/16)."""
    return 10.0 * F.mse_loss(semantic, semantic_target(alpha, semantic))


def modnet_detail(detail: Tensor, alpha: Tensor, trimap: Tensor, weight: Tensor | None = None) -> Tensor:
    """10 * L1 over the unknown region (a mean over all pixels); trimap holds 0, 0.5 and 1."""
    return 10.0 * weighted_mean(in_unknown(trimap, (detail - alpha).abs()), weight)


def modnet_matte(matte: Tensor, alpha: Tensor, trimap: Tensor, image: Tensor, weight: Tensor | None = None) -> Tensor:
    """L1 and compositional loss, the unknown region counted five times.

    image: (B, 3, H, W) as the network saw it, -1..1, so the compositional part is |image| * |difference|, as released.
    """
    forced = torch.where(trimap == 0.5, matte, trimap)
    error = (matte - alpha).abs() + 4.0 * (forced - alpha).abs()
    return weighted_mean(error, weight) + weighted_mean(error * image.abs().mean(1, keepdim=True), weight)


def cross_entropy(predicted: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    clamped = predicted.float().clamp(1e-4, 1.0 - 1e-4)
    return F.binary_cross_entropy(clamped, target, weight)


def semantic_target(alpha: Tensor, like: Tensor) -> Tensor:
    """The matte at 1/16 (bilinear, no antialias, as released), blurred 3x3 with reflected borders."""
    small = F.interpolate(alpha, size=like.shape[-2:], mode="bilinear", align_corners=False)
    kernel = torch.tensor(BLUR_KERNEL, dtype=alpha.dtype, device=alpha.device)[None, None]
    return F.conv2d(F.pad(small, (1, 1, 1, 1), mode="reflect"), kernel)


def in_unknown(trimap: Tensor, error: Tensor) -> Tensor:
    return torch.where(trimap == 0.5, error, torch.zeros_like(error))


def weighted_mean(error: Tensor, weight: Tensor | None) -> Tensor:
    return error.mean() if weight is None else (error * weight).mean()


def trimap_of(alpha: Tensor, radius_px: int) -> Tensor:
    """0, 0.5 or 1: the soft pixels, grown by radius_px to every side, are unknown."""
    soft = ((alpha > 0.02) & (alpha < 0.98)).to(alpha.dtype)
    edge = ((alpha > 0.5) != (F.max_pool2d(alpha, 3, 1, 1) > 0.5)).to(alpha.dtype)  # a hard edge has no soft pixel
    unknown = F.max_pool2d(torch.maximum(soft, edge), 2 * radius_px + 1, 1, radius_px)
    return torch.where(unknown > 0, torch.full_like(alpha, 0.5), (alpha > 0.5).to(alpha.dtype))
