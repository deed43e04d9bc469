"""benchmarks/ablations.py: variants differ in what they say and in nothing else, and differences are paired."""

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")


@pytest.fixture
def script(root: Path) -> dict[str, Any]:
    return runpy.run_path(str(root / "benchmarks" / "ablations.py"))


def of(script: dict[str, Any], name: str) -> Any:
    return script["chosen"](60, [name])[0]


def test_all_variants_take_equally_many_steps_of_the_same_samples(script: dict[str, Any]) -> None:
    for ablation in script["ablations"](60):
        recipes = [variant.recipe for variant in ablation.variants]
        assert {recipe.steps for recipe in recipes} == {60}
        assert len({(recipe.seed, recipe.sources, recipe.stages[0].batch) for recipe in recipes}) == 1
        assert len({variant.name for variant in ablation.variants}) == len(recipes) > 1


def test_a_term_is_taken_out_of_the_sum(script: dict[str, Any]) -> None:
    from mattelier.train import systems

    def loss() -> dict[str, Any]:
        return {"near": torch.tensor(2.0), "far": torch.tensor(3.0), "total": torch.tensor(2.0 + 0.5 * 3.0)}

    assert script["without"]("far", 0.5, loss)() == {"near": torch.tensor(2.0), "total": torch.tensor(2.0)}
    before = systems.SYSTEMS["fba"]
    with of(script, "fba").variants[1].within():
        predicted = {
            name: torch.rand(1, 3 if name != "alpha" else 1, 64, 64) for name in ("alpha", "foreground", "background")
        }
        batch = {name: torch.rand(1, 3, 64, 64) for name in ("image", "foreground", "background")}
        batch |= {
            "alpha": torch.rand(1, 1, 64, 64),
            "known": torch.ones(1, 1, 64, 64),
            "trimap": torch.full((1, 1, 64, 64), 0.5),
        }
        lacking = systems.SYSTEMS["fba"].losses["fba-lite"](predicted, batch)
    assert systems.SYSTEMS["fba"] == before
    whole = before.losses["fba-lite"](predicted, batch)
    assert whole["exclusion"] > 0 and "exclusion" not in lacking
    torch.testing.assert_close(whole["total"] - 0.25 * whole["exclusion"], lacking["total"])


def test_words_are_read_without_context(script: dict[str, Any]) -> None:
    from mattelier.models import build
    from mattelier.train import systems

    net = build("clipmat", lite=True).eval()
    batch = {"image": torch.rand(1, 3, 64, 64) * 2 - 1, "text": ["a cup"]}
    with torch.no_grad():
        usual = systems.SYSTEMS["clipmat"].run(net, batch)
        with of(script, "clipmat").variants[1].within():
            bare = systems.SYSTEMS["clipmat"].run(net, batch)
        again = systems.SYSTEMS["clipmat"].run(net, batch)
    assert not torch.equal(usual["pointing"], bare["pointing"]) and torch.equal(usual["pointing"], again["pointing"])


def test_composites_are_made_in_three_ways(script: dict[str, Any], pictures: Path) -> None:
    from mattelier.train import feed

    made = []
    for variant in of(script, "gfm").variants:
        recipe = replace(variant.recipe, sources=(("cutout", 1.0),))
        with variant.within():
            samples = feed.samples(recipe, recipe.stages[0], pictures)
            made.append(torch.stack([samples[number]["image"] for number in range(8)]))
    for one, other in ((made[0], made[1]), (made[1], made[2]), (made[0], made[2])):
        assert (one != other).flatten(1).any(1).sum() >= 3  # each is drawn for half of the composites


def test_differences_are_taken_picture_by_picture(script: dict[str, Any]) -> None:
    ablation = of(script, "fba")
    row = script["row_of"](ablation, 60, [{"mad": [0.1, 0.5]}, {"mad": [0.2, 0.5]}])
    first, other = row["variants"]
    assert first["differences"]["mad"] == {"mean": 0, "low": 0, "high": 0}
    assert other["differences"]["mad"]["mean"] == pytest.approx(0.05)
    assert row["pictures"] == 2 and row["steps"] == 60
    assert np.isclose(other["means"]["mad"]["mean"], 0.35)


def test_a_variant_is_trained_to_its_end_and_judged_on_what_is_held_out(
    script: dict[str, Any], pictures: Path, tmp_path: Path
) -> None:
    variant = of(script, "matteformer").variants[2]
    stage = replace(variant.recipe.stages[0], steps=2, side_px=64, batch=2, crops_px=(64,))
    short = replace(variant, recipe=replace(variant.recipe, stages=(stage,), sources=(("photo", 1.0),)))
    figures = script["measured"](short, pictures, tmp_path / "run", tmp_path)
    assert {len(values) for values in figures.values()} == {3} and "mad_unknown" in figures
    again = script["measured"](short, pictures, tmp_path / "run", tmp_path)
    assert again == figures  # a finished run is judged as it is


def test_soc_goes_on_from_the_first_variant_and_sees_no_matte(
    script: dict[str, Any], pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = of(script, "modnet").variants
    stage = replace(before.recipe.stages[0], steps=1, side_px=64, batch=2)
    recipe = replace(before.recipe, stages=(stage,), sources=(("cutout", 1.0),), validate_px=64)
    monkeypatch.setitem(script["measured"].__globals__, "ADAPTED_TO", 2)
    found = {}
    for name, variant in (("before", before), ("after", after)):
        variant = replace(variant, recipe=recipe)
        found[name] = script["measured"](variant, pictures, tmp_path / name, tmp_path / "before")
        assert script["measured"](variant, pictures, tmp_path / name, tmp_path / "before") == found[name]
    assert found["before"].keys() == found["after"].keys() and found["before"] != found["after"]
    photos = torch.load(tmp_path / "after" / "checkpoint.pt", weights_only=False)["photos"]
    assert len(photos) == 2 and all(name.endswith(".jpg") for name in photos)


def test_soc_of_weights_that_ship_trains_nothing_before(
    script: dict[str, Any], pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(script["measured"].__globals__, "ADAPTED_TO", 1)
    soc = of(script, "soc")
    before, after = (replace(each, recipe=replace(each.recipe, validate_px=64)) for each in soc.variants)
    found = [script["measured"](each, pictures, tmp_path / each.name, tmp_path / "none") for each in (before, after)]
    assert not (tmp_path / "before").exists() and found[0] != found[1]
    row = script["row_of"](soc, 60, found)
    assert row["start"].startswith("modnet-lite@") and "steps" not in row


def test_a_stopped_run_is_not_judged_and_the_next_is_not_begun(
    script: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(script["measured"].__globals__, "train", lambda *_given, **_more: None)  # as after SIGTERM
    with pytest.raises(SystemExit, match="stopped; the run in"):
        script["measured"](of(script, "dim").variants[0], tmp_path, tmp_path / "run", tmp_path)


def test_a_name_of_none_is_refused(script: dict[str, Any]) -> None:
    with pytest.raises(SystemExit, match="no ablation begins with 'dem'"):
        script["chosen"](60, ["dem"])
