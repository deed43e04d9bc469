"""What a sentence says beside a name, read by rule from plain English: looks, a place, what it is beside.

A network as small as clipmat-lite learns names; of two things of one name it took the right one in half of all cases,
whatever the sentence said of places (docs/weights.md). So it is asked for the name alone, and of the things that it
finds, the one that fits the rest of the sentence is kept.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from mattelier.image import Array
from mattelier.image.colournames import COLOURS, NEIGHBOURS, colour_shares
from mattelier.models.wordlists import is_plural
from mattelier.runtime.kinds import is_noun

Place = Literal["left", "right", "above", "below", "middle", "beside", "bigger", "smaller"]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# "in front of" and "behind" say which two things touch; what hides the other is not seen in a matte.
PLACES: dict[Place, frozenset[str]] = {
    "left": _set("left leftmost left-hand"),
    "right": _set("right rightmost right-hand"),
    "above": _set("top topmost upper uppermost above over higher highest atop"),
    "below": _set("bottom bottommost lower lowest low below under underneath beneath"),
    "middle": _set("middle centre center central"),
    "beside": _set(
        "next beside near nearest close closest alongside by front before covering hiding overlapping behind"
    )
    | _set("covered hidden"),
    "bigger": _set("bigger biggest larger largest greater greatest taller tallest"),
    "smaller": _set("smaller smallest lesser least shorter shortest"),
}
PLACE_OF = {word: place for place, words in PLACES.items() for word in words}
SIZES = {**dict.fromkeys(("small", "little", "tiny"), "smaller"), **dict.fromkeys(("big", "large", "huge"), "bigger")}
COLOUR_OF = {**{name: name for name in COLOURS}, "gray": "grey"}
# words around a place that say nothing themselves
BEFORE = _set(
    "on in at to towards toward of the a far farthest furthest most partly very that which who is are standing sitting "
    "lying seen ,"
)
AFTER = _set("side part edge half corner area end of to than by down up in on at from size the a an most")
PICTURE = _set("photo photograph image picture frame scene")
# Where one of these stands, more than one thing is meant, or another than the outermost: the network is left to it.
UNREAD = _set("all both each every two three four several second third fourth last not no except but without")
SEVERAL = _set("people persons men women children")
CLOTHES = _set("wearing dressed clothes clothing coloured colored")
LESS = re.compile(r"\bless (?:big|large|tall)\b")
DANGLING = re.compile(r"\b(?:that|which|who) (?:is|are)\b(?: and\b)?|(?:\s*(?:,|\b(?:and|in|with|is|are)))+\s*$")

LOOKS_LIKE = 0.3  # of a colour's neighbours that count for it
# What twice the area is worth: in a place, beside a whole side of the picture, and in looks, beside a colour.
SIZE_IN_PLACE, SIZE_IN_LOOKS = 0.35, 0.2
ASIDE = 0.5  # of a way across, counted against what is left, right, above or below
SAME = 0.5  # share of a thing that lies in the other one


@dataclass(frozen=True)
class Said:
    """What to ask the network for, and what decides among the things it finds."""

    name: str
    colours: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()  # of "bigger", "smaller"
    places: tuple[Place, ...] = ()  # two in "upper left"
    other: str = ""  # beside which the place is; "" is the picture


@dataclass(frozen=True, eq=False)
class Thing:
    """One thing that a network found: mask (h, w) bool, and its centre and area in pictures of longest side 1."""

    mask: Array
    x: float
    y: float
    area: float


def read_sentence(prompt: str) -> Said | None:
    """What a prompt says beside a name; None where that is nothing."""
    words = re.findall(r"[\w'-]+|,", LESS.sub("smaller", prompt.lower()))
    if UNREAD.intersection(words) or is_noun(prompt.strip()):
        return None
    said = _read(words)
    return said if said and said.name not in ("", "the", "a", "an") and not _is_several(said.name.split()[-1]) else None


def _read(words: Sequence[str]) -> Said | None:
    at = next((k for k, word in enumerate(words) if word in PLACE_OF), None)
    if at is None:
        name, colours, sizes = _looks(words)
        return Said(name, colours, sizes) if colours or sizes else None
    first, last = at, at + 1
    while first and words[first - 1] in BEFORE:
        first -= 1
    while last < len(words) and words[last] in PLACE_OF:
        last += 1
    places = tuple(PLACE_OF[word] for word in words[at:last])
    while last < len(words) and words[last] in AFTER:
        last += 1
    head, tail = words[:first], words[last:]
    if not head:  # "the left cup"
        head, tail = ["the", *tail], []
    name, colours, sizes = _looks(head)
    other = "" if not tail or tail[0] in PICTURE else f"the {' '.join(tail)}"
    return None if "beside" in places and not other else Said(name, colours, sizes, places, other)


def _is_several(noun: str) -> bool:
    """More than one; "glasses" and "trousers" too, and are then left to the network."""
    return noun in SEVERAL or is_plural(noun)


def _looks(words: Sequence[str]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """A noun phrase as its name, its colours and its sizes."""
    colours = tuple(COLOUR_OF[word] for word in words if word in COLOUR_OF)
    sizes = tuple(SIZES[word] for word in words if word in SIZES)
    if (not colours and not sizes) or is_noun(" ".join(words)):
        return " ".join(words).strip(" ,"), (), ()
    looks = COLOUR_OF.keys() | SIZES.keys()
    joints = [word in ("and", ",") and before in looks for before, word in pairwise(("", *words))]  # "red and white"
    rest = " ".join(w for w, is_joint in zip(words, joints, strict=True) if w not in looks | CLOTHES and not is_joint)
    return " ".join(DANGLING.sub("", DANGLING.sub("", rest)).split()).strip(" ,"), colours, sizes


def thing_of(mask: Array) -> Thing:
    """mask: (h, w) bool, not empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    side = max(mask.shape)
    x, y = ((line[0] + line[-1] + 1) / 2 / side for line in (columns, rows))
    return Thing(mask, float(x), float(y), float(mask.sum()) / side**2)


