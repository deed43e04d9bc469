"""What one idea of each paper is worth here: small runs of equal steps and seed that differ in that alone.

    python benchmarks/ablations.py --data DIR [--only NAME ...] [--steps N] [--runs FOLDER]

DIR is what `matte train` takes. Each variant of a lite network is trained anew by the training loop itself, and its
averaged weights are judged on the validation pictures of DIR: in the unknown region where a trimap is given, on the
whole photo elsewhere. SOC follows the run of the first variant, or the weights that ship: ten looks at some training
photos without their mattes. Differences are taken picture by picture, the variant's error minus the first one's, with
95 % intervals over pictures; they know nothing of another seed or of longer training. Figures go to
benchmarks/results/ablations.json after every ablation, whatever they say, with steps, seed and commit; those of other
ablations stay. A run that was interrupted is in FOLDER and goes on; one that is whole is judged as it is: clear
FOLDER after a change of the code.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from torch import Tensor, nn

from mattelier import models, weights
from mattelier.data import rssn
from mattelier.data.augment import Rng, unit
from mattelier.data.datasets import read_photos
from mattelier.data.samples import Planes, Samples
from mattelier.data.synthesis import composite
from mattelier.errors import MattelierError
from mattelier.evaluate.environment import environment, versions
from mattelier.evaluate.statistics import estimate
from mattelier.image import Float
from mattelier.image.io import write
from mattelier.train import checkpoint, feed, recipes, systems
from mattelier.train.fba_losses import COLOUR_WEIGHT
from mattelier.train.loop import train
from mattelier.train.soc import adapt
from mattelier.train.stages import Recipe, Stage
from mattelier.train.starts import of_card
from mattelier.train.validate import held_out, judged

ADAPTED_TO = 60  # photos, each seen ten times
FILE = Path(__file__).resolve().parent / "results" / "ablations.json"
STEPS = 600
Row = dict[str, Any]
Within = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Variant:
    """A recipe, and what else is other than usual while it is trained and judged."""

    name: str
    recipe: Recipe
    within: Within = nullcontext
    adapts: bool = False  # the first variant's weights, adapted to photos of DIR without their mattes
    card: str = ""  # the first variant's weights are this card's, and none are trained


@dataclass(frozen=True)
class Ablation:
    """The first variant has the idea as it ships, the others lack it or have another."""

    name: str
    variants: tuple[Variant, ...]


class Naive(Samples):
    """Subjects laid over backgrounds as they are: what GFM's paper calls the discrepancies."""

    def over_new_background(self, foreground: Float, alpha: Float, rng: Rng) -> Planes:
        return composite(foreground, self.background(rng), alpha), alpha, np.ones_like(alpha)


class Rssn(Samples):
    """GFM's own route (section 4) at this size: sharpness and noise of the two made alike, nothing denoised."""

    how = rssn.Rssn(denoise=False, blur_px=(5, 8, 10, 13, 15))  # a quarter: the paper's pictures are of 1,000 px

    def over_new_background(self, foreground: Float, alpha: Float, rng: Rng) -> Planes:
        planes = (np.rint(255 * plane).astype(np.uint8) for plane in (foreground, self.background(rng), alpha))
        image = rssn.compose(*planes, rssn.Draw.of((alpha.shape[0], alpha.shape[1]), self.how, rng))[0]
        return unit(image), alpha, np.ones_like(alpha)


def sampled_by(kind: type[Samples]) -> Within:
    """The loop's samples of whole subjects are of this kind."""

    def whole(recipe: Recipe, stage: Stage, data: Path) -> Samples:
        usual = feed.whole(recipe, stage, data)
        return kind(usual.folder, stage.side_px, recipe.seed, feed.mix_of(recipe), usual.scenes)

    return lambda: patch.dict(feed.SAMPLES, {"whole": whole})


def judged_by(system: str, name: str, loss: Callable[..., dict[str, Tensor]]) -> Within:
    """The system's loss of this name is another."""
    usual = systems.SYSTEMS[system]
    return lambda: patch.dict(systems.SYSTEMS, {system: replace(usual, losses={**usual.losses, name: loss})})


def without(part: str, weight: float, loss: Callable[..., dict[str, Tensor]]) -> Callable[..., dict[str, Tensor]]:
    """A loss that lacks one of its terms, which counts so much in the sum."""

    def total(*given: Any) -> dict[str, Tensor]:
        parts = loss(*given)
        left = {name: value for name, value in parts.items() if name not in (part, "total")}
        return left | {"total": parts["total"] - weight * parts[part]}

    return total


