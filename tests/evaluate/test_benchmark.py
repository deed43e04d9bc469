"""Measuring: the right pictures, the right figures, and a result that says where it comes from."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from mattelier.data.readers.example import Example
from mattelier.errors import InputError
from mattelier.evaluate import benchmark, metrics, report
from mattelier.evaluate.journal import Journal
from mattelier.evaluate.judge import FIGURES, judge
from mattelier.evaluate.sets import read_truth
from mattelier.evaluate.system import Answer, System
from mattelier.models.cards import Card

Copying = Callable[..., System]


@pytest.fixture
def named(copying: Copying, monkeypatch: pytest.MonkeyPatch) -> None:
    """exact, half and blank by their names; with +t they want a trimap."""

    def find(name: str) -> System:
        return copying(name.removesuffix("+t"), "{trimap}" if name.endswith("+t") else "")

    monkeypatch.setattr(benchmark, "open_system", find)


def test_every_figure_of_a_picture(picture: Example) -> None:
    truth = read_truth(picture)
    answer = Answer(truth.target // 2, None, 1.0, 2.0, 3.0)
    found = judge(picture, answer)
    assert set(FIGURES) <= set(found)
    halved, target, trimap = truth.target // 2, truth.target, truth.trimap
    assert found["sad"] == metrics.sad(halved, target)
    assert found["gradient_unknown"] == metrics.gradient(halved, target, trimap)
    # known pixels are forced in the unknown region's errors and not in the plain sums
    assert found["sad_foreground"] > 0 and found["sad_background"] == 0
    assert found["sad"] == pytest.approx(found["sad_foreground"] + found["sad_background"] + found["sad_unknown"])
    assert (found["seconds"], found["cpu_seconds"], found["peak_mib"]) == (1, 2, 3)
    assert found["true_colours"] == "set" and found["bleed"] > 0.1  # the photo's own colours, dark at the edge


def test_a_sets_own_colours_have_no_error(picture: Example) -> None:
    from mattelier.evaluate.sets import read_colours

    assert picture.foreground is not None
    found = judge(picture, Answer(read_truth(picture).target, read_colours(picture.foreground), 0, 0, None))
    assert found["composite"] == found["composite_unknown"] == found["bleed"] == found["sad"] == 0 and found["iou"] == 1


def test_without_a_trimap_nothing_is_said_about_regions(picture: Example) -> None:
    bare = Example("one", picture.image, picture.alpha)
    found = judge(bare, Answer(read_truth(bare).target, None, 0, 0, None))
    assert not {"sad_unknown", "sad_foreground", "composite_unknown"} & set(found)
    assert found["true_colours"] == "estimated" and found["sad"] == 0


def test_an_answer_of_another_size_is_no_answer(picture: Example) -> None:
    with pytest.raises(InputError, match="expected one size"):
        judge(picture, Answer(np.zeros((4, 4), np.uint8), None, 0, 0, None))


def test_two_systems_side_by_side(pictures: Path, installed: Card, foreign: Path) -> None:
    result = benchmark.run([installed.name, str(foreign)], pictures)
    ours, theirs = result["systems"]
    assert ours["name"] == installed.name and theirs["name"] == "foreign"
    for system in (ours, theirs):
        assert set(system["groups"]) == {"all", "even", "odd"} and system["failed"] == []
        figures = system["groups"]["all"]
        assert figures["pictures"] == 3 and figures["peak_mib"]["mean"] > 10
        assert figures["iou"]["mean"] > 0.9 and figures["mad"]["mean"] < 0.05
        assert figures["mad"]["mean"] == pytest.approx(np.mean([p["mad"] for p in system["pictures"]]))
        assert figures["mad"]["low"] <= figures["mad"]["mean"] <= figures["mad"]["high"]
    (pair,) = result["paired"]
    gap = theirs["groups"]["all"]["mad"]["mean"] - ours["groups"]["all"]["mad"]["mean"]
    assert (pair["system"], pair["against"]) == ("foreign", installed.name)
    assert pair["differences"]["mad"]["mean"] == pytest.approx(gap)
    assert json.loads(report.to_json(result)) == result


@pytest.mark.usefixtures("named")
def test_each_system_gets_the_pictures_it_can_do(bench: Path) -> None:
    result = benchmark.run(["half", "exact+t"], bench, baseline="exact+t")
    half, exact = result["systems"]
    assert [picture["name"] for picture in half["pictures"]] == ["one", "two"]
    assert [picture["name"] for picture in exact["pictures"]] == ["one", "two", "three"]
    assert set(half["groups"]) == {"all", "even", "odd"}
    assert set(exact["groups"]) == {"all", "auto = yes", "even", "odd"}
    assert exact["groups"]["auto = yes"]["pictures"] == 2 and exact["groups"]["all"]["sad"]["mean"] == 0
    (pair,) = result["paired"]
    assert (pair["system"], pair["against"], pair["pictures"]) == ("half", "exact", 2)
    assert result["set"] | {"sha256": ""} == {
        "name": "bench",
        "kind": "benchmark, true alpha",
        "pictures": 3,
        "automatic": 2,
        "limit": None,
        "sha256": "",
    }


@pytest.mark.usefixtures("named")
def test_a_baseline_is_measured_too_and_compared_with_all(bench: Path) -> None:
    result = benchmark.run(["half", "blank"], bench, baseline="exact", limit=1)
    assert [system["name"] for system in result["systems"]] == ["half", "blank", "exact"]
    assert result["baseline"] == "exact" and result["set"]["limit"] == 1
    assert [(pair["system"], pair["against"]) for pair in result["paired"]] == [("half", "exact"), ("blank", "exact")]
    half, blank = (pair["differences"]["sad"]["mean"] for pair in result["paired"])
    assert 0 < half < blank


@pytest.mark.usefixtures("named")
def test_a_bad_picture_is_named_and_the_rest_goes_on(bench: Path) -> None:
    (bench / "alpha" / "one.png").write_bytes(b"no picture")
    said: list[str] = []
    result = benchmark.run(["half"], bench, watch=benchmark.Watch(say=said.append))
    (system,) = result["systems"]
    assert [picture["name"] for picture in system["pictures"]] == ["two"]
    assert [failure["name"] for failure in system["failed"]] == ["one"] and "half: one: " in said[0]


@pytest.mark.usefixtures("named")
def test_a_set_that_failed_whole_still_gives_a_result(bench: Path) -> None:
    for name in ("one", "two"):
        (bench / "alpha" / f"{name}.png").write_bytes(b"no picture")
    result = benchmark.run(["half"], bench)
    assert result["systems"][0]["groups"] == {"all": {"pictures": 0}} and len(result["systems"][0]["failed"]) == 2
    assert report.rows(result)[1][:4] == ("half", "all", "0", "2")


@pytest.mark.usefixtures("named")
def test_a_stopped_run_goes_on_and_ends_as_if_it_had_not_stopped(bench: Path, tmp_path: Path) -> None:
    shown: list[str] = []

    def stop_at_two(pictures: Iterable[Example], total: int, name: str) -> Iterable[Example]:
        for picture in pictures:
            if picture.name == "two" and name == "half":
                raise KeyboardInterrupt
            yield picture

    def show(pictures: Iterable[Example], total: int, name: str) -> Iterable[Example]:
        for picture in pictures:
            shown.append(f"{name} {picture.name}")
            yield picture

    with pytest.raises(KeyboardInterrupt):
        benchmark.run(["exact", "half"], bench, journal=Journal(tmp_path / "p"), watch=benchmark.Watch(stop_at_two))
    journal = Journal(tmp_path / "p")
    result = benchmark.run(["exact", "half"], bench, journal=journal, resume=True, watch=benchmark.Watch(show))
    assert shown == ["half two"]
    whole = benchmark.run(["exact", "half"], bench)
    for found, expected in zip(result["systems"], whole["systems"], strict=True):
        assert [p["name"] for p in found["pictures"]] == ["one", "two"]
        assert [p["sad"] for p in found["pictures"]] == [p["sad"] for p in expected["pictures"]]


@pytest.mark.usefixtures("named")
def test_names_that_say_nothing_are_refused(bench: Path) -> None:
    with pytest.raises(InputError, match="no system was named"):
        benchmark.run([], bench)
    with pytest.raises(InputError, match="half was named twice"):
        benchmark.run(["half", "half"], bench)
    for path in (bench / "trimap").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="no picture for half; it needs trimaps"):
        benchmark.run(["half+t"], bench)
