"""Names that a network never read, said with names that it did: "yak" is asked for as "yak animal"."""

import lzma
from functools import cache
from importlib.resources import files

ARTICLES = ("a", "an", "the")
# A phrase with one of these, or one that is longer, is no plain name: "the man with a hat" is not "hat".
JOINTS = frozenset(
    (
        *("a", "an", "the", "his", "her", "its", "their", "who", "which", "that", "is", "are"),
        *("with", "without", "in", "on", "of", "at", "by", "from", "for", "to", "and", "or"),
    )
)
LONGEST = 4  # words


@cache
def kinds() -> dict[str, str]:
    """Noun -> the nearest broader noun that clipmat-lite knows (scripts/gather_kinds.py, after WordNet)."""
    text = lzma.decompress((files("mattelier") / "shipped" / "kinds.txt.xz").read_bytes()).decode("ascii")
    return dict(line.split("\t") for line in text.splitlines())


@cache
def known() -> frozenset[str]:
    """Names of ImageNet's classes and their last words, what they are kinds of, and all other broader nouns."""
    lines = (files("mattelier") / "shipped" / "imagenet-classes.txt").read_text(encoding="utf-8").splitlines()
    names = [name for line in lines for name in line.split(", ")]
    return frozenset((*names, *(name.split()[-1] for name in names), *kinds().values()))


def understood(phrase: str) -> str:
    """A name in words that clipmat-lite knows.

    The longest end of it that is a noun decides, for what comes before only narrows it: a noun that is known is asked
    for alone ("the wooden chair" as "the chair"), of any other the kind is added. A name that is known, or of which
    nothing is, stays as it is.
    """
    words = phrase.lower().split()
    article = words[:1] if words and words[0] in ARTICLES else []
    name = words[len(article) :]
    if len(name) > LONGEST or any(word in JOINTS or _is_doing(word) for word in name):
        return phrase
    for start in range(len(name)):
        noun = " ".join(name[start:])
        if noun in known():
            return phrase if start == 0 else " ".join((*article, noun))
        if noun in kinds():
            kind = kinds()[noun]
            return " ".join((*article, kind if noun.split()[-1] == kind else f"{noun} {kind}"))
    return phrase


def is_noun(phrase: str) -> bool:
    """Whether all of a phrase, but for an article, is one noun that is known or has a kind: "the red panda"."""
    article, _, name = phrase.lower().partition(" ")
    noun = name if article in ARTICLES else phrase.lower()
    return noun in known() or noun in kinds()


def _is_doing(word: str) -> bool:
    """Whether it says what somebody does: "eating", but not "earring"."""
    return word.endswith("ing") and word not in known() and word not in kinds()
