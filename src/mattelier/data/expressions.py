"""Referring expressions: sentences that pick exactly one thing of a scene.

After RefMatte (Li, Zhang, Tao, "Referring Image Matting", CVPR 2023): keyword, basic (attributes and a noun),
absolute position and relative position. The wordings are our own tables of the paper's forms. Every predicate answers
True, False or None, "people would differ"; a description is used only when it is True of its thing and False of every
other one.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from mattelier.data.nouns import Names, is_person
from mattelier.data.wordings import ABSOLUTE_PHRASES, CLOTHES, PATTERNS, PICTURE, RELATIVE_PHRASES, Split
from mattelier.image.colournames import COLOURS, is_coloured
from mattelier.models.wordlists import is_plural

Kind = Literal["keyword", "basic", "absolute", "relative"]
Tells = Literal["name", "attributes", "relation", "both"]
Truth = bool | None
Rng = np.random.Generator
# nobody is called by the colour of skin: of people only colours that must be those of clothes
CLOTHES_COLOURS = ("white", "grey", "red", "yellow", "green", "blue", "purple")
PER_THING: tuple[Kind, ...] = ("basic", "absolute", "relative", "relative")  # RefMatte: four a thing; shares  # ours


@dataclass(frozen=True)
class Thing:
    """What is known of a subject in a scene, as it is seen there: lengths and areas are shares of the picture's."""

    names: Names
    colours: dict[str, float]  # share of every colour name
    soft: float  # share of its alpha that lies in half-transparent pixels
    area: float
    box: tuple[float, float, float, float]  # left, top, right, bottom
    hides: tuple[float, ...]  # how much of every thing of the scene lies under this one

    @property
    def centre(self) -> tuple[float, float]:
        """x, y."""
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2


@dataclass(frozen=True)
class Query:
    """A description as logic: a name, attributes, and at most one relation, to the picture or to another thing."""

    name: str
    attributes: tuple[str, ...] = ()
    relation: str = ""
    other: "Query | None" = None


@dataclass(frozen=True)
class Expression:
    """A sentence, its kind, the thing it means, and the template it was made from."""

    text: str
    kind: Kind | Literal["absent"]
    target: int
    template: str
    query: Query


def express(things: Sequence[Thing], target: int, split: Split, rng: Rng) -> tuple[Expression, ...]:
    """A keyword if one is enough, then up to four expressions of different texts; fewer where few are unambiguous."""
    found = [e for e in (draw("keyword", things, target, split, rng),) if e]
    wanted = [*PER_THING, *("absolute", "basic", "relative") * 2]  # the later ones where an earlier kind has none
    texts: set[str] = set()
    for kind in wanted:
        expression = draw(kind, things, target, split, rng)
        if expression and expression.text not in texts and len(texts) < len(PER_THING):
            texts.add(expression.text)
            found.append(expression)
    return tuple(found)


def draw(kind: Kind, things: Sequence[Thing], target: int, split: Split, rng: Rng) -> Expression | None:
    """One expression of a kind in a split's wording, or None where no unambiguous one exists."""
    queries = {"keyword": keywords, "basic": basics, "absolute": absolutes, "relative": relatives}[kind](things, target)
    query = next((queries[i] for i in rng.permutation(len(queries)) if pick(queries[i], things) == target), None)
    if query is None:
        return None
    if kind == "keyword":
        return Expression(query.name, kind, target, "keyword", query)
    text, template = word(query, split, rng)
    return Expression(text, kind, target, f"{kind}/{template}", query)


def pick(query: Query, things: Sequence[Thing]) -> int | None:
    """The only thing a description is true of; None when it fits none, several, or perhaps another one."""
    verdicts = [truth(query, things, i) for i in range(len(things))]
    return verdicts.index(True) if verdicts.count(True) == 1 and None not in verdicts else None


