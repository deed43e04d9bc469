"""Byte-pair encoding against known numbers, and the prompt around it."""

import string

import numpy as np
import pytest

from mattelier.models import tokenizer
from mattelier.models.tokenizer import byte_symbols, clip, is_keyword, lite, phrase, split

# written down from open_clip_torch 3.3.0 (MIT), whose tokenizer uses the packages regex and ftfy
KNOWN = {
    "a photo of a cat": [320, 1125, 539, 320, 2368],
    "hello world!": [3306, 1002, 256],
    "The foreground of the  DOG": [518, 35186, 539, 518, 1929],
    "naïve café œuvre": [1097, 35689, 563, 15304, 129, 241, 84, 17501],
    "emoji 😀 cat": [16327, 7334, 2368],
    "&lt;b&gt; &amp;amp; x": [283, 321, 285, 261, 343],
    "don't can't I'll I'd they're you'm": [847, 713, 753, 713, 328, 1342, 328, 1896, 889, 982, 592, 880],
    "..'s --'t": [608, 262, 338, 2154, 262, 339],
    "a_b c__d #1 $2.50": [320, 318, 321, 322, 3838, 323, 258, 272, 259, 273, 269, 276, 271],
    "日本語のテキスト 猫": [39121, 44353, 34002, 252, 21575, 2429, 228, 47121, 32421, 486, 163, 234, 360],
    "": [],
}


@pytest.mark.parametrize("text", KNOWN)
def test_known_numbers(text: str) -> None:
    assert clip().encode(text) == KNOWN[text]


def test_the_published_vocabulary() -> None:
    assert (clip().vocabulary, clip().start, clip().end, len(clip().merges)) == (49_408, 49_406, 49_407, 48_894)
    assert len(clip().numbers) == 49_406  # no piece twice


def test_merges_by_hand() -> None:
    pairs = (("l", "o"), ("lo", "w</w>"), ("e", "r</w>"), ("lo", "w"))
    made = tokenizer.Tokenizer(pairs, length=8)
    assert made.merged(list("low")) == ["low</w>"]
    assert made.merged(list("lower")) == ["low", "er</w>"]
    assert made.merged(list("x")) == ["x</w>"]
    assert made.encode("low") == [2 * 256 + 1]


def test_every_byte_has_a_symbol_of_its_own() -> None:
    symbols = byte_symbols()
    assert len(set(symbols.values())) == 256 and symbols[ord("a")] == "a" and symbols[0] == chr(256)
    assert not any(c.isspace() for c in symbols.values())


def test_words_are_cut_as_clip_cuts_them() -> None:
    assert split("it's 12½ cats!?") == ["it", "'s", "1", "2", "½", "cats", "!?"]


def test_prompts_have_their_context_before_the_end_mark() -> None:
    made = clip().prompts(["cat", "a photo of a cat"], context=2)
    assert made.tokens.shape == made.mask.shape == (2, 77) and made.tokens.dtype == np.int64
    assert made.tokens[0, :6].tolist() == [49_406, 2368, 49_408, 49_409, 49_407, 0]
    assert made.mask.sum(1).tolist() == [5, 9] and made.mask[0, :5].all()
    plain = clip().prompts(["cat"], context=0)
    assert plain.tokens[0, :4].tolist() == [49_406, 2368, 49_407, 0]


def test_long_texts_keep_their_marks() -> None:
    made = clip().prompts(["cat " * 100])
    assert made.tokens[0, 0] == 49_406 and made.tokens[0, -1] == 49_407 and made.mask.all()
    assert made.tokens[0, -9:-1].tolist() == list(range(49_408, 49_416))


def test_the_lite_vocabulary_is_the_beginning_of_the_published_one() -> None:
    assert lite().vocabulary == 6_144
    assert lite().encode("a cat") == clip().encode("a cat") == [320, 2368]
    assert all(number < lite().start for number in lite().encode(string.printable + "xyzzyq 猫"))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("dog", "the foreground of the dog"),
        (" teddy bear", "the foreground of the teddy bear"),
        ("the dog", "the dog"),
        ("dog on the left side", "dog on the left side"),
    ],
)
def test_keywords_get_a_template_and_expressions_none(text: str, written: str) -> None:
    assert phrase(text) == written
    assert is_keyword(text) == (phrase(text) != text)