def without_context() -> AbstractContextManager[Any]:
    """CLIPMat reads its words without the learned vectors before them."""
    usual = systems.SYSTEMS["clipmat"]

    def run(net: nn.Module, batch: systems.Batch) -> systems.Outputs:
        with patch.object(net, "prompts", partial(net.prompts, context=False)):
            return usual.run(net, batch)

    return patch.dict(systems.SYSTEMS, {"clipmat": replace(usual, run=run)})


def short(recipe: Recipe, steps: int) -> Recipe:
    """The first stage of a recipe alone, as a cosine of so many steps down to nearly nothing."""
    first = replace(recipe.stages[0], steps=steps, lr_end=recipe.stages[0].lr / 100)
    return replace(recipe, stages=(first,), warmup_steps=min(recipe.warmup_steps, steps // 6))


def refined(recipe: Recipe, steps: int) -> Recipe:
    """DIM's three stages in the time of one."""
    once = short(recipe, steps).stages[0]
    late = steps // 6
    stages = (
        replace(once, steps=steps - 2 * late),
        replace(once, name="refinement", steps=late, loss="dim-refine", trains="refine"),
        replace(once, name="both", steps=late, lr=once.lr / 5, lr_end=once.lr / 100, loss="dim-both"),
    )
    return replace(short(recipe, steps), stages=stages)


def ablations(steps: int) -> tuple[Ablation, ...]:
    """All of them, at so many steps a variant."""
    gfm, dim, fba, former, clip = (
        short(recipe, steps)
        for recipe in (
            recipes.GFM_LITE, recipes.DIM_LITE, recipes.FBA_LITE, recipes.MATTEFORMER_LITE, recipes.CLIPMAT_LITE,
        )
    )  # fmt: skip
    # nothing but composites to learn from, and real photos to be judged on
    gfm = replace(gfm, sources=(("cutout", 0.50), ("moved", 0.50)))
    # composites alone, whose next stage is for photos of another kind: true ones
    modnet = replace(
        short(recipes.MODNET_LITE, steps), start="efficientnet-lite0", sources=(("cutout", 0.7), ("proving", 0.3))
    )
    alpha_alone = without("composition", 1.0, systems.dim)
    all_but_exclusion = without("exclusion", COLOUR_WEIGHT, systems.fba_lite)
    return (
        Ablation(
            "gfm: how composites are made",
            (
                Variant("colour and sharpness matched (ours)", gfm),
                Variant("RSSN without denoising", gfm, sampled_by(Rssn)),
                Variant("naive", gfm, sampled_by(Naive)),
            ),
        ),
        Ablation(
            "dim: stages and losses",
            (
                Variant("three stages", refined(recipes.DIM_LITE, steps)),
                Variant("encoder-decoder alone", dim),
                Variant("encoder-decoder alone, alpha loss alone", dim, judged_by("dim", "dim", alpha_alone)),
            ),
        ),
        Ablation(
            "fba: exclusion loss",
            (Variant("with", fba), Variant("without", fba, judged_by("fba", "fba-lite", all_but_exclusion))),
        ),
        Ablation(
            "matteformer: prior tokens",
            (
                Variant("tokens and memory", former),
                Variant("tokens, no memory", replace(former, build={"memory": False})),
                Variant("no tokens", replace(former, build={"priors": False})),
            ),
        ),
        Ablation(
            "clipmat: context vectors",
            (Variant("with", clip), Variant("without", clip, without_context)),
        ),
        Ablation(
            "modnet: SOC after composites, on photos",
            (Variant("before", modnet), Variant("after", modnet, adapts=True)),
        ),
        Ablation(
            "soc: modnet-lite as it ships, on photos of DIR",
            (
                Variant("before", modnet, card="modnet-lite"),
                Variant("after", modnet, adapts=True, card="modnet-lite"),
            ),
        ),
    )


def measured(variant: Variant, data: Path, run: Path, first: Path) -> dict[str, list[float]]:
    """Train a variant and judge it: its errors, picture by picture.  Exits where a signal ended the training.

    first: the run of the first variant.
    """
    with variant.within():
        net = of_card(variant.card) if variant.card and not variant.adapts else trained(variant, data, run, first)
        system = systems.system_of(variant.recipe)
        figures = judged(net, system, held_out(variant.recipe, data), variant.recipe, "cpu")
    return {name: [each[name] for each in figures] for name in figures[0]}


def trained(variant: Variant, data: Path, run: Path, first: Path) -> nn.Module:
    """The network of a run, which goes on first where it is not whole."""
    if not finished(variant, run):
        if variant.adapts:
            with photos_of(data) as photos:
                adapt(variant.recipe, photos, run, start=variant.card or str(first), resume=run.exists())
        else:
            train(variant.recipe, data, run, resume=run.exists())
        if not finished(variant, run):
            raise SystemExit(f"ablations.py: stopped; the run in {run} is saved: the same command goes on")
    net = models.build(variant.recipe.system, lite=True, **variant.recipe.build)
    checkpoint.load_averaged(run / checkpoint.AVERAGED, net)  # the last, not the best: equal steps
    return net


def finished(variant: Variant, run: Path) -> bool:
    """Whether an earlier sitting trained it to the end."""
    if not (run / checkpoint.CHECKPOINT).is_file():
        return False
    found = checkpoint.load_checkpoint(run)
    steps = found["recipe"]["stages"][0]["steps"] if variant.adapts else variant.recipe.steps
    return bool(found["step"] >= steps)


@contextmanager
def photos_of(data: Path) -> Iterator[Path]:
    """A folder of some training photos and nothing else."""
    photos = tuple(read_photos(data, "train"))
    with tempfile.TemporaryDirectory() as folder:
        for photo in photos[:: max(1, len(photos) // ADAPTED_TO)][:ADAPTED_TO]:
            Path(folder, photo.image.name).symlink_to(photo.image.resolve())
        yield Path(folder)


def row_of(ablation: Ablation, steps: int, figures: Sequence[dict[str, list[float]]]) -> Row:
    """Means of every variant, and differences to the first, picture by picture."""
    first = figures[0]
    rows = [
        {
            "variant": variant.name,
            "means": {figure: estimate(values) for figure, values in found.items()},
            "differences": {
                figure: estimate([a - b for a, b in zip(values, first[figure], strict=True)])
                for figure, values in found.items()
            },
        }
        for variant, found in zip(ablation.variants, figures, strict=True)
    ]
    recipe = ablation.variants[0].recipe
    numbers: Row = {"seed": recipe.seed}
    if card := ablation.variants[0].card:
        digest = weights.resolve(card, models.list_models()).weights.sha256
        numbers |= {"start": f"{card}@{digest[:8]}", "photos": ADAPTED_TO}
    else:
        numbers |= {"steps": steps, "side_px": recipe.stages[0].side_px, "batch": recipe.stages[0].batch}
    return {"ablation": ablation.name, "pictures": len(next(iter(first.values()))), "variants": rows} | numbers


def save(row: Row) -> None:
    """The row in the file, in its place, beside the others."""
    found: list[Row] = json.loads(FILE.read_text(encoding="utf-8"))["ablations"] if FILE.is_file() else []
    here = environment()
    here["versions"] |= versions(("torch",))
    rows = {each["ablation"]: each for each in found} | {row["ablation"]: row | {"environment": here}}
    ordered = [rows[each.name] for each in ablations(STEPS) if each.name in rows]
    write(FILE, (json.dumps({"ablations": ordered}, indent=1) + "\n").encode(), overwrite=True)


def chosen(steps: int, only: Sequence[str]) -> list[Ablation]:
    """Those whose name begins with one of `only`; all without any.  Exits for a beginning of none."""
    every = ablations(steps)
    for name in only:
        if not any(each.name.startswith(name) for each in every):
            names = "; ".join(each.name for each in every)
            raise SystemExit(f"ablations.py: no ablation begins with {name!r}; expected one of {names}")
    return [each for each in every if not only or each.name.startswith(tuple(only))]


def main() -> None:
    words = argparse.ArgumentParser(description="Small runs of equal steps that differ in one idea.")
    words.add_argument("--data", type=Path, required=True, metavar="DIR", help="as for matte train")
    words.add_argument("--only", action="append", default=[], metavar="NAME", help="how it begins; several times")
    words.add_argument("--steps", type=int, default=STEPS, metavar="N", help="of every variant")
    words.add_argument("--runs", type=Path, default=Path("runs/ablations"), metavar="FOLDER", help="of the runs")
    given = words.parse_args()
    for ablation in chosen(given.steps, given.only):
        figures = []
        runs = [
            given.runs / f"{ablation.name.partition(':')[0]}-{k}-{given.steps}" for k in range(len(ablation.variants))
        ]
        for variant, run in zip(ablation.variants, runs, strict=True):
            print(f"{ablation.name}: {variant.name}", file=sys.stderr, flush=True)
            figures.append(measured(variant, given.data, run, runs[0]))
        row = row_of(ablation, given.steps, figures)
        save(row)
        for each in row["variants"]:
            means = ", ".join(f"{name} {value['mean']:.4f}" for name, value in each["means"].items())
            print(f"{ablation.name}: {each['variant']}: {means}")


if __name__ == "__main__":
    try:
        main()
    except MattelierError as error:
        raise SystemExit(f"ablations.py: {error}") from None
