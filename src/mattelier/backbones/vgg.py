"""The convolutions of VGG-16, and pooling that remembers where each maximum stood.

Simonyan, Zisserman, "Very Deep Convolutional Networks", ICLR 2015 (https://arxiv.org/abs/1409.1556), Table 1, column D;
pooling whose places are used again on the way up: Badrinarayanan, Kendall, Cipolla, "SegNet", PAMI 2017
(https://arxiv.org/abs/1511.00561), section 3.

    image ──2 conv──> os1 ──2 conv──> os2 ──3 conv──> os4 ──3 conv──> os8 ──3 conv──> os16 ──> os32
                       └─ pool ────────┴─ pool ────────┴─ pool ────────┴─ pool ────────┴─ pool
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (64, 128, 256, 512, 512)
REPEATS = (2, 2, 3, 3, 3)


class VGG(nn.Module):
    """Input: x (B, inputs, H, W), sides multiples of 32.

    Output: the deepest feature, pooled (os32); the features of the five groups before pooling (os1 to os16); and for
    each of these where its maxima stood, as `pool` says. norm: batch norm after every convolution.
    """

    def __init__(self, inputs: int = 3, widths: tuple[int, ...] = WIDTHS, norm: bool = False) -> None:
        super().__init__()
        self.groups = nn.ModuleList()
        for width, repeats in zip(widths, REPEATS, strict=True):
            layers = [conv_relu(inputs if first else width, width, norm) for first in (True, *(False,) * (repeats - 1))]
            self.groups.append(nn.Sequential(*(module for layer in layers for module in layer)))
            inputs = width

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        features, places = [], []
        for group in self.groups:
            features.append(group(x))
            x, place = pool(features[-1])
            places.append(place)
        return x, features, places


def conv_relu(width_in: int, width: int, norm: bool = False, kernel: int = 3) -> tuple[nn.Module, ...]:
    norms = (nn.BatchNorm2d(width),) if norm else ()
    return nn.Conv2d(width_in, width, kernel, padding=kernel // 2), *norms, nn.ReLU()


def pool(x: Tensor) -> tuple[Tensor, Tensor]:
    """2x2 maxima, (B, C, H/2, W/2), and where they stood, (B, C, H, W) bool: one place in every window.

    Of equal values the first in reading order wins, as torch's own indices have it. Written out so that no engine
    decides otherwise: behind a ReLU many windows are all zero. Indices would say the same, but ONNX counts them over
    the whole tensor, and its unpooling needs the size that was traced.
    """
    largest = F.max_pool2d(x, 2)
    order = countdown(x)
    candidates = torch.where(x == twice(largest), order, 0.0)
    return largest, order == twice(F.max_pool2d(candidates, 2))


def unpool(x: Tensor, place: Tensor) -> Tensor:
    """(B, C, H/2, W/2) to (B, C, H, W): every value to the place where its window's maximum stood, zeros elsewhere."""
    return torch.where(place, twice(x), 0.0)


def countdown(like: Tensor) -> Tensor:
    """(H, W): 4 3 over 2 1 in every window, so that the largest is the first in reading order."""
    rows, columns = (torch.arange(side, device=like.device) % 2 for side in like.shape[-2:])
    return (4 - 2 * rows[:, None] - columns).to(like.dtype)


def twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
