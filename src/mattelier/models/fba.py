"""FBA: foreground, background and alpha from one encoder and one decoder, given a trimap.

Forte and Pitie, "F, B, Alpha Matting", 2020 (https://arxiv.org/abs/2003.07711). Paper code: MarcoForte/FBA_Matting, no
licence file found; released weights: non-commercial, as the Adobe data set they learned from. This file was written
from the paper, the names and shapes of the checkpoint, and a description of the released code.

    image_n 3 | trimap_transformed 6 | two_chan_trimap 2                image_n 3, image 3, two_chan_trimap 2
        │ 11 channels (os1)                                                              │
        v                                                                                v
      conv1 ──> layer1 ──> layer2 ──> layer3 ──> layer4 ──> pyramid ──> conv_up1        conv_up4 ──> 7 channels (os1)
       os2       os4        os8        os8        os8       pooling       os8            ^                │
        │         │                                         1 2 3 6        │ x2          │ x2      alpha  clamped
        │         └──────────────────────────────────────────────────> conv_up2 os4      │         F, B   sigmoid
        │                                                                  │ x2          │                │
        └────────────────────────────────────────────────────────────> conv_up3 os2 ─────┘             fusion
                                                                                                          │
    Group norm and weight standardisation throughout: trained one picture at a time.       alpha, foreground, background

`FBA` is the released ResNet-50 form; the lite form is the same network at other widths.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattelier.backbones.official import read_state
from mattelier.backbones.pooling import pool
from mattelier.backbones.resnet_gn import EXPANSION, ResNetGN, WSConv2d
from mattelier.errors import InputError, WeightsError

MULTIPLE_OF = 8
BINS = (1, 2, 3, 6)  # of the pyramid pooling
FUSION_WEIGHT = 0.1  # lambda: how far the network's alpha counts beside the one that its colours imply


@dataclass(frozen=True)
class FBAConfig:
    """Widths and depths; the defaults are the released network."""

    stem: int = 64
    widths: tuple[int, int, int, int] = (64, 128, 256, 512)  # bottlenecks; a layer's output is four times as wide
    blocks: tuple[int, int, int, int] = (3, 4, 6, 3)
    decoder: int = 256  # pyramid, conv_up1, conv_up2
    up3: int = 64
    head: tuple[int, int] = (32, 16)  # conv_up4
    groups: int = 32
    legacy_ws: bool = False  # weight standardisation of the 2020 code, which trained the released weights


LITE = FBAConfig(stem=32, widths=(16, 32, 64, 128), decoder=64, up3=24, head=(24, 16), groups=8)  # ours


class FBA(nn.Module):
    """Seven channels from eleven: alpha, foreground and background of a picture with a trimap.

    Input: image (B, 3, H, W), RGB 0..1; two_chan_trimap (B, 2, H, W), 1 on known background (channel 0) and on known
    foreground (channel 1); image_n, image normalised with ImageNet's mean and deviation; trimap_transformed
    (B, 6, H, W) from image.trimap_encoding.distance_maps. H and W are multiples of 8.
    Output: dict; alpha (B, 1, H, W), foreground and background (B, 3, H, W), all in [0, 1], after fusion.
    """

    def __init__(self, config: FBAConfig | None = None) -> None:
        super().__init__()
        c = config or FBAConfig()
        self.encoder = ResNetGN(11, c.stem, c.widths, c.blocks, c.groups, c.legacy_ws)
        self.decoder = Decoder(c)
        initialise(self)

    def forward(
        self, image: Tensor, two_chan_trimap: Tensor, image_n: Tensor, trimap_transformed: Tensor
    ) -> dict[str, Tensor]:
        check_inputs(image, two_chan_trimap, image_n, trimap_transformed)
        os2, os4, os8 = self.encoder(torch.cat((image_n, trimap_transformed, two_chan_trimap), 1))
        heads = self.decoder(os8, os4, os2, torch.cat((image_n, image, two_chan_trimap), 1))
        # the picture's own type also under autocast: a bfloat16 alpha has no value between 0.996 and 1
        alpha, foreground, background = heads.to(image.dtype).split((1, 3, 3), 1)
        # clipped, not a sigmoid: alpha can reach 0 and 1 (section 3.1 of the paper)
        return fuse(image, clipped(alpha), foreground.sigmoid(), background.sigmoid())


class Decoder(nn.Module):
    """Pyramid pooling over os8, then three steps up, each joined by what the encoder saw at that size."""

    def __init__(self, c: FBAConfig) -> None:
        super().__init__()
        deep, os4 = EXPANSION * c.widths[3], EXPANSION * c.widths[0]
        self.ppm = nn.ModuleList(
            nn.Sequential(PyramidPool(bins), *standardised(deep, c.decoder, 1, c)) for bins in BINS
        )
        wide = deep + len(BINS) * c.decoder
        self.conv_up1 = nn.Sequential(*standardised(wide, c.decoder, 3, c), *standardised(c.decoder, c.decoder, 3, c))
        self.conv_up2 = nn.Sequential(*standardised(c.decoder + os4, c.decoder, 3, c))
        self.conv_up3 = nn.Sequential(*standardised(c.decoder + c.stem, c.up3, 3, c))
        self.conv_up4 = nn.Sequential(
            nn.Conv2d(c.up3 + 3 + 3 + 2, c.head[0], 3, padding=1),
            nn.LeakyReLU(),
            nn.Conv2d(c.head[0], c.head[1], 3, padding=1),
            nn.LeakyReLU(),
            nn.Conv2d(c.head[1], 7, 1),
        )

    def forward(self, os8: Tensor, os4: Tensor, os2: Tensor, os1: Tensor) -> Tensor:
        context = [resize(pool(os8), os8) for pool in self.ppm]
        x = self.conv_up1(torch.cat((os8, *context), 1))
        x = self.conv_up2(torch.cat((resize(x, os4), os4), 1))
        x = self.conv_up3(torch.cat((resize(x, os2), os2), 1))
        heads: Tensor = self.conv_up4(torch.cat((resize(x, os1), os1), 1))
        return heads


def standardised(width_in: int, width_out: int, kernel: int, c: FBAConfig) -> tuple[nn.Module, ...]:
    conv = WSConv2d(width_in, width_out, kernel, bias=True, legacy_ws=c.legacy_ws)
    return conv, nn.GroupNorm(c.groups, width_out), nn.LeakyReLU()


class PyramidPool(nn.Module):
    """Averages of bins x bins cells."""

    def __init__(self, bins: int) -> None:
        super().__init__()
        self.bins = bins

    def forward(self, x: Tensor) -> Tensor:
        return pool(x, self.bins)


def resize(x: Tensor, like: Tensor) -> Tensor:
    y = F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)
    if y.requires_grad and y.device.type == "cpu":
        y.register_hook(packed)  # type: ignore[no-untyped-call]
    return y


def packed(gradient: Tensor) -> Tensor:
    """A part of a concatenation's gradient lies in no layout, and is slow to go through: a tenth of a training step."""
    return gradient.contiguous(memory_format=torch.channels_last)


