"""Names that clipmat-lite never read, said with names that it did."""

import pytest

from mattelier.models import tokenizer
from mattelier.models.cards import Card
from mattelier.runtime.kinds import kinds, known, understood
from mattelier.runtime.words import read_prompt


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("cat", "cat"),
        ("the golden retriever", "the golden retriever"),
        ("the yak", "the yak animal"),  # no prattle, which WordNet has first
        ("Hibiscus", "hibiscus plant"),  # not the factory
        ("a wren", "a wren bird"),  # not the architect
        ("guy", "guy man"),  # not slang for a cat, or a cat slang for him
        ("the wasp", "the wasp insect"),  # nor a Protestant
        ("humpback whale", "whale"),  # not somebody very large
        ("a redhead", "a redhead person"),  # no duck
        ("the worker", "the worker person"),  # no bee
        ("the prairie dog", "the prairie dog animal"),  # no dog
        ("indian blackbuck", "blackbuck antelope"),
        ("the wooden chair", "the chair"),
        ("the police car", "the car"),
        ("unicorn", "unicorn"),  # nothing is known of it
        ("earring", "earring"),
    ],
)
def test_a_name_is_asked_for_in_words_that_are_known(said: str, asked: str) -> None:
    assert understood(said) == asked


@pytest.mark.parametrize(
    "said", ["the man with a hat", "man eating pizza", "the dog chasing the cat", "the girl who smiles", "", "the"]
)
def test_what_is_more_than_a_name_stays(said: str) -> None:
    assert understood(said) == said


def test_every_kind_is_known_and_nothing_is_its_own() -> None:
    assert len(kinds()) > 30_000
    assert set(kinds().values()) <= known() and not known() & kinds().keys()


def test_the_network_is_told_so(reading: tuple[Card, object]) -> None:
    told, notes = read_prompt(reading[0], "the yak")
    assert (told.tokens == tokenizer.lite().prompts(["the yak animal"]).tokens).all()
    assert notes == ("It has not learned 'the yak', and looked for 'the yak animal': please look.",)
    assert read_prompt(reading[0], "the cat")[1] == ()
