"""GFM: glance and focus matting, one encoder and two decoders that share the work.

Li, Zhang, Maybank, Tao, "Bridging Composite and Real: Towards End-to-end Deep Image Matting", IJCV 2022
(https://arxiv.org/abs/2010.16188). Paper code and weights: MIT (JizhiziLi/GFM); this file was written from the paper
and from the names and shapes of the released checkpoints.

    image ──> encoder ── os2 ── os4 ── os8 ── os16 ── os32 ─┐
                          │      │      │      │            ├──> pyramid pooling ──┬── p, up to every level
                          │      │      │      │            │                      v
                          │      │      │      │            └──> D4 ─> D3 ─> D2 ─> D1 ─> D0 ──> glance  (what)
                          │      │      │      │            ┌──> bridge (dilated)                  │
                          └──────┴──────┴──────┴─> skips    v                                      v
                                                      D4 ─> D3 ─> D2 ─> D1 ─> D0 ──> focus  ──> collaborative ──> alpha
                                                                                    (edge)       matting

The representation says what glance separates, and what focus adds to it (section 4.3):

    tt   background | transition | foreground     focus = alpha inside the transition
    ft   outside | inside the certain foreground  focus = alpha minus the certain foreground
    bt   outside | inside the possible foreground focus = possible foreground minus alpha
    rim  all three on one pair of decoders, and a small network that mixes their mattes
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattelier.backbones.densenet import DenseNet121
from mattelier.backbones.efficientnet import CHANNELS as LITE_CHANNELS
from mattelier.backbones.efficientnet import EfficientNetLite0
from mattelier.backbones.official import read_state
from mattelier.backbones.pooling import pool
from mattelier.backbones.resnet import BasicBlock, resnet34, resnet101
from mattelier.errors import InputError, WeightsError

Backbone = Literal["r34", "r34_2b", "r101", "d121"]
Representation = Literal["tt", "ft", "bt", "rim"]
CLASSES = {"tt": 3, "ft": 2, "bt": 2}  # of glance


class GFMBase(nn.Module):
    """What published and lite share: an encoder, two decoders, a head on each, and the merge without parameters.

    Input:  x (B, 3, H, W), RGB 0..255, not normalised, H and W multiples of 32.
    Output: dict; glance (B, 3 or 2, H, W) one score in 0..1 a class, focus and alpha (B, 1, H, W) in [0, 1].
    """

    encoder: nn.Module
    glance: nn.Module
    focus: nn.Module
    glance_head: nn.Module
    focus_head: nn.Module
    representation = "tt"

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        check_size(x)
        features = self.features(x)
        glance = probability(self.glance_head(self.glance(features)))
        focus = probability(self.focus_head(self.focus(features)))
        return {"alpha": collaborate(glance, focus, self.representation), "glance": glance, "focus": focus}

    def features(self, x: Tensor) -> list[Tensor]:
        features: list[Tensor] = self.encoder(x)
        return features


class GFM(GFMBase):
    """A released network with one representation: tt, ft or bt."""

    def __init__(self, backbone: Backbone = "r34", representation: Representation = "tt") -> None:
        super().__init__()
        size = SIZES[backbone]
        self.representation = representation
        self.encoder = size.encoder()
        self.glance = GlanceDecoder(size)
        self.focus = FocusDecoder(size)
        self.glance_head = size.head(CLASSES[representation])
        self.focus_head = size.head(1)


class GFMRIM(nn.Module):
    """A released network that learns the three representations at once and mixes them.

    Input:  as GFM.  Output: dict; glance_tt, focus_tt, fusion_tt and so on for ft and bt, each as GFM's; alpha
    (B, 1, H, W) is the mixture, which nothing bounds: it can leave [0, 1] a little, so clamp it before use.
    """

    def __init__(self, backbone: Backbone = "d121") -> None:
        super().__init__()
        size = SIZES[backbone]
        self.encoder = size.encoder()
        self.glance = GlanceDecoder(size)
        self.focus = FocusDecoder(size)
        self.glance_heads = nn.ModuleDict({name: size.head(classes) for name, classes in CLASSES.items()})
        self.focus_heads = nn.ModuleDict({name: size.head(1) for name in CLASSES})
        self.rim = nn.Sequential(nn.Conv2d(3, 16, 1), SELayer(16), nn.Conv2d(16, 1, 1))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        check_size(x)
        features = self.encoder(x)
        glanced, focused = self.glance(features), self.focus(features)
        outputs = {}
        for name in CLASSES:
            glance = outputs[f"glance_{name}"] = probability(self.glance_heads[name](glanced))
            focus = outputs[f"focus_{name}"] = probability(self.focus_heads[name](focused))
            outputs[f"fusion_{name}"] = collaborate(glance, focus, name)
        fusions = torch.cat([outputs[f"fusion_{name}"] for name in CLASSES], 1)
        return {"alpha": self.rim(fusions)} | outputs


class GFMLite(GFMBase):
    """The same idea (tt) on EfficientNet-Lite0, narrow enough for two cores.

    Ours: widths; glance is decoded to os4 and sees the encoder's os16, os8 and os4, so that small subjects keep their
    outline; focus ends at the picture's own size and sees its pixels, as r34_2b does. ImageNet's weights want -1..1,
    so the network brings its input there itself, and takes what the published ones take.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = EfficientNetLite0()
        self.glance = LiteGlance(LITE_CHANNELS)
        self.focus = LiteFocus(LITE_CHANNELS)
        self.glance_head = nn.Sequential(nn.Conv2d(32, CLASSES["tt"], 3, padding=1), up(4))
        self.focus_head = nn.Sequential(*conv_norm_relu(16 + 3, 12), nn.Conv2d(12, 1, 3, padding=1))

    def features(self, x: Tensor) -> list[Tensor]:
        x = x / 127.5 - 1.0
        return [x, *self.encoder(x)]


