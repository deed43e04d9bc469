"""benchmarks/aims.py: ratios over distinct alphas by hand, a line for every aim, and files of the shipped weights."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from mattelier import list_models


@pytest.fixture
def aims(root: Path) -> dict[str, Any]:
    return runpy.run_path(str(root / "benchmarks" / "aims.py"))


def test_two_backgrounds_of_one_alpha_count_once_by_hand(aims: dict[str, Any]) -> None:
    ours = {"pictures": [{"name": "am_gt04", "sad": 2.0}, {"name": "comp_gt04", "sad": 4.0}, {"name": "b", "sad": 1.0}]}
    base = {"pictures": [{"name": "am_gt04", "sad": 1.0}, {"name": "comp_gt04", "sad": 0.5}, {"name": "c", "sad": 1.0}]}
    found = aims["ratios"](ours, base, "sad")
    assert found == {"am_gt04": 2.0, "comp_gt04": 8.0}
    assert aims["by_alpha"](found) == pytest.approx([4.0])  # the geometric mean of 2 and 8
    assert aims["geometric"]([2.0, 8.0])["mean"] == pytest.approx(4.0)


def test_every_aim_has_a_line_and_says_whether_it_is_reached(
    aims: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    aims["main"]()
    lines = capsys.readouterr().out.splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert all(len(row) == 4 and row[3] in ("yes", "no") for row in cells)
    assert {row[0] for row in cells} == {card.system + "-lite" for card in list_models()} | {"all"}


def test_a_bar_is_reached_at_its_own_value(aims: dict[str, Any]) -> None:
    found = {"mean": 0.9, "low": 0.8, "high": 1.0}
    assert aims["at_most"]("x", "y", 0.9, found) == ("x", "y at most 0.9", "0.900 [0.800, 1.000]", "yes")
    assert aims["at_most"]("x", "y", 0.89, found)[3] == "no"
    assert aims["at_least"]("x", "y", 0.91, found)[3] == "no"


def test_what_is_shown_was_measured_with_the_weights_that_ship(aims: dict[str, Any]) -> None:
    shipped = {card.name: card.weights.sha256 for card in list_models() if card.weights}
    for name in ("test-split", "true-alpha", "frozen", "words", "matting-bench", "matting-frozen"):
        for measured in aims["read"](name)["systems"]:
            card = measured["name"].split(":")[0]
            if card in shipped:
                assert measured["sha256"] == shipped[card], f"{name}.json has {card} with other weights"
