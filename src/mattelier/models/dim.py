"""DIM: deep image matting, an encoder-decoder given a trimap, and a small network that sharpens its answer.

Xu, Price, Cohen, Huang, "Deep Image Matting", CVPR 2017 (https://arxiv.org/abs/1703.03872). The authors released
no code and no weights. This file was written from the paper and from descriptions of two independent implementations,
with the names and shapes of their checkpoints: huochaitiantang/pytorch-deep-image-matting (`DIM`) and
foamliu/Deep-Image-Matting-PyTorch (`BatchNormDIM`); their weights learned from the Adobe data set, whose terms are
non-commercial.

    RGB 3 | trimap 1
        │
        v  os1                                             logit ───────────────────> + ──> sigmoid ──> alpha
      group 1 ── feature, places ──> unpool, 5x5 ── 5x5 ─────┤                         ^
        v  os2                            ^                  v                         │ residual
      group 2 ── feature, places ──> unpool, 5x5          sigmoid ──> coarse ──> 3x3, 3x3, 3x3, 3x3
        v  os4                            ^                                            ^
      group 3 ── feature, places ──> unpool, 5x5                                      RGB     refinement
        v  os8                            ^
      group 4 ── feature, places ──> unpool, 5x5
        v  os16                           ^
      group 5 ── feature, places ──> unpool, 5x5
        v  os32                           ^
      conv6 3x3 ──────────────────> deconv6 1x1

A place is where a window's maximum stood when a group's feature was pooled: the decoder puts its values back there.
With skip, the feature itself is added to what was unpooled. The paper adds the residual to the matte; the published
weights want it added to the matte's logit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattelier.backbones.official import read_state
from mattelier.backbones.vgg import REPEATS, VGG, WIDTHS, conv_relu, pool, unpool
from mattelier.errors import InputError, WeightsError

MULTIPLE_OF = 32


@dataclass(frozen=True)
class DIMConfig:
    """Widths and variants; the defaults are pytorch-deep-image-matting since September 2020, stages 2 and 3."""

    widths: tuple[int, ...] = WIDTHS  # of the five groups; conv6 is as wide as the last
    conv6_kernel: int = 3  # 1 before September 2019
    kernels: tuple[int, ...] = (5, 5, 5, 5, 5)  # of the decoder, the deepest first
    skip: bool = True  # False before September 2020, and in the paper
    refine: int = 64  # width of the refinement; 0: none (stages 0 and 1)
    norm: bool = False  # batch norm after every convolution but the two that give logits


LITE = DIMConfig(widths=(16, 24, 48, 96, 128), kernels=(5, 5, 5, 5, 3), refine=16, norm=True)  # ours


class DIM(nn.Module):
    """Alpha from a picture and a trimap, in two stages.

    Input:  x (B, 4, H, W): RGB normalised with ImageNet's mean and deviation, then the trimap, 0, 128/255 or 1.
            H and W are multiples of 32.
    Output: dict; coarse (B, 1, H, W), the encoder-decoder's alpha, and alpha (B, 1, H, W), the refined one, in [0, 1].
            Without refinement they are one and the same.
    """

    def __init__(self, config: DIMConfig | None = None) -> None:
        super().__init__()
        c = config or DIMConfig()
        deep = c.widths[-1]
        self.encoder = VGG(4, c.widths, c.norm)
        self.conv6 = nn.Sequential(*conv_relu(deep, deep, c.norm, c.conv6_kernel))
        self.deconv6 = nn.Sequential(*conv_relu(deep, deep, c.norm, 1))
        self.decoder = Decoder(c)
        self.refine = Refinement(c.refine, c.norm) if c.refine else None
        initialise(self)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        check_input(x, MULTIPLE_OF)
        os32, features, places = self.encoder(x)
        y = self.deconv6(self.conv6(os32))
        # float32 also under autocast: a bfloat16 alpha has no value between 0.996 and 1
        logit = self.decoder(y, features, places).float()
        coarse = torch.sigmoid(logit)
        if self.refine is None:
            return {"alpha": coarse, "coarse": coarse}
        residual = self.refine(x[:, :3], coarse).float()
        return {"alpha": torch.sigmoid(logit + residual), "coarse": coarse}


class Decoder(nn.Module):
    """Five times up: values back to their places, the encoder's features added (skip), one convolution."""

    def __init__(self, c: DIMConfig) -> None:
        super().__init__()
        ins, outs = c.widths[::-1], (*c.widths[-2::-1], c.widths[0])
        self.skip = c.skip
        self.steps = nn.ModuleList(
            nn.Sequential(*conv_relu(width, out, c.norm, kernel))
            for width, out, kernel in zip(ins, outs, c.kernels, strict=True)
        )
        self.logit = nn.Conv2d(c.widths[0], 1, 5, padding=2)

    def forward(self, y: Tensor, features: list[Tensor], places: list[Tensor]) -> Tensor:
        for step, feature, place in zip(self.steps, reversed(features), reversed(places), strict=True):
            y = unpool(y, place)
            y = step(y + feature if self.skip else y)
        logit: Tensor = self.logit(y)
        return logit


