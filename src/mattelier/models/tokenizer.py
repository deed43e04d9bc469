"""Words to numbers: CLIP's byte-pair encoding, and the context-embedded prompt around them. No torch.

Byte-pair encoding: Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword Units", ACL 2016
(https://arxiv.org/abs/1508.07909), over bytes, with the 48,894 merges that OpenAI published with CLIP (MIT). CLIP cuts
text into words before; this file was written from that rule and checked against it.

A prompt is [start] words [context 1 .. N] [end] padding (CLIPMat, figure of the prompt): the context slots have numbers
after the vocabulary's last, and the network holds a learned vector for each of them.
"""

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np

from mattelier.image import Array
from mattelier.models.wordlists import lines_of

CONTEXT = 8  # learned vectors after the words
# what precedes a keyword; "{}" alone first, as in the paper's figure, which ends its list with "..."
TEMPLATES = ("{}", "the foreground of the {}", "the mask of the {}", "to extract the {}")
TEMPLATE = TEMPLATES[1]  # of inference (ours)
ARTICLES = ("a ", "an ", "the ")
LONGEST_KEYWORD = 3  # words (ours)

CONTRACTION = re.compile("'(?:s|t|re|ve|m|ll|d)")
WORD = re.compile(r"L+|N|\.+")  # over kinds: a run of letters, one digit, a run of signs
END_OF_WORD = "</w>"


@dataclass(frozen=True)
class Prompts:
    """tokens (B, length) int64; mask (B, length) float32, 1 from the start to the end mark and 0 on the padding."""

    tokens: Array
    mask: Array


@dataclass(frozen=True)
class Tokenizer:
    """Byte-pair encoding by a list of merges, the earlier one first."""

    merges: tuple[tuple[str, str], ...]
    length: int  # of a prompt, marks and padding included
    numbers: dict[str, int] = field(init=False, repr=False)
    ranks: dict[tuple[str, str], int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        single = list(byte_symbols().values())
        pieces = [*single, *(symbol + END_OF_WORD for symbol in single), *(a + b for a, b in self.merges)]
        object.__setattr__(self, "numbers", {piece: number for number, piece in enumerate(pieces)})
        object.__setattr__(self, "ranks", {pair: rank for rank, pair in enumerate(self.merges)})

    @property
    def start(self) -> int:
        return 2 * 256 + len(self.merges)

    @property
    def end(self) -> int:
        return self.start + 1

    @property
    def vocabulary(self) -> int:
        """How many numbers there are, marks included; context slots follow."""
        return self.end + 1

    def encode(self, text: str) -> list[int]:
        """The numbers of a text, without marks. Upper case counts as lower case, runs of space as one."""
        symbols = byte_symbols()
        found = []
        for word in split(cleaned(text)):
            spelled = [symbols[byte] for byte in word.encode()]
            found += [self.numbers[piece] for piece in self.merged(spelled)]
        return found

    def merged(self, spelled: list[str]) -> list[str]:
        """The pieces of one word: of all neighbours the pair with the earliest merge is joined, until none has one."""
        pieces = [*spelled[:-1], spelled[-1] + END_OF_WORD]
        while len(pieces) > 1:
            pair = min(pairwise(pieces), key=lambda pair: self.ranks.get(pair, len(self.ranks)))
            if pair not in self.ranks:
                break
            joined, i = [], 0
            while i < len(pieces):
                step = 2 if tuple(pieces[i : i + 2]) == pair else 1
                joined.append("".join(pieces[i : i + step]))
                i += step
            pieces = joined
        return pieces

    def prompts(self, texts: Sequence[str], context: int = CONTEXT) -> Prompts:
        """What the network reads; words that do not fit are cut off at the end.

        context: how many learned vectors follow the words; 0 leaves them out, and gives CLIP's own tokens.
        """
        tokens = np.zeros((len(texts), self.length), np.int64)
        mask = np.zeros((len(texts), self.length), np.float32)
        slots = range(self.vocabulary, self.vocabulary + context)
        for i, text in enumerate(texts):
            words = self.encode(text)[: self.length - 2 - context]
            row = (self.start, *words, *slots, self.end)
            tokens[i, : len(row)], mask[i, : len(row)] = row, 1.0
        return Prompts(tokens, mask)


def phrase(text: str, template: str = TEMPLATE) -> str:
    """A keyword in its template; an expression, which needs none, as it is."""
    return template.format(text.strip()) if is_keyword(text) else text


def is_keyword(text: str) -> bool:
    """Whether a text only names a thing: few words, no article before them (ours; the paper trains the two apart)."""
    lower = text.strip().lower()
    return not lower.startswith(ARTICLES) and len(lower.split()) <= LONGEST_KEYWORD


def cleaned(text: str) -> str:
    """Lower case, entities of HTML resolved (twice: they are found escaped twice), space collapsed."""
    return " ".join(html.unescape(html.unescape(text)).split()).lower()


def split(text: str) -> list[str]:
    """CLIP's words: English contractions, runs of letters, single digits, runs of other signs; space is dropped."""
    kinds = "".join(" " if c.isspace() else {"L": "L", "N": "N"}.get(unicodedata.category(c)[0], ".") for c in text)
    words, at = [], 0
    while at < len(text):
        found = CONTRACTION.match(text, at) or WORD.match(kinds, at)
        if found:
            words.append(text[at : found.end()])
        at = found.end() if found else at + 1
    return words


@lru_cache(maxsize=1)
def byte_symbols() -> dict[int, str]:
    """A printable character for every byte: itself where it is one, else the next free one from 256 on.

    The order is that of the vocabulary: printable bytes first.
    """
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}


@lru_cache(maxsize=1)
def clip() -> Tokenizer:
    """The published one: 49,408 pieces, prompts of 77."""
    return Tokenizer(read_merges("bpe-merges.txt.xz") + read_merges("bpe-merges-rest.txt.xz"), length=77)


@lru_cache(maxsize=1)
def lite() -> Tokenizer:
    """The first merges only: 6,144 pieces, prompts of 48."""
    return Tokenizer(read_merges("bpe-merges.txt.xz"), length=48)


def read_merges(name: str) -> tuple[tuple[str, str], ...]:
    pairs = (line.split(" ") for line in lines_of(name))
    return tuple((first, second) for first, second in pairs)
