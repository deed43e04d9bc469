"""The step and its stages, on networks of a few numbers: accumulation, frozen parts, clipping, resuming."""

import copy
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mattelier.errors import InputError, UnknownModel
from mattelier.train import checkpoint, feed, loop
from mattelier.train.loop import State, clip, optimise, optimiser_of, rest, train
from mattelier.train.recipes import RECIPES
from mattelier.train.stages import Optimiser, Recipe, Stage
from mattelier.train.systems import SYSTEMS, System


class Small(nn.Module):
    """Two convolutions without batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.Tanh())
        self.refine = nn.Conv2d(4, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.refine(self.body(x)))


def squared(predicted: dict[str, Tensor], batch: dict[str, Any]) -> dict[str, Tensor]:
    error = ((predicted["alpha"].to(batch["alpha"].dtype) - batch["alpha"]) ** 2).mean()
    return {"error": error, "total": error}


SMALL = System(lambda net, batch: {"alpha": net(batch["image"])}, {"squared": squared})
RECIPE = Recipe(
    "small",
    False,
    "squared",
    (Stage("one", 3, 32, 4, 1e-2, 1e-3, passes=2), Stage("two", 3, 64, 4, 1e-2, 1e-3, passes=4, trains="refine")),
    warmup_steps=2,
    validate_px=32,
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The small network as a system of its own."""
    torch.set_num_threads(1)
    monkeypatch.setitem(SYSTEMS, "small", SMALL)
    monkeypatch.setattr(loop.models, "build", lambda name, lite: Small())
    yield


def state_of(recipe: Recipe, seed: int = 0) -> State:
    torch.manual_seed(seed)
    net = Small().double()  # autocast leaves float64 alone, so that sums can be compared
    return State(net, copy.deepcopy(net), optimiser_of(net, recipe), torch.amp.GradScaler("cpu", enabled=False))


def batch_of(count: int) -> dict[str, Tensor]:
    made = torch.Generator().manual_seed(7)
    image = torch.rand(count, 3, 16, 16, generator=made, dtype=torch.float64) * 2 - 1
    return {"image": image, "alpha": (image.mean(1, keepdim=True) > 0).double()}


@pytest.mark.parametrize("passes", [2, 4])
@pytest.mark.parametrize("name", ["adam", "adamw", "radam", "sgd"])
def test_small_batches_accumulate_to_one_big_one(name: Any, passes: int) -> None:
    recipe = replace(RECIPE, optimiser=Optimiser(name, momentum=0.9 if name == "sgd" else 0.0))
    whole, parts = state_of(recipe), state_of(recipe)
    big = batch_of(4)
    small = [{key: value.chunk(passes)[k] for key, value in big.items()} for k in range(passes)]
    for _ in range(3):
        one = optimise(whole, SMALL, recipe, [big], "cpu")
        two = optimise(parts, SMALL, recipe, small, "cpu")
        assert one["total"] == pytest.approx(two["total"], abs=1e-5) and one["lr"] == two["lr"]
    start = state_of(recipe).net.state_dict()
    for key, value in whole.net.state_dict().items():
        torch.testing.assert_close(parts.net.state_dict()[key], value, rtol=0, atol=1e-10)
        assert not torch.equal(value, start[key])


def test_a_step_in_passes_sees_the_pictures_of_a_whole_one(pictures: Path) -> None:
    stage = Stage("one", 2, 32, 4, 1e-3, 1e-4)
    samples = feed.samples(replace(RECIPE, stages=(stage,)), stage, pictures)
    whole = [passes for passes in feed.steps(samples, stage, 0, 0, "cpu")]
    parts = [passes for passes in feed.steps(samples, replace(stage, passes=2), 0, 0, "cpu")]
    assert [len(passes) for passes in whole] == [1, 1] and [len(passes) for passes in parts] == [2, 2]
    for one, two in zip(whole, parts, strict=True):
        torch.testing.assert_close(one[0]["image"], torch.cat([batch["image"] for batch in two]), rtol=0, atol=0)


