"""MatteFormer: a Swin encoder whose windows also see what each region of the trimap holds, anywhere in the picture.

Park, Son, Yoo, Kim, Kwak, "MatteFormer: Transformer-Based Image Matting via Prior-Tokens", CVPR 2022
(https://arxiv.org/abs/2203.15662). Paper code and weights: Apache-2.0 (webtoon/matteformer); this file was written from
the paper, the names and shapes of the checkpoint, and a description of the released code. The decoder is that of Yu et
al., "Mask Guided Matting via Progressive Refinement Network", CVPR 2021 (https://arxiv.org/abs/2012.06722).

    image 3 | trimap 3 ───────────────────────────────────────> shortcut ──> + ──> refine_OS1 ──> os1 ─┐
        │                                                          os1       ^ conv1                   │
        ├──> patch_embed ──> x2 ──────────────────────────────> shortcut ──> +                         │
        │        v                                                 os2       ^ layer4                  v
        │     stage 0  PAST PAST ──> norm0 ───────────────────> shortcut ──> + ──> refine_OS4 ─> os4 ─ merge ──> alpha
        │        v merging                                         os4       ^ layer3                  ^
        │     stage 1  PAST PAST ──> norm1 ───────────────────> shortcut ──> + ──> refine_OS8 ──> os8 ─┘
        │        v                                                 os8       ^ layer2
        │     stage 2  6 PAST ─────> norm2 ───────────────────> shortcut ──> +
        │        v                                                 os16      ^ layer1
        │     stage 3  PAST PAST ──> norm3 ───────────────────> shortcut ────┘
        │        ^                                                 os32
        └─ trimap: three areas at every stage

    PAST block: prior tokens = means of x over the three areas;  memory = those of the blocks before it, in its stage
                windows of 7 x 7 attend to their own 49 positions, to the prior tokens and to the memory

`MatteFormer` is the released network; the lite form is the same network at other widths.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattelier.backbones.official import read_state
from mattelier.backbones.swin import (
    OFFSETS,
    POSITIONS,
    DropPath,
    Mlp,
    PatchEmbed,
    PatchMerging,
    relative_position_index,
    shift_mask,
    unwindow,
    windows,
)
from mattelier.errors import InputError, WeightsError
from mattelier.image.ellipse import rectangles

MULTIPLE_OF = 32
AREAS = (1, 0, 2)  # channels of the trimap in the order of the prior tokens: unknown, background, foreground
SLOPE = 0.2  # of every leaky rectifier
CERTAIN = 1 / 255  # alpha nearer than this to 0 or 1 is taken as it is
SQUARE_PX = 640  # uncertain regions grow on a square of this side, so that they follow the picture's size
SIDE_OS4_PX, SIDE_OS1_PX = 15, 7  # of the ellipse, when testing


@dataclass(frozen=True)
class MatteFormerConfig:
    """Widths and depths; the defaults are the released network."""

    embed: int = 96
    depths: tuple[int, ...] = (2, 2, 6, 2)
    heads: tuple[int, ...] = (3, 6, 12, 24)
    drop_path: float = 0.3  # of the last block; the first drops nothing
    shortcuts: tuple[int, ...] = (32, 32, 64, 128, 256, 512)  # os1 to os32; the decoder adds them, so it is as wide
    blocks: tuple[int, ...] = (2, 3, 3, 2)  # of the decoder's layers
    head: int = 32
    priors: bool = True  # False: windows see themselves alone, as Swin's do
    memory: bool = True  # False: a block sees its own prior tokens, and none of the blocks before it


LITE = MatteFormerConfig(  # ours
    embed=32,
    depths=(2, 2, 2, 2),
    heads=(2, 4, 8, 16),
    drop_path=0.0,
    shortcuts=(16, 16, 32, 64, 96, 96),
    blocks=(1, 2, 2, 1),
    head=16,
)


class MatteFormer(nn.Module):
    """Alpha at three output strides from a picture and its trimap, and the three merged.

    Input: image (B, 3, H, W), RGB normalised with ImageNet's mean and deviation; trimap (B, 3, H, W), one-hot float:
    background, unknown, foreground. H and W are multiples of 32.
    Output: dict; alpha_os8, alpha_os4, alpha_os1 and alpha, each (B, 1, H, W) in [0, 1]; alpha is os8, os4 where os8 is
    uncertain, os1 where that is uncertain too, known pixels not put back.
    With attention=True also attention_os4 to attention_os32, (B, 3, H/s, W/s): the share of its attention that a
    position gives to the prior tokens of background, unknown and foreground; mean of a stage's blocks and heads.

    `priors` and `memory` may be switched on a trained network: the paper's ablations.
    """

    def __init__(self, config: MatteFormerConfig | None = None) -> None:
        super().__init__()
        c = config or MatteFormerConfig()
        self.priors, self.memory = c.priors, c.memory
        self.encoder = Encoder(c)
        self.decoder = Decoder(c)

    def forward(self, image: Tensor, trimap: Tensor, attention: bool = False) -> dict[str, Tensor]:
        check_inputs(image, trimap)
        shares: dict[str, Tensor]
        features, shares = self.encoder(image, trimap, self.priors, self.memory, attention)
        heads: dict[str, Tensor] = self.decoder(features)
        alpha = merge(heads["alpha_os8"], heads["alpha_os4"], heads["alpha_os1"])
        return {"alpha": alpha} | heads | shares


class Encoder(nn.Module):
    """Swin over picture and trimap; at every stride a shortcut to the decoder."""

    def __init__(self, c: MatteFormerConfig) -> None:
        super().__init__()
        widths = [c.embed << stage for stage in range(len(c.depths))]
        drops = torch.linspace(0, c.drop_path, sum(c.depths)).tolist()
        self.patch_embed = PatchEmbed(6, c.embed)
        self.layers = nn.ModuleList()
        for width, depth, heads in zip(widths, c.depths, c.heads, strict=True):
            self.layers.append(Stage(width, heads, drops[:depth], is_last=width == widths[-1]))
            drops = drops[depth:]
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in widths)
        inputs = (6, c.embed, *widths)
        self.shortcut = nn.ModuleList(shortcut(a, b) for a, b in zip(inputs, c.shortcuts, strict=True))
        initialise(self)

    def forward(
        self, image: Tensor, trimap: Tensor, priors: bool, memory: bool, attention: bool
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        os1 = torch.cat((image, trimap), 1)
        x = self.patch_embed(os1)  # (B, H/4, W/4, C)
        os2 = F.interpolate(x.permute(0, 3, 1, 2), scale_factor=2, mode="bilinear", align_corners=True)
        features, shares = [os1, os2], {}
        for number, (stage, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            stride = 4 << number
            areas = trimap[:, AREAS, ::stride, ::stride] if priors else None
            y, x, given = stage(x, areas, memory, attention)
            features.append(norm(y).permute(0, 3, 1, 2))
            if given is not None:
                shares[f"attention_os{stride}"] = given
        return [joint(y) for joint, y in zip(self.shortcut, features, strict=True)], shares


class Stage(nn.Module):
    """PAST blocks at one stride, shifted windows in every second one. The prior memory begins anew.

    Returns the features, what the next stage is given, and the maps of attention if asked for.
    """

    def __init__(self, width: int, heads: int, drops: list[float], is_last: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(PASTBlock(width, heads, number, drop) for number, drop in enumerate(drops))
        self.downsample = nn.Identity() if is_last else PatchMerging(width)

    def forward(
        self, x: Tensor, areas: Tensor | None, memory: bool, attention: bool
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        hw = (x.shape[1], x.shape[2])
        mask, tokens, seen = shift_mask(hw, x), None, []
        for number, block in enumerate(self.blocks):
            x, tokens, shares = block(x, tokens if memory else None, areas, mask)
            if attention and areas is not None:
                seen.append(unwindow(by_channel(shares), hw, is_shifted(number)))
        return x, self.downsample(x), torch.stack(seen).mean(0).permute(0, 3, 1, 2) if seen else None


def is_shifted(number: int) -> bool:
    """Windows of the stage's second block, its fourth and so on."""
    return number % 2 == 1


