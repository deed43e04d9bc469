"""The loop: one visible function that trains, and the few pieces it calls."""

import contextlib
import copy
import dataclasses
import math
import platform
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import nn

from mattelier import models
from mattelier.errors import DeviceError, InputError
from mattelier.train import checkpoint, feed
from mattelier.train.heap import keep_freed_memory
from mattelier.train.progress import Progress
from mattelier.train.stages import Recipe, Stage
from mattelier.train.starts import PRETRAINED, start_encoder, start_from_words
from mattelier.train.systems import Batch, System, system_of
from mattelier.train.validate import Held, held_out, validate, write_sheet

LOG_EVERY, CHECKPOINT_EVERY, VALIDATE_EVERY = 10, 100, 200  # steps
SHEET_PICTURES = 36
NORM_MOMENTUM, FIRST_NORM = 0.999, 1e6  # of MatteFormer's clipping: the first step is hardly clipped


def train(
    recipe: Recipe,
    data: Path,
    run: Path,
    *,
    device: str = "cpu",
    minutes: float | None = None,
    resume: bool = False,
    stage: str | None = None,
) -> dict[str, float]:
    """Train by a recipe until its last step (or the last of a stage), or for some minutes; returns the last figures.

    run: a folder for checkpoint, averaged weights, log and validation sheet; an existing one needs resume=True.
    Ctrl-C and SIGTERM end the run after the step at hand, with everything saved.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise DeviceError("device cuda was asked for and torch sees no CUDA device; use --device cpu")
    system, last = system_of(recipe), recipe.steps if stage is None else recipe.span(stage)[1]
    if device == "cpu":
        keep_freed_memory()
    fed, held = [feed.samples(recipe, each, data) for each in recipe.stages], held_out(recipe, data)
    state = prepare(recipe, run, device, resume)
    if state.step == 0 and recipe.words and (data / recipe.words).is_file():
        start_from_words((state.net, state.ema), data / recipe.words)
    if state.step >= last:
        raise InputError(
            f"{run} is at step {state.step}; that is the end, step {last}; name a later --stage, or export"
        )
    deadline = math.inf if minutes is None else time.monotonic() + 60.0 * minutes
    figures: dict[str, float] = {}
    ending = False
    with stop_signals() as stopped, Progress(last, state.step) as progress:
        while not ending:
            now, done = recipe.locate(state.step)
            rest(state.net, now)
            with contextlib.closing(feed.steps(fed[recipe.stages.index(now)], now, state.step, done, device)) as steps:
                for passes in steps:
                    parts = optimise(state, system, recipe, passes, device)
                    progress.update(state.step, parts)
                    if state.step % LOG_EVERY == 0:
                        seconds = round(state.seconds)
                        checkpoint.append_log(run, step=state.step, seconds=seconds, stage=now.name, **parts)
                    ending = bool(stopped) or time.monotonic() >= deadline or state.step == last
                    if state.step % VALIDATE_EVERY == 0 or state.step == last:
                        figures = note(state, system, held, recipe, run, device, progress)
                    if state.step % CHECKPOINT_EVERY == 0 or ending:
                        save(state, recipe, run)
                    if ending:
                        break
    return figures


def note(
    state: "State", system: System, held: Sequence[Held], recipe: Recipe, run: Path, device: str, progress: Progress
) -> dict[str, float]:
    """Figures on what is held out into the log, averaged weights and sheet into the run."""
    figures = validate(state.ema, system, held, recipe, device)
    progress.say(f"step {state.step}: val {', '.join(f'{k} {v:.4f}' for k, v in figures.items())}")
    checkpoint.append_log(run, step=state.step, seconds=round(state.seconds), val=figures)
    checkpoint.save_averaged(run, state.ema, recipe, state.step, figures)
    checkpoint.keep_best(run, "mad_unknown" if recipe.samples == "crops" else "mad")
    write_sheet(state.ema, system, held[:SHEET_PICTURES], recipe, device, run / checkpoint.SHEET)
    return figures


@dataclasses.dataclass
class State:
    """What changes while training, and what a checkpoint holds."""

    net: nn.Module
    ema: nn.Module
    optimiser: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    step: int = 0
    seconds: float = 0.0  # of training proper, over all sittings
    norm: float = 0.0  # moving average of the gradients' norms; 0 before the first step


def prepare(recipe: Recipe, run: Path, device: str, resume: bool) -> State:
    """A new run, or an old one where it stopped. Raises InputError rather than write over a run."""
    torch.manual_seed(recipe.seed)
    random.seed(recipe.seed)
    known = [name for name in (checkpoint.CHECKPOINT, checkpoint.AVERAGED) if (run / name).exists()]
    if known and not resume:
        raise InputError(f"{run} already holds a run ({known[0]}); pass --resume to go on, or choose another folder")
    run.mkdir(parents=True, exist_ok=True)
    net = models.build(recipe.system, lite=recipe.lite, **recipe.build)
    if not known:
        start_encoder(net, recipe.start)
    step = checkpoint.load_averaged(run / checkpoint.AVERAGED, net) if known == [checkpoint.AVERAGED] else 0
    net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    ema = copy.deepcopy(net).requires_grad_(False).eval()
    fp16 = device == "cuda" and not torch.cuda.is_bf16_supported()
    state = State(net, ema, optimiser_of(net, recipe), torch.amp.GradScaler(device, enabled=fp16), step)
    if checkpoint.CHECKPOINT in known:
        restore(state, checkpoint.load_checkpoint(run))
    return state


def rest(net: nn.Module, stage: Stage) -> None:
    """Only what a stage trains gets gradients. Raises InputError when nothing of that name is in the network."""
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name.startswith(stage.trains))
    if not any(parameter.requires_grad for parameter in net.parameters()):
        raise InputError(
            f"the stage {stage.name} trains {stage.trains!r} and the network has no such parameter; "
            "expected the beginning of a name in named_parameters(); correct the recipe"
        )


def optimise(state: State, system: System, recipe: Recipe, passes: list[Batch], device: str) -> dict[str, float]:
    """One step: forward under autocast, losses, clipped gradients, optimiser, average. Returns losses and rate.

    The gradients of several passes are added, each by its share: as if it had been one batch, except that batch norm
    sees a pass at a time, and that a loss divided by a count (of unknown pixels) is divided a pass at a time.
    """
    started = time.monotonic()
    stage, done = recipe.locate(state.step)
    rate = learning_rate(stage, done, recipe.warmup_steps if state.step == done else 0)
    for group in state.optimiser.param_groups:
        group["lr"] = rate * group["share"]
    state.net.train()
    dtype = torch.float16 if state.scaler.is_enabled() else torch.bfloat16
    # processors without matrix units lose by it: a step of gfm-lite takes 1.3 s in bfloat16 on two cores, 0.9 s without
    halves = device == "cuda" or bool(torch.cpu.get_capabilities().get("amx_bf16"))
    loss = system.losses[stage.loss or recipe.loss]
    sums: dict[str, float] = {}
    state.optimiser.zero_grad(set_to_none=True)
    for batch in passes:
        batch = feed.complete(batch, recipe, state.step)
        with torch.autocast(device, dtype, enabled=halves):
            predicted = system.run(state.net, batch)
        parts = loss(predicted, batch)
        state.scaler.scale(parts["total"] / len(passes)).backward()  # type: ignore[no-untyped-call]
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + value.item() / len(passes)
    state.scaler.unscale_(state.optimiser)
    norm = clip(state, recipe)
    state.scaler.step(state.optimiser)
    state.scaler.update()
    state.step += 1
    average(state.ema, state.net, min(recipe.ema_decay, (1 + state.step) / (10 + state.step)))
    state.seconds += time.monotonic() - started
    return {name: round(value, 5) for name, value in sums.items()} | {"lr": rate, "norm": round(norm, 3)}


def clip(state: State, recipe: Recipe) -> float:
    """Scale gradients down to the recipe's norm, or to a share of the moving average; returns the norm before."""
    limit = recipe.clip_norm
    if recipe.clip_share:
        limit = recipe.clip_share * state.norm if state.norm else FIRST_NORM
    norm = float(nn.utils.clip_grad_norm_(state.net.parameters(), limit))
    if math.isfinite(norm):
        clipped = min(norm, limit)
        state.norm = NORM_MOMENTUM * state.norm + (1 - NORM_MOMENTUM) * clipped if state.norm else clipped
    return norm