def collaborate(glance: Tensor, focus: Tensor, representation: str = "tt") -> Tensor:
    """Collaborative matting (equation 3): focus where glance leaves the question open, glance everywhere else.

    glance: (B, classes, H, W) scores; of equal ones the lower class wins. focus: (B, 1, H, W); so is alpha, returned.
    """
    known = glance.argmax(1, keepdim=True)
    if representation == "tt":
        return torch.where(known == 1, focus, (known == 2).to(focus.dtype))
    if representation == "ft":
        return (known + focus).clamp(max=1.0)
    return (known - focus).clamp(min=0.0)


class GlanceDecoder(nn.Module):
    """Semantics: every level sees the pooled context p again, and no skip from the encoder."""

    def __init__(self, size: "Size") -> None:
        super().__init__()
        deep, outs = size.features[-1], [out for *_, out in size.decoders]
        self.context = PyramidPooling(deep, deep)
        self.hints = nn.ModuleList(hint(deep, out, 2**level) for level, out in enumerate(outs, start=1))
        inputs = [2 * width for width in (deep, *outs[:-1])]
        self.blocks = size.blocks(inputs)

    def forward(self, features: list[Tensor]) -> Tensor:
        deep = features[-1]
        p = self.context(deep)
        y = self.blocks[0](torch.cat((p, deep), 1))
        for block, context in zip(self.blocks[1:], self.hints, strict=False):
            y = block(torch.cat((context(p), y), 1))
        # one hint a level; with a full-size stem there is no level left for the head, and its hint is never run
        for_head = self.hints[len(self.blocks) - 1 : len(features) - 1]
        return torch.cat((*(context(p) for context in for_head), y), 1)


class FocusDecoder(nn.Module):
    """Details: a U-Net over the encoder, below it three dilated convolutions."""

    def __init__(self, size: "Size") -> None:
        super().__init__()
        deep, outs = size.features[-1], [out for *_, out in size.decoders]
        self.bridge = bridge(deep, deep)
        inputs = [a + b for a, b in zip((deep, *outs[:-1]), reversed(size.features), strict=False)]
        self.blocks = size.blocks(inputs)

    def forward(self, features: list[Tensor]) -> Tensor:
        skips = features[::-1]
        y = self.bridge(skips[0])
        for block, skip in zip(self.blocks, skips, strict=False):
            y = block(torch.cat((y, skip), 1))
        return torch.cat((y, *skips[len(self.blocks) :]), 1)