def fuse(image: Tensor, alpha: Tensor, foreground: Tensor, background: Tensor) -> dict[str, Tensor]:
    """The three heads made to agree with the picture, pixel by pixel (section 3.4 of the paper, one pass).

    F and B move to where alpha F + (1 - alpha) B = image is nearer, B after F; then alpha to where they put it.
    """
    a, c = alpha, image
    f = a * c + (1 - a**2) * foreground - a * (1 - a) * background
    b = (1 - a) * c + (2 * a - a**2) * background - a * (1 - a) * f  # the new F, before it is clamped
    f, b = clipped(f), clipped(b)
    along = ((c - b) * (f - b)).sum(1, keepdim=True)
    length = ((f - b) ** 2).sum(1, keepdim=True)
    a = (FUSION_WEIGHT * a + along) / (length + FUSION_WEIGHT)
    return {"alpha": clipped(a), "foreground": f, "background": b}


def clipped(x: Tensor) -> Tensor:
    """x in [0, 1]; its gradient is that of x, so that a value clipped on the wrong side still learns (ours)."""
    inside = x.clamp(0, 1)
    return inside.detach() + (x - x.detach()) if x.requires_grad else inside


def initialise(net: nn.Module) -> None:
    """Kaiming-normal convolutions, zero biases; alpha begins at one half, where clipping lets gradients through."""
    for part in net.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_in", nonlinearity="relu")
            if part.bias is not None:
                nn.init.zeros_(part.bias)
    last = net.get_submodule("decoder.conv_up4.4")
    assert isinstance(last, nn.Conv2d) and last.bias is not None
    with torch.no_grad():
        last.weight.mul_(0.1)
        last.bias[0] = 0.5


