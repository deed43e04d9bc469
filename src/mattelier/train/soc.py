"""SOC: MODNet adapts to photos without mattes (losses and why: soc_losses.py).

    photo ──┬──> network that adapts ──> semantic, detail, alpha ──┐
            │    norms at rest                                     ├──> consistency ──> Adam
            └──> its copy of the epoch's start ──> detail, alpha ──┘

It begins with weights that learned from mattes: a run's, a card's, or of a released checkpoint.
"""

import copy
import dataclasses
import math
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mattelier import models
from mattelier.data.files import load_rgb
from mattelier.data.loose import Photos, find
from mattelier.errors import InputError, UnknownModel
from mattelier.models.modnet import MODNet, MODNetBase, MODNetLite
from mattelier.runtime.engine import require
from mattelier.runtime.options import Device
from mattelier.train import checkpoint
from mattelier.train.loop import CHECKPOINT_EVERY, LOG_EVERY, VALIDATE_EVERY, optimiser_of, stop_signals
from mattelier.train.losses import semantic_target
from mattelier.train.progress import Progress
from mattelier.train.soc_losses import boundary, subject, total_soc
from mattelier.train.stages import Optimiser, Recipe, Stage
from mattelier.train.starts import of_card
from mattelier.train.validate import network_input

STAGE = "soc"
SHOWN, THUMBNAIL_PX = 12, 160
CACHED = 256  # photos at the network's size: some hundred MB


@dataclass(frozen=True)
class Adaptation:
    """The numbers of the released example; batches of one photo, Adam, no augmentation."""

    epochs: int = 10
    lr: float = 1e-5
    betas: tuple[float, float] = (0.9, 0.99)

    def recipe(self, supervised: Recipe, photos: int) -> Recipe:
        """As a recipe of so many photos; the form of the network and its picture's size stay the supervised one's."""
        stage = Stage(STAGE, self.epochs * photos, 32, 1, self.lr, self.lr, encoder_lr_share=1.0, schedule="constant")
        adam = Optimiser("adam", weight_decay=0.0, betas=self.betas)
        numbers: dict[str, Any] = {"loss": STAGE, "start": "random", "warmup_steps": 0, "clip_norm": math.inf}
        return replace(supervised, stages=(stage,), optimiser=adam, ema_decay=0.0, **numbers)


@dataclass
class State:
    """What changes while adapting, and what a checkpoint holds."""

    net: MODNetBase
    frozen: MODNetBase  # the network at the epoch's start
    optimiser: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0


def adapt(
    supervised: Recipe,
    folder: Path,
    run: Path,
    *,
    how: Adaptation = Adaptation(),
    start: str | None = None,
    device: Device = "cpu",
    minutes: float | None = None,
    resume: bool = False,
) -> dict[str, float]:
    """Adapt MODNet to the photos of a folder and its sub-folders; returns the last figures (`contradiction`).

    supervised: the recipe that the weights come from, published or lite. start: a run's folder, a card's name or a
    released checkpoint; None: the card of that name. run: as for `train`, and it ends in the same ways.
    Raises InputError for a folder without photos, for a run that is there or is another's, and for foreign weights.
    """
    require("torch", device)
    photos = find(folder, leaving_out=run)
    recipe = how.recipe(supervised, len(photos.names))
    state = prepare(recipe, photos, run, device, start, resume)
    deadline = math.inf if minutes is None else time.monotonic() + 60.0 * minutes
    figures: dict[str, float] = {}
    with stop_signals() as stopped, Progress(recipe.steps, state.step) as progress:
        for sentence in photos.skipped:
            progress.say(f"skipped: {sentence}")
        if state.step == 0:
            save(state, photos, recipe, run)
            note(state, photos, recipe, run, device, progress)
        while state.step < recipe.steps:
            if state.step % len(photos.names) == 0:
                state.frozen.load_state_dict(state.net.state_dict())
            path = photos.of_step(state.step, recipe.seed)
            parts = optimise(state, load(path, recipe.validate_px).to(device))
            progress.update(state.step, parts)
            if state.step % LOG_EVERY == 0:
                checkpoint.append_log(run, step=state.step, seconds=round(state.seconds), stage=STAGE, **parts)
            ending = bool(stopped) or time.monotonic() >= deadline or state.step == recipe.steps
            if state.step % VALIDATE_EVERY == 0 or ending:
                figures = note(state, photos, recipe, run, device, progress)
            if state.step % CHECKPOINT_EVERY == 0 or ending:
                save(state, photos, recipe, run)
            if ending:
                break
    return figures