class Refinement(nn.Module):
    """Four convolutions without pooling over the picture and its coarse alpha (section 4.2): what the logit lacks."""

    def __init__(self, width: int, norm: bool) -> None:
        super().__init__()
        layers = (conv_relu(width_in, width, norm) for width_in in (4, width, width))
        self.body = nn.Sequential(*(module for layer in layers for module in layer))
        self.residual = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, rgb: Tensor, coarse: Tensor) -> Tensor:
        residual: Tensor = self.residual(self.body(torch.cat((rgb, coarse.to(rgb.dtype)), 1)))
        return residual


class BatchNormDIM(nn.Module):
    """The first stage as foamliu wrote it: batch norm everywhere, no conv6, no skip, a decoder without ReLU.

    Input:  x (B, 4, H, W) as DIM's, sides of 32 px or more.  Output: as DIM's without refinement.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = VGG(4, norm=True)
        outs = (*WIDTHS[-2::-1], 1)
        self.decoder = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, out, 5, padding=2), nn.BatchNorm2d(out))
            for width, out in zip(WIDTHS[::-1], outs, strict=True)
        )
        initialise(self)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        check_input(x, 1)
        ways_back = []
        for group in self.encoder.groups:
            feature = group(x)
            height, width = feature.shape[-2:]
            # an odd last row or column is in no window
            x, place = pool(feature[..., : height // 2 * 2, : width // 2 * 2])
            ways_back.append((place, (0, width % 2, 0, height % 2)))
        for step, (place, odd) in zip(self.decoder, reversed(ways_back), strict=True):
            x = step(F.pad(unpool(x, place), odd))
        alpha = torch.sigmoid(x.float())
        return {"alpha": alpha, "coarse": alpha}


def initialise(net: nn.Module) -> None:
    """Xavier-normal convolutions, zero biases (the paper's decoder); a refinement begins by changing nothing (ours)."""
    for name, part in net.named_modules():
        if isinstance(part, nn.Conv2d) and part.bias is not None:
            nn.init.xavier_normal_(part.weight)
            nn.init.zeros_(part.bias)
            if name == "refine.residual":
                nn.init.zeros_(part.weight)


def check_input(x: Tensor, multiple_of: int) -> None:
    if torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export():
        return
    channels, height, width = x.shape[1:]
    if channels != 4:
        raise InputError(f"found an input of {channels} channels; DIM takes RGB and a trimap, 4; put them together")
    if height % multiple_of or width % multiple_of or min(height, width) < MULTIPLE_OF:
        raise InputError(
            f"found an input of {height} x {width}; DIM takes multiples of {multiple_of}, from {MULTIPLE_OF} on; "
            "pad or resize it first"
        )


def build(
    lite: bool = False, skip: bool = True, refine: bool = True, conv6_kernel: int = 3, batch_norm: bool = False
) -> DIM | BatchNormDIM:
    """A published network, or the lite one, with random weights.

    skip, refine, conv6_kernel (3 or 1): the variants of pytorch-deep-image-matting.  batch_norm: foamliu's network,
    which has none of the three.  Raises InputError when variants are asked for that do not go together.
    """
    plain = skip and refine and conv6_kernel == 3
    if conv6_kernel not in (1, 3) or ((lite or batch_norm) and not plain) or (lite and batch_norm):
        raise InputError(
            f"found lite={lite}, skip={skip}, refine={refine}, conv6_kernel={conv6_kernel}, batch_norm={batch_norm}; "
            "expected a kernel of 1 or 3, and variants of the plain published network only; leave the others out"
        )
    if batch_norm:
        return BatchNormDIM()
    if lite:
        return DIM(LITE)
    return DIM(DIMConfig(skip=skip, refine=DIMConfig.refine if refine else 0, conv6_kernel=conv6_kernel))


def from_official(file: str | PathLike[str] | Mapping[str, Tensor], skip: bool | None = None) -> DIM | BatchNormDIM:
    """A published network with a released checkpoint (path or state dict); strict; eval mode.

    skip: whether the decoder adds the encoder's features, which the file cannot tell: True (None) for files since
    September 2020 (stage1_skip_sad_52.9), False for all before it.  Refinement, an old 1x1 conv6 and foamliu's layout
    are found in the file.
    Raises WeightsError when the file is not of one of these networks, and says what it is where that can be seen.
    """
    state = file if isinstance(file, Mapping) else read_checkpoint(file)
    net = empty(state, skip)
    expected, names = net.state_dict(), official_names(net)
    missing, extra = sorted(names.keys() - state.keys()), sorted(state.keys() - names.keys())
    wrong = sorted(k for k in names.keys() & state.keys() if expected[names[k]].shape != state[k].shape)
    if missing or extra or wrong:
        raise WeightsError(
            f"{description(state)}: {len(missing)} tensors missing, {len(extra)} unknown, {len(wrong)} of another "
            f"shape (first: {(missing + extra + wrong)[0]}); expected the {len(names)} tensors of a checkpoint of "
            "pytorch-deep-image-matting or of foamliu's Deep-Image-Matting-PyTorch; give such a file"
        )
    net.to_empty(device="cpu")
    net.load_state_dict({own: state[key] for key, own in names.items()})
    return net.eval()


def read_checkpoint(file: str | PathLike[str]) -> Mapping[str, Tensor]:
    return read_state(
        file,
        "a file of pytorch-deep-image-matting, or the state dict of foamliu's module "
        "(its BEST_checkpoint.tar is a pickled object: save its model.module.state_dict() where its code is at hand)",
        inside="state_dict",
    )


def empty(state: Mapping[str, Tensor], skip: bool | None) -> DIM | BatchNormDIM:
    """The network that a checkpoint is of, without numbers; the current one where nothing can be recognised."""
    with torch.device("meta"):  # no time and memory for numbers that the file replaces
        if "down1.conv1.cbr_unit.0.weight" in state:
            if skip:
                raise WeightsError("the file is foamliu's network, which adds no skips; found skip=True; leave it out")
            return BatchNormDIM()
        conv6 = state.get("conv6_1.weight")
        is_old = conv6 is not None and conv6.shape[2:] == (1, 1)
        has_refinement = any(key.startswith("refine_") for key in state)
        net = build(skip=skip is not False, refine=has_refinement, conv6_kernel=1 if is_old else 3)
        return net


def description(state: Mapping[str, Tensor]) -> str:
    """What a state dict that is none of the known networks seems to be, as the beginning of a sentence."""
    first = next(iter(state), "nothing at all")
    if all(key.startswith("module.") for key in state):
        return "a checkpoint saved from DataParallel, every name behind `module.`"
    if first.startswith("features."):
        return "a VGG classifier, the encoder's start, without a decoder"
    if first.startswith(("down1.", "conv1_1.")):
        return "a DIM checkpoint that is not whole"
    return f"not a DIM checkpoint (it begins with {first})"


def official_names(net: nn.Module) -> dict[str, str]:
    """The checkpoint's name of every tensor, and ours, in the checkpoint's order."""
    rename = batch_norm_names if isinstance(net, BatchNormDIM) else plain_names
    own = net.state_dict()
    pairs = list(rename())
    return {theirs + key.removeprefix(ours): key for theirs, ours in pairs for key in own if key.startswith(ours)}


def plain_names() -> Iterator[tuple[str, str]]:
    """pytorch-deep-image-matting: flat names, their prefix and ours."""
    for group, repeats in enumerate(REPEATS, start=1):
        yield from ((f"conv{group}_{i + 1}.", f"encoder.groups.{group - 1}.{2 * i}.") for i in range(repeats))
    yield from (("conv6_1.", "conv6.0."), ("deconv6_1.", "deconv6.0."))
    yield from ((f"deconv{5 - i}_1.", f"decoder.steps.{i}.0.") for i in range(5))
    yield "deconv1.", "decoder.logit."
    yield from ((f"refine_conv{i + 1}.", f"refine.body.{2 * i}.") for i in range(3))
    yield "refine_pred.", "refine.residual."


def batch_norm_names() -> Iterator[tuple[str, str]]:
    """foamliu: a convolution is number 0 of its unit, the norm number 1."""
    for group, repeats in enumerate(REPEATS, start=1):
        for i in range(repeats):
            for part in (0, 1):
                yield f"down{group}.conv{i + 1}.cbr_unit.{part}.", f"encoder.groups.{group - 1}.{3 * i + part}."
    yield from ((f"up{5 - i}.conv.cbr_unit.{part}.", f"decoder.{i}.{part}.") for i in range(5) for part in (0, 1))
