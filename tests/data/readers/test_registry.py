"""Folders are told apart by what lies in them."""

from pathlib import Path

import pytest

from mattelier.data.readers.registry import READERS, recognise


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: "+".join(reader.marks))
def test_every_layout_is_recognised_by_its_marks_alone(reader, tmp_path: Path) -> None:
    root = tmp_path / reader.name  # PM-10k is told by its name
    for mark in reader.marks:
        (root / mark).mkdir(parents=True)
    assert recognise(root) is reader


def test_a_set_of_expressions_is_read_with_its_words(plant, tmp_path: Path) -> None:
    plant("images", ["a.png"])
    plant("alpha", ["a_0.png", "a_1.png"])
    line = '{{"image": "a", "alpha": "a_{k}", "kind": "keyword", "template": "x", "text": "{text}"}}\n'
    words = [line.format(k=0, text="the dog"), line.format(k=1, text="the cat")]
    (tmp_path / "expressions.jsonl").write_text("".join(words))
    reader = recognise(tmp_path)
    assert reader is not None and reader.name == "referring expressions"
    found = {example.prompt: example.alpha.name for example in reader.read(tmp_path, "test")}
    assert found == {"the dog": "a_0.png", "the cat": "a_1.png"}
