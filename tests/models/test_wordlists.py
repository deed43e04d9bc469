"""What English does with nouns."""

from mattelier.models.wordlists import is_plural


def test_plurals() -> None:
    assert [noun for noun in ("shorts", "shoes", "glass", "bus", "hippopotamus", "dog") if is_plural(noun)] == [
        "shorts",
        "shoes",
    ]
