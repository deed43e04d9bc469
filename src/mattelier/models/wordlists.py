"""Lists of words that come with the package, a line each, and the number of a noun."""

import lzma
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "shipped"


def lines_of(name: str) -> list[str]:
    """The lines of a list in shipped/, packed or not."""
    content = (FOLDER / name).read_bytes()
    return (lzma.decompress(content) if name.endswith(".xz") else content).decode("utf-8").splitlines()


def class_lines() -> list[str]:
    """The name of every class, in ImageNet's order, and after commas what it is a kind of."""
    return lines_of("imagenet-classes.txt")


@cache
def class_nouns() -> frozenset[str]:
    """Every name in those lines, and the last word of each."""
    names = {name for line in class_lines() for name in line.split(", ")}
    return frozenset(names | {name.split()[-1] for name in names})


def is_plural(noun: str) -> bool:
    """Whether English says "are" of it; by its ending, which is right for shorts and wrong for a lens."""
    return noun.endswith("s") and not noun.endswith(("ss", "us", "is", "os"))
