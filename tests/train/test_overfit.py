"""benchmarks/overfit.py: its composites, its cases, its file. Published networks are not trained here."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from mattelier.models import build
from mattelier.train.recipes import recipe_of


@pytest.fixture
def overfit(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module that writes its figures elsewhere and makes one step, with few words."""
    spec = importlib.util.spec_from_file_location("overfit", root / "benchmarks" / "overfit.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "overfit", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "FILE", tmp_path / "overfit.json")
    monkeypatch.setattr(module, "STEPS", 2)
    return module


def test_composites_are_composed_and_the_same_every_time(overfit: ModuleType) -> None:
    batch, again = overfit.composites(64), overfit.composites(64)
    alpha = batch["alpha"]
    mixed = alpha * batch["foreground"] + (1 - alpha) * batch["background"]
    torch.testing.assert_close((batch["image"] + 1) / 2, mixed)
    assert all(torch.equal(batch[name], again[name]) for name in batch)
    for each in range(4):
        assert {0.0, 0.5, 1.0} == set(batch["trimap"][each].unique().tolist())
        assert ((alpha[each] > 0.1) & (alpha[each] < 0.9)).any()
    assert not torch.equal(alpha[0], alpha[1])


def test_every_case_is_a_published_recipes_network_and_loss(overfit: ModuleType) -> None:
    for case in overfit.CASES:
        recipe = recipe_of(case.system, lite=False)
        assert case.loss == recipe.loss and case.options == recipe.build


def test_a_row_says_what_was_measured_and_the_file_keeps_the_others(
    overfit: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(1)
    small: dict[str, Any] = {"lite": True}
    monkeypatch.setattr(overfit, "build", lambda system, **options: build(system, **small))
    names = [case.network for case in overfit.CASES]
    for name in (names[2], names[0]):
        (case,) = overfit.chosen([name])
        overfit.save(overfit.overfit(case, 64))
    rows = json.loads(overfit.FILE.read_text())["networks"]
    assert [row["network"] for row in rows] == [names[0], names[2]]
    for row in rows:
        assert row["side_px"] == 64 and row["batch"] == 4 and row["steps"] == len(row["losses"]) == 2
        assert row["halved"] == (row["last"] <= 0.5 * row["first"]) and row["commit"]
        assert row["environment"]["machine"]["cpus"] and row["environment"]["versions"]["torch"]


def test_an_unknown_network_is_a_sentence(overfit: ModuleType) -> None:
    with pytest.raises(SystemExit, match="no network is called gfm-r50; expected some of gfm-r34-tt, fba-r50, modnet"):
        overfit.chosen(["gfm-r50"])
    assert overfit.chosen([]) == list(overfit.CASES)
