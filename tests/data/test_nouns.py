"""Nouns from descriptions as people write them."""

import pytest

from mattelier.data.nouns import names_of, phrase_of


@pytest.mark.parametrize(
    ("description", "phrase"),
    [
        ("A frog.", "frog"),
        ("An albino peahen (a female peafowl, or peacock).", "peahen"),
        ("A red headed cep.", "headed cep"),
        ("A long-sleeved shirt.", "long-sleeved shirt"),
        ("Boom!!!", "boom"),
        ("Remember to flush the toilet and wash your hands with soap!", ""),
        ("A stethoscope lets your doctor listen to your heart and lungs.", ""),
        ("Two flowers.", ""),
        ("F-22", ""),
        ("", ""),
    ],
)
def test_phrases(description: str, phrase: str) -> None:
    assert phrase_of(description) == phrase


def test_names_go_from_exact_to_general() -> None:
    assert names_of("A race car.", "vehicles").sure == ("race car", "car", "vehicle")
    assert names_of("A Siberian husky.", "animals").sure == ("siberian husky", "husky", "dog", "wolf", "animal")
    assert names_of("Boom? Is it", "").sure == ("boom", "object")
    assert names_of("With a gun", "objects").sure == ("object",)


def test_a_crane_is_a_bird_among_animals_only() -> None:
    assert "bird" in names_of("A crane.", "animals").sure
    crane = names_of("A crane.", "vehicles")
    assert "bird" not in crane.sure and "bird" in crane.maybe


def test_a_toy_duck_may_be_called_a_duck() -> None:
    toy = names_of("A duck toy.", "objects")
    assert "duck" not in toy.sure and {"duck", "bird"} <= toy.maybe
    assert "object" in names_of("A duck.", "animals").maybe


def test_kinds_come_from_imagenets_list_too() -> None:
    assert names_of("A quail.", "animals").sure == ("quail", "bird", "animal")
    assert "bird" in names_of("A redshank.", "animals").sure  # the common redshank
    assert names_of("A sea lion.", "animals").sure == ("sea lion", "animal")  # no lion


def test_what_a_person_has_with_them_is_not_what_they_are() -> None:
    assert (
        names_of("A trombone.", "people").sure == ("person",) and "trombone" in names_of("A trombone.", "people").maybe
    )
    assert names_of("A fireman.", "people").sure == ("fireman", "person")
