"""Runs on disk: a checkpoint to go on from, the averaged weights, the log. Files appear whole or not at all."""

import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from mattelier import models
from mattelier.errors import WeightsError
from mattelier.train.stages import Recipe

CHECKPOINT, AVERAGED, BEST = "checkpoint.pt", "ema.safetensors", "best.safetensors"
LOG, SHEET = "log.jsonl", "validation.png"


def save_checkpoint(run: Path, **parts: Any) -> None:
    """Everything that resuming to the step needs: net, ema, optimiser, scaler, step, seconds, norm, recipe,
    versions."""
    partial = run / f"{CHECKPOINT}.partial"
    torch.save(parts, partial)
    os.replace(partial, run / CHECKPOINT)


def load_checkpoint(run: Path) -> dict[str, Any]:
    parts: dict[str, Any] = torch.load(run / CHECKPOINT, map_location="cpu", weights_only=True)
    return parts


def save_averaged(run: Path, ema: nn.Module, recipe: Recipe, step: int, figures: dict[str, float]) -> None:
    """The averaged weights in float16, small enough to keep; `--resume` starts from them without a checkpoint."""
    tensors = {name: half(tensor) for name, tensor in ema.state_dict().items()}
    metadata = {"recipe": json.dumps(dataclasses.asdict(recipe)), "step": str(step), "val": json.dumps(figures)}
    partial = run / f"{AVERAGED}.partial"
    save_file(tensors, partial, metadata)
    os.replace(partial, run / AVERAGED)


def keep_best(run: Path, figure: str) -> None:
    """Keep the averaged weights just saved if they validated best so far: the lowest figure of that name."""
    if (run / BEST).exists() and validated(run / BEST)[figure] <= validated(run / AVERAGED)[figure]:
        return
    partial = run / f"{BEST}.partial"
    shutil.copyfile(run / AVERAGED, partial)
    os.replace(partial, run / BEST)


def validated(file: Path) -> dict[str, float]:
    """The validation figures that averaged weights were saved with."""
    with safe_open(file, "pt") as stored:
        figures: dict[str, float] = json.loads(stored.metadata()["val"])
    return figures


def load_averaged(file: Path, net: nn.Module) -> int:
    """Fill net with averaged weights; returns the step they come from. Raises WeightsError if they are not its own."""
    with safe_open(file, "pt") as stored:
        metadata = stored.metadata() or {}
        tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - not a dict
    own = net.state_dict()
    if tensors.keys() != own.keys() or any(tensors[name].shape != own[name].shape for name in own):
        raise WeightsError(f"{file} holds the weights of another network; start a new run in another folder")
    net.load_state_dict({name: tensor.to(own[name].dtype) for name, tensor in tensors.items()})
    return int(metadata.get("step", "0"))


def load_run(run: Path) -> tuple[nn.Module, dict[str, str]]:
    """The network of a run with the averaged weights that validated best (an adapted one, which has no mattes to
    validate on: the last), and what is known of them: recipe, step, validation figures."""
    file = run / BEST if (run / BEST).is_file() else run / AVERAGED
    if not file.is_file():
        raise WeightsError(f"{run} holds no {AVERAGED}; expected the folder of a run that was validated at least once")
    with safe_open(file, "pt") as stored:
        facts: dict[str, str] = stored.metadata()
    recipe = json.loads(facts["recipe"])
    net = models.build(recipe["system"], lite=recipe["lite"], **recipe.get("build", {}))
    load_averaged(file, net)
    return net, facts


def half(tensor: Tensor) -> Tensor:
    return tensor.to(torch.float16).contiguous() if tensor.is_floating_point() else tensor.contiguous()


def append_log(run: Path, **entry: Any) -> None:
    with (run / LOG).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(entry) + "\n")
