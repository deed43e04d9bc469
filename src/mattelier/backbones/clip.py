"""CLIP: a vision transformer and a text transformer trained to agree.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021
(https://arxiv.org/abs/2103.00020). Code and weights: MIT (openai/CLIP); this file was written from the paper and from
the names and shapes of the released weights, whose names it keeps.

    image ──> patches, class token, positions ──> ln_pre ──> blocks ──> ln_post ──> class token @ proj ──> (B, D)
    tokens ──> embeddings, positions ──> blocks, each token sees those before it ──> ln_final ──> end @ text_projection
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mattelier.backbones.official import read_state
from mattelier.backbones.torchscript import is_archive, read_archive
from mattelier.errors import WeightsError

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # RGB in 0..1
HEAD_WIDTH = 64
NOT_WEIGHTS = ("input_resolution", "context_length", "vocab_size")  # numbers that released archives keep beside them


@dataclass(frozen=True)
class CLIPConfig:
    """The sizes of a released network, all of which its shapes tell."""

    joint: int  # of the two final vectors
    patch: int
    grid: int  # patches a side at the size it was trained with
    vision_width: int
    vision_layers: int
    text_width: int
    text_layers: int
    length: int = 77
    vocabulary: int = 49_408


CONFIGS = {
    "vit_b16": CLIPConfig(512, 16, 14, 768, 12, 512, 12),
    "vit_l14": CLIPConfig(768, 14, 16, 1024, 24, 768, 12),
}


class CLIP(nn.Module):
    """Both encoders, with every tensor of a released file.

    image: (B, 3, H, W), normalised by MEAN and STD, sides multiples of the patch.  tokens: (B, length) int64.
    """

    def __init__(self, config: CLIPConfig) -> None:
        super().__init__()
        self.config = config
        self.positional_embedding = nn.Parameter(torch.randn(config.length, config.text_width) * 0.01)
        self.text_projection = nn.Parameter(torch.randn(config.text_width, config.joint) * config.text_width**-0.5)
        self.logit_scale = nn.Parameter(torch.tensor(2.6592600))  # log(1 / 0.07)
        self.visual = VisionTransformer(config)
        self.transformer = Transformer(config.text_width, config.text_layers)
        self.token_embedding = nn.Embedding(config.vocabulary, config.text_width)
        self.ln_final = nn.LayerNorm(config.text_width)
        nn.init.normal_(self.token_embedding.weight, std=0.02)

    def text_tokens(self, tokens: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, length, text_width), one vector a token, after ln_final.

        context: (N, text_width) vectors for the numbers that follow the vocabulary's last.
        """
        x = embedded(self.token_embedding, tokens, context) + self.positional_embedding
        *_, x = self.transformer(x, causal=True)
        last: Tensor = self.ln_final(x)
        return last

    def text_features(self, tokens: Tensor) -> Tensor:
        """(B, joint): the vector of the end mark, which has the largest number of the vocabulary."""
        last = self.text_tokens(tokens)
        return last[torch.arange(len(tokens), device=tokens.device), tokens.argmax(1)] @ self.text_projection

    def image_features(self, image: Tensor) -> Tensor:
        """(B, joint)."""
        *_, last = self.visual(image)
        return self.visual.project(last)


class VisionTransformer(nn.Module):
    """Output: (B, 1 + h * w, width) after every block, class token first."""

    def __init__(self, config: CLIPConfig) -> None:
        super().__init__()
        width = config.vision_width
        self.patch = config.patch
        self.class_embedding = nn.Parameter(torch.randn(width) * width**-0.5)
        self.positional_embedding = nn.Parameter(torch.randn(1 + config.grid**2, width) * width**-0.5)
        self.proj = nn.Parameter(torch.randn(width, config.joint) * width**-0.5)
        self.conv1 = nn.Conv2d(3, width, config.patch, config.patch, bias=False)
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = Transformer(width, config.vision_layers)
        self.ln_post = nn.LayerNorm(width)

    def forward(self, image: Tensor) -> list[Tensor]:
        x = self.conv1(image)
        height, width = x.shape[-2:]
        x = x.flatten(2).transpose(1, 2)
        x = torch.cat((self.class_embedding.to(x.dtype).expand(len(x), 1, -1), x), 1)
        x = self.ln_pre(x + positions(self.positional_embedding, height, width))
        outputs: list[Tensor] = self.transformer(x)
        return outputs

    def project(self, last: Tensor) -> Tensor:
        vector: Tensor = self.ln_post(last[:, 0]) @ self.proj
        return vector