def tells(query: Query, things: Sequence[Thing]) -> Tells:
    """What of a description picks its thing: the name, where it fits no other; else what is added to the name."""
    if sum(truth(Query(query.name), things, i) is True for i in range(len(things))) < 2:
        return "name"
    if query.attributes and query.relation:
        return "both"
    return "attributes" if query.attributes else "relation"


def truth(query: Query, things: Sequence[Thing], i: int) -> Truth:
    """Whether a description fits thing i of the scene."""
    thing = things[i]
    name = True if query.name in thing.names.sure else None if query.name in thing.names.maybe else False
    facts = [name, *(has(thing, attribute) for attribute in query.attributes)]
    if query.other:
        other = pick(query.other, things)
        facts.append(None if other is None else other != i and RELATIVE[query.relation](thing, things[other], other, i))
    elif query.relation:
        facts.append(ABSOLUTE[query.relation](thing, [t for j, t in enumerate(things) if j != i]))
    return every(facts)


def every(facts: Sequence[Truth]) -> Truth:
    """False if any is, else None if any is, else True."""
    return False if False in facts else None if None in facts else True


def band(value: float, no: float, yes: float) -> Truth:
    """True from `yes` up, False up to `no`, None between."""
    return True if value >= yes else False if value <= no else None


def has(thing: Thing, attribute: str) -> Truth:
    """Whether a thing may be called by a colour, small, big or transparent."""
    if attribute in COLOURS:
        return is_coloured(thing.colours, attribute)
    return {
        "small": band(-thing.area, -0.07, -0.04),
        "big": band(thing.area, 0.10, 0.16),
        "transparent": band(thing.soft, 0.25, 0.6),
    }[attribute]


def _beyond(axis: int, sign: int) -> Callable[[Thing, Sequence[Thing]], Truth]:
    """Clearly on one side of the picture's centre."""
    return lambda thing, others: band(sign * (thing.centre[axis] - 0.5), 0.04, 0.12)


def _outermost(sign: int) -> Callable[[Thing, Sequence[Thing]], Truth]:
    """On one side of the picture, and further out than every other thing."""

    def holds(thing: Thing, others: Sequence[Thing]) -> Truth:
        gaps = [sign * (thing.centre[0] - other.centre[0]) for other in others]
        return every([_beyond(0, sign)(thing, others), *(band(gap, 0.0, 0.1) for gap in gaps)])

    return holds


def _middle(thing: Thing, others: Sequence[Thing]) -> Truth:
    x, y = thing.centre
    return band(-max(abs(x - 0.5), 0.7 * abs(y - 0.5)), -0.18, -0.1)


def _towards(axis: int, sign: int) -> Callable[[Thing, Thing, int, int], Truth]:
    """One thing lies clearly to a side of another, and more to that side than across it."""

    def holds(thing: Thing, other: Thing, j: int, i: int) -> Truth:
        away = sign * (thing.centre[axis] - other.centre[axis])
        across = abs(thing.centre[1 - axis] - other.centre[1 - axis])
        return every([band(away, 0.03, 0.15), band(away - across, -0.4, 0.0)])

    return holds


def _beside(thing: Thing, other: Thing, j: int, i: int) -> Truth:
    gap = max(thing.box[0] - other.box[2], other.box[0] - thing.box[2])
    level = abs(thing.centre[1] - other.centre[1])
    return every([band(-gap, -0.25, -0.12), band(-level, -0.4, -0.25)])


def _bigger(thing: Thing, other: Thing, j: int, i: int) -> Truth:
    return band(thing.area / max(other.area, 1e-6), 1.1, 1.5)


def _before(thing: Thing, other: Thing, j: int, i: int) -> Truth:
    return band(thing.hides[j], 0.01, 0.05)


