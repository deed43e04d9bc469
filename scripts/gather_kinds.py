#!/usr/bin/env python3
"""What is a kind of what: shipped/kinds.txt.xz, so that clipmat-lite can be asked for a thing whose name it never read.

    apt-get install wordnet-base
    python scripts/gather_kinds.py /usr/share/wordnet

Every noun of WordNet 3.0 (Miller, "WordNet: A Lexical Database for English", CACM 1995) that names something visible
and that clipmat-lite does not know, with the nearest broader noun that it knows: "yak animal". What it knows are the
names in shipped/imagenet-classes.txt, their last words, and those of its first vectors (scripts/distil_words.py).
A noun counts in its commonest visible sense; as somebody, or as food, only where no other sense is commoner, and as
somebody only where it is no animal as well: who asks a photo for the wasp, the shrew or the canary means those. Nouns
of which that is not so are listed. Proper names are left out.
"""

import argparse
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from distil_words import EVERYDAY

from mattelier.data.nouns import CATEGORIES
from mattelier.models.wordlists import class_nouns

SHIPPED = Path(__file__).resolve().parent.parent / "src" / "mattelier" / "shipped" / "kinds.txt.xz"
# WordNet's files of nouns: animals, artefacts, body parts, natural objects, plants; food, people; the broadest
VISIBLE, IF_FIRST, BROADEST = frozenset(("05", "06", "08", "17", "20")), frozenset(("13", "18")), "03"
ANIMAL, PERSON = "05", "18"
# somebody first, though an animal is called so too
PEOPLE_WORDS = (
    "admiral adult angler arab baby boxer brahman brahmin carrier diver dragon emperor fisher grenadier hag "
    "host jackass kid killer man man-eater maverick miller monarch monitor monster nanny nymph offspring "
    "orphan painter pastor poacher redhead relative runner sawyer schoolmaster searcher siren sire sitter "
    "sleeper soldier stargazer stepper stud suckling survivor sweeper tinker trumpeter tumbler viceroy weaver "
    "welsh whistler worker"
)
PEOPLE = frozenset((*PEOPLE_WORDS.split(), "sergeant major"))
NO_KIND = frozenset(("object", "figure", "model", "family", "instrument"))  # of which nobody knows how it looks
BROADER, INSTANCE = "@", "@i"


@dataclass(frozen=True)
class Sense:
    """One meaning: WordNet's file, the nouns of it, and the broader meanings' places."""

    file: str
    nouns: tuple[str, ...]
    broader: tuple[str, ...]
    is_name: bool  # of one person, place or thing


def read_senses(file: Path) -> dict[str, Sense]:
    """data.noun: place -> meaning."""
    senses = {}
    for line in lines_of(file):
        place, lexicographer, _, count, *rest = line.split("|")[0].split()
        size = 2 * int(count, 16)
        nouns = tuple(noun.replace("_", " ").lower() for noun in rest[:size:2])
        pointers = [rest[i : i + 4] for i in range(size + 1, size + 1 + 4 * int(rest[size]), 4)]
        broader = tuple(to for symbol, to, part, _ in pointers if symbol == BROADER and part == "n")
        senses[place] = Sense(lexicographer, nouns, broader, any(pointer[0] == INSTANCE for pointer in pointers))
    return senses


def read_nouns(file: Path) -> dict[str, list[str]]:
    """index.noun: noun -> places of its meanings, the commonest first."""
    fields = (line.split() for line in lines_of(file))
    return {noun.replace("_", " "): rest[4 + int(rest[1]) :] for noun, _, *rest in fields}


def lines_of(file: Path) -> Iterator[str]:
    """Without the licence at the head."""
    with file.open(encoding="latin-1") as text:
        yield from (line for line in text if not line.startswith("  "))


def visible_sense(noun: str, places: list[str], senses: dict[str, Sense]) -> str | None:
    """The commonest meaning of a noun that can be seen; the broadest, for a plant is no factory."""
    common = [place for place in places if not senses[place].is_name]
    common.sort(key=lambda place: senses[place].file != BROADEST)
    files = [senses[place].file for place in common]
    if noun not in PEOPLE and files[:1] == [PERSON] and ANIMAL in files:
        return common[files.index(ANIMAL)]
    visible = (k for k, file in enumerate(files) if file in VISIBLE or (k == 0 and file in {*IF_FIRST, BROADEST}))
    first = next(visible, None)
    return None if first is None else common[first]


def kind_of(place: str, senses: dict[str, Sense], known: dict[str, str | None]) -> str | None:
    """The nearest broader noun that is known and commonly means that, or a known one that means the same.

    known: noun -> its meaning, of those that may be a kind.
    """
    level, seen = [place], set[str]()
    while level:
        for here in level:
            for noun in senses[here].nouns:
                if known.get(noun) == here:
                    return noun
        seen.update(level)
        level = [there for here in level for there in senses[here].broader if there not in seen]
    return None


def main() -> None:
    words = argparse.ArgumentParser(description="Gather what is a kind of what.")
    words.add_argument("wordnet", type=Path, metavar="DIR", help="a folder with WordNet's data.noun and index.noun")
    folder = words.parse_args().wordnet
    names = class_nouns() | {*EVERYDAY.split(), *CATEGORIES.values()}
    senses = read_senses(folder / "data.noun")
    meanings = {noun: visible_sense(noun, places, senses) for noun, places in read_nouns(folder / "index.noun").items()}
    known = {noun: place for noun, place in meanings.items() if noun in names and noun not in NO_KIND}
    found = {
        noun: kind_of(place, senses, known)
        for noun, place in meanings.items()
        if place is not None and noun not in names and noun[0].isalpha()
    }
    kinds = {noun: kind for noun, kind in found.items() if kind is not None}
    text = "".join(f"{noun}\t{kind}\n" for noun, kind in sorted(kinds.items()))
    SHIPPED.write_bytes(lzma.compress(text.encode("ascii"), preset=9 | lzma.PRESET_EXTREME))
    print(f"{len(kinds)} nouns, {SHIPPED.stat().st_size / 1000:.0f} kB: {SHIPPED}")


if __name__ == "__main__":
    main()