def test_resuming_across_stages_and_passes_equals_an_unbroken_run(pictures: Path, tmp_path: Path, small: None) -> None:
    train(RECIPE, pictures, tmp_path / "whole")
    train(RECIPE, pictures, tmp_path / "broken", stage="one")
    assert checkpoint.load_checkpoint(tmp_path / "broken")["step"] == 3
    for _ in range(3):  # a step at a time
        train(RECIPE, pictures, tmp_path / "broken", resume=True, minutes=1e-9 + 1e-4)
        if checkpoint.load_checkpoint(tmp_path / "broken")["step"] == RECIPE.steps:
            break
    one, two = (checkpoint.load_checkpoint(tmp_path / name) for name in ("whole", "broken"))
    assert one["step"] == two["step"] == 6 and one["norm"] == two["norm"]
    for part in ("net", "ema"):
        assert all(torch.equal(one[part][key], two[part][key]) for key in one[part])
    with pytest.raises(InputError, match="at step 6; that is the end, step 3; name a later --stage"):
        train(RECIPE, pictures, tmp_path / "whole", resume=True, stage="one")


def test_a_stage_trains_what_it_names_and_nothing_else(pictures: Path, tmp_path: Path, small: None) -> None:
    train(RECIPE, pictures, tmp_path, stage="one")
    before = checkpoint.load_checkpoint(tmp_path)["net"]
    train(RECIPE, pictures, tmp_path, resume=True)
    after = checkpoint.load_checkpoint(tmp_path)["net"]
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed == {"refine.weight", "refine.bias"}
    with pytest.raises(InputError, match="trains 'nothing' and the network has no such parameter"):
        rest(Small(), replace(RECIPE.stages[1], trains="nothing"))


def test_a_run_of_the_first_version_goes_on(pictures: Path, tmp_path: Path, small: None) -> None:
    train(RECIPE, pictures, tmp_path, stage="one")
    parts = checkpoint.load_checkpoint(tmp_path)
    first = ("net", "ema", "optimiser", "scaler", "step", "seconds", "recipe", "versions")
    checkpoint.save_checkpoint(tmp_path, **{name: parts[name] for name in first})
    train(RECIPE, pictures, tmp_path, resume=True)
    assert checkpoint.load_checkpoint(tmp_path)["step"] == 6


def test_kernels_and_norms_decay_by_their_own_numbers() -> None:
    recipe = replace(RECIPE, optimiser=Optimiser("radam", weight_decay=0.005, norm_decay=1e-5))
    net = Small()
    groups = optimiser_of(net, recipe).param_groups
    decays = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    assert {name: decays[id(p)] for name, p in net.named_parameters()} == {
        "body.0.weight": 0.005,
        "body.0.bias": 1e-5,
        "body.1.weight": 1e-5,
        "body.1.bias": 1e-5,
        "refine.weight": 0.005,
        "refine.bias": 1e-5,
    }
    assert {group["share"] for group in groups} == {1.0}


def test_gradients_are_clipped_to_a_norm_or_to_a_share_of_the_average() -> None:
    state = state_of(RECIPE)

    def gradients(norm: float) -> None:
        for parameter in state.net.parameters():
            parameter.grad = torch.zeros_like(parameter)
        state.net.refine.bias.grad = torch.full_like(state.net.refine.bias, norm)

    def after() -> float:
        return float(state.net.refine.bias.grad)

    gradients(5.0)
    assert clip(state, RECIPE) == pytest.approx(5.0) and after() == pytest.approx(1.0)
    state.norm = 0.0
    moving = replace(RECIPE, clip_norm=math.inf, clip_share=2.0)
    gradients(3.0)
    clip(state, moving)
    assert after() == 3.0 and state.norm == 3.0  # the first step is as good as free
    gradients(100.0)
    clip(state, moving)
    assert after() == pytest.approx(6.0, rel=1e-4) and state.norm == pytest.approx(0.999 * 3.0 + 0.001 * 6.0)
    gradients(100.0)
    clip(state, replace(moving, clip_share=0.0))
    assert after() == 100.0


def test_a_system_without_a_network_is_refused_before_anything_is_written(pictures: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPES["modnet-lite"], system="later")
    with pytest.raises(UnknownModel, match="no network to train in this version"):
        train(recipe, pictures, tmp_path / "run")
    assert not (tmp_path / "run").exists()