ABSOLUTE: dict[str, Callable[[Thing, Sequence[Thing]], Truth]] = {
    "left": _beyond(0, -1),
    "right": _beyond(0, 1),
    "leftmost": _outermost(-1),
    "rightmost": _outermost(1),
    "top": _beyond(1, -1),
    "bottom": _beyond(1, 1),
    "middle": _middle,
}
# (thing, the other one, the other's number, the thing's own)
RELATIVE: dict[str, Callable[[Thing, Thing, int, int], Truth]] = {
    "left of": _towards(0, -1),
    "right of": _towards(0, 1),
    "above": _towards(1, -1),
    "below": _towards(1, 1),
    "next to": _beside,
    "bigger than": _bigger,
    "smaller than": lambda thing, other, j, i: _bigger(other, thing, i, j),
    "in front of": _before,
    "behind": lambda thing, other, j, i: _before(other, thing, i, j),
}


def keywords(things: Sequence[Thing], target: int) -> list[Query]:
    """The most exact name, alone."""
    return [Query(things[target].names.sure[0])]


def basics(things: Sequence[Thing], target: int) -> list[Query]:
    return [query for query in nouns(things[target], 2) if query.attributes]


def absolutes(things: Sequence[Thing], target: int) -> list[Query]:
    return [Query(q.name, q.attributes, relation) for q in nouns(things[target], 1) for relation in ABSOLUTE]


def relatives(things: Sequence[Thing], target: int) -> list[Query]:
    found = []
    for j in (j for j in range(len(things)) if j != target):
        near = [relation for relation in RELATIVE if RELATIVE[relation](things[target], things[j], j, target)]
        known = [query for query in nouns(things[j], 1) if pick(query, things) == j]
        own = nouns(things[target], 1)
        found += [Query(q.name, q.attributes, relation, k) for q in own for relation in near for k in known[:6]]
    return found


def nouns(thing: Thing, most: int) -> list[Query]:
    """Every name of a thing with up to `most` of its attributes."""
    colours = CLOTHES_COLOURS if "person" in thing.names.sure else COLOURS
    true = [attribute for attribute in ("small", "big", "transparent", *colours) if has(thing, attribute)]
    chosen = [some for count in range(most + 1) for some in combinations(true, count)]
    return [Query(name, attributes) for name in thing.names.sure for attributes in chosen]


def word(query: Query, split: Split, rng: Rng) -> tuple[str, str]:
    """A description in a split's words, and the template: noun pattern, relation phrase."""
    text, pattern = noun_phrase(query, split, rng)
    if not query.relation:
        return text, pattern
    phrases = (RELATIVE_PHRASES if query.other else ABSOLUTE_PHRASES)[query.relation][split]
    phrase = phrases[int(rng.integers(len(phrases)))]
    end = noun_phrase(query.other, split, rng)[0] if query.other else f"the {PICTURE[int(rng.integers(len(PICTURE)))]}"
    comma = "," if pattern == "comma" else ""
    return f"{text}{comma} {phrase} {end}", f"{pattern}/{phrase}"


def noun_phrase(query: Query, split: Split, rng: Rng) -> tuple[str, str]:
    """The noun with its attributes, and the name of the pattern used."""
    if not query.attributes:
        return f"the {query.name}", "bare"
    colours = " and ".join(a for a in query.attributes if a in COLOURS)
    others = " ".join(a for a in query.attributes if a not in COLOURS)
    dressed = bool(colours) and is_person(query.name)
    patterns = (CLOTHES if dressed else PATTERNS)[split]
    name = tuple(patterns)[int(rng.integers(len(patterns)))]
    filled = patterns[name].format(
        noun=query.name,
        adjectives=(f"{others} " if others else "")
        if dressed
        else " ".join(part for part in (others, colours) if part),
        colours=colours,
        predicate=" and ".join(query.attributes),
        which="who" if is_person(query.name) else "which",
        be="are" if is_plural(query.name) else "is",
    )
    return filled, name


def mirrored(text: str) -> str:
    """The same sentence for the picture seen in a mirror: left and right change places."""
    return re.sub(r"\b(left|right)(?=most\b|\b)", lambda found: "right" if found[0] == "left" else "left", text)