def prepare(recipe: Recipe, photos: Photos, run: Path, device: Device, start: str | None, resume: bool) -> State:
    """A new run from supervised weights, or an old one where it stopped."""
    known = [name for name in (checkpoint.CHECKPOINT, checkpoint.AVERAGED) if (run / name).exists()]
    if known and not resume:
        raise InputError(f"{run} already holds a run ({known[0]}); pass --resume to go on, or choose another folder")
    if resume and checkpoint.CHECKPOINT not in known:
        raise InputError(f"{run} holds no {checkpoint.CHECKPOINT}; --resume expects one; start in another folder")
    net = (MODNetLite() if recipe.lite else MODNet()) if resume else first_weights(recipe, start)
    net.to(device)
    state = State(net, copy.deepcopy(net).requires_grad_(False).eval(), optimiser_of(net, recipe))
    for group in state.optimiser.param_groups:
        group["lr"] = recipe.stages[0].lr
    if resume:
        restore(state, photos, recipe, run)
    if state.step >= recipe.steps:
        raise InputError(f"{run} is at step {state.step}, the end of {STAGE}; export it, or adapt from it with --start")
    run.mkdir(parents=True, exist_ok=True)
    return state


def first_weights(recipe: Recipe, start: str | None) -> MODNetBase:
    """The network that begins.  Raises InputError for another form, WeightsError for absent weights."""
    if start is None and not recipe.lite:
        raise InputError(
            "the published MODNet comes without weights here and adapts from trained ones only; expected --start with "
            "a run's folder or a released .ckpt file; pass one, or --lite"
        )
    start = start or recipe.name
    if Path(start).is_dir():
        net, _ = checkpoint.load_run(Path(start))
    elif Path(start).is_file():
        net = models.from_official("modnet", start)
    else:
        net = of_model(start)
    if not isinstance(net, MODNetLite if recipe.lite else MODNet):
        raise InputError(
            f"{start} holds weights of {type(net).__name__}; expected {recipe.name}; choose another --start, or "
            f"{other_form(recipe)}"
        )
    return net


def other_form(recipe: Recipe) -> str:
    return "leave --lite away" if recipe.lite else "add --lite"


def of_model(name: str) -> torch.nn.Module:
    try:
        return of_card(name)
    except UnknownModel as error:
        raise UnknownModel(f"--start {name} is neither a folder nor a file, and as a model: {error}") from error


def restore(state: State, photos: Photos, recipe: Recipe, run: Path) -> None:
    parts = checkpoint.load_checkpoint(run)
    if parts.get("stage") != STAGE:
        raise InputError(
            f"{run} holds a run with mattes; expected one of --stage {STAGE}; choose another folder, and pass "
            f"--start {run} to adapt its weights"
        )
    if parts["recipe"]["lite"] != recipe.lite:
        raise InputError(f"{run} adapts the other form than {recipe.name}; expected one form; {other_form(recipe)}")
    if tuple(parts["photos"]) != photos.names:
        raise InputError(
            f"{run} adapts to {len(parts['photos'])} photos and {photos.folder} has {len(photos.names)} or others; "
            "expected the same ones; put them back, or start in another folder"
        )
    for name in ("net", "frozen", "optimiser"):
        getattr(state, name).load_state_dict(parts[name])
    state.step, state.seconds = parts["step"], parts["seconds"]


