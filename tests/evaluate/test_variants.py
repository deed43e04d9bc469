"""benchmarks/variants.py: a form replaces the network and nothing else, and is judged by what it loses and gains."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattelier.errors import InputError
from mattelier.models.cards import CARDS, Card

pytest.importorskip("onnx")


@pytest.fixture
def script(root: Path) -> dict[str, Any]:
    return runpy.run_path(str(root / "benchmarks" / "variants.py"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two photos of a bright disc on dark ground, and their alphas."""
    y, x = np.mgrid[:64, :80]
    for k, radius in enumerate((16, 22)):
        disc = np.uint8(255) * (np.hypot(y - 32, x - 40) < radius).astype(np.uint8)
        for folder, plane in (("images", np.repeat(np.maximum(disc, 20)[..., None], 3, 2)), ("alpha", disc)):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.fromarray(plane).save(tmp_path / folder / f"{k}.png")
    return tmp_path


def test_every_form_is_measured_on_the_same_pictures(
    script: dict[str, Any], photos: Path, installed: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(script["forms"].__globals__, "find_spec", lambda _name: None)  # without OpenVINO
    found = script["measure"](installed, [photos], [photos], 2)
    assert (found["pictures"], found["calibrated_on"], found["failed"]) == (2, 2, {})
    usual, int8 = found["forms"]
    assert (usual["gain"], usual["loss"], usual["is_worth_it"]) == (1.0, 0.0, False)
    assert int8["form"].endswith("int8") and int8["seconds"] > 0
    assert abs(int8["error"] - usual["error"]) < 0.05


@pytest.mark.parametrize(
    ("errors", "taken", "is_worth_it"),
    [([0.1, 0.1], [1.0, 1.0], True), ([0.1, 0.11], [1.0, 1.0], False), ([0.1, 0.1], [1.5, 1.6], False)],
)
def test_a_form_is_worth_it_where_it_gains_much_and_loses_little(
    script: dict[str, Any], errors: list[float], taken: list[float], is_worth_it: bool
) -> None:
    row = script["row"]("other", errors, [0.1, 0.1], taken, [2.0, 2.0])
    assert row["is_worth_it"] is is_worth_it
    assert row["gain"] == pytest.approx(np.median([2.0 / each for each in taken]))
    assert row["loss"] == pytest.approx(np.mean(errors) / 0.1 - 1)


def test_a_system_that_needs_a_trimap_is_not_measured_without(script: dict[str, Any], photos: Path) -> None:
    fba = next(card for card in CARDS if card.system == "fba")
    with pytest.raises(InputError, match="no picture for fba-lite"):
        script["pictures_for"](fba, [photos], 2)