def fitting(things: Sequence[Thing], said: Said, pixels: Array, other: Thing | None = None) -> Thing | None:
    """The thing that what was said fits best; None where there is nothing to choose from.

    pixels: (h, w, 3) uint8 sRGB, of the masks' size.  other: what `said.other` names; things that lie in it are it.
    """
    if other is not None:
        things = [thing for thing in things if (thing.mask & other.mask).sum() < SAME * thing.mask.sum()]
    if not things:
        return None
    return max(
        things, key=lambda thing: _looks_fit(thing, said, pixels) + _places_fit(thing, said.places, other, pixels)
    )


def _looks_fit(thing: Thing, said: Said, pixels: Array) -> float:
    doublings = float(np.log2(thing.area))
    score = sum(SIZE_IN_LOOKS * (doublings if size == "bigger" else -doublings) for size in said.sizes)
    if said.colours:
        shares = colour_shares(pixels, thing.mask.astype(np.float32))
        each = [shares[name] + LOOKS_LIKE * sum(shares[near] for near in NEIGHBOURS[name]) for name in said.colours]
        score += sum(each) / len(each)
    return score


def _places_fit(thing: Thing, places: Sequence[Place], other: Thing | None, pixels: Array) -> float:
    """In shares of the picture's longest side: how far to the sides that are asked for."""
    height, width = (length / max(pixels.shape[:2]) for length in pixels.shape[:2])
    x, y = (width / 2, height / 2) if other is None else (other.x, other.y)
    right, down = thing.x - x, thing.y - y
    aside = 0.0 if other is None else ASIDE  # the whole left side of a picture is its left
    doublings = SIZE_IN_PLACE * float(np.log2(thing.area))
    fits: dict[Place, float] = {
        "left": -right - aside * abs(down),
        "right": right - aside * abs(down),
        "above": -down - aside * abs(right),
        "below": down - aside * abs(right),
        "middle": -max(abs(right), abs(down)),
        "beside": -abs(right) - abs(down),
        "bigger": doublings,
        "smaller": -doublings,
    }
    return sum(fits[place] for place in places)
