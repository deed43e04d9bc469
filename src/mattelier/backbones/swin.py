"""Swin's parts: windows of 7 x 7 positions, shifted by 3 in every second block, and merging between the stages.

Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", ICCV 2021
(https://arxiv.org/abs/2103.14030). Parameter names are those of the released Swin-T. Pictures of features are
(B, H, W, C); windows are (B, N, 49, C). Every size is read from the tensor at hand, so that an ONNX graph has them all.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WINDOW, SHIFT = 7, 3
POSITIONS = WINDOW * WINDOW  # in a window
OFFSETS = (2 * WINDOW - 1) ** 2  # between two of them
APART = -100.0  # added to a logit that must not count


class PatchEmbed(nn.Module):
    """(B, C, H, W) -> (B, H/4, W/4, width)."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(width_in, width, 4, stride=4)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        embedded: Tensor = self.norm(self.proj(x).permute(0, 2, 3, 1))
        return embedded


class PatchMerging(nn.Module):
    """(B, H, W, C) -> (B, H/2, W/2, 2C); sides are even."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)
        self.norm = nn.LayerNorm(4 * width)

    def forward(self, x: Tensor) -> Tensor:
        # row and column of the four neighbours: (0, 0), (1, 0), (0, 1), (1, 1)
        four = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        merged: Tensor = self.reduction(self.norm(torch.cat(four, -1)))
        return merged


class Mlp(nn.Module):
    """Two linear layers, the inner one four times as wide."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return y


class DropPath(nn.Module):
    """While training, a branch is left out at random, and counts for more where it is not (Huang et al. 2016)."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor, group: int = 1) -> Tensor:
        """x (B, ...): drawn for every picture; for tokens (B, T, C) also for each of a set of `group` of them."""
        if not self.training or self.share == 0.0:
            return x
        shape = (len(x), group, *[1] * (x.ndim - 2))
        kept = (torch.rand(shape, device=x.device) >= self.share).to(x.dtype) / (1.0 - self.share)
        return x * (kept if group == 1 else kept.repeat(1, x.shape[1] // group, *[1] * (x.ndim - 2)))


def windows(x: Tensor, shifted: bool) -> Tensor:
    """(B, H, W, C) -> (B, N, 49, C), N = ceil(H / 7) ceil(W / 7); zeros fill up the right and the lower edge."""
    batch, height, width, channels = x.shape
    rows, columns = count(height), count(width)
    x = F.pad(x, (0, 0, 0, WINDOW * columns - width, 0, WINDOW * rows - height))
    if shifted:
        x = x.roll((-SHIFT, -SHIFT), (1, 2))
    x = x.reshape(batch, rows, WINDOW, columns, WINDOW, channels).transpose(2, 3)
    return x.reshape(batch, rows * columns, POSITIONS, channels)


def unwindow(x: Tensor, hw: tuple[int, int], shifted: bool) -> Tensor:
    """(B, N, 49, C) -> (B, H, W, C): the way back."""
    batch, _, _, channels = x.shape
    rows, columns = count(hw[0]), count(hw[1])
    x = x.reshape(batch, rows, columns, WINDOW, WINDOW, channels).transpose(2, 3)
    x = x.reshape(batch, WINDOW * rows, WINDOW * columns, channels)
    if shifted:
        x = x.roll((SHIFT, SHIFT), (1, 2))
    return x[:, : hw[0], : hw[1]]


def count(length: int) -> int:
    """Windows along a side."""
    return (length + WINDOW - 1) // WINDOW


def shift_mask(hw: tuple[int, int], like: Tensor) -> Tensor:
    """(N, 49, 49): -100 between positions of a window that only the roll brought together, 0 elsewhere.

    Positions that were filled with zeros are not masked, and a single window is: as in the released detection Swin.
    """
    rows, columns = (bands(WINDOW * count(side), like) for side in hw)
    region = windows((3 * rows[:, None] + columns)[None, :, :, None], shifted=False)[0, :, :, 0]
    apart = region[:, :, None] != region[:, None, :]
    return APART * apart.to(like.dtype)


def bands(length: int, like: Tensor) -> Tensor:
    """0, 1 and 2 along a rolled side: unbroken windows, the last window's old part, and what came round the edge."""
    position = torch.arange(length, device=like.device)
    return (position >= length - WINDOW).to(like.dtype) + (position >= length - SHIFT).to(like.dtype)


def relative_position_index() -> Tensor:
    """(49, 49): the row of the bias table for every pair of positions in a window."""
    y, x = torch.meshgrid(torch.arange(WINDOW), torch.arange(WINDOW), indexing="ij")
    y, x = y.flatten(), x.flatten()
    down, right = y[:, None] - y, x[:, None] - x
    return (down + WINDOW - 1) * (2 * WINDOW - 1) + right + WINDOW - 1