class LiteGlance(nn.Module):
    """As GlanceDecoder, up to os4, and with the encoder's features beside the context."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        _, os4, os8, os16, os32 = channels
        self.context = PyramidPooling(os32, 128, inner=64)
        self.hints = nn.ModuleList((hint(128, 32, 2), hint(128, 24, 4), hint(128, 16, 8)))
        self.blocks = nn.ModuleList(
            (
                lite_block(128 + os32, 128, 96),
                lite_block(32 + 96 + os16, 96, 64),
                lite_block(24 + 64 + os8, 64, 48),
                nn.Sequential(*conv_norm_relu(16 + 48 + os4, 32)),
            )
        )

    def forward(self, features: list[Tensor]) -> Tensor:
        deep, *skips = features[:1:-1]  # os32; os16, os8, os4
        p = self.context(deep)
        y: Tensor = self.blocks[0](torch.cat((p, deep), 1))
        for block, context, skip in zip(self.blocks[1:], self.hints, skips, strict=True):
            y = block(torch.cat((context(p), y, skip), 1))
        return y


class LiteFocus(nn.Module):
    """As FocusDecoder, one level further: the last skip is the picture itself."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        os2, os4, os8, os16, os32 = channels
        self.bridge = bridge(os32, 96)
        self.blocks = nn.ModuleList(
            (
                lite_block(96 + os32, 96, 64),
                lite_block(64 + os16, 64, 48),
                lite_block(48 + os8, 48, 32),
                lite_block(32 + os4, 32, 24),
                lite_block(24 + os2, 24, 16),
            )
        )

    def forward(self, features: list[Tensor]) -> Tensor:
        x, *rest = features
        y = self.bridge(rest[-1])
        for block, skip in zip(self.blocks, reversed(rest), strict=True):
            y = block(torch.cat((y, skip), 1))
        return torch.cat((y, x), 1)


