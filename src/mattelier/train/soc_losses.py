"""SOC, MODNet's sub-objectives consistency (AAAI 2022, "Adaptation to Real-World Data"): losses without a matte.

On photos unlike those it learned from, MODNet's branches contradict each other. The semantic loss makes semantic and
alpha agree; alone it would do so by blurring, so the detail loss holds the boundary to what a frozen copy of the
network draws there. As in the released code; the paper's text compares detail with alpha instead.

Heads are named as in models/modnet.py: semantic (B, 1, H/16, W/16), detail and alpha (B, 1, H, W), all in [0, 1].
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mattelier.train.losses import semantic_target

SEMANTIC_FACTOR, DETAIL_FACTOR = 100.0, 1.0  # released code
PRESENT = 0.1  # semantic and alpha above this are subject
FAINT = 0.01  # a target at or below this is 0
BOUNDARY_SHARE = 0.05  # the boundary's window, as a share of the picture's mean side
SEMANTIC_STRIDE = 16


def total_soc(predicted: dict[str, Tensor], frozen: dict[str, Tensor]) -> dict[str, Tensor]:
    """Both losses and their sum, scalars.

    predicted: the heads of the network that adapts. frozen: those of its copy on the same pictures, without gradients.
    """
    semantic, alpha = predicted["semantic"], predicted["alpha"]
    near = boundary(subject(semantic, alpha))
    losses = {"semantic": soc_semantic(semantic, alpha), "detail": soc_detail(predicted, frozen, near)}
    return losses | {"total": losses["semantic"] + losses["detail"]}


def soc_semantic(semantic: Tensor, alpha: Tensor) -> Tensor:
    """100 * (MSE of semantic against alpha at 1/16, and of alpha at 1/16 against semantic): each is the other's
    target."""
    small = semantic_target(alpha, semantic)
    error = F.mse_loss(semantic, settled(small)) + F.mse_loss(small, settled(semantic))
    return SEMANTIC_FACTOR * error


def soc_detail(predicted: dict[str, Tensor], frozen: dict[str, Tensor], near: Tensor) -> Tensor:
    """L1 of detail and of alpha against the frozen copy's, a mean over each picture's boundary `near` (B, 1, H, W).

    A picture without a boundary counts 0.
    """
    weight = near.to(predicted["alpha"].dtype)
    area = weight.sum((1, 2, 3)).clamp(min=1.0)  # the released code divides by 0 here
    error = sum((predicted[head] - frozen[head]).abs() for head in ("detail", "alpha")) * weight
    return DETAIL_FACTOR * (error.sum((1, 2, 3)) / area).mean()


@torch.no_grad()
def subject(semantic: Tensor, alpha: Tensor) -> Tensor:
    """Where both heads see a subject, (B, 1, H, W): 0, 1, and between them on the edge of a coarse cell."""
    coarse = (semantic > PRESENT).to(alpha.dtype)
    full = F.interpolate(coarse, scale_factor=SEMANTIC_STRIDE, mode="bilinear", align_corners=False)
    return full * (alpha > PRESENT)


def boundary(subject: Tensor) -> Tensor:
    """Where a subject changes within a square window, (B, 1, H, W) bool; on the CPU, and back."""
    from scipy import ndimage

    height, width = subject.shape[-2:]
    # grey morphology of scipy as released: a window of even side has its middle to one side, and borders are reflected
    window = (1, 1, *2 * (boundary_side_px(height, width),))
    values = subject.detach().cpu().numpy()
    changes = ndimage.grey_dilation(values, window) != ndimage.grey_erosion(values, window)
    return torch.from_numpy(np.ascontiguousarray(changes)).to(subject.device)


def boundary_side_px(height: int, width: int) -> int:
    return max(1, int((height + width) / 2 * BOUNDARY_SHARE))


def settled(target: Tensor) -> Tensor:
    """A head as a target: without gradients, faint values at 0."""
    target = target.detach()
    return torch.where(target <= FAINT, torch.zeros_like(target), target)