def save(state: State, photos: Photos, recipe: Recipe, run: Path) -> None:
    checkpoint.save_checkpoint(
        run,
        stage=STAGE,
        net=state.net.state_dict(),
        frozen=state.frozen.state_dict(),
        optimiser=state.optimiser.state_dict(),
        step=state.step,
        seconds=state.seconds,
        photos=list(photos.names),
        recipe=dataclasses.asdict(recipe),
        versions={"torch": str(torch.__version__), "numpy": np.__version__, "python": platform.python_version()},
    )


def optimise(state: State, image: Tensor) -> dict[str, float]:
    """One step on one photo (1, 3, h, w); returns the losses.

    In float32: the losses are about differences that bfloat16, with steps of 1/256 below 1, would round away.
    """
    started = time.monotonic()
    state.net.train()
    state.net.freeze_norm()  # their statistics stay those of the supervised photos; scale and offset learn on
    with torch.no_grad():
        frozen = state.frozen(image, heads=True)
    losses = total_soc(state.net(image), frozen)
    state.optimiser.zero_grad(set_to_none=True)
    losses["total"].backward()  # type: ignore[no-untyped-call]
    state.optimiser.step()
    state.step += 1
    state.seconds += time.monotonic() - started
    return {name: round(value.item(), 5) for name, value in losses.items()}


@lru_cache(maxsize=CACHED)
def load(path: Path, longest_px: int) -> Tensor:
    """A photo as the network sees it when validated, (1, 3, h, w)."""
    return network_input(load_rgb(path), longest_px)


def note(state: State, photos: Photos, recipe: Recipe, run: Path, device: str, progress: Progress) -> dict[str, float]:
    """Figures into the log, weights and sheet into the run."""
    shown = photos.some(SHOWN)
    heads = [predict(state.net, load(path, recipe.validate_px).to(device)) for path in shown]
    each = [contradiction(one) for one in heads]
    figures = {name: float(np.mean([one[name] for one in each])) for name in each[0]}
    progress.say(f"step {state.step}: contradiction {', '.join(f'{k} {v:.4f}' for k, v in figures.items())}")
    checkpoint.append_log(run, step=state.step, seconds=round(state.seconds), contradiction=figures)
    checkpoint.save_averaged(run, state.net, recipe, state.step, figures)
    write_sheet(shown, heads, run / checkpoint.SHEET)
    return figures


@torch.no_grad()
def predict(net: MODNetBase, image: Tensor) -> dict[str, Tensor]:
    """All heads as when cutting."""
    outputs: dict[str, Tensor] = net.eval()(image, heads=True)
    return outputs


@torch.no_grad()
def contradiction(heads: dict[str, Tensor]) -> dict[str, float]:
    """How far the branches are apart: the mean of |semantic - alpha| at 1/16, of |detail - alpha| on the boundary."""
    semantic, alpha = heads["semantic"], heads["alpha"]
    near = boundary(subject(semantic, alpha))
    coarse = (semantic - semantic_target(alpha, semantic)).abs().mean()
    fine = ((heads["detail"] - alpha).abs() * near).sum() / near.sum().clamp(min=1)
    return {"semantic": coarse.item(), "detail": fine.item()}


def write_sheet(shown: Sequence[Path], heads: Sequence[dict[str, Tensor]], file: Path) -> None:
    """A row a photo: photo, semantic, detail, alpha; for eyes only, and it stays in the run's folder."""
    rows = [[load_rgb(path), *(grey(one[name]) for name in ("semantic", "detail", "alpha"))] for path, one in
            zip(shown, heads, strict=True)]  # fmt: skip
    sheet = Image.new("RGB", (THUMBNAIL_PX * len(rows[0]), THUMBNAIL_PX * len(rows)))
    for y, row in enumerate(rows):
        height, width = row[0].shape[:2]
        scale = THUMBNAIL_PX / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        for x, plane in enumerate(row):
            sheet.paste(Image.fromarray(plane).resize(size), (x * THUMBNAIL_PX, y * THUMBNAIL_PX))
    sheet.save(file)


def grey(head: Tensor) -> Any:
    """(h, w) uint8 of a head (1, 1, h, w)."""
    return (head[0, 0].cpu().numpy() * 255.0 + 0.5).astype(np.uint8)