class PyramidPooling(nn.Module):
    """Context at 1x1, 3x3 and 5x5 cells beside the features themselves (Zhao et al., PSPNet, CVPR 2017)."""

    def __init__(self, width: int, out: int, inner: int | None = None, cells: tuple[int, ...] = (1, 3, 5)) -> None:
        super().__init__()
        inner = inner or width
        self.cells = cells
        self.stages = nn.ModuleList(nn.Conv2d(width, inner, 1, bias=False) for _ in cells)
        self.bottleneck = nn.Conv2d(width + len(cells) * inner, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        hw = x.shape[-2:]
        scales = [
            F.interpolate(stage(pool(x, cells)), size=hw, mode="bilinear", align_corners=True)
            for stage, cells in zip(self.stages, self.cells, strict=True)
        ]
        return F.relu(self.bottleneck(torch.cat((*scales, x), 1)))


class SELayer(nn.Module):
    """Squeeze and excitation (Hu et al. 2018), without biases."""

    def __init__(self, width: int, reduction: int = 4) -> None:
        super().__init__()
        squeezed = width // reduction
        self.fc = nn.Sequential(
            nn.Linear(width, squeezed, bias=False), nn.ReLU(), nn.Linear(squeezed, width, bias=False), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        weight: Tensor = self.fc(x.mean((2, 3)))
        return x * weight[:, :, None, None]


class TwoBlockResNet(nn.Module):
    """r34_2b: ResNet-34 behind a stem that keeps the picture's size, and two more stages below it (section 4.2).

    Output: features at os1, os2, os4, os8, os16, os32. The ResNet's own first convolution is held, never run.
    """

    def __init__(self) -> None:
        super().__init__()
        self.resnet = resnet34()
        self.stem = nn.Sequential(*conv_norm_relu(3, 64))
        self.stage5 = self.stage()
        self.stage6 = self.stage()

    @staticmethod
    def stage() -> nn.Sequential:
        return nn.Sequential(nn.MaxPool2d(2, 2, ceil_mode=True), *(BasicBlock(512, 512) for _ in range(3)))

    def forward(self, x: Tensor) -> list[Tensor]:
        net, y, features = self.resnet, self.stem(x), []
        for layer in (net.layer1, net.layer2, net.layer3, net.layer4, self.stage5, self.stage6):
            y = layer(y)
            features.append(y)
        return features


class CompressedDenseNet(nn.Module):
    """d121: DenseNet-121, its last block brought to 512 channels and os32."""

    def __init__(self) -> None:
        super().__init__()
        self.densenet = DenseNet121()
        self.compress = nn.Sequential(*conv_norm_relu(1024, 512), nn.MaxPool2d(2, 2, ceil_mode=True))

    def forward(self, x: Tensor) -> list[Tensor]:
        *features, deep = self.densenet(x)
        return [*features, self.compress(deep)]


@dataclass(frozen=True)
class Size:
    """A published backbone and the widths around it."""

    encoder: Callable[[], nn.Module]
    features: tuple[int, ...]  # channels of the encoder's features, the largest picture first
    decoders: tuple[tuple[int, int, int], ...]  # widths of the three convolutions of each block, the deepest first
    full_size_stem: bool = False  # the last block is at the picture's size: it does not enlarge, and heads are one conv

    def blocks(self, inputs: list[int]) -> nn.ModuleList:
        """One block a level, each twice as large as the one before."""
        blocks = nn.ModuleList()
        for width, (a, b, out) in zip(inputs, self.decoders, strict=True):
            is_full_size = self.full_size_stem and len(blocks) == len(self.decoders) - 1
            enlarge = () if is_full_size else (up(2),)
            blocks.append(
                nn.Sequential(*conv_norm_relu(width, a), *conv_norm_relu(a, b), *conv_norm_relu(b, out), *enlarge)
            )
        return blocks

    def head(self, classes: int) -> nn.Sequential:
        if self.full_size_stem:
            return nn.Sequential(nn.Conv2d(64, classes, 3, padding=1))
        last = nn.Conv2d(64, classes, 3, padding=1)
        return nn.Sequential(*conv_norm_relu(128, 64), *conv_norm_relu(64, 64), last, up(2))


SIZES: dict[str, Size] = {
    "r34": Size(
        resnet34,
        features=(64, 64, 128, 256, 512),
        decoders=((512, 512, 256), (256, 256, 128), (128, 128, 64), (64, 64, 64)),
    ),
    "r101": Size(
        resnet101,
        features=(64, 256, 512, 1024, 2048),
        decoders=((2048, 1024, 1024), (1024, 512, 512), (512, 256, 256), (256, 128, 64)),
    ),
    "d121": Size(
        CompressedDenseNet,
        features=(64, 128, 256, 512, 512),
        decoders=((512, 512, 256), (256, 256, 128), (128, 128, 64), (64, 64, 64)),
    ),
    "r34_2b": Size(
        TwoBlockResNet,
        features=(64, 128, 256, 512, 512, 512),
        decoders=((512, 512, 512), (512, 512, 512), (512, 512, 256), (256, 256, 128), (128, 128, 64), (64, 64, 64)),
        full_size_stem=True,
    ),
}


def hint(width: int, out: int, factor: int) -> nn.Sequential:
    """The pooled context for one level of the glance decoder."""
    return nn.Sequential(*conv_norm_relu(width, out), up(factor))


def bridge(width: int, out: int) -> nn.Sequential:
    layers = (conv_norm_relu(a, out, dilation=2) for a in (width, out, out))
    return nn.Sequential(*(module for layer in layers for module in layer))


def lite_block(width: int, inner: int, out: int) -> nn.Sequential:
    return nn.Sequential(*conv_norm_relu(width, inner), *conv_norm_relu(inner, out), up(2))


def conv_norm_relu(width: int, out: int, dilation: int = 1) -> tuple[nn.Module, nn.Module, nn.Module]:
    return nn.Conv2d(width, out, 3, padding=dilation, dilation=dilation), nn.BatchNorm2d(out), nn.ReLU()


def up(factor: int) -> nn.Upsample:
    return nn.Upsample(scale_factor=factor, mode="bilinear")


def probability(scores: Tensor) -> Tensor:
    # float32 also under autocast: a bfloat16 alpha has no value between 0.996 and 1
    return torch.sigmoid(scores.float())


def check_size(x: Tensor) -> None:
    if torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export():
        return
    height, width = x.shape[-2:]
    if height % 32 or width % 32 or not height or not width:
        raise InputError(f"found an input of {height} x {width}; GFM takes multiples of 32; pad or resize it first")


def build(
    lite: bool = False, backbone: Backbone | None = None, representation: Representation | None = None
) -> GFMBase | GFMRIM:
    """A published network (r34 and tt unless told otherwise), or the lite one, with random weights.

    Raises InputError for an unknown backbone or representation, and when the lite network is asked for another one.
    """
    for value, known in ((backbone, get_args(Backbone)), (representation, get_args(Representation))):
        if value is not None and value not in known:
            raise InputError(f"GFM has no {value!r}; expected one of {', '.join(known)}; choose one of them")
    if lite:
        if backbone or representation not in (None, "tt"):
            raise InputError(
                f"gfm-lite has one encoder and the representation tt; found backbone={backbone!r}, "
                f"representation={representation!r}; leave both out"
            )
        return GFMLite()
    if representation == "rim":
        return GFMRIM(backbone or "r34")
    return GFM(backbone or "r34", representation or "tt")


def from_official(
    file: str | PathLike[str] | Mapping[str, Tensor],
    backbone: Backbone | None = None,
    representation: Representation | None = None,
) -> GFMBase | GFMRIM:
    """A published network with a released checkpoint (path or state dict); strict; eval mode.

    What the file tells is found in it; ft and bt look the same, so that representation must be given.
    Raises WeightsError when the file is another variant than the one asked for (naming both), when it is no GFM file,
    and when tensors are missing, left over or of another shape.
    """
    state = file if isinstance(file, Mapping) else read_state(file, "a released gfm_*.pth file")
    backbone, representation = settle(state, backbone, representation)
    with torch.device("meta"):  # no time and memory for numbers that the file replaces
        net = build(False, backbone, representation)
    expected = net.state_dict()
    names = dict(official_names(expected, backbone))
    missing, extra = sorted(names.keys() - state.keys()), sorted(state.keys() - names.keys())
    wrong = sorted(k for k in names.keys() & state.keys() if expected[names[k]].shape != state[k].shape)
    if missing or extra or wrong:
        raise WeightsError(
            f"not a whole gfm {backbone} {representation} checkpoint: {len(missing)} tensors missing, {len(extra)} "
            f"unknown, {len(wrong)} of another shape (first: {(missing + extra + wrong)[0]}); expected the "
            f"{len(names)} tensors of the released file; download it again"
        )
    net.to_empty(device="cpu")
    # sorted: of a tensor's two names the last decides, as in the original
    net.load_state_dict({names[key]: state[key] for key in sorted(state)})
    return net.eval()


def settle(state: Mapping[str, Tensor], backbone: str | None, representation: str | None) -> tuple[Any, Any]:
    """Backbone and representation of a checkpoint, checked against what was asked for."""
    found, possible = variant_of(state)
    if (backbone or found) != found or (representation or possible[0]) not in possible:
        asked = " ".join(filter(None, (backbone, representation)))
        raise WeightsError(
            f"the file is gfm {found} {' or '.join(possible)}; asked for was {asked}; "
            "leave the option out, or choose the other file"
        )
    if representation is None and len(possible) > 1:
        raise WeightsError(
            f"the file is gfm {found} {' or '.join(possible)}, which have the same tensors; "
            f"pass representation={' or '.join(map(repr, possible))}, as the file's publisher says"
        )
    return found, representation or possible[0]


def variant_of(state: Mapping[str, Tensor]) -> tuple[str, tuple[str, ...]]:
    """The backbone of a checkpoint, and the representations it can have."""
    if "bridge_block.0.weight" not in state or "psp_module.bottleneck.weight" not in state:
        first = next(iter(state), "nothing at all")
        raise WeightsError(
            f"not a GFM checkpoint: it has no bridge_block and psp_module (it begins with {first}); "
            "expected a released gfm_*.pth file; check which system the file is for"
        )
    if any(key.startswith("densenet.") for key in state):
        backbone = "d121"
    elif any(key.startswith("encoder6.") for key in state):
        backbone = "r34_2b"
    else:
        backbone = "r101" if "resnet.layer1.0.conv3.weight" in state else "r34"
    if any(key.startswith("rim.") for key in state):
        return backbone, ("rim",)
    last = "decoder0_g.0.weight" if backbone == "r34_2b" else "decoder0_g.6.weight"
    return backbone, ("tt",) if last in state and len(state[last]) == CLASSES["tt"] else ("ft", "bt")


RESNET_STAGES = (("layer1.", "encoder1.1."), *((f"layer{i}.", f"encoder{i}.") for i in (2, 3, 4)))
DENSENET_STAGES = (
    *((f"denseblock{i}.", f"encoder{i}.0.") for i in (1, 2, 3, 4)),
    *((f"transition{i}.", f"encoder{i}.1.") for i in (1, 2, 3)),
)
# our prefix, theirs; the released networks register every part of the encoder twice
RESNET = (
    ("encoder.", "resnet."),
    ("encoder.conv1.", "encoder0.0."),
    ("encoder.bn1.", "encoder0.1."),
    *((f"encoder.{ours}", theirs) for ours, theirs in RESNET_STAGES),
)
ENCODER_NAMES: dict[str, tuple[tuple[str, str], ...]] = {
    "r34": RESNET,
    "r101": RESNET,
    "r34_2b": (
        ("encoder.resnet.", "resnet."),
        ("encoder.stem.", "encoder0."),
        *((f"encoder.resnet.layer{i}.", f"encoder{i}.") for i in (1, 2, 3, 4)),
        ("encoder.stage5.", "encoder5."),
        ("encoder.stage6.", "encoder6."),
    ),
    "d121": (
        ("encoder.densenet.", "densenet."),
        ("encoder.densenet.features.conv0.", "encoder0.0."),
        ("encoder.densenet.features.norm0.", "encoder0.1."),
        *((f"encoder.densenet.features.{ours}", theirs) for ours, theirs in DENSENET_STAGES),
        ("encoder.compress.0.", "encoder4.1."),
        ("encoder.compress.1.", "encoder4.2."),
    ),
}
DECODER_NAMES = (
    *((f"glance.context.stages.{i}.", f"psp_module.stages.{i}.1.") for i in (0, 1, 2)),
    ("glance.context.bottleneck.", "psp_module.bottleneck."),
    ("focus.bridge.", "bridge_block."),
    ("glance_head.", "decoder0_g."),
    ("focus_head.", "decoder0_f."),
    *((f"glance_heads.{name}.", f"decoder0_g_{name}.") for name in CLASSES),
    *((f"focus_heads.{name}.", f"decoder0_f_{name}.") for name in CLASSES),
    ("rim.", "rim."),
)


def official_names(ours: Mapping[str, Tensor], backbone: str) -> Iterator[tuple[str, str]]:
    """Every name in the released checkpoints with the one of ours that it fills; some of ours have two."""
    levels = len(SIZES[backbone].decoders)
    numbered = ((i, levels - i) for i in range(levels))  # we count from the deepest level, they count down to it
    blocks = [
        pair
        for i, n in numbered
        for pair in (
            (f"glance.hints.{i}.", f"psp{n}."),
            (f"glance.blocks.{i}.", f"decoder{n}_g."),
            (f"focus.blocks.{i}.", f"decoder{n}_f."),
        )
    ]
    for key in ours:
        for prefix, theirs in (*ENCODER_NAMES[backbone], *DECODER_NAMES, *blocks):
            if key.startswith(prefix):
                yield theirs + key.removeprefix(prefix), key
