"""Adaptive average pooling that stays exact in ONNX at sizes that were never traced: two matrix products."""

import torch
from torch import Tensor


def pool(x: Tensor, cells: int) -> Tensor:
    """x (B, C, H, W) averaged to (B, C, cells, cells), as torch's adaptive pooling does.

    An exported adaptive pooling is right at the traced size alone; these matrices are made from the size at hand.
    """
    rows, columns = (averaging(side, cells, x) for side in x.shape[-2:])
    return rows @ x @ columns.T


def averaging(side: int, cells: int, like: Tensor) -> Tensor:
    """(cells, side): row i averages positions floor(i * side / cells) up to ceil((i + 1) * side / cells)."""
    position = torch.arange(side, device=like.device)
    cell = torch.arange(cells, device=like.device)[:, None]
    inside = (position >= cell * side // cells) & (position < ((cell + 1) * side + cells - 1) // cells)
    weight = inside.to(like.dtype)
    return weight / weight.sum(1, keepdim=True)
