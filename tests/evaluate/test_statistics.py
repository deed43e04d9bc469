"""Means, paired differences and ratios against numbers worked out by hand."""

import pytest

from mattelier.evaluate.statistics import compare, estimate, summarise


def system(name: str, **sad: float | None) -> dict:
    return {"name": name, "pictures": [{"name": picture, "sad": value} for picture, value in sad.items()]}


def test_missing_figures_are_left_out_of_the_mean() -> None:
    found = summarise([{"sad": 1.0, "bleed": None}, {"sad": 3.0}], ("sad", "bleed", "mse"))
    assert found["pictures"] == 2 and found["sad"]["mean"] == 2 and set(found) == {"pictures", "sad"}
    assert 1 <= found["sad"]["low"] <= 2 <= found["sad"]["high"] <= 3


def test_intervals_are_the_same_every_time() -> None:
    values = [0.1, 0.5, 0.2, 0.9]
    assert estimate(values) == estimate(values)
    assert estimate([0.5, 0.5]) == {"mean": 0.5, "low": 0.5, "high": 0.5}


def test_pairs_are_the_pictures_of_both() -> None:
    found = compare(system("a", x=1.0, y=2.0, z=9.0), system("b", y=8.0, x=4.0, w=0.1), ("sad",))
    assert (found["system"], found["against"], found["pictures"]) == ("a", "b", 2)
    assert found["differences"]["sad"]["mean"] == pytest.approx((-3 - 6) / 2)
    # 1/4 and 2/8: the same ratio in both, so there is nothing to be unsure of
    assert found["ratios"]["sad"] == pytest.approx({"mean": 0.25, "low": 0.25, "high": 0.25})


def test_the_ratio_is_a_geometric_mean() -> None:
    found = compare(system("a", x=4.0, y=1.0), system("b", x=1.0, y=4.0), ("sad",))
    assert found["ratios"]["sad"]["mean"] == pytest.approx(1)
    assert found["ratios"]["sad"]["low"] == pytest.approx(0.25) and found["ratios"]["sad"]["high"] == pytest.approx(4)


def test_errors_below_one_pixel_count_as_one() -> None:
    found = compare(system("a", x=0.0, y=0.0004), system("b", x=0.002, y=0.001), ("sad",))
    assert found["ratios"]["sad"]["mean"] == pytest.approx(0.5**0.5)


def test_pairing_removes_what_both_find_hard() -> None:
    pictures = {f"p{i}": float(i) for i in range(20)}
    ours, theirs = system("a", **{k: v + 0.5 for k, v in pictures.items()}), system("b", **pictures)
    gap = compare(ours, theirs, ("sad",))["differences"]["sad"]
    assert gap == pytest.approx({"mean": 0.5, "low": 0.5, "high": 0.5})


def test_systems_without_a_common_picture_have_no_figures() -> None:
    found = compare(system("a", x=1.0), system("b", y=1.0), ("sad",))
    assert found["pictures"] == 0 and found["differences"] == {} and found["ratios"] == {}
    found = compare(system("a", x=None), system("b", x=1.0), ("sad",))
    assert found["pictures"] == 1 and found["differences"] == {}
