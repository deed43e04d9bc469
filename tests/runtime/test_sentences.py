"""What a sentence says beside a name: read by rule, and what it decides between, on discs and boxes by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mattelier.image import Array
from mattelier.image.io import decode
from mattelier.models import tokenizer
from mattelier.models.cards import Card
from mattelier.runtime.automatic import find, heads
from mattelier.runtime.sentences import Place, Said, Thing, fitting, read_sentence, thing_of
from mattelier.runtime.words import is_choice, parts_of, said_part

HW = (60, 120)


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("the person on the left", Said("the person", places=("left",))),
        ("The man at the far right of the photo", Said("the man", places=("right",))),
        ("the left cup", Said("the cup", places=("left",))),
        ("a dog in the upper left corner", Said("a dog", places=("above", "left"))),
        ("dog in front of the tree", Said("dog", places=("beside",), other="the tree")),
        ("the cat lying under the big table", Said("the cat", places=("below",), other="the big table")),
        ("the tallest man", Said("the man", places=("bigger",))),
        ("the cup smaller than the teapot", Said("the cup", places=("smaller",), other="the teapot")),
        ("red cup", Said("cup", ("red",))),
        ("the gray and white cat", Said("the cat", ("grey", "white"))),
        ("the person who is dressed in blue", Said("the person", ("blue",))),
        ("the man in a red shirt", Said("the man in a shirt", ("red",))),
        ("the dog which is small and white", Said("the dog", ("white",), ("smaller",))),
        ("the red panda on the left", Said("the red panda", places=("left",))),
        ("the small dog, to the right of the cat", Said("the dog", (), ("smaller",), ("right",), "the cat")),
    ],
)
def test_looks_and_places_are_read(prompt: str, said: Said) -> None:
    assert read_sentence(prompt) == said


@pytest.mark.parametrize(
    "prompt",
    [
        "the cat", "cat", "the cat on the sofa", "the red", "left", "the",  # nothing beside a name, or no name
        "polar bear", "the red panda", "the orange", "top hat", "the brown bear",  # a name, all of it
        "the people on the left", "the shoes on the right", "both dogs on the left",  # several are meant
        "the second cup from the left", "the cup that is not red", "the cat in front",  # more than the rules know
    ],
)  # fmt: skip
def test_what_the_rules_do_not_know_is_left_to_the_network(prompt: str) -> None:
    assert read_sentence(prompt) is None


def box(left: int, top: int, right: int, bottom: int) -> Thing:
    mask = np.zeros(HW, bool)
    mask[top:bottom, left:right] = True
    return thing_of(mask)


def test_a_thing_by_hand() -> None:
    thing = box(30, 10, 60, 50)
    assert (thing.x, thing.y, thing.area) == (45 / 120, 30 / 120, 30 * 40 / 120**2)


SMALL, LARGE, HIGH = box(5, 30, 15, 40), box(70, 20, 110, 55), box(50, 2, 62, 14)


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        (Said("x", places=("left",)), SMALL),
        (Said("x", places=("right",)), LARGE),
        (Said("x", places=("above",)), HIGH),
        (Said("x", places=("below",)), LARGE),
        (Said("x", places=("middle",)), HIGH),
        (Said("x", places=("bigger",)), LARGE),
        (Said("x", places=("smaller",)), SMALL),
        (Said("x", sizes=("bigger",)), LARGE),
        (Said("x", ("red",)), SMALL),
        (Said("x", ("blue",)), HIGH),
    ],
)
def test_the_thing_that_fits_is_chosen(said: Said, chosen: Thing) -> None:
    pixels = np.zeros((*HW, 3), np.uint8)
    pixels[SMALL.mask], pixels[HIGH.mask] = (220, 20, 30), (30, 60, 200)
    assert fitting((SMALL, LARGE, HIGH), said, pixels) is chosen


@pytest.mark.parametrize(
    ("place", "chosen"), [("left", SMALL), ("right", LARGE), ("above", HIGH), ("beside", HIGH), ("below", LARGE)]
)
def test_a_place_beside_another_thing(place: Place, chosen: Thing) -> None:
    """The other thing is never the answer, though the same name found it."""
    other = box(40, 15, 60, 30)
    said = Said("x", places=(place,), other="the other")
    assert fitting((SMALL, other, LARGE, HIGH), said, np.zeros((*HW, 3), np.uint8), other) is chosen
    assert fitting((other,), said, np.zeros((*HW, 3), np.uint8), other) is None


def test_parts_pointed_at_far_less_and_scraps_are_no_choice() -> None:
    alpha, pointing = np.zeros(HW, np.float32), np.zeros((1, 1, *HW), np.float32)
    for thing, strength in ((LARGE, 0.9), (SMALL, 0.7), (HIGH, 0.5)):
        alpha[thing.mask] = 1
        pointing[0, 0][thing.mask] = strength
    alpha[58, 2], pointing[0, 0, 58, 2] = 1, 1  # a scrap at the left edge
    found = parts_of(alpha, pointing)
    assert is_choice(found)
    for said in (Said("x", places=("above",)), Said("x", places=("left",))):  # not HIGH, and not the scrap
        kept = said_part(found, said, np.zeros((*HW, 3), np.uint8))
        assert kept is not None and np.array_equal(kept > 0, SMALL.mask)
    nothing = parts_of(np.zeros(HW, np.float32), pointing)
    assert not is_choice(nothing)
    assert said_part(found, Said("x", places=("left",), other="y"), np.zeros((*HW, 3), np.uint8), nothing) is None


class Twins:
    """A network that finds both bright boxes for "the box", the dark one for "the shade", and all for anything else."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.names = {
            tokenizer.lite().prompts([tokenizer.phrase(text)]).tokens.tobytes(): text
            for text in ("the box", "the shade")
        }

    def __call__(self, inputs: dict[str, Array]) -> dict[str, Array]:
        self.asked.append(self.names.get(inputs["tokens"].tobytes(), "all"))
        grey = inputs["image"][0, 0]
        found = {"the box": grey > 0.7, "the shade": (grey > 0.2) & (grey < 0.7), "all": grey > 0.2}[self.asked[-1]]
        plane = found[None, None].astype(np.float32)
        return {"alpha": plane, "pointing": plane, "trimap": np.concatenate((-9 * plane, 0 * plane, 9 * plane), 1)}


