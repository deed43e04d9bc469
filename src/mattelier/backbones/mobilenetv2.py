"""MobileNetV2, width 1.0, as MODNet uses it: no classifier, features tapped at five strides.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018 (https://arxiv.org/abs/1801.04381),
Table 2. Parameter names are those of the official MODNet checkpoints below `backbone.model`.
"""

from torch import Tensor, nn

SETTINGS = (  # expansion, channels, repeats, first stride
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
TAPS = (1, 3, 6, 13, 18)  # os2, os4, os8, os16, os32


class MobileNetV2(nn.Module):
    """Input: x (B, 3, H, W), sides multiples of 32. Output: features of 16, 24, 32, 96, 1280 channels, os2 to os32."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv_norm(3, 32, 3, stride=2)]
        width = 32
        for expansion, channels, repeats, first_stride in SETTINGS:
            for i in range(repeats):
                layers.append(InvertedResidual(width, channels, first_stride if i == 0 else 1, expansion))
                width = channels
        layers.append(conv_norm(width, 1280, 1))
        self.features = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> list[Tensor]:
        taps = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in TAPS:
                taps.append(x)
        return taps


class InvertedResidual(nn.Module):
    def __init__(self, width_in: int, width_out: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = width_in * expansion
        expand = list(conv_norm(width_in, hidden, 1)) if expansion > 1 else []
        depthwise = conv_norm(hidden, hidden, 3, stride, groups=hidden)
        project = (nn.Conv2d(hidden, width_out, 1, bias=False), nn.BatchNorm2d(width_out))
        self.conv = nn.Sequential(*expand, *depthwise, *project)
        self.residual = stride == 1 and width_in == width_out

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return x + y if self.residual else y


def conv_norm(width_in: int, width_out: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(width_in, width_out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(width_out), nn.ReLU6(inplace=True))
