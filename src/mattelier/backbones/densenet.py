"""DenseNet-121 without its first pooling, features tapped after every transition.

Huang, Liu, van der Maaten, Weinberger, "Densely Connected Convolutional Networks", CVPR 2017
(https://arxiv.org/abs/1608.06993), Table 1: growth 32, bottlenecks of 128 channels, transitions to half the width.
Parameter names are torchvision's of today (its older files say `norm.1` for `norm1`).

    image 3 ──conv0 /2──> 64 (os2) ──> block 1, /2 ──> 128 (os4) ──> block 2, /2 ──> 256 (os8)
                          ──> block 3, /2 ──> 512 (os16) ──> block 4 ──> 1024 (os16)
"""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROWTH, BOTTLENECK = 32, 128
LAYERS = (6, 12, 24, 16)


class DenseNet121(nn.Module):
    """Input: x (B, 3, H, W), sides multiples of 16. Output: features of 64, 128, 256, 512, 1024 channels.

    The 3x3 max pooling after the first convolution is left out, as dense prediction wants it: strides are half of the
    classifier's. `norm5` and `classifier` are never run: they are there because checkpoints hold them.
    """

    def __init__(self) -> None:
        super().__init__()
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        parts["conv0"] = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        parts["norm0"] = nn.BatchNorm2d(64)
        width = 64
        for number, layers in enumerate(LAYERS, start=1):
            parts[f"denseblock{number}"] = DenseBlock(width, layers)
            width += layers * GROWTH
            if number < len(LAYERS):
                parts[f"transition{number}"] = Transition(width)
                width //= 2
        parts["norm5"] = nn.BatchNorm2d(width)
        self.features = nn.ModuleDict(parts)
        self.classifier = nn.Linear(width, 1000)

    def forward(self, x: Tensor) -> list[Tensor]:
        part = self.features
        os2 = F.relu(part["norm0"](part["conv0"](x)))
        os4 = part["transition1"](part["denseblock1"](os2))
        os8 = part["transition2"](part["denseblock2"](os4))
        os16 = part["transition3"](part["denseblock3"](os8))
        return [os2, os4, os8, os16, part["denseblock4"](os16)]


class DenseBlock(nn.ModuleDict):
    """Every layer sees the outputs of all before it."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__({f"denselayer{i + 1}": DenseLayer(width + i * GROWTH) for i in range(layers)})

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.values():
            x = torch.cat((x, layer(x)), 1)
        return x


class DenseLayer(nn.Module):
    """Norm, ReLU, 1x1 convolution; norm, ReLU, 3x3 convolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(width)
        self.conv1 = nn.Conv2d(width, BOTTLENECK, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(BOTTLENECK)
        self.conv2 = nn.Conv2d(BOTTLENECK, GROWTH, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(F.relu(self.norm1(x)))
        z: Tensor = self.conv2(F.relu(self.norm2(y)))
        return z


class Transition(nn.Module):
    """Norm, ReLU, 1x1 convolution to half the width, 2x2 average."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width)
        self.conv = nn.Conv2d(width, width // 2, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(self.conv(F.relu(self.norm(x))), 2)