def check_inputs(image: Tensor, two_chan_trimap: Tensor, image_n: Tensor, trimap_transformed: Tensor) -> None:
    if torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export():
        return
    given = [tuple(x.shape[1:]) for x in (image, two_chan_trimap, image_n, trimap_transformed)]
    height, width = image.shape[-2:]
    if given != [(channels, height, width) for channels in (3, 2, 3, 6)]:
        raise InputError(
            f"found inputs of shapes {given}; FBA takes image (3), two_chan_trimap (2), image_n (3) and "
            "trimap_transformed (6 channels) of one size, in this order"
        )
    if height % MULTIPLE_OF or width % MULTIPLE_OF or not height or not width:
        raise InputError(f"found an input of {height} x {width}; FBA takes multiples of 8; pad or resize it first")


def build(lite: bool = False, legacy_ws: bool = False) -> FBA:
    """The published network, or the lite one, with random weights."""
    return FBA(replace(LITE if lite else FBAConfig(), legacy_ws=legacy_ws))


def from_official(file: str | PathLike[str] | Mapping[str, Tensor], legacy_ws: bool = False) -> FBA:
    """The published network with the released checkpoint (path or state dict); strict; eval mode.

    legacy_ws: standardise weights as the code of 2020 did, which trained them; False: as the code has done since 2021.
    Our names are the checkpoint's own, so nothing is renamed.
    Raises WeightsError when the file is not this network's, and says what it is where that can be seen.
    """
    state = file if isinstance(file, Mapping) else read_state(file, "the released FBA.pth")
    net = build(legacy_ws=legacy_ws)
    expected = net.state_dict()
    missing, extra = sorted(expected.keys() - state.keys()), sorted(state.keys() - expected.keys())
    wrong = sorted(k for k in expected.keys() & state.keys() if expected[k].shape != state[k].shape)
    if missing or extra or wrong:
        raise WeightsError(
            f"{variant(state)}: {len(missing)} tensors missing, {len(extra)} unknown, {len(wrong)} of another shape "
            f"(first: {(missing + extra + wrong)[0]}); expected the 197 tensors of the released FBA.pth "
            "(ResNet-50, group norm, weight standardisation); give that file"
        )
    net.load_state_dict(dict(state))
    return net.eval()


def variant(state: Mapping[str, Tensor]) -> str:
    """What a state dict that is not the released FBA seems to be, as the beginning of a sentence."""
    parts = {key.split(".")[0] for key in state}
    if {"encoder", "decoder"} <= parts and any(key.endswith("running_mean") for key in state):
        return "an FBA checkpoint with batch norm, the paper's other encoder, which is not built here"
    if parts == {"module"}:
        return "a checkpoint saved from DataParallel, every name behind `module.`"
    if parts == {"encoder"} or {"conv1", "layer1", "layer4"} <= parts:
        return "a ResNet encoder without FBA's decoder"
    return "not an FBA checkpoint"