@pytest.fixture
def card(reading: tuple[Card, Path]) -> Card:
    contract = replace(reading[0].contract, outputs=("alpha", "trimap", "pointing"))
    return replace(reading[0], contract=contract)


@pytest.fixture
def photo() -> Array:
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[20:40, 4:20] = pixels[20:40, 44:60] = 255
    pixels[26:34, 26:38] = 128
    return pixels


@pytest.mark.parametrize(
    ("prompt", "column", "asked"),
    [
        ("the box on the left", 10, ["the box"]),
        ("the box on the right", 50, ["the box"]),
        ("the box to the right of the shade", 50, ["the box", "the shade"]),
        ("the white box to the left of the shade", 10, ["the box", "the shade"]),
    ],
)
def test_the_name_is_asked_for_and_the_sentence_decides(
    card: Card, photo: Array, prompt: str, column: int, asked: list[str]
) -> None:
    network = Twins()
    coarse = find(card, network, decode(photo), prompt, {})
    assert network.asked == asked
    assert [bool(coarse.alpha[30, x] > 0.5) for x in (10, 30, 50)] == [column == 10, False, column == 50]
    assert heads(card, network, decode(photo), prompt)[1] is None


def test_where_a_name_finds_one_thing_the_rest_does_not_matter(card: Card, photo: Array) -> None:
    network = Twins()
    find(card, network, decode(photo), "the shade on the left", {})
    assert network.asked == ["the shade"]
    network = Twins()
    find(card, network, decode(photo), "the shade, if you please", {})
    assert network.asked == ["all"]


def test_a_name_beside_it_that_was_never_learned_is_said(card: Card, photo: Array) -> None:
    coarse = find(card, Twins(), decode(photo), "the box to the right of the yak", {})
    assert "It has not learned 'the yak', and looked for 'the yak animal': please look." in coarse.notes
