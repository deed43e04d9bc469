"""MODNet: portrait matting in real time by objective decomposition.

Ke, Sun, Li, Yan, Lau, "MODNet: Real-Time Trimap-Free Portrait Matting via Objective Decomposition", AAAI 2022
(https://arxiv.org/abs/2011.11961). Paper code and weights: Apache-2.0 (ZHKKKe/MODNet); this file was written from the
paper and the shapes of the released checkpoints.

    image ──> encoder ── os2, os4 ──────────────┬──> detail D ──> detail (os1)
                 └────── os32 ──> semantic S ───┤       │
                                    │  os8      │       │ os2
                                    v           v       v
                              semantic (os16)   fusion F ──> alpha (os1)

`MODNet` is the released network (v1 of the preprint: a squeeze-and-excitation block in S). `MODNetLite` is the journal
form: S gathers context with e-ASPP; its encoder is EfficientNet-Lite0. Both take the same three sub-objectives.
"""

from collections.abc import Mapping
from itertools import pairwise
from os import PathLike

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattelier.backbones.efficientnet import CHANNELS as LITE_CHANNELS
from mattelier.backbones.efficientnet import EfficientNetLite0
from mattelier.backbones.mobilenetv2 import MobileNetV2
from mattelier.backbones.official import read_state
from mattelier.errors import InputError, WeightsError


class MODNetBase(nn.Module):
    """What both forms share: three branches over one encoder.

    Input:  x (B, 3, H, W), RGB in -1..1, H and W multiples of 32.
    Output: dict; alpha (B, 1, H, W) in [0, 1]. When training, or with heads=True, also semantic (B, 1, H/16, W/16) and
    detail (B, 1, H, W), both in [0, 1]; alpha does not depend on whether they are asked for.
    """

    encoder: nn.Module
    semantic: nn.Module
    detail: "DetailBranch"
    fusion: "FusionBranch"

    def forward(self, x: Tensor, heads: bool = False) -> dict[str, Tensor]:
        check_size(x)
        heads = heads or self.training
        os2, os4, os8, os16, os32 = self.encoder(x)
        semantic, lr8x = self.semantic(os8, os16, os32, heads)
        detail, hr2x = self.detail(x, os2, os4, lr8x, heads)
        outputs = {"alpha": self.fusion(x, lr8x, hr2x)}
        if heads:
            outputs |= {"semantic": semantic, "detail": detail}
        return outputs

    def freeze_norm(self) -> None:
        """Batch and instance norms to eval mode: SOC adapts with the statistics of supervised training."""
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d):
                module.eval()


class MODNet(MODNetBase):
    """The released network: MobileNetV2, SE block, 32 channels; 6,487,075 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = MobileNetV2()
        self.semantic = SemanticBranch(1280)
        self.detail = DetailBranch(os2=16, os4=24, lr=32, hr=32)
        self.fusion = FusionBranch(lr=32, hr=32)
        initialise(self)


class MODNetLite(MODNetBase):
    """The journal form on EfficientNet-Lite0, narrow enough for two cores.

    Ours: S also sees the encoder's os16 and os8, so that subjects smaller than a few os32 cells keep their outline.
    """

    def __init__(self, lr: int = 32, hr: int = 16) -> None:
        super().__init__()
        os2, os4, os8, os16, os32 = LITE_CHANNELS
        self.encoder = EfficientNetLite0()
        self.semantic = ContextSemanticBranch(os8, os16, os32, lr)
        self.detail = DetailBranch(os2, os4, lr, hr)
        self.fusion = FusionBranch(lr, hr)
        for branch in (self.semantic, self.detail, self.fusion):
            initialise(branch)


class SemanticBranch(nn.Module):
    """S of the released network: reweight the channels of os32, then up to os8."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.se_block = SEBlock(width)
        self.conv_lr16x = ConvIBNorm(width, 96, 5, padding=2)
        self.conv_lr8x = ConvIBNorm(96, 32, 5, padding=2)
        self.conv_lr = PlainConv(32, 1, 3, stride=2, padding=1)

    def forward(self, os8: Tensor, os16: Tensor, os32: Tensor, heads: bool) -> tuple[Tensor | None, Tensor]:
        lr16x = self.conv_lr16x(upsample(self.se_block(os32)))
        lr8x = self.conv_lr8x(upsample(lr16x))
        semantic = probability(self.conv_lr(lr8x)) if heads else None
        return semantic, lr8x