def learning_rate(stage: Stage, done: int, warmup_steps: int) -> float:
    """The stage's schedule, and a linear warm-up before it takes hold."""
    return stage.rate(done) * min(1.0, (done + 1) / max(1, warmup_steps))


def optimiser_of(net: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimiser; a pretrained encoder at a share of the rate; norms and biases with their own decay."""
    wanted = recipe.optimiser
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    share = recipe.stages[0].encoder_lr_share if recipe.start != "random" else 1.0
    for name, parameter in net.named_parameters():
        decay = wanted.weight_decay if parameter.ndim > 1 else wanted.norm_decay
        groups.setdefault((share if name.startswith(PRETRAINED) else 1.0, decay), []).append(parameter)
    parts: list[dict[str, Any]] = [
        {"params": p, "share": s, "weight_decay": d, "lr": 0.0} for (s, d), p in groups.items()
    ]
    if wanted.name == "sgd":
        return torch.optim.SGD(parts, momentum=wanted.momentum)
    kinds: dict[str, Callable[..., torch.optim.Optimizer]] = {
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
        "radam": torch.optim.RAdam,
    }
    return kinds[wanted.name](parts, betas=wanted.betas)


@torch.no_grad()
def average(ema: nn.Module, net: nn.Module, decay: float) -> None:
    """Exponential moving average of weights and running statistics."""
    for mean, current in zip(ema.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(current, 1.0 - decay)
        else:
            mean.copy_(current)


def save(state: State, recipe: Recipe, run: Path) -> None:
    checkpoint.save_checkpoint(
        run,
        net=state.net.state_dict(),
        ema=state.ema.state_dict(),
        optimiser=state.optimiser.state_dict(),
        scaler=state.scaler.state_dict(),
        step=state.step,
        seconds=state.seconds,
        norm=state.norm,
        recipe=dataclasses.asdict(recipe),
        versions={"torch": str(torch.__version__), "numpy": np.__version__, "python": platform.python_version()},
    )


def restore(state: State, parts: dict[str, Any]) -> None:
    if "ema" not in parts:
        raise InputError("the run adapts to photos; expected one that trains with mattes; pass --stage soc to go on")
    for name in ("net", "ema", "optimiser", "scaler"):
        getattr(state, name).load_state_dict(parts[name])
    state.step, state.seconds = parts["step"], parts["seconds"]
    state.norm = parts.get("norm", 0.0)  # runs of version 0.1 did not keep it


@contextlib.contextmanager
def stop_signals() -> Iterator[list[int]]:
    """A list that becomes true at SIGINT or SIGTERM, so that the step at hand is finished and saved."""
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    previous = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
