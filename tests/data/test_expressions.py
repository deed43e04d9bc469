"""The grammar by hand: scenes of two or three things whose right answers can be read off the numbers."""

import dataclasses

import numpy as np
import pytest

from mattelier.data.expressions import Query, Thing, band, draw, every, express, mirrored, pick, tells, truth, word
from mattelier.data.nouns import Names, names_of
from mattelier.data.wordings import ABSOLUTE_PHRASES, CLOTHES, PATTERNS, RELATIVE_PHRASES
from mattelier.image.colournames import COLOURS


def thing(
    noun: str, colour: str, box: tuple[float, float, float, float], hides: tuple[float, ...] = (0, 0, 0)
) -> Thing:
    shares = dict.fromkeys(COLOURS, 0.0) | {colour: 1.0}
    area = 0.8 * (box[2] - box[0]) * (box[3] - box[1])
    return Thing(names_of(f"A {noun}.", "animals"), shares, 0.0, area, box, hides)


LEFT_DOG = thing("dog", "brown", (0.05, 0.3, 0.3, 0.6))
RIGHT_DOG = thing("dog", "white", (0.7, 0.3, 0.95, 0.6))
CAT = thing("cat", "brown", (0.4, 0.35, 0.6, 0.6))
SCENE = (LEFT_DOG, RIGHT_DOG, CAT)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query("cat"), 2),
        (Query("dog"), None),
        (Query("dog", ("white",)), 1),
        (Query("animal", ("white",)), 1),
        (Query("animal", ("brown",)), None),
        (Query("dog", (), "left"), 0),
        (Query("animal", (), "leftmost"), 0),
        (Query("animal", (), "middle"), 2),
        (Query("cat", (), "left"), None),
        (Query("animal", (), "left of", Query("cat")), 0),
        (Query("dog", (), "right of", Query("cat")), 1),
        (Query("dog", (), "next to", Query("cat")), None),  # both are
        (Query("dog", (), "left of", Query("animal")), None),  # which animal?
        (Query("horse"), None),
    ],
)
def test_a_description_picks_one_or_nothing(query: Query, expected: int | None) -> None:
    assert pick(query, SCENE) == expected


def test_doubt_is_neither_true_nor_false() -> None:
    assert [band(value, 0.1, 0.2) for value in (0.05, 0.15, 0.25)] == [False, None, True]
    assert every([True, None]) is None and every([None, False]) is False and every([True, True]) is True
    brownish = dataclasses.replace(RIGHT_DOG, colours=RIGHT_DOG.colours | {"white": 0.7, "brown": 0.3})
    assert truth(Query("dog", ("brown",)), (LEFT_DOG, brownish), 1) is None
    assert pick(Query("dog", ("brown",)), (LEFT_DOG, brownish)) is None  # somebody might mean the other one
    assert pick(Query("dog", ("brown",)), (LEFT_DOG, RIGHT_DOG)) == 0
    black = dataclasses.replace(RIGHT_DOG, colours=dict.fromkeys(COLOURS, 0.0) | {"black": 1.0})
    assert pick(Query("dog", ("brown",)), (LEFT_DOG, black)) is None  # black and brown are mixed up


def test_relations_by_hand() -> None:
    big = thing("dog", "white", (0.0, 0.0, 0.6, 0.6), (0.0, 0.2))
    small = thing("cat", "white", (0.4, 0.5, 0.7, 0.9), (0.0, 0.0))
    scene = (big, small)
    dog, cat = Query("dog"), Query("cat")
    assert truth(Query("dog", (), "bigger than", cat), scene, 0) is True
    assert truth(Query("cat", (), "smaller than", dog), scene, 1) is True
    assert truth(Query("cat", (), "bigger than", dog), scene, 1) is False
    assert truth(Query("dog", (), "in front of", cat), scene, 0) is True
    assert truth(Query("cat", (), "behind", dog), scene, 1) is True
    assert truth(Query("dog", (), "above", cat), scene, 0) is True
    assert truth(Query("dog", (), "below", cat), scene, 0) is False
    assert truth(Query("dog", (), "top"), scene, 0) is True and truth(Query("cat", (), "top"), scene, 1) is False
    assert truth(Query("dog", ("big",)), scene, 0) is True and truth(Query("cat", ("transparent",)), scene, 1) is False


def test_sentences_are_worded_by_split() -> None:
    rng = np.random.default_rng(0)
    query = Query("dog", ("small", "brown"), "left of", Query("cat"))
    texts = {split: {word(query, split, rng)[0] for _ in range(40)} for split in ("train", "val", "test")}
    assert texts["train"] == {
        f"{noun} {phrase} the cat"
        for noun in ("the small brown dog", "the dog which is small and brown")
        for phrase in ("to the left of", "on the left side of")
    }
    assert texts["val"] == {"the dog that is small and brown at the left side of the cat"}
    assert texts["test"] == {"the dog, small and brown, left of the cat"}
    assert word(Query("person", ("red",)), "val", rng)[0] == "the person wearing red"
    assert word(Query("shorts", ("red",)), "val", rng)[0] == "the shorts that are red"
    assert word(Query("dog", ("black", "white")), "train", np.random.default_rng(3))[0] in (
        "the black and white dog",
        "the dog which is black and white",
    )


def test_no_wording_is_shared_between_splits() -> None:
    for table in (ABSOLUTE_PHRASES, RELATIVE_PHRASES):
        for relation, by_split in table.items():
            phrases = [phrase for some in by_split.values() for phrase in some]
            assert len(phrases) == len(set(phrases)) and all(by_split.values()), relation
    for patterns in (PATTERNS, CLOTHES):
        made = [pattern for some in patterns.values() for pattern in some.values()]
        assert len(made) == len(set(made)) and len(patterns) == 3


def test_people_are_not_called_by_the_colour_of_skin() -> None:
    brown = dataclasses.replace(LEFT_DOG, names=Names(("person",), frozenset()))
    red = dataclasses.replace(brown, colours=dict.fromkeys(COLOURS, 0.0) | {"red": 1.0})
    rng = np.random.default_rng(0)
    assert draw("basic", (brown, CAT), 0, "train", rng) is None
    basic = draw("basic", (red, CAT), 0, "train", rng)
    assert basic and basic.text in ("the person in red", "the person who is dressed in red")


def test_an_ambiguous_thing_gets_fewer_sentences_and_no_keyword() -> None:
    rng = np.random.default_rng(1)
    kinds = [e.kind for e in express(SCENE, 0, "train", rng)]
    assert "keyword" not in kinds and kinds.count("relative") >= 1
    assert {e.kind for e in express(SCENE, 2, "train", rng)} >= {"keyword", "absolute", "relative"}
    twins = (LEFT_DOG, dataclasses.replace(LEFT_DOG))
    assert express(twins, 0, "train", rng) == ()


def test_a_mirror_swaps_left_and_right_only() -> None:
    assert mirrored("the dog on the far left of the photo") == "the dog on the far right of the photo"
    assert mirrored("the rightmost edge, left of it") == "the leftmost edge, right of it"
    assert mirrored("the bright leftover") == "the bright leftover"
    assert mirrored(mirrored("left right leftmost")) == "left right leftmost"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query("cat"), "name"),
        (Query("cat", ("brown",), "middle"), "name"),  # the rest is true and not needed
        (Query("dog", ("white",)), "attributes"),
        (Query("dog", (), "left of", Query("cat")), "relation"),
        (Query("dog", ("brown",), "left"), "both"),
    ],
)
def test_what_of_a_description_tells(query: Query, expected: str) -> None:
    assert tells(query, SCENE) == expected