class ContextSemanticBranch(nn.Module):
    """S of the journal form: e-ASPP over os32, then up to os8, joined there by the encoder's own features (ours)."""

    def __init__(self, os8: int, os16: int, os32: int, lr: int) -> None:
        super().__init__()
        self.context = EASPP(os32)
        self.conv_lr16x = ConvIBNorm(os32 + os16, 96, 3, padding=1)
        self.conv_lr8x = ConvIBNorm(96 + os8, lr, 3, padding=1)
        self.conv_lr = PlainConv(lr, 1, 3, stride=2, padding=1)

    def forward(self, os8: Tensor, os16: Tensor, os32: Tensor, heads: bool) -> tuple[Tensor | None, Tensor]:
        lr16x = self.conv_lr16x(torch.cat((upsample(self.context(os32)), os16), 1))
        lr8x = self.conv_lr8x(torch.cat((upsample(lr16x), os8), 1))
        semantic = probability(self.conv_lr(lr8x)) if heads else None
        return semantic, lr8x


class EASPP(nn.Module):
    """Efficient atrous spatial pyramid pooling (AAAI 2022, section "Semantic Estimation").

    Five scales of an ASPP at about one sixtieth of its cost: channels are compressed to a quarter, each atrous
    convolution is depth-wise, and the scales of one channel are fused before the channels are.
    """

    def __init__(self, width: int, rates: tuple[int, ...] = (1, 2, 4), compression: int = 4) -> None:
        # rates: DeepLab's (6, 12, 18) are for os8 and os16; on os32 they would reach past the picture  (ours)
        super().__init__()
        inner = width // compression
        self.compress = nn.Sequential(nn.Conv2d(width, inner, 1, bias=False), nn.BatchNorm2d(inner), nn.ReLU())
        self.point = depthwise(inner, 1)
        self.atrous = nn.ModuleList(depthwise(inner, 3, rate) for rate in rates)
        scales = len(rates) + 2
        self.fuse_scales = nn.Conv2d(inner * scales, inner, 1, groups=inner, bias=False)
        self.fuse_norm = nn.BatchNorm2d(inner)
        self.expand = nn.Sequential(nn.Conv2d(inner, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        y = self.compress(x)
        pooled = y.mean((2, 3), keepdim=True).expand_as(y)
        scales = [self.point(y), *(branch(y) for branch in self.atrous), pooled]
        # (B, C, scales, h, w) flattened: the scales of one channel stand together, one group a channel
        stacked = torch.stack(scales, 2).flatten(1, 2)
        z: Tensor = self.expand(F.relu(self.fuse_norm(self.fuse_scales(stacked))))
        return z


class DetailBranch(nn.Module):
    """D: the boundary at high resolution, guided by the semantics."""

    def __init__(self, os2: int, os4: int, lr: int, hr: int) -> None:
        super().__init__()
        self.tohr_enc2x = ConvIBNorm(os2, hr, 1)
        self.conv_enc2x = ConvIBNorm(hr + 3, hr, 3, stride=2, padding=1)
        self.tohr_enc4x = ConvIBNorm(os4, hr, 1)
        self.conv_enc4x = ConvIBNorm(2 * hr, 2 * hr, 3, padding=1)
        self.conv_hr4x = conv_chain(2 * hr + lr + 3, 2 * hr, 2 * hr, hr)
        self.conv_hr2x = conv_chain(2 * hr, 2 * hr, hr, hr, hr)
        self.conv_hr = nn.Sequential(ConvIBNorm(hr + 3, hr, 3, padding=1), PlainConv(hr, 1, 1))

    def forward(self, x: Tensor, os2: Tensor, os4: Tensor, lr8x: Tensor, heads: bool) -> tuple[Tensor | None, Tensor]:
        x2, x4 = downsample(x, 2), downsample(x, 4)
        enc2x = self.tohr_enc2x(os2)
        hr4x = self.conv_enc2x(torch.cat((x2, enc2x), 1))
        hr4x = self.conv_enc4x(torch.cat((hr4x, self.tohr_enc4x(os4)), 1))
        hr4x = self.conv_hr4x(torch.cat((hr4x, upsample(lr8x), x4), 1))
        hr2x = self.conv_hr2x(torch.cat((upsample(hr4x), enc2x), 1))
        detail = probability(self.conv_hr(torch.cat((upsample(hr2x), x), 1))) if heads else None
        return detail, hr2x


class FusionBranch(nn.Module):
    """F: semantics and details to the final alpha."""

    def __init__(self, lr: int, hr: int) -> None:
        super().__init__()
        self.conv_lr4x = ConvIBNorm(lr, hr, 5, padding=2)
        self.conv_f2x = ConvIBNorm(2 * hr, hr, 3, padding=1)
        self.conv_f = nn.Sequential(ConvIBNorm(hr + 3, hr // 2, 3, padding=1), PlainConv(hr // 2, 1, 1))

    def forward(self, x: Tensor, lr8x: Tensor, hr2x: Tensor) -> Tensor:
        lr2x = upsample(self.conv_lr4x(upsample(lr8x)))
        f2x = self.conv_f2x(torch.cat((lr2x, hr2x), 1))
        return probability(self.conv_f(torch.cat((upsample(f2x), x), 1)))


class SEBlock(nn.Module):
    """Squeeze and excitation (Hu et al. 2018), without biases."""

    def __init__(self, width: int, reduction: int = 4) -> None:
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(width, width // reduction, bias=False),
            nn.ReLU(),
            nn.Linear(width // reduction, width, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        weight: Tensor = self.fc(x.mean((2, 3)))
        return x * weight[:, :, None, None]


class ConvIBNorm(nn.Module):
    """Convolution, IBNorm, ReLU."""

    def __init__(self, width_in: int, width_out: int, kernel: int, stride: int = 1, padding: int = 0) -> None:
        super().__init__()
        conv = nn.Conv2d(width_in, width_out, kernel, stride, padding)
        self.layers = nn.Sequential(conv, IBNorm(width_out), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return y


class PlainConv(nn.Module):
    """A convolution alone, under the name the checkpoints give it."""

    def __init__(self, width_in: int, width_out: int, kernel: int, stride: int = 1, padding: int = 0) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(width_in, width_out, kernel, stride, padding))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return y


class IBNorm(nn.Module):
    """Batch norm on the first half of the channels, instance norm (no parameters) on the rest."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.batch_width = width // 2
        self.bnorm = nn.BatchNorm2d(self.batch_width)
        self.inorm = nn.InstanceNorm2d(width - self.batch_width)

    def forward(self, x: Tensor) -> Tensor:
        batch, instance = x[:, : self.batch_width], x[:, self.batch_width :]
        return torch.cat((self.bnorm(batch), self.inorm(instance)), 1)


def conv_chain(*widths: int) -> nn.Sequential:
    """3x3 convolutions with IBNorm, from each width to the next."""
    return nn.Sequential(*(ConvIBNorm(a, b, 3, padding=1) for a, b in pairwise(widths)))


def depthwise(width: int, kernel: int, rate: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(width, width, kernel, padding=rate * (kernel // 2), dilation=rate, groups=width, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(width), nn.ReLU())


def probability(scores: Tensor) -> Tensor:
    # float32 also under autocast: a bfloat16 alpha has no value between 0.996 and 1
    return torch.sigmoid(scores.float())


def upsample(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def downsample(x: Tensor, factor: int) -> Tensor:
    # bilinear without antialias, as released
    return F.interpolate(x, scale_factor=1 / factor, mode="bilinear", align_corners=False)


def initialise(module: nn.Module) -> None:
    """Kaiming-uniform convolutions, zero biases, norms 1 and 0, as released."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_uniform_(part.weight, mode="fan_in", nonlinearity="relu")
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def check_size(x: Tensor) -> None:
    height, width = x.shape[-2:]
    if torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export():
        return
    if height % 32 or width % 32 or not height or not width:
        raise InputError(f"found an input of {height} x {width}; MODNet takes multiples of 32; pad or resize it first")


def published_size(hw: tuple[int, int], reference_px: int = 512) -> tuple[int, int]:
    """The network's size for a photo, as the released image demo chooses it.

    A photo whose longer side is below the reference, or whose shorter side is above it, gets that shorter side; then
    both sides lose their remainder of 32.  Raises InputError for a photo so narrow that nothing would be left.
    """
    height, width = hw
    if max(hw) < reference_px or min(hw) > reference_px:
        if width >= height:
            height, width = reference_px, int(width / height * reference_px)
        else:
            height, width = int(height / width * reference_px), reference_px
    height, width = height - height % 32, width - width % 32
    if not height or not width:
        raise InputError(f"a photo of {hw[0]} x {hw[1]} leaves a side below 32 px; enlarge it, or crop it less narrow")
    return height, width


@torch.inference_mode()
def published_matte(net: MODNetBase, rgb: Tensor) -> Tensor:
    """The released image demo around the network: area resizing there and back.

    rgb: (3, H, W) uint8. Returns (H, W) float32 in [0, 1].
    """
    hw = (rgb.shape[1], rgb.shape[2])
    x = (rgb[None].float() / 255.0 - 0.5) / 0.5
    alpha = net(F.interpolate(x, size=published_size(hw), mode="area"))["alpha"]
    return F.interpolate(alpha, size=hw, mode="area")[0, 0]


OFFICIAL = (  # their prefix, ours; the released network registers its encoder twice
    ("lr_branch.backbone.model.", "encoder."),
    ("backbone.model.", "encoder."),
    ("lr_branch.", "semantic."),
    ("hr_branch.", "detail."),
    ("f_branch.", "fusion."),
)


def build(lite: bool = False) -> MODNetBase:
    """The published network, or the lite one, with random weights."""
    return MODNetLite() if lite else MODNet()


def from_official(file: str | PathLike[str] | Mapping[str, Tensor]) -> MODNet:
    """The published network with a released checkpoint (path or state dict); strict; eval mode.

    Raises WeightsError when the file is not a state dict of MODNet, naming what is missing or left over.
    """
    state = file if isinstance(file, Mapping) else read_state(file, "a released MODNet .ckpt file")
    renamed: dict[str, Tensor] = {}
    for key in sorted(state):  # sorted: of the encoder's two copies `lr_branch.backbone` decides, as in the original
        renamed[rename(key)] = state[key]
    net = MODNet()
    expected = net.state_dict()
    missing, extra = sorted(expected.keys() - renamed.keys()), sorted(renamed.keys() - expected.keys())
    wrong = sorted(k for k in expected.keys() & renamed.keys() if expected[k].shape != renamed[k].shape)
    if missing or extra or wrong:
        raise WeightsError(
            f"not a MODNet checkpoint: {len(missing)} tensors missing, {len(extra)} unknown, {len(wrong)} of another "
            f"shape (first: {(missing + extra + wrong)[0]}); expected the 751 tensors of a released MODNet file"
        )
    net.load_state_dict(renamed)
    return net.eval()


def rename(key: str) -> str:
    key = key.removeprefix("module.")
    for theirs, ours in OFFICIAL:
        if key.startswith(theirs):
            return ours + key.removeprefix(theirs)
    return key