class Transformer(nn.Module):
    """Output: the tokens after every block."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(Block(width, layers) for _ in range(layers))

    def forward(self, x: Tensor, causal: bool = False) -> list[Tensor]:
        outputs = []
        for block in self.resblocks:
            x = block(x, causal)
            outputs.append(x)
        return outputs


class Block(nn.Module):
    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.attn = SelfAttention(width, layers)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = MLP(width, layers)
        self.ln_2 = nn.LayerNorm(width)

    def forward(self, x: Tensor, causal: bool = False) -> Tensor:
        x = x + self.attn(self.ln_1(x), causal)
        y: Tensor = x + self.mlp(self.ln_2(x))
        return y


class SelfAttention(nn.Module):
    """Query, key and value packed into one matrix, as released."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.heads = width // HEAD_WIDTH
        self.in_proj_weight = nn.Parameter(torch.randn(3 * width, width) * width**-0.5)
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.normal_(self.out_proj.weight, std=(2 * layers * width) ** -0.5)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, x: Tensor, causal: bool) -> Tensor:
        packed = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = (split_heads(part, self.heads) for part in packed.chunk(3, 2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        mixed: Tensor = self.out_proj(y.transpose(1, 2).flatten(2))
        return mixed


class MLP(nn.Module):
    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.c_proj = nn.Linear(4 * width, width)
        nn.init.normal_(self.c_fc.weight, std=(2 * width) ** -0.5)
        nn.init.normal_(self.c_proj.weight, std=(2 * layers * width) ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.c_fc(x)
        y: Tensor = self.c_proj(hidden * torch.sigmoid(1.702 * hidden))  # QuickGELU
        return y


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(B, N, C) to (B, heads, N, C / heads)."""
    return x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)


def embedded(table: nn.Embedding, tokens: Tensor, context: Tensor | None) -> Tensor:
    """(B, length, width): rows of the table, and for numbers beyond it rows of the context."""
    vocabulary = table.num_embeddings
    words: Tensor = table(tokens.clamp(max=vocabulary - 1))
    if context is None:
        return words
    learned = F.embedding((tokens - vocabulary).clamp(min=0), context)
    return torch.where((tokens >= vocabulary)[..., None], learned, words)


def positions(trained: Tensor, height: int, width: int) -> Tensor:
    """The trained positions for another grid: bicubic, the class token's row kept."""
    side = round((len(trained) - 1) ** 0.5)
    if (height, width) == (side, side):
        return trained
    plane = trained[1:].T.reshape(1, -1, side, side)
    resized = F.interpolate(plane, size=(height, width), mode="bicubic", align_corners=False)
    return torch.cat((trained[:1], resized[0].flatten(1).T))


def config_of(state: Mapping[str, Tensor]) -> CLIPConfig:
    """The sizes of a released network. Raises WeightsError when it is no CLIP with a vision transformer."""
    needed = ("visual.conv1.weight", "visual.positional_embedding", "text_projection", "token_embedding.weight")
    missing = [key for key in (*needed, "positional_embedding") if key not in state]
    if missing:
        raise WeightsError(
            f"not a CLIP checkpoint: it has no {missing[0]} (it begins with {next(iter(state), 'nothing at all')}); "
            "expected OpenAI's ViT-B-16.pt or ViT-L-14.pt; the ResNet forms of CLIP cannot be used"
        )
    width, _, patch, _ = state["visual.conv1.weight"].shape
    text_width, joint = state["text_projection"].shape
    return CLIPConfig(
        joint=joint,
        patch=patch,
        grid=round((len(state["visual.positional_embedding"]) - 1) ** 0.5),
        vision_width=width,
        vision_layers=_layers(state, "visual.transformer.resblocks."),
        text_width=text_width,
        text_layers=_layers(state, "transformer.resblocks."),
        length=len(state["positional_embedding"]),
        vocabulary=len(state["token_embedding.weight"]),
    )


def _layers(state: Mapping[str, Tensor], prefix: str) -> int:
    return len({key.removeprefix(prefix).split(".")[0] for key in state if key.startswith(prefix)})


def load(net: CLIP, state: Mapping[str, Tensor]) -> None:
    """Fill a network with a released state dict, cast to its own type; strict. Raises WeightsError."""
    given = {key: value for key, value in state.items() if key not in NOT_WEIGHTS}
    expected = net.state_dict()
    missing, extra = sorted(expected.keys() - given.keys()), sorted(given.keys() - expected.keys())
    wrong = sorted(k for k in expected.keys() & given.keys() if expected[k].shape != given[k].shape)
    if missing or extra or wrong:
        raise WeightsError(
            f"not a whole CLIP checkpoint: {len(missing)} tensors missing, {len(extra)} unknown, {len(wrong)} of "
            f"another shape (first: {(missing + extra + wrong)[0]}); expected the {len(expected)} tensors of the file"
        )
    net.load_state_dict({key: value.float() for key, value in given.items()})


def read(file: str | PathLike[str]) -> dict[str, Tensor]:
    """The tensors of a released file, a TorchScript archive or a state dict; no code of the file is run."""
    return read_archive(file) if is_archive(file) else read_state(file, "OpenAI's ViT-B-16.pt or ViT-L-14.pt")


def taps(layers: int) -> Iterator[int]:
    """The blocks after a quarter, a half, three quarters and all of a transformer, counted from 0."""
    return (max(1, round(layers * k / 4)) - 1 for k in (1, 2, 3, 4))
