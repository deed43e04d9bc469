"""CLIPMat: referring image matting, the subject that words mean.

Li, Zhang, Tao, "Referring Image Matting", CVPR 2023 (https://arxiv.org/abs/2206.05149). No code and no weights of it
are public; this file was written from the paper's figure and summary, and what they leave open is marked "ours". CLIP,
whose encoders it uses: see backbones/clip.py.

    words ──> context-embedded prompt ──> text encoder ── T (B, L, Dt) ─┐
                                                                       v
    image ──> image encoder ── last V (B, 1 + N, Dv) ──> text-driven semantic pop-up ──> semantic decoder ──> trimap
                   │ taps 1 .. 4                                        os16               C2 os8, C1 os4        │
                   v                                                                                             v
    image ──> multi-level details extractor ── F4 os16, F3 os8, F2 os4, F1 os2 ──> details decoder ── detail ─> fusion
                                                                                    C4, C3, C2, C1               │
                                                                                                               alpha

`CLIPMat` has CLIP's encoders. `CLIPMatLite` has EfficientNet-Lite0, a text encoder of two layers, and what ImageNet's
classes are called, so that words it was not trained on can find something (ConSE: Norouzi et al., "Zero-Shot Learning
by Convex Combination of Semantic Embeddings", ICLR 2014, https://arxiv.org/abs/1312.5650).
"""

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattelier.backbones import clip
from mattelier.backbones.clip import CLIP, CONFIGS, CLIPConfig, split_heads
from mattelier.backbones.efficientnet import CHANNELS as LITE_CHANNELS
from mattelier.backbones.efficientnet import ClassHead, EfficientNetLite0
from mattelier.errors import InputError, WeightsError
from mattelier.models import tokenizer
from mattelier.models.tokenizer import CONTEXT
from mattelier.models.wordlists import class_lines

Encoder = Literal["vit_b16", "vit_l14"]
STRIDE = 16  # of the pop-up, in pixels of the picture
BACKGROUND, TRANSITION, FOREGROUND = 0, 1, 2  # of the trimap's scores
DETAILS = (64, 128, 256, 512)  # channels of F1 .. F4 (ours)
REACH_PX = 8  # of the refiner's trimap, to every side (ours)
# Words that name nothing, of templates and of what says where: what is meant begins without them (ours).
NAMELESS = (
    "the a an of to in on at with and or is are which who that than foreground mask extract photo image picture left "
    "right top bottom upper lower middle center side part far edge above over below under next beside front behind"
)


