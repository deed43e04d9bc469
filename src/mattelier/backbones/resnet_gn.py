"""ResNet with group norm and weight standardisation, dilated to output stride 8: the encoder of FBA.

He et al., "Deep Residual Learning for Image Recognition", CVPR 2016 (https://arxiv.org/abs/1512.03385), Table 1; Wu and
He, "Group Normalization", ECCV 2018 (https://arxiv.org/abs/1803.08494); Qiao et al., "Micro-Batch Training with
Batch-Channel Normalization and Weight Standardization", 2019 (https://arxiv.org/abs/1903.10520). None of the three
looks at other pictures of a batch, so a batch of one trains like any other. Parameter names are those of the released
FBA checkpoint below `encoder.`: `bn` as in every ResNet file, though it is group norm.

    x 11 ──conv1 /2──> 64 (os2) ──pool /2──> layer1 ──> 256 (os4) ──> layer2 /2 ──> 512 (os8)
                                       ──> layer3, dilated 2 ──> 1024 (os8) ──> layer4, dilated 4 ──> 2048 (os8)
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EXPANSION = 4


class WSConv2d(nn.Conv2d):
    """A convolution whose kernels are standardised on every pass; the parameter itself is never touched."""

    def __init__(
        self,
        width_in: int,
        width_out: int,
        kernel: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        bias: bool = False,
        legacy_ws: bool = False,
    ) -> None:
        padding = dilation * (kernel // 2)
        super().__init__(width_in, width_out, kernel, stride, padding, dilation, bias=bias)
        self.standardise = standardise_2020 if legacy_ws else standardise

    def forward(self, x: Tensor) -> Tensor:
        weight = self.standardise(self.weight)
        return F.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation)


def standardise(weight: Tensor) -> Tensor:
    """Every kernel (O, I, h, w) to mean 0 and variance 1 over I, h, w: biased variance, eps inside the root.

    The rule of the released code since 2021, which writes the result back into the parameter; here nothing is written.
    """
    variance, mean = torch.var_mean(weight, (1, 2, 3), correction=0, keepdim=True)
    return (weight - mean) * torch.rsqrt(variance + 1e-5)


def standardise_2020(weight: Tensor) -> Tensor:
    """The rule the released FBA weights were trained with: unbiased deviation, and eps added to it."""
    variance, mean = torch.var_mean(weight, (1, 2, 3), correction=1, keepdim=True)
    return (weight - mean) / (torch.sqrt(variance + 1e-12) + 1e-5)


class ResNetGN(nn.Module):
    """Input: x (B, 11, H, W), sides multiples of 8. Output: features at os2, os4, and the last layer's at os8.

    widths: of the bottlenecks of layer1 to layer4; a layer gives four times as many channels.  groups: of every norm.
    """

    def __init__(
        self,
        width_in: int = 11,
        stem: int = 64,
        widths: tuple[int, int, int, int] = (64, 128, 256, 512),
        blocks: tuple[int, int, int, int] = (3, 4, 6, 3),
        groups: int = 32,
        legacy_ws: bool = False,
    ) -> None:
        super().__init__()
        self.conv1 = WSConv2d(width_in, stem, 7, stride=2, legacy_ws=legacy_ws)
        self.bn1 = nn.GroupNorm(groups, stem)

        def layer(number: int, stride: int, first: int, others: int) -> nn.Sequential:
            width = widths[number]
            width_in = EXPANSION * widths[number - 1] if number else stem
            rest = (
                Bottleneck(EXPANSION * width, width, 1, others, groups, legacy_ws) for _ in range(1, blocks[number])
            )
            return nn.Sequential(Bottleneck(width_in, width, stride, first, groups, legacy_ws), *rest)

        self.layer1 = layer(0, stride=1, first=1, others=1)
        self.layer2 = layer(1, stride=2, first=1, others=1)
        # strides became dilations; the block whose convolution was strided keeps half the dilation of the others
        self.layer3 = layer(2, stride=1, first=1, others=2)
        self.layer4 = layer(3, stride=1, first=2, others=4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        os2 = F.relu(self.bn1(self.conv1(x)))
        os4 = self.layer1(F.max_pool2d(os2, 3, 2, 1))
        return os2, os4, self.layer4(self.layer3(self.layer2(os4)))


class Bottleneck(nn.Module):
    """1x1 down, 3x3, 1x1 up, added to the input; the stride sits on the 3x3."""

    def __init__(self, width_in: int, width: int, stride: int, dilation: int, groups: int, legacy_ws: bool) -> None:
        super().__init__()
        width_out = EXPANSION * width
        self.conv1 = WSConv2d(width_in, width, 1, legacy_ws=legacy_ws)
        self.bn1 = nn.GroupNorm(groups, width)
        self.conv2 = WSConv2d(width, width, 3, stride=stride, dilation=dilation, legacy_ws=legacy_ws)
        self.bn2 = nn.GroupNorm(groups, width)
        self.conv3 = WSConv2d(width, width_out, 1, legacy_ws=legacy_ws)
        self.bn3 = nn.GroupNorm(groups, width_out)
        self.downsample: nn.Sequential | None = None
        if stride > 1 or width_in != width_out:
            conv = WSConv2d(width_in, width_out, 1, stride=stride, legacy_ws=legacy_ws)
            self.downsample = nn.Sequential(conv, nn.GroupNorm(groups, width_out))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))
