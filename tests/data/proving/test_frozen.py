"""The frozen test set is still what the code renders."""

import hashlib
import json
from pathlib import Path

import pytest

from mattelier.data.proving import scenes


@pytest.fixture(scope="module")
def frozen() -> dict:
    return json.loads((Path(__file__).parents[3] / "benchmarks" / "proving-ground.json").read_text(encoding="utf-8"))


def test_it_covers_every_kind(frozen: dict) -> None:
    assert frozen["generator"] == scenes.GENERATOR
    assert frozen["kinds"] == [*scenes.KINDS, *scenes.TEST_KINDS]
    assert frozen["test_only_kinds"] == list(scenes.TEST_KINDS)
    assert len(frozen["files"]) == len(frozen["kinds"]) * frozen["each"] * 5
    assert len(frozen["commit"]) == 40


@pytest.mark.parametrize("kind", ["rings", "net"])
def test_two_kinds_have_the_frozen_samples(kind: str, frozen: dict) -> None:
    made = scenes.testing([kind], 1, frozen["seed"], frozen["size_px"], trimap=frozen["trimap"])[0].make()
    for folder, plane in made.planes.items():
        digest = hashlib.sha256(repr(plane.shape).encode() + plane.tobytes()).hexdigest()
        assert digest == frozen["files"][f"{folder}/{kind}_00000.png"]["samples"]
