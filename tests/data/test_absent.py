"""Words for what is not there: whatever could be called so is there."""

import numpy as np
import pytest

from mattelier.data.absent import BACKDROP, GENERAL, NOBODY, absent_expressions, is_absent, unasked_in
from mattelier.data.nouns import names_of
from mattelier.data.wordings import ABSOLUTE_PHRASES

DOG, RACE_CAR = names_of("A dog.", "animals"), names_of("A race car.", "vehicles")


@pytest.mark.parametrize(
    ("name", "of", "scene", "expected"),
    [
        ("camel", ("A camel.", "animals"), [("A dog.", "animals")], True),
        ("animal", ("A camel.", "animals"), [("A dog.", "animals")], False),  # a dog is one
        ("dog", ("A husky.", "animals"), [("A poodle.", "animals")], False),
        ("husky", ("A husky.", "animals"), [("A poodle.", "animals")], False),  # both are dogs; who tells them apart?
        ("husky", ("A husky.", "animals"), [("A dog.", "animals")], False),
        ("bird", ("A merganser.", "animals"), [("A quail.", "animals")], False),  # ImageNet's list knows the quail
        ("bird", ("A merganser.", "animals"), [("A redshank.", "animals")], False),  # of the common redshank
        ("bird", ("A merganser.", "animals"), [("A zorilla.", "animals")], False),  # of which nobody here knows
        ("merganser", ("A merganser.", "animals"), [("A zorilla.", "animals")], True),
        ("bird", ("A merganser.", "animals"), [("A toaster.", "objects")], True),
        ("merganser", ("A merganser.", "animals"), [("With a gun", "animals")], False),  # any animal at all
        ("merganser", ("A merganser.", "animals"), [("With a gun", "objects")], False),  # anything at all
        ("duck", ("A duck.", "animals"), [("A duck toy.", "objects")], False),
        ("race car", ("A race car.", "vehicles"), [("A dog.", "animals")], False),  # streets have cars
        ("shirt", ("A shirt.", "objects"), [("A dog.", "animals")], False),
        ("trombone", ("A trombone.", "objects"), [("A trombone.", "people")], False),  # somebody plays it
        ("trombone", ("A trombone.", "objects"), [("A person.", "people"), ("A dog.", "animals")], True),
    ],
)
def test_every_doubt_counts_as_presence(
    name: str, of: tuple[str, str], scene: list[tuple[str, str]], expected: bool
) -> None:
    assert is_absent(name, names_of(*of), [names_of(*each) for each in scene]) is expected


def test_near_animals_so_little_stands_around_that_it_counts_as_absent() -> None:
    shirt, cow = names_of("A shirt.", "objects"), names_of("A cow.", "animals")
    assert unasked_in([DOG, cow]) == frozenset() and is_absent("shirt", shirt, [DOG], unasked_in([DOG]))
    assert not is_absent("shirt", shirt, [DOG], BACKDROP) and not is_absent("dog", DOG, [DOG], frozenset())


def test_persons_come_unasked_with_what_is_worn_and_with_vehicles_alone() -> None:
    person, lamp, tree = (
        names_of(*of) for of in (("A person.", "people"), ("A lamp.", "objects"), ("A tree.", "plants"))
    )
    assert is_absent("person", person, [DOG, lamp], unasked_in([DOG, lamp]))
    assert not is_absent("tree", tree, [lamp], unasked_in([lamp]))
    for around in (names_of("A shirt.", "objects"), RACE_CAR, person):
        assert unasked_in([DOG, around]) == BACKDROP and not is_absent("person", person, [DOG, around])


def test_texts_are_keywords_and_simple_expressions_in_the_words_of_the_split() -> None:
    pool = [names_of(f"A {noun}.", "animals") for noun in ("camel", "dog", "penguin", "lobster")]
    kinds = set()
    for split in ("train", "val", "test"):
        phrases = [phrase for words in ABSOLUTE_PHRASES.values() for phrase in words[split]]
        for seed in range(60):
            found = absent_expressions(pool, [DOG], split, np.random.default_rng(seed))
            assert len(found) == len({expression.text for expression in found}) == 3
            for expression in found:
                kind = expression.template.split("/")[0]
                kinds.add(kind)
                assert expression.target == NOBODY and expression.kind == "absent"
                assert expression.query.name in {"camel", "penguin", "bird", "lobster"}
                assert (expression.text == expression.query.name) == (kind == "keyword")
                assert any(phrase in expression.text for phrase in phrases) == (kind == "absolute")
    assert kinds == {"keyword", "basic", "absolute"}


def test_the_same_generator_says_the_same_and_an_empty_pool_nothing() -> None:
    pool = [names_of("A camel.", "animals"), names_of("A lobster.", "animals")]
    one, two = (absent_expressions(pool, [DOG], "train", np.random.default_rng(4)) for _ in range(2))
    assert one == two
    assert absent_expressions([], [DOG], "train", np.random.default_rng(4)) == ()
    assert absent_expressions([DOG, RACE_CAR], [DOG], "train", np.random.default_rng(4)) == ()


def test_what_is_never_absent_is_no_mistake_of_the_table() -> None:
    assert not BACKDROP & {"dog", "cat", "bird", "camel", "guitar"}
    assert {"person", "animal", "object"} <= GENERAL