class CLIPMatBase(nn.Module):
    """What both forms share: words and picture to a trimap, taps to details, and their merge without parameters.

    Input:  image (B, 3, H, W), RGB in 0..1, H and W multiples of 32; tokens (B, L) int64 and mask (B, L), 1 for a token
            and 0 for padding, as `tokenizer.prompts` makes them. Of (T B, L), the first T texts are about the first
            picture: what does not depend on words is computed once a picture.
    Output: dict, a row a text; alpha and detail (B, 1, H, W) in [0, 1]; trimap (B, 3, H, W), scores before the softmax
            of background, transition and foreground; pointing (B, 1, H/16, W/16) in [0, 1], how strongly the words
            point there.
    """

    encoder: nn.Module
    semantic: nn.Module
    details: nn.Module
    tokenizer: tokenizer.Tokenizer

    def forward(self, image: Tensor, tokens: Tensor, mask: Tensor) -> dict[str, Tensor]:
        check_input(image, tokens, mask)
        popped, pointing, taps = self.pop_up(image, tokens, mask)
        size, texts = image.shape[-2:], len(tokens)
        trimap = enlarged(self.semantic(popped, taps), size).float()
        detail = for_each(torch.sigmoid(enlarged(self.details(image, taps), size).float()), texts)
        return {"alpha": fuse(trimap, detail), "trimap": trimap, "detail": detail, "pointing": pointing}

    def pop_up(self, image: Tensor, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        """The words' subject (B, D, H/16, W/16), where they point, and the picture's taps, high resolution first."""
        raise NotImplementedError

    def prompts(self, texts: list[str], context: bool = True) -> tuple[Tensor, Tensor]:
        """tokens and mask for texts, which have their template already.  context=False: without the learned vectors."""
        made = self.tokenizer.prompts(texts, CONTEXT if context else 0)
        return torch.from_numpy(made.tokens), torch.from_numpy(made.mask)


class CLIPMat(CLIPMatBase):
    """CLIP's encoders and the paper's modules around them."""

    encoder: CLIP
    mean: Tensor
    std: Tensor

    def __init__(self, config: CLIPConfig = CONFIGS["vit_b16"]) -> None:
        super().__init__()
        visual, text, joint = config.vision_width, config.text_width, config.joint
        self.tokenizer = tokenizer.clip()
        self.encoder = CLIP(config)
        self.context = nn.Parameter(torch.randn(CONTEXT, text) * 0.02)  # [V]1 .. [V]8
        width = max(clip.HEAD_WIDTH, joint // clip.HEAD_WIDTH * clip.HEAD_WIDTH)
        self.popup = SemanticPopUp(visual, text, width, layers=1, residual=False)
        self.semantic = SemanticDecoder(width)
        self.details = Details((visual,) * 4, visual // 2, DETAILS)
        self.taps = tuple(clip.taps(config.vision_layers))
        for name, value in (("mean", clip.MEAN), ("std", clip.STD)):
            self.register_buffer(name, torch.tensor(value)[:, None, None], persistent=False)

    def pop_up(self, image: Tensor, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        rows, columns = image.shape[2] // STRIDE, image.shape[3] // STRIDE
        seen = self.encoder.visual(self.for_patches((image - self.mean) / self.std, rows, columns))
        words = self.encoder.text_tokens(tokens, self.context)
        popped, attention = self.popup(for_each(seen[-1], len(words)), words, mask)
        said = (tokens < self.encoder.config.vocabulary - 2) * mask  # neither marks nor learned vectors nor padding
        pointing = on_grid((attention * said[:, None]).sum(2, keepdim=True), rows, columns)
        return on_grid(popped, rows, columns), pointing, [on_grid(seen[tap], rows, columns) for tap in self.taps]

    def for_patches(self, image: Tensor, rows: int, columns: int) -> Tensor:
        """With patches of 14 px a picture is made smaller, so that it has one for every 16 px as well (ours)."""
        patch = self.encoder.config.patch
        if patch == STRIDE:
            return image
        return F.interpolate(image, size=(rows * patch, columns * patch), mode="bilinear", align_corners=False)


class CLIPMatLite(CLIPMatBase):
    """The same modules, small enough for two cores and 14 MB; everything about it is ours.

    V is no transformer's: the encoder's os16 and os32, ImageNet's class scores written as word vectors, how alike those
    are to the prompt's, and a position, since a convolution's features do not say where they are. That likeness also
    points by itself, before anything is trained, and where the words point is told to the decoder.
    """

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        _, os4, os8, os16, os32 = LITE_CHANNELS
        self.tokenizer = tokenizer.lite()
        self.encoder = EfficientNetLite0()
        self.classes = ClassHead()
        self.text = TextEncoder(self.tokenizer.vocabulary, self.tokenizer.length, width)
        self.names = ClassNames()
        self.gate = nn.Linear(width, 1)
        self.worth = nn.Embedding(self.tokenizer.vocabulary + CONTEXT, 1)  # of a piece, for what is meant
        begin_with_names(self.worth.weight, self.tokenizer)
        self.look = nn.Conv2d(os16 + os32 + width + 1, width, 1)
        self.popup = SemanticPopUp(width, width, width, layers=2, residual=True, heads=4)
        self.point_image, self.point_text = nn.Linear(width, width), nn.Linear(width, width)
        self.point_scale = nn.Parameter(torch.tensor([8.0, 8.0, -3.0]))  # of likeness and match, and the offset
        self.mark = nn.Conv2d(1, width, 1)
        self.semantic = SkipDecoder(width, (os8, os4))
        self.details = Details(LITE_CHANNELS[:4], 24, (24, 32, 48, 64), sees_image=True)

    def pop_up(self, image: Tensor, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        *taps, os32 = self.encoder(image * 2.0 - 1.0)
        rows, columns = taps[-1].shape[-2:]
        words, static = self.text(tokens, mask)
        gate = torch.sigmoid(self.gate(words) + self.worth(tokens)) * mask[..., None]
        meant, pooled = (weighted(part, gate) for part in (static, words))
        named, match = self.consider(os32, meant)
        above = [enlarged(for_each(part, len(tokens)), (rows, columns)) for part in (os32, named, match)]
        v = placed(self.look(torch.cat((for_each(taps[-1], len(tokens)), *above), 1)))
        popped, _ = self.popup(v.flatten(2).transpose(1, 2), words, mask)
        pointing = self.point(on_grid(self.likeness(popped, pooled), rows, columns), above[2])
        return on_grid(popped, rows, columns) + self.mark(pointing), pointing, taps

    def consider(self, os32: Tensor, meant: Tensor) -> tuple[Tensor, Tensor]:
        """ConSE at every place: the mean of the class names' vectors by their probability, and its match to the words.

        meant: (T B, D). Returns (B, D, h, w) and (T B, 1, h, w).
        """
        chance = self.classes(os32).float().softmax(1)
        names = F.normalize(self.names(self.text.embedding.weight.float()), dim=1)
        named = torch.einsum("bchw,cd->bdhw", chance, names)
        match = torch.einsum("bdhw,bd->bhw", for_each(named, len(meant)), F.normalize(meant.float(), dim=1))
        return named, match[:, None]

    def likeness(self, popped: Tensor, pooled: Tensor) -> Tensor:
        """Of every place (B, N, D) to the words (B, D): (B, N, 1) in [-1, 1]."""
        places = F.normalize(self.point_image(popped).float(), dim=2)
        return places @ F.normalize(self.point_text(pooled).float(), dim=1)[..., None]

    def point(self, likeness: Tensor, match: Tensor) -> Tensor:
        """Where the words point, (B, 1, h, w) in [0, 1], by what was learned and by what classes are called."""
        learned, called, offset = self.point_scale
        return torch.sigmoid(learned * likeness + called * match + offset)


def begin_with_names(worth: Tensor, known: tokenizer.Tokenizer) -> None:
    """First values of what a word piece is worth: little for the pieces of NAMELESS and for the learned vectors."""
    with torch.no_grad():
        worth.fill_(1.0)
        worth[[piece for word in NAMELESS.split() for piece in known.encode(word)]] = -3.0
        worth[-CONTEXT:] = -3.0


class SemanticPopUp(nn.Module):
    """TSP: the picture asks, the words answer, then the picture's places compare what they heard.

        F = softmax(V_q T_k' / sqrt(d)) T_v;   F' = F + SA(F);   out = MLP(LN(F'))

    v: (B, N, visual), t: (B, L, text), mask: (B, L). Returns (B, N, width), and the first layer's attention to every
    token, a mean over heads, (B, N, L).
    residual: F also keeps V (ours; the figure draws no such path).
    """

    def __init__(
        self, visual: int, text: int, width: int, layers: int, residual: bool, heads: int | None = None
    ) -> None:
        super().__init__()
        self.norm_image = nn.Sequential(nn.LayerNorm(visual), nn.Linear(visual, width))
        self.norm_text = nn.Sequential(nn.LayerNorm(text), nn.Linear(text, width))
        heads = heads or width // clip.HEAD_WIDTH
        self.layers = nn.ModuleList(PopUpLayer(width, heads, residual) for _ in range(layers))

    def forward(self, v: Tensor, t: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        v, t = self.norm_image(v), self.norm_text(t)
        attentions = []
        for layer in self.layers:
            v, attention = layer(v, t, mask)
            attentions.append(attention)
        return v, attentions[0]


class PopUpLayer(nn.Module):
    def __init__(self, width: int, heads: int, residual: bool) -> None:
        super().__init__()
        self.residual = residual
        self.cross, self.itself = Attention(width, heads), Attention(width, heads)
        self.norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, v: Tensor, t: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        heard, attention = self.cross(v, t, mask)
        f = v + heard if self.residual else heard
        f = f + self.itself(f, f)[0]
        return self.mlp(self.norm(f)), attention


class Attention(nn.Module):
    """Multi-head attention; returns the answer and the weights' mean over heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, asking: Tensor, asked: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        q, k, v = (split_heads(part, self.heads) for part in (self.q(asking), self.k(asked), self.v(asked)))
        scores = q @ k.transpose(2, 3) * q.shape[3] ** -0.5
        if mask is not None:
            scores = scores + (mask.to(scores) - 1.0)[:, None, None] * 1e4  # finite: the exporter's and fp16's friend
        weights = scores.softmax(3)
        answer: Tensor = self.out((weights.to(v) @ v).transpose(1, 2).flatten(2))
        return answer, weights.mean(1)


class Details(nn.Module):
    """MDE and its decoder: four taps and the picture to a map of details, before its sigmoid.

    sees_image: the last convolution is at the picture's size and sees it (ours).
    """

    def __init__(self, taps: tuple[int, ...], lift: int, widths: tuple[int, ...], sees_image: bool = False) -> None:
        super().__init__()
        f1, f2, f3, f4 = widths
        self.sees_image = sees_image
        self.extract = DetailsExtractor(taps, lift, widths)
        outs = (f3, f2, f1, f1)
        inputs = (f4, 2 * f3, 2 * f2, 2 * f1)
        self.blocks = nn.ModuleList(block(width, out) for width, out in zip(inputs, outs, strict=True))
        self.head = nn.Conv2d(f1 + 3 * sees_image, 1, 3, padding=1)

    def forward(self, image: Tensor, taps: list[Tensor]) -> Tensor:
        f1, f2, f3, f4 = self.extract(image, taps)
        c4, c3, c2, c1 = self.blocks
        y = torch.cat((c4(f4), f3), 1)
        y = torch.cat((c3(y), f2), 1)
        y = c1(torch.cat((c2(y), f1), 1))
        scores: Tensor = self.head(torch.cat((y, image), 1) if self.sees_image else y)
        return scores


class DetailsExtractor(nn.Module):
    """MDE: F_i (B, D_i, H / 2^i, W / 2^i) of tap i and the picture, i = 1 .. 4.

    Early taps go to high resolution (ours: the figure pairs none).
    """

    def __init__(self, taps: tuple[int, ...], lift: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.image = nn.Conv2d(3, lift, 1)  # one for all levels
        self.taps = nn.ModuleList(nn.Conv2d(width, lift, 1) for width in taps)
        self.merge = nn.ModuleList(nn.Sequential(*conv_norm_relu(2 * lift, width)) for width in widths)

    def forward(self, image: Tensor, taps: list[Tensor]) -> list[Tensor]:
        m, features = self.image(image), []
        for lift, merge, tap in zip(self.taps, self.merge, taps, strict=True):
            m = F.max_pool2d(m, 2)  # by 2 again and again: the maximum over 2^i
            v = enlarged(lift(tap), m.shape[-2:])
            features.append(merge(torch.cat((v, m), 1)))
        return features


class SemanticDecoder(nn.Module):
    """C2 and C1: os16 to os4, three scores."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(block(width, 256), block(256, 64))
        self.head = nn.Conv2d(64, 3, 3, padding=1)

    def forward(self, popped: Tensor, _taps: list[Tensor]) -> Tensor:
        scores: Tensor = self.head(self.blocks(popped))
        return scores


class SkipDecoder(nn.Module):
    """C2 and C1 of the lite form: with the encoder's os8 and os4, so that small subjects keep their outline (ours)."""

    def __init__(self, width: int, skips: tuple[int, int]) -> None:
        super().__init__()
        os8, os4 = skips
        self.c2, self.c1 = block(width, 64), block(64 + os8, 32)
        self.head = nn.Conv2d(32 + os4, 3, 3, padding=1)

    def forward(self, popped: Tensor, taps: list[Tensor]) -> Tensor:
        os4, os8 = (for_each(tap, len(popped)) for tap in taps[1:3])
        y = self.c1(torch.cat((self.c2(popped), os8), 1))
        scores: Tensor = self.head(torch.cat((y, os4), 1))
        return scores


class TextEncoder(nn.Module):
    """Two transformer layers over word pieces that see each other; returns their vectors, and the static ones below.

    The learned context vectors are the table's last rows.
    """

    def __init__(self, vocabulary: int, length: int, width: int, layers: int = 2, heads: int = 4) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary + CONTEXT, width)
        self.positions = nn.Parameter(torch.randn(length, width) * 0.02)
        self.layers = nn.ModuleList(TextLayer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)

    def forward(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        static = self.embedding(tokens)
        x = static + self.positions
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x), static


class TextLayer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        y = self.norm1(x)
        x = x + self.attention(y, y, mask)[0]
        z: Tensor = x + self.mlp(self.norm2(x))
        return z


class ClassNames(nn.Module):
    """A vector for each of ImageNet's classes: the mean over the pieces of its name and of what it is a kind of."""

    pieces: Tensor

    def __init__(self, longest: int = 12) -> None:
        super().__init__()
        encode = tokenizer.lite().encode
        rows = [encode(line.replace(",", ""))[:longest] for line in class_lines()]
        pieces = torch.tensor([row + [-1] * (longest - len(row)) for row in rows], dtype=torch.int32)
        self.register_buffer("pieces", pieces, persistent=False)

    def forward(self, table: Tensor) -> Tensor:
        present = (self.pieces >= 0).to(table.dtype)[..., None]
        return (F.embedding(self.pieces.clamp(min=0), table) * present).sum(1) / present.sum(1)


def fuse(trimap: Tensor, detail: Tensor) -> Tensor:
    """Details inside the transition; 1 on the foreground and 0 on the background, whatever the details say there."""
    known = trimap.argmax(1, keepdim=True)
    return torch.where(known == TRANSITION, detail, (known == FOREGROUND).to(detail.dtype))


def refine(
    outputs: Mapping[str, Tensor],
    image: Tensor,
    refiner: Callable[[Tensor, Tensor], Tensor],
    reach_px: int = REACH_PX,
) -> Tensor:
    """The optional refiner: a trimap system sees the picture at its own size, where CLIPMat was unsure.

    image: (B, 3, H, W), of any size.  refiner(image, trimap (B, 1, H, W) of 0, 0.5, 1) -> alpha (B, 1, H, W).
    Returns alpha (B, 1, H, W); where the trimap is certain, its value stands.
    """
    trimap = F.interpolate(coarse_trimap(outputs["trimap"], reach_px), size=image.shape[-2:], mode="nearest")
    return torch.where(trimap == 0.5, refiner(image, trimap), trimap)


def coarse_trimap(scores: Tensor, reach_px: int = REACH_PX) -> Tensor:
    """(B, 1, H, W) of 0, 0.5 and 1: what the scores call certain, less a margin of reach_px of the scores' pixels."""
    known = scores.argmax(1, keepdim=True)
    side = 2 * reach_px + 1
    # what no pixel within reach contradicts
    certain = [1.0 - F.max_pool2d((known != kind).float(), side, 1, reach_px) for kind in (FOREGROUND, BACKGROUND)]
    return 0.5 + 0.5 * certain[0] - 0.5 * certain[1]


def block(width: int, out: int) -> nn.Sequential:
    """Two convolutions, and twice the size (ours: the figure says that there are blocks)."""
    up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
    return nn.Sequential(*conv_norm_relu(width, out), *conv_norm_relu(out, out), up)


def conv_norm_relu(width: int, out: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(width, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()


def enlarged(x: Tensor, size: tuple[int, int] | torch.Size) -> Tensor:
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)


def for_each(x: Tensor, texts: int) -> Tensor:
    """x (B, ...) once for each text of its picture, (texts, ...); the same tensor where there is one."""
    return x if len(x) == texts else x.repeat_interleave(texts // len(x), 0)


def on_grid(tokens: Tensor, rows: int, columns: int) -> Tensor:
    """(B, [1 +] rows * columns, C) to (B, C, rows, columns); a class token is left out."""
    return tokens[:, -rows * columns :].transpose(1, 2).reshape(len(tokens), -1, rows, columns)


def weighted(vectors: Tensor, weights: Tensor) -> Tensor:
    """(B, L, D) and (B, L, 1) to the weighted mean (B, D)."""
    return (vectors * weights).sum(1) / (weights.sum(1) + 1e-6)


def placed(x: Tensor) -> Tensor:
    """x (B, C, H, W) and where it is: waves of the row in the first half of the channels, of the column in the rest."""
    down, across = x.chunk(2, 1)
    rows, columns = (waves(side, down.shape[1]).to(x) for side in x.shape[-2:])
    return torch.cat((down + rows.T[:, :, None], across + columns.T[:, None]), 1)


def waves(count: int, width: int) -> Tensor:
    """(count, width): sines, then cosines, of 0 .. count - 1 at rates from 1 down to nearly 1 / 10,000."""
    rates = 10_000.0 ** -(torch.arange(width // 2) / (width // 2))
    angles = torch.arange(count)[:, None] * rates
    return torch.cat((angles.sin(), angles.cos()), 1)


def check_input(image: Tensor, tokens: Tensor, mask: Tensor) -> None:
    if torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export():
        return
    height, width = image.shape[-2:]
    if height % 32 or width % 32 or not height or not width:
        raise InputError(f"found an input of {height} x {width}; CLIPMat takes multiples of 32; resize it first")
    if tokens.shape != mask.shape or not len(tokens) or len(tokens) % len(image):
        raise InputError(
            f"found tokens {tuple(tokens.shape)}, mask {tuple(mask.shape)} and {len(image)} pictures; expected a row "
            "of both for every picture, or as many for each; make them with the network's own prompts()"
        )


def build(lite: bool = False, encoder: Encoder | None = None) -> CLIPMatBase:
    """The published network (vit_b16 unless told otherwise), or the lite one, with random weights.

    Raises InputError for an unknown encoder, and when the lite network is asked for one.
    """
    if encoder is not None and encoder not in get_args(Encoder):
        known = ", ".join(get_args(Encoder))
        raise InputError(f"CLIPMat has no encoder {encoder!r}; expected one of {known}; choose one of them")
    if lite and encoder:
        raise InputError(f"clipmat-lite has one encoder; found encoder={encoder!r}; leave it out")
    return CLIPMatLite() if lite else CLIPMat(CONFIGS[encoder or "vit_b16"])


def from_official(file: str | PathLike[str] | Mapping[str, Tensor], encoder: Encoder | None = None) -> CLIPMat:
    """CLIPMat with OpenAI's CLIP in its encoders (path or state dict); strict; eval mode.

    Nobody released CLIPMat's own modules: they keep random weights, so there is nothing to see before training.
    Raises WeightsError when the file is no CLIP with a vision transformer, or another one than `encoder`.
    """
    state = file if isinstance(file, Mapping) else clip.read(file)
    config = clip.config_of(state)
    if encoder is not None and CONFIGS[encoder] != config:
        found = next((name for name, known in CONFIGS.items() if known == config), str(config))
        raise WeightsError(
            f"the file is {found}; asked for was {encoder}; leave the option out, or give the other file"
        )
    net = CLIPMat(config)
    clip.load(net.encoder, state)
    return net.eval()
