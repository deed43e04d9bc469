"""The loop: one visible function that trains, and the few pieces it calls."""

import contextlib
import copy
import dataclasses
import math
import platform
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mattelier import models
from mattelier.backbones.efficientnet import from_imagenet, imagenet_weights
from mattelier.data.datasets import read_folder
from mattelier.data.samples import Samples
from mattelier.errors import DeviceError, InputError
from mattelier.train import checkpoint, losses
from mattelier.train.progress import Progress
from mattelier.train.recipes import Recipe, Stage
from mattelier.train.validate import validate, write_sheet

LOSSES = {"modnet": losses.total_modnet, "modnet-lite": losses.total_modnet_lite}
LOG_EVERY, CHECKPOINT_EVERY, VALIDATE_EVERY = 10, 100, 200  # steps


def train(
    recipe: Recipe, data: Path, run: Path, *, device: str = "cpu", minutes: float | None = None, resume: bool = False
) -> dict[str, float]:
    """Train by a recipe until its last step, or for some minutes; returns the last validation figures.

    run: a folder for checkpoint, averaged weights, log and validation sheet; an existing one needs resume=True.
    Ctrl-C and SIGTERM end the run after the step at hand, with everything saved.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise DeviceError("device cuda was asked for and torch sees no CUDA device; use --device cpu")
    training, held_out = read_folder(data, "train"), read_folder(data, "val")
    state = prepare(recipe, run, device, resume)
    deadline = math.inf if minutes is None else time.monotonic() + 60.0 * minutes
    figures: dict[str, float] = {}
    with stop_signals() as stopped, Progress(recipe.steps, state.step) as progress:
        while state.step < recipe.steps and not stopped and time.monotonic() < deadline:
            stage, done = recipe.locate(state.step)
            for batch in batches(Samples(training, stage.side_px, recipe.seed), stage, state.step, done, device):
                parts = optimise(state, recipe, batch, device)
                progress.update(state.step, parts)
                if state.step % LOG_EVERY == 0:
                    checkpoint.append_log(run, step=state.step, seconds=round(state.seconds), stage=stage.name, **parts)
                ending = stopped or time.monotonic() >= deadline or state.step == recipe.steps
                if state.step % VALIDATE_EVERY == 0 or state.step == recipe.steps:
                    figures = validate(state.ema, held_out.photos, recipe.validate_px, device)
                    progress.say(f"step {state.step}: val IoU {figures['iou']:.4f}, MAD {figures['mad']:.4f}")
                    checkpoint.append_log(run, step=state.step, seconds=round(state.seconds), val=figures)
                    checkpoint.save_averaged(run, state.ema, recipe, state.step, figures)
                    write_sheet(state.ema, held_out.photos[:36], recipe.validate_px, device, run / checkpoint.SHEET)
                if state.step % CHECKPOINT_EVERY == 0 or ending:
                    save(state, recipe, run)
                if ending:
                    break
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


def prepare(recipe: Recipe, run: Path, device: str, resume: bool) -> State:
    """A new run, or an old one where it stopped. Raises InputError rather than write over a run."""
    torch.manual_seed(recipe.seed)
    random.seed(recipe.seed)
    known = [name for name in (checkpoint.CHECKPOINT, checkpoint.AVERAGED) if (run / name).exists()]
    if known and not resume:
        raise InputError(f"{run} already holds a run ({known[0]}); pass --resume to go on, or choose another folder")
    run.mkdir(parents=True, exist_ok=True)
    net = models.build(recipe.system, lite=recipe.lite)
    if recipe.lite and not known:
        net.get_submodule("encoder").load_state_dict(from_imagenet(imagenet_weights()).state_dict())
    step = checkpoint.load_averaged(run / checkpoint.AVERAGED, net) if known == [checkpoint.AVERAGED] else 0
    net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    ema = copy.deepcopy(net).requires_grad_(False).eval()
    fp16 = device == "cuda" and not torch.cuda.is_bf16_supported()
    state = State(net, ema, optimiser_of(net, recipe), torch.amp.GradScaler(device, enabled=fp16), step)
    if checkpoint.CHECKPOINT in known:
        restore(state, checkpoint.load_checkpoint(run))
    return state


def optimise(state: State, recipe: Recipe, batch: dict[str, Tensor], device: str) -> dict[str, float]:
    """One step: forward under autocast, losses, clipped gradients, AdamW, average. Returns the losses and the rate."""
    started = time.monotonic()
    stage, done = recipe.locate(state.step)
    rate = learning_rate(stage, done, recipe.warmup_steps if state.step == done else 0)
    for group in state.optimiser.param_groups:
        group["lr"] = rate * group["share"]
    radius_px = random.Random(recipe.seed + state.step).randint(*recipe.trimap_radius_px)
    trimap = losses.trimap_of(batch["alpha"], radius_px)
    state.net.train()
    dtype = torch.float16 if state.scaler.is_enabled() else torch.bfloat16
    with torch.autocast(device, dtype):
        predicted = state.net(batch["image"])
    parts = LOSSES[recipe.loss](predicted, batch["image"], batch["alpha"], trimap, batch["weight"])
    state.optimiser.zero_grad(set_to_none=True)
    state.scaler.scale(parts["total"]).backward()  # type: ignore[no-untyped-call]
    state.scaler.unscale_(state.optimiser)
    norm = nn.utils.clip_grad_norm_(state.net.parameters(), recipe.clip_norm)
    state.scaler.step(state.optimiser)
    state.scaler.update()
    state.step += 1
    average(state.ema, state.net, min(recipe.ema_decay, (1 + state.step) / (10 + state.step)))
    state.seconds += time.monotonic() - started
    return {name: round(value.item(), 5) for name, value in parts.items()} | {"lr": rate, "norm": round(norm.item(), 3)}


def learning_rate(stage: Stage, done: int, warmup_steps: int) -> float:
    """Linear warm-up, then a cosine from lr to lr_end over the stage."""
    cosine = 0.5 * (1.0 + math.cos(math.pi * done / stage.steps))
    return (stage.lr_end + (stage.lr - stage.lr_end) * cosine) * min(1.0, (done + 1) / max(1, warmup_steps))


def optimiser_of(net: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW; the ImageNet encoder at a share of the rate; no decay on norms and biases."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    share = recipe.stages[0].encoder_lr_share if recipe.lite else 1.0
    for name, parameter in net.named_parameters():
        decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((share if name.startswith("encoder.") else 1.0, decay), []).append(parameter)
    return torch.optim.AdamW([{"params": p, "share": s, "weight_decay": d, "lr": 0.0} for (s, d), p in groups.items()])


@torch.no_grad()
def average(ema: nn.Module, net: nn.Module, decay: float) -> None:
    """Exponential moving average of weights and running statistics."""
    for mean, current in zip(ema.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(current, 1.0 - decay)
        else:
            mean.copy_(current)


def batches(samples: Samples, stage: Stage, step: int, done: int, device: str) -> Iterator[dict[str, Tensor]]:
    """The rest of a stage's batches, prepared by worker processes ahead of time."""
    # a step's samples are numbered by the step alone, so a resumed run draws what an unbroken one would have drawn
    numbers = [((step + i) << 10) + j for i in range(stage.steps - done) for j in range(stage.batch)]
    loader = DataLoader(
        samples,
        stage.batch,
        sampler=numbers,
        num_workers=8 if device == "cuda" else 1,
        pin_memory=device == "cuda",
        worker_init_fn=settle_worker,
        prefetch_factor=4,
    )
    for batch in loader:
        yield {
            name: tensor.to(device, non_blocking=True, memory_format=torch.channels_last)
            for name, tensor in batch.items()
        }


def settle_worker(_worker: int) -> None:
    torch.set_num_threads(1)
    # Ctrl-C and a service's stop reach the whole process group; the loop still needs samples for its last step
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def save(state: State, recipe: Recipe, run: Path) -> None:
    checkpoint.save_checkpoint(
        run,
        net=state.net.state_dict(),
        ema=state.ema.state_dict(),
        optimiser=state.optimiser.state_dict(),
        scaler=state.scaler.state_dict(),
        step=state.step,
        seconds=state.seconds,
        recipe=dataclasses.asdict(recipe),
        versions={"torch": str(torch.__version__), "numpy": np.__version__, "python": platform.python_version()},
    )


def restore(state: State, parts: dict[str, Any]) -> None:
    for name in ("net", "ema", "optimiser", "scaler"):
        getattr(state, name).load_state_dict(parts[name])
    state.step, state.seconds = parts["step"], parts["seconds"]


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
