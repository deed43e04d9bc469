"""Every system that can be trained: its recipe's samples, its network, its losses and its validation fit together."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mattelier.image.trimap_encoding import distance_maps, two_channels
from mattelier.models.tokenizer import TEMPLATE, TEMPLATES
from mattelier.train import feed
from mattelier.train.loop import optimise, prepare
from mattelier.train.recipes import RECIPES
from mattelier.train.stages import Recipe
from mattelier.train.systems import SYSTEMS, fba_hints, imagenet_normalised, system_of, template_of
from mattelier.train.validate import held_out, predict, validate, write_sheet

LITE = [recipe for recipe in RECIPES.values() if recipe.lite and recipe.system in SYSTEMS]


def shrunk(recipe: Recipe) -> Recipe:
    """The recipe on small pictures, from the sources that a folder of pictures alone has."""
    stage = replace(recipe.stages[0], side_px=64, batch=2, steps=1)
    if recipe.samples == "refer":
        return replace(recipe, stages=(stage,), start="random", validate_px=64, sources=(("refer", 1.0),))
    if recipe.samples == "whole":
        return replace(recipe, stages=(stage,), start="random", validate_px=64)
    crops = {"sources": (("cutout", 0.5), ("photo", 0.5)), "crops_px": (48, 64)}
    return replace(recipe, stages=(stage,), start="random", validate_px=64, **crops)


@pytest.fixture(scope="module")
def spoken(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The photos of `pictures` as a set with words, two to train on and one to validate."""
    root = tmp_path_factory.mktemp("spoken")
    for split, numbers in (("train", (0, 1)), ("val", (8,))):
        folder = root / "refer" / split
        lines = []
        for name in ("images", "alpha"):
            (folder / name).mkdir(parents=True)
        for i in numbers:
            Image.open(pictures / "photos" / f"disc_{i}.jpg").save(folder / "images" / f"{i}.png")
            Image.open(pictures / "photos" / f"disc_{i}.png").save(folder / "alpha" / f"{i}_0.png")
            for kind, text in (("keyword", "disc"), ("basic", "the bright disc")):
                lines.append(json.dumps({"image": f"{i}", "alpha": f"{i}_0", "kind": kind, "text": text}))
        (folder / "expressions.jsonl").write_text("\n".join(lines))
    return root


@pytest.mark.parametrize("recipe", LITE, ids=lambda recipe: recipe.name)
def test_a_lite_recipe_steps_and_validates(recipe: Recipe, pictures: Path, spoken: Path, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    pictures = spoken if recipe.samples == "refer" else pictures
    # what a later stage trains alone may rest in the first
    later = tuple(stage.trains for stage in recipe.stages if stage.trains)
    recipe = shrunk(recipe)
    system, stage = system_of(recipe), recipe.stages[0]
    state = prepare(recipe, tmp_path / "run", "cpu", resume=False)
    passes = next(iter(feed.steps(feed.samples(recipe, stage, pictures), stage, 0, 0, "cpu")))
    parts = optimise(state, system, recipe, passes, "cpu")
    assert all(math.isfinite(value) for value in parts.values()) and parts["total"] > 0
    trained = [p for name, p in state.net.named_parameters() if not name.startswith(later)]
    reached = [p.grad is not None and bool(p.grad.any()) for p in trained]
    assert sum(reached) > 0.9 * len(reached)
    held = held_out(recipe, pictures)
    figures = validate(state.ema, system, held[:1], recipe, "cpu")
    names = {"mad_unknown", "mse_unknown"} if recipe.samples == "crops" else {"iou", "mad"}
    assert set(figures) == names and all(math.isfinite(value) for value in figures.values())
    assert predict(state.ema, system, held[0], recipe, "cpu").shape == (96, 128)
    write_sheet(state.ema, system, held[:1], recipe, "cpu", tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").stat().st_size > 0


def test_fba_is_shown_a_trimap_as_at_run_time() -> None:
    trimap = np.random.default_rng(0).choice(np.array((0, 128, 255), np.uint8), (2, 16, 24))
    encoded = torch.from_numpy(np.select([trimap == 0, trimap == 255], [0.0, 1.0], 0.5).astype(np.float32))[:, None]
    two_chan, maps = fba_hints(encoded)
    for k in range(2):
        expected = two_channels(trimap[k])
        np.testing.assert_array_equal(two_chan[k], expected.transpose(2, 0, 1))
        np.testing.assert_array_equal(maps[k], distance_maps(expected))


def test_imagenet_normalisation_by_hand() -> None:
    normalised = imagenet_normalised(torch.ones(1, 3, 1, 1))
    np.testing.assert_allclose(
        normalised.flatten(), [(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225], 1e-6
    )


def test_gfm_asks_for_colours_only_where_they_are_known() -> None:
    made = torch.Generator().manual_seed(0)
    alpha, black = torch.full((1, 1, 32, 32), 0.5), torch.zeros(1, 3, 32, 32)
    front, back = (torch.rand(1, 3, 32, 32, generator=made) for _ in range(2))
    heads = {"alpha": alpha, "focus": alpha, "glance": torch.rand(1, 3, 32, 32, generator=made)}
    batch = {"image": front + back - 1.0, "alpha": alpha, "trimap": alpha, "weight": torch.ones_like(alpha)}
    composed = batch | {"foreground": front, "background": back, "known": torch.ones_like(alpha)}
    photo = batch | {"foreground": black, "background": black, "known": torch.zeros_like(alpha)}
    gfm = SYSTEMS["gfm"].losses["gfm"]
    for given in (composed, photo):  # the true alpha composes the picture in both
        assert gfm(heads, given)["composition"].item() == pytest.approx(0.0, abs=1e-4)
    wrong = composed | {"foreground": back, "background": front, "image": 2.0 * front - 1.0}
    assert gfm(heads, wrong)["composition"].item() > 0.1


def test_templates_change_from_step_to_step_and_stay_the_same_at_validation() -> None:
    batch = {"text": ["disc", "the bright disc"]}
    assert {template_of(batch, i) for i in (0, 1)} == {TEMPLATE}
    drawn = [template_of(batch | {"step": step}, 0) for step in range(40)]
    assert set(drawn) == set(TEMPLATES)
    assert drawn == [template_of(batch | {"step": step}, 0) for step in range(40)]