class PASTBlock(nn.Module):
    """Prior-attentive Swin transformer block, number `number` of its stage.

    x (B, H, W, C); memory (B, 3 sets, C) from the block before, or None; areas (B, 3, H, W) of 0 and 1, or None:
    no prior tokens.  Returns x, the memory for the next block, and the attention given to all its tokens.
    """

    def __init__(self, width: int, heads: int, number: int, drop_path: float) -> None:
        super().__init__()
        self.shifted = is_shifted(number)
        self.norm1 = nn.LayerNorm(width)
        self.attn = PriorAttention(width, heads, sets=number + 1)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width)
        self.drop = DropPath(drop_path)

    def forward(
        self, x: Tensor, memory: Tensor | None, areas: Tensor | None, mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        hw = (x.shape[1], x.shape[2])
        tokens = prior_tokens(x, areas) if areas is not None else x.new_zeros(len(x), 0, x.shape[3])
        if memory is not None:
            tokens = torch.cat((memory, tokens), 1)
        y, value, shares = self.attn(
            windows(self.norm1(x), self.shifted), self.norm1(tokens), mask if self.shifted else None
        )
        x = x + self.drop(unwindow(y, hw, self.shifted))
        x = x + self.drop(self.mlp(self.norm2(x)))
        # tokens ask nothing: what stands for their attention is their own value
        tokens = tokens + self.drop(value, group=len(AREAS))
        tokens = tokens + self.drop(self.mlp(self.norm2(tokens)), group=len(AREAS))
        return x, tokens, shares


def prior_tokens(x: Tensor, areas: Tensor) -> Tensor:
    """Mean of x over each area, (B, 3, C); zero where an area is empty."""
    sums = torch.einsum("bthw,bhwc->btc", areas.to(x.dtype), x)
    # the released code adds 1e-9: the same number, but the ONNX exporter takes that for zero and leaves it out
    return sums / areas.sum((2, 3)).clamp(min=1.0)[:, :, None]


class PriorAttention(nn.Module):
    """Attention from the 49 positions of a window to themselves and to prior tokens, the oldest set first.

    x (B, N, 49, C), tokens (B, T, C), mask (N, 49, 49) or None.
    Returns x, the tokens' projected values (B, T, C), and the attention (B, N, heads, 49, T) that tokens receive.
    """

    def __init__(self, width: int, heads: int, sets: int) -> None:
        super().__init__()
        self.heads = heads
        rows = OFFSETS + len(AREAS) * sets  # one for every offset in a window, then one for every token
        self.relative_position_bias_table = nn.Parameter(torch.zeros(rows, heads))
        self.register_buffer("relative_position_index", relative_position_index(), persistent=False)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, tokens: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = self.project(x)
        _, token_k, token_v = self.project(tokens[:, None])
        # a picture's tokens stand in each of its windows
        k, v = (
            torch.cat((own, of.expand(-1, own.shape[1], -1, -1, -1)), 3) for own, of in ((k, token_k), (v, token_v))
        )
        bias = self.bias(tokens.shape[1])
        if mask is not None:
            bias = bias + F.pad(mask, (0, tokens.shape[1]))[:, None]
        attention = (q / math.sqrt(q.shape[-1]) @ k.transpose(-2, -1) + bias).softmax(-1)
        y = self.proj((attention @ v).transpose(2, 3).flatten(3))
        value = self.proj(token_v[:, 0].transpose(1, 2).flatten(2))
        return y, value, attention[..., POSITIONS:]

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value of (B, N, T, C), each (B, N, heads, T, C / heads)."""
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(2, 3) for part in self.qkv(x).chunk(3, -1))
        return q, k, v

    def bias(self, tokens: int) -> Tensor:
        """(heads, 49, 49 + tokens): by offset, and for the newest tokens one each."""
        index: Tensor = self.get_buffer("relative_position_index")
        table = self.relative_position_bias_table
        own, of_tokens = table[index], table[len(table) - tokens :]
        return torch.cat((own, of_tokens.expand(POSITIONS, -1, -1)), 1).permute(2, 0, 1)


def by_channel(shares: Tensor) -> Tensor:
    """(B, N, heads, 49, 3 sets) -> (B, N, 49, 3): attention by the trimap's channels, all sets together."""
    by_kind = shares.detach().mean(2).reshape(*shares.shape[:2], POSITIONS, -1, len(AREAS)).sum(3)
    return by_kind[..., [AREAS.index(channel) for channel in range(len(AREAS))]]


class SpectralNorm(nn.Module):
    """A kernel divided by its largest singular value, which one power iteration a training step keeps up with.

    Miyato et al., ICLR 2018 (https://arxiv.org/abs/1802.05957). Rows of the matrix are the kernel's first dimension,
    also for transposed convolutions, where those are the inputs. Evaluation takes the stored u and v as they are.
    """

    weight_u: Tensor
    weight_v: Tensor

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight_bar = nn.Parameter(nn.init.xavier_uniform_(torch.empty(shape)))
        self.register_buffer("weight_u", normalise(torch.randn(shape[0])))
        self.register_buffer("weight_v", normalise(torch.randn(math.prod(shape[1:]))))
        for _ in range(5):  # ours: so that a network that has not been trained can be run
            self.iterate(self.weight_bar.detach().flatten(1))

    def weight(self) -> Tensor:
        matrix = self.weight_bar.flatten(1)
        if self.training:
            self.iterate(matrix.detach())
        # sums of products and no matrix products: under autocast those would be rounded to bfloat16
        sigma = ((matrix * self.weight_v).sum(1) * self.weight_u).sum()
        weight: Tensor = self.weight_bar / sigma
        return weight

    def iterate(self, matrix: Tensor) -> None:
        self.weight_v = normalise((matrix * self.weight_u[:, None]).sum(0))
        self.weight_u = normalise((matrix * self.weight_v).sum(1))


def settle(net: nn.Module) -> None:
    """Power iterations on every kernel, in place: for averaged weights, to which averaged u and v do not belong."""
    for part in net.modules():
        if isinstance(part, SpectralNorm):
            for _ in range(3):
                part.iterate(part.weight_bar.detach().flatten(1))


def normalise(x: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(x)
    return x / (length + 1e-12)


class SNConv(SpectralNorm):
    def __init__(self, width_in: int, width_out: int, kernel: int = 3) -> None:
        super().__init__(width_out, width_in, kernel, kernel)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight(), padding=self.weight_bar.shape[2] // 2)


class SNUp(SpectralNorm):
    """Twice the size, by a transposed convolution."""

    def __init__(self, width: int) -> None:
        super().__init__(width, width, 4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv_transpose2d(x, self.weight(), stride=2, padding=1)


def shortcut(width_in: int, width_out: int) -> nn.Sequential:
    first, second = SNConv(width_in, width_out), SNConv(width_out, width_out)
    return nn.Sequential(first, nn.ReLU(), nn.BatchNorm2d(width_out), second, nn.ReLU(), nn.BatchNorm2d(width_out))


class Decoder(nn.Module):
    """Residual layers, each twice as large as the one before and joined by a shortcut; alpha at os8, os4 and os1."""

    def __init__(self, c: MatteFormerConfig) -> None:
        super().__init__()
        os1, os2, os4, os8, os16, os32 = c.shortcuts
        if os1 != os2:
            raise ValueError(f"shortcuts of os1 and os2 are {os1} and {os2} wide; conv1 joins them and keeps its width")
        self.conv1 = SNUp(os2)
        self.bn1 = nn.BatchNorm2d(os2)
        self.layer1 = layer(os32, os16, c.blocks[0])
        self.layer2 = layer(os16, os8, c.blocks[1])
        self.layer3 = layer(os8, os4, c.blocks[2])
        self.layer4 = layer(os4, os2, c.blocks[3])
        self.refine_OS1 = head(os1, c.head)
        self.refine_OS4 = head(os4, c.head)
        self.refine_OS8 = head(os8, c.head)

    def forward(self, features: list[Tensor]) -> dict[str, Tensor]:
        os1, os2, os4, os8, os16, os32 = features
        x = self.layer1(os32) + os16
        x = self.layer2(x) + os8
        alpha_os8 = probability(self.refine_OS8(x), 8)
        x = self.layer3(x) + os4
        alpha_os4 = probability(self.refine_OS4(x), 4)
        x = self.layer4(x) + os2
        x = F.leaky_relu(self.bn1(self.conv1(x)), SLOPE) + os1
        alpha_os1 = probability(self.refine_OS1(x), 1)
        return {"alpha_os1": alpha_os1, "alpha_os4": alpha_os4, "alpha_os8": alpha_os8}


class BasicBlock(nn.Module):
    """Two convolutions beside a shortcut; the first one of a layer doubles the size on both ways."""

    def __init__(self, width_in: int, width_out: int, doubles: bool) -> None:
        super().__init__()
        self.conv1: SpectralNorm = SNUp(width_in) if doubles else SNConv(width_in, width_in)
        self.bn1 = nn.BatchNorm2d(width_in)
        self.conv2 = SNConv(width_in, width_out)
        self.bn2 = nn.BatchNorm2d(width_out)
        self.upsample = (
            nn.Sequential(nn.Upsample(scale_factor=2), SNConv(width_in, width_out, 1), nn.BatchNorm2d(width_out))
            if doubles
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.bn1(self.conv1(x)), SLOPE)
        y = self.bn2(self.conv2(y))
        return F.leaky_relu(y + (x if self.upsample is None else self.upsample(x)), SLOPE)


def layer(width_in: int, width_out: int, blocks: int) -> nn.Sequential:
    rest = (BasicBlock(width_out, width_out, doubles=False) for _ in range(blocks - 1))
    return nn.Sequential(BasicBlock(width_in, width_out, doubles=True), *rest)


def head(width: int, inner: int) -> nn.Sequential:
    first, last = nn.Conv2d(width, inner, 3, padding=1, bias=False), nn.Conv2d(inner, 1, 3, padding=1)
    return nn.Sequential(first, nn.BatchNorm2d(inner), nn.LeakyReLU(SLOPE), last)


def probability(scores: Tensor, stride: int) -> Tensor:
    """Alpha at the picture's size; scores are enlarged, not alphas."""
    scores = scores.float()  # also under autocast: a bfloat16 alpha has no value between 0.996 and 1
    if stride > 1:
        scores = F.interpolate(scores, scale_factor=stride, mode="bilinear", align_corners=False)
    return (scores.tanh() + 1.0) / 2.0


def merge(os8: Tensor, os4: Tensor, os1: Tensor) -> Tensor:
    """Progressive refinement when testing: a finer alpha decides where the coarser one is uncertain."""
    alpha = torch.where(unknown(os8, SIDE_OS4_PX), os4, os8)
    return torch.where(unknown(alpha, SIDE_OS1_PX), os1, alpha)


def unknown(alpha: Tensor, side_px: int) -> Tensor:
    """Where alpha (B, 1, H, W) is uncertain, and as far around as an ellipse of this side reaches: bool.

    The released code draws alpha on a square of 640 px (nearest), dilates there, and draws the result back. Here the
    same pixels are found without the square: the ellipse is a union of rectangles, a rectangle around a pixel of the
    square covers rows and columns of the picture, and an integral image knows whether these hold an uncertain pixel.
    """
    height, width = alpha.shape[2], alpha.shape[3]
    uncertain = (alpha >= CERTAIN) & (alpha <= 1 - CERTAIN)
    uncertain = uncertain & drawn(height, alpha)[:, None] & drawn(width, alpha)
    counts = uncertain.cumsum(2, dtype=torch.int32).cumsum(3, dtype=torch.int32)
    counts = F.pad(counts, (1, 0, 1, 0))
    found = torch.zeros_like(uncertain)
    for r in rectangles(side_px):
        (top, bottom), (left, right) = span(height, r.up, r.down, alpha), span(width, r.left, r.right, alpha)
        band = counts[:, :, bottom] - counts[:, :, top]
        found = found | (band[..., right] > band[..., left])
    return found


def drawn(length: int, like: Tensor) -> Tensor:
    """Which rows of a picture the square has: all of them, if there are no more than it has itself."""
    row = torch.arange(length, device=like.device)
    first = (row * SQUARE_PX + length - 1) // length
    return first * length // SQUARE_PX == row


def span(length: int, before: int, after: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """For every row of a picture: the first row, and the one behind the last, within reach of it on the square."""
    place = torch.arange(length, device=like.device) * SQUARE_PX // length
    first = (place - before).clamp(min=0) * length // SQUARE_PX
    last = (place + after).clamp(max=SQUARE_PX - 1) * length // SQUARE_PX
    return first, last + 1


def initialise(net: nn.Module) -> None:
    """Swin's: normal linear layers and bias tables of deviation 0.02, zero biases. Convolutions as torch makes them."""
    for part in net.modules():
        if isinstance(part, nn.Linear):
            nn.init.trunc_normal_(part.weight, std=0.02)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
        elif isinstance(part, PriorAttention):
            nn.init.trunc_normal_(part.relative_position_bias_table, std=0.02)


def check_inputs(image: Tensor, trimap: Tensor) -> None:
    if torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export():
        return
    if image.ndim != 4 or image.shape != trimap.shape or image.shape[1] != 3:
        raise InputError(
            f"found inputs of shapes {tuple(image.shape)} and {tuple(trimap.shape)}; MatteFormer takes an image and a "
            "one-hot trimap, both (B, 3, H, W); encode the trimap as background, unknown, foreground"
        )
    height, width = image.shape[2:]
    if height % MULTIPLE_OF or width % MULTIPLE_OF or not height or not width:
        raise InputError(
            f"found an input of {height} x {width}; MatteFormer takes multiples of 32; pad or resize it first"
        )


def build(lite: bool = False, priors: bool = True, memory: bool = True) -> MatteFormer:
    """The published network, or the lite one, with random weights.

    priors=False: without prior tokens; memory=False: with those of each block alone. Weights fit all three.
    """
    return MatteFormer(replace(LITE if lite else MatteFormerConfig(), priors=priors, memory=memory))


OFFICIAL = ((r"\.weight_(u|v|bar)$", r".module.weight_\1"), (r"\.norms\.(\d)\.", r".norm\1."))
INDEX = "relative_position_index"  # in their state dict a constant, not in ours


def from_official(file: str | PathLike[str] | Mapping[str, Tensor]) -> MatteFormer:
    """The published network with the released checkpoint (path or state dict); strict; eval mode.

    The file's `module.` before every name is taken off, and its relative position indices are compared with ours.
    Raises WeightsError when the file is not this network's, and says what it is where that can be seen.
    """
    state = file if isinstance(file, Mapping) else read_state(file, "the released best_model.pth", "state_dict")
    if next(iter(state), "").startswith("module."):
        state = {key.removeprefix("module."): tensor for key, tensor in state.items()}
    net = build()
    expected = {official_name(key): tensor for key, tensor in net.state_dict().items()} | dict(indices(net))
    missing, extra = sorted(expected.keys() - state.keys()), sorted(state.keys() - expected.keys())
    wrong = sorted(k for k in expected.keys() & state.keys() if not agrees(k, state[k], expected[k]))
    if missing or extra or wrong:
        raise WeightsError(
            f"{variant(state)}: {len(missing)} tensors missing, {len(extra)} unknown, {len(wrong)} of another shape "
            f"or constant (first: {(missing + extra + wrong)[0]}); expected the {len(expected)} tensors of the "
            "released best_model.pth; give that file"
        )
    net.load_state_dict({key: state[official_name(key)] for key in net.state_dict()})
    return net.eval()


def official_name(key: str) -> str:
    for ours, theirs in OFFICIAL:
        key = re.sub(ours, theirs, key)
    return key


def indices(net: nn.Module) -> list[tuple[str, Tensor]]:
    """The released code's relative position indices, (49, 49 + 3 sets): every token has a row for itself."""
    found = []
    for name, part in net.named_modules():
        if isinstance(part, PriorAttention):
            rows = torch.arange(OFFSETS, len(part.relative_position_bias_table))
            index = torch.cat((relative_position_index(), rows.expand(POSITIONS, -1)), 1)
            found.append((f"{name}.{INDEX}", index))
    return found


def agrees(key: str, given: Tensor, expected: Tensor) -> bool:
    """Of one shape; an index, which released files hold as floats, also in every number."""
    return given.shape == expected.shape and (not key.endswith(INDEX) or bool((given == expected).all()))


def variant(state: Mapping[str, Tensor]) -> str:
    """What a state dict that is not the released MatteFormer seems to be, as the beginning of a sentence."""
    parts = {key.split(".")[0] for key in state}
    if {"patch_embed", "layers"} <= parts:
        return "a Swin transformer without trimap and decoder, such as MatteFormer's training started from"
    if {"encoder", "decoder"} <= parts and any(key.startswith("decoder.refine_OS8.") for key in state):
        kind = "of another size" if any(key.startswith("encoder.patch_embed.") for key in state) else "without Swin"
        return f"an encoder {kind} with MatteFormer's decoder"
    return "not a MatteFormer checkpoint"
