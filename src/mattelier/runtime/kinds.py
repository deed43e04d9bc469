"""Names that a network never read, said with names that it did: "yak" is asked for as "yak animal"."""

from functools import cache

from mattelier.models.wordlists import class_nouns, lines_of

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
    return dict(line.split("\t") for line in lines_of("kinds.txt.xz"))


@cache
def known() -> frozenset[str]:
    """Names of ImageNet's classes and their last words, what they are kinds of, and all other broader nouns."""
    return class_nouns().union(kinds().values())


def understood(phrase: str) -> str:
    """A name in words that clipmat-lite knows.

    The longest end of it that is a noun decides, for what comes before only narrows it: a noun that is known is asked
    for alone ("the wooden chair" as "the chair"), of any other the kind is added. A name that is known, or of which
    nothing is, stays as it is.
    """
    article, name = _parted(phrase)
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
    noun = " ".join(_parted(phrase)[1])
    return noun in known() or noun in kinds()


def _parted(phrase: str) -> tuple[list[str], list[str]]:
    """Its article, if it begins with one, and its other words."""
    words = phrase.lower().split()
    count = 1 if words and words[0] in ARTICLES else 0
    return words[:count], words[count:]


def _is_doing(word: str) -> bool:
    """Whether it says what somebody does: "eating", but not "earring"."""
    return word.endswith("ing") and word not in known() and word not in kinds()
