"""ResNet-34 and ResNet-101, features tapped at five strides.

He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016 (https://arxiv.org/abs/1512.03385),
Table 1; in the bottleneck the 3x3 convolution has the stride ("v1.5"). Parameter names are torchvision's, so that its
ImageNet files, and checkpoints made from them, load as they are.

    image 3 ──conv1 /2──> 64 (os2) ──max /2──> layer1 (os4) ──> layer2 (os8) ──> layer3 (os16) ──> layer4 (os32)
"""

import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (64, 128, 256, 512)


class ResNet(nn.Module):
    """Input: x (B, 3, H, W), sides multiples of 32. Output: features at os2, os4, os8, os16, os32.

    ResNet-34: 64, 64, 128, 256, 512 channels; ResNet-101: 64, 256, 512, 1024, 2048. The classifier `fc` is never run:
    it is there because checkpoints hold it.
    """

    def __init__(self, block: "type[BasicBlock | Bottleneck]", repeats: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        outs = [width * block.expansion for width in WIDTHS]
        self.layer1 = layer(block, 64, WIDTHS[0], repeats[0])
        self.layer2 = layer(block, outs[0], WIDTHS[1], repeats[1], stride=2)
        self.layer3 = layer(block, outs[1], WIDTHS[2], repeats[2], stride=2)
        self.layer4 = layer(block, outs[2], WIDTHS[3], repeats[3], stride=2)
        self.fc = nn.Linear(outs[3], 1000)

    def forward(self, x: Tensor) -> list[Tensor]:
        os2 = F.relu(self.bn1(self.conv1(x)))
        os4 = self.layer1(F.max_pool2d(os2, 3, stride=2, padding=1))
        os8 = self.layer2(os4)
        os16 = self.layer3(os8)
        return [os2, os4, os8, os16, self.layer4(os16)]


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut (Figure 5, left)."""

    expansion = 1

    def __init__(self, width_in: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = shortcut(width_in, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """1x1 to a quarter, 3x3, 1x1 back, beside a shortcut (Figure 5, right)."""

    expansion = 4

    def __init__(self, width_in: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = shortcut(width_in, 4 * width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


def layer(block: type[BasicBlock | Bottleneck], width_in: int, width: int, repeats: int, stride: int = 1) -> nn.Module:
    rest = (block(width * block.expansion, width) for _ in range(repeats - 1))
    return nn.Sequential(block(width_in, width, stride), *rest)


def shortcut(width_in: int, width_out: int, stride: int) -> nn.Sequential | None:
    """The projection of option B, where stride or width change; elsewhere the identity."""
    if stride == 1 and width_in == width_out:
        return None
    return nn.Sequential(nn.Conv2d(width_in, width_out, 1, stride, bias=False), nn.BatchNorm2d(width_out))


def resnet34() -> ResNet:
    return ResNet(BasicBlock, (3, 4, 6, 3))


def resnet101() -> ResNet:
    return ResNet(Bottleneck, (3, 4, 23, 3))
