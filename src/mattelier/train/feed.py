"""What the loop is fed: the samples of a recipe, and batches of them.

Every batch has image (B, 3, S, S) in -1..1 and alpha and weight (B, 1, S, S). Crops add trimap (0, 0.5, 1), foreground,
background (0..1) and known; scenes with words add text, T of them a picture: text, alpha and weight are then T times
as long as image, those of one picture together. `complete` adds a trimap to those without, and the step.
"""

import multiprocessing
import random
import signal
import sys
import traceback
from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mattelier.data.crops import Crops, Draws
from mattelier.data.datasets import Folder, SetPicture, listed, read_folder, read_photos, read_set
from mattelier.data.references import read_references
from mattelier.data.referred import Referred, worded_photos
from mattelier.data.samples import Mix, Samples
from mattelier.errors import MattelierError
from mattelier.train import losses
from mattelier.train.heap import keep_freed_memory
from mattelier.train.stages import Recipe, Stage
from mattelier.train.systems import Batch

SETS = ("composites", "proving")  # sources that are sets on disk: DIR/SOURCE/SPLIT
PREFETCH = 4
WORKERS = {"cpu": 1, "cuda": 8}


def samples(recipe: Recipe, stage: Stage, data: Path) -> Dataset[Any]:
    """The samples of a stage, endless and numbered. Raises InputError for what a recipe draws from and data lacks."""
    return SAMPLES[recipe.samples](recipe, stage, data)


def whole(recipe: Recipe, stage: Stage, data: Path) -> Samples:
    scenes = sets(recipe, data, "train").get("proving", ())
    return Samples(read_folder(data, "train"), stage.side_px, recipe.seed, mix_of(recipe), scenes)


def mix_of(recipe: Recipe) -> Mix:
    shares = dict(recipe.sources)
    return Mix(*(shares.get(name, 0.0) for name in ("photo", "cutout", "moved", "empty", "proving")))


def crops(recipe: Recipe, stage: Stage, data: Path) -> Crops:
    assert recipe.trimap is not None  # a recipe of crops has one; for the type checker
    draws = Draws(
        recipe.sources,
        stage.crops_px or recipe.crops_px,
        recipe.trimap,
        recipe.second_share,
        recipe.keeps_crop_size,
        recipe.anew_share,
    )
    photos = tuple(read_photos(data, "train")) if (data / "photos" / "manifest.csv").is_file() else ()
    folder = Folder(photos, listed(data / "foregrounds"), listed(data / "backgrounds"))
    return Crops(folder, sets(recipe, data, "train"), stage.side_px, recipe.seed, draws)


def refer(recipe: Recipe, stage: Stage, data: Path) -> Referred:
    shares = dict(recipe.sources)
    photo_share, pair_share = (shares.get(name, 0.0) for name in ("photo", "pair"))
    photos = worded_photos(data) if photo_share or pair_share else ()
    references = read_references(data / "refer" / "train")
    return Referred(references, stage.side_px, recipe.seed, photos, photo_share, recipe.texts, pair_share)


def sets(recipe: Recipe, data: Path, split: str) -> dict[str, tuple[SetPicture, ...]]:
    """The sets on disk that a recipe draws from, those that are there."""
    names = [name for name, _ in recipe.sources if name in SETS and (data / name / split).is_dir()]
    return {name: read_set(data / name / split) for name in names}


SAMPLES = {"whole": whole, "crops": crops, "refer": refer}


def steps(dataset: Dataset[Any], stage: Stage, step: int, done: int, device: str) -> Generator[list[Batch], None, None]:
    """The rest of a stage, a list of `stage.passes` batches a step, prepared by worker processes ahead of time.

    Close it where it is left before its end: its workers ignore the signal that would end them at exit.
    """
    # a step's samples are numbered by the step alone, so a resumed run draws what an unbroken one would have drawn,
    # and a step in several passes sees the same pictures as one in a single pass
    numbers = [((step + i) << 10) + j for i in range(stage.steps - done) for j in range(stage.batch)]
    loader = DataLoader(
        dataset,
        stage.batch // stage.passes,
        sampler=numbers,
        num_workers=WORKERS[device],
        pin_memory=device == "cuda",
        multiprocessing_context=processes(),
        worker_init_fn=settle_worker,
        prefetch_factor=PREFETCH,
    )
    passes: list[Batch] = []
    try:
        for batch in loader:
            passes.append({name: on_device(value, device) for name, value in spread(batch).items()})
            if len(passes) == stage.passes:
                yield passes
                passes = []
    except Exception as error:
        traceback.clear_frames(error.__traceback__)  # they hold the workers
        if isinstance(error, MattelierError):  # a worker's, with the worker's whole traceback in front
            raise type(error)(str(error).strip().rpartition(f"{type(error).__name__}: ")[2]) from None
        raise


def processes() -> multiprocessing.context.BaseContext:
    """How workers begin: not as forks of this process, which may hang: a thread of it may hold a lock for ever."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # torch is imported once, not in every worker
    return context


def spread(batch: Batch) -> Batch:
    """Texts one after another, those of a picture together, and what belongs to each: (B, T, ...) to (B T, ...)."""
    if "text" not in batch:
        return batch
    texts = [text for of_picture in zip(*batch["text"], strict=True) for text in of_picture]
    return batch | {"text": texts, "alpha": batch["alpha"].flatten(0, 1), "weight": batch["weight"].flatten(0, 1)}


def on_device(value: Any, device: str) -> Any:
    """Tensors travel, words stay."""
    is_plane = isinstance(value, Tensor)
    return value.to(device, non_blocking=True, memory_format=torch.channels_last) if is_plane else value


def settle_worker(_worker: int) -> None:
    torch.set_num_threads(1)
    keep_freed_memory()
    # Ctrl-C and a service's stop reach the whole process group; the loop still needs samples for its last step
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def complete(batch: Batch, recipe: Recipe, step: int) -> Batch:
    """With the step, and a trimap for losses that look at a band where the samples bring none."""
    if "trimap" not in batch:
        radius_px = random.Random(recipe.seed + step).randint(*recipe.trimap_radius_px)
        batch = batch | {"trimap": losses.trimap_of(batch["alpha"], radius_px)}
    return batch | {"step": step}
