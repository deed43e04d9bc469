"""Recipes as data: schedules by hand, and contradictions refused with both names."""

import math
from dataclasses import replace

import pytest

from mattelier.errors import UnknownModel
from mattelier.train.recipes import FBA, MATTEFORMER, MODNET, MODNET_LITE, RECIPES, recipe_of
from mattelier.train.stages import Optimiser, Recipe, Stage, epochs
from mattelier.train.systems import SYSTEMS, system_of


def test_schedules_by_hand() -> None:
    cosine = Stage("s", 100, 64, 1, lr=1.0, lr_end=0.2)
    assert [round(cosine.rate(done), 6) for done in (0, 50, 100)] == [1.0, 0.6, 0.2]
    assert Stage("s", 100, 64, 1, 0.5, 0.5, schedule="constant").rate(77) == 0.5
    rise = Stage("s", 100, 64, 1, 1.0, 1.0, schedule="rise")
    assert [rise.rate(done) for done in (0, 49, 99)] == [0.01, 0.5, 1.0]
    steps = Stage("s", 100, 64, 1, 1.0, 0.01, schedule="steps", drops=(0.5, 0.9))
    assert [round(steps.rate(done), 6) for done in (0, 49, 50, 89, 90, 99)] == [1.0, 1.0, 0.1, 0.1, 0.01, 0.01]


def test_the_published_schedules_have_the_papers_rates() -> None:
    forty = 40 * 43_100
    assert FBA.stages[0].rate(forty - 1) == 1e-5 and math.isclose(FBA.stages[0].rate(forty), 1e-6)
    rates = [MODNET.stages[0].rate(epoch * 6_250) for epoch in (0, 10, 20, 30)]
    assert rates == pytest.approx([1e-2, 1e-3, 1e-4, 1e-5])
    assert MATTEFORMER.steps == 200_000
    warm, main = MATTEFORMER.stages
    assert warm.rate(9_999) == 1e-3 and main.rate(0) == 1e-3 and main.rate(95_000) == pytest.approx(5e-4)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"side_px": 100}, "multiples of 32"),
        ({"lr_end": 1e-2}, "above lr"),
        ({"schedule": "constant"}, r"schedule='constant' and lr_end=0\.0001"),
        ({"schedule": "steps"}, "drops belong to steps"),
        ({"drops": (0.5,)}, "drops belong to steps"),
        ({"schedule": "steps", "drops": (0.5, 0.7)}, r"lr_end=0\.0001 and 2 drops by 0\.1"),
        ({"batch": 8, "passes": 3}, "batch=8 in passes=3"),
        ({"steps": 0}, "steps=0 and batch=2"),
    ],
)
def test_contradictory_stages_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(Stage("one", 2, 64, 2, 1e-3, 1e-4), **changes)


@pytest.mark.parametrize(
    ("recipe", "changes", "words"),
    [
        (MODNET_LITE, {"sources": (("photo", 0.5),)}, r"sum to 0\.5"),
        (MODNET_LITE, {"sources": (("refer", 1.0),)}, "samples='whole' and the source refer"),
        (MODNET_LITE, {"clip_share": 2.0}, r"clip_norm=1\.0 and clip_share=2\.0"),
        (MODNET_LITE, {"crops_px": (320,)}, r"samples='whole', crops_px=\(320,\)"),
        (MODNET_LITE, {"stages": (MODNET_LITE.stages[0],) * 2}, "needs different names"),
        (MODNET, {"start": "efficientnet-lite0"}, "lite=False"),
        (MATTEFORMER, {"warmup_steps": 100}, "warmup_steps=100 and a first stage that rises"),
        (MATTEFORMER, {"keeps_crop_size": True}, "keeps_crop_size=True and a batch of several"),
        (FBA, {"trimap": None}, "trimap=None"),
        (FBA, {"texts": 2}, "samples='crops' and texts=2"),
    ],
)
def test_contradictory_recipes_are_refused(recipe: Recipe, changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(recipe, **changes)


def test_only_sgd_has_a_momentum() -> None:
    with pytest.raises(ValueError, match=r"momentum=0\.9 and name='adam'"):
        Optimiser("adam", momentum=0.9)


def test_stages_are_found_by_step_and_by_name() -> None:
    assert MODNET_LITE.locate(0) == (MODNET_LITE.stages[0], 0)
    first = MODNET_LITE.stages[0].steps
    assert MODNET_LITE.locate(first) == (MODNET_LITE.stages[1], 0)
    assert MODNET_LITE.locate(MODNET_LITE.steps)[1] == MODNET_LITE.stages[-1].steps
    assert MODNET_LITE.span("large") == (first, first + MODNET_LITE.stages[1].steps)
    assert epochs(2, 10, 4) == 6  # three batches of 4, 4 and 2, twice


def test_every_system_has_both_recipes_and_those_that_exist_have_their_losses() -> None:
    systems = {"dim", "fba", "gfm", "modnet", "matteformer", "clipmat"}
    assert set(RECIPES) == systems | {f"{name}-lite" for name in systems}
    for name, recipe in RECIPES.items():
        assert recipe.name == name and recipe_of(recipe.system, recipe.lite) is recipe
        if recipe.system in SYSTEMS:
            assert system_of(recipe) is SYSTEMS[recipe.system]


def test_what_is_not_there_yet_is_said() -> None:
    unbuilt = replace(MODNET_LITE, system="later")
    with pytest.raises(
        UnknownModel, match="later-lite has a recipe and no network to train in this version; expected one"
    ):
        system_of(unbuilt)
    with pytest.raises(UnknownModel, match="asks for the loss other; expected one of modnet"):
        system_of(replace(MODNET_LITE, loss="other"))
    with pytest.raises(UnknownModel, match="no recipe for nothing-lite; expected one of dim, fba"):
        recipe_of("nothing", lite=True)
