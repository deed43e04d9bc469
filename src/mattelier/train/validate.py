"""Validation while training: figures and a sheet of cut-outs to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from mattelier.data import trimaps
from mattelier.data.augment import unit
from mattelier.data.datasets import load_grey, load_rgb, read_folder
from mattelier.data.references import read_references
from mattelier.image import Array, Float
from mattelier.image.trimap import BACKGROUND, FOREGROUND
from mattelier.train.feed import SETS, sets
from mattelier.train.stages import Recipe
from mattelier.train.systems import Batch, System

THUMBNAIL_PX = 160
SHEET_COLUMNS = 6
GREEN = np.array((0, 200, 80), np.float32)


@dataclass(frozen=True)
class Held:
    """A picture that is not trained on, its matte, and for systems that want them the words that mean its subject."""

    image: Path
    matte: Path
    text: str = ""


def held_out(recipe: Recipe, data: Path) -> tuple[Held, ...]:
    """The validation pictures of a data folder: those of the kind that a recipe trains on.

    Scenes with words: the first expression of every subject of DIR/refer/val. Crops: DIR/proving/val and
    DIR/composites/val where they are. Everything else: the photos of split val. Raises InputError when there are none.
    """
    if recipe.samples == "refer":
        references = read_references(data / "refer" / "val")
        return tuple(Held(each.image, each.alpha, each.texts[0]) for each in references)
    if recipe.samples == "crops" and any((data / name / "val").is_dir() for name in SETS):
        made = sets(recipe, data, "val").values()
        return tuple(Held(picture.image, picture.alpha) for pictures in made for picture in pictures)
    return tuple(Held(photo.image, photo.matte) for photo in read_folder(data, "val").photos)


def validate(net: nn.Module, system: System, held: Sequence[Held], recipe: Recipe, device: str) -> dict[str, float]:
    """Means over the pictures of what `judged` says of each."""
    figures = judged(net, system, held, recipe, device)
    return {name: float(np.mean([each[name] for each in figures])) for name in figures[0]}


@torch.no_grad()
def judged(net: nn.Module, system: System, held: Sequence[Held], recipe: Recipe, device: str) -> list[dict[str, float]]:
    """Figures of every picture, at its own size.

    Systems that are given a trimap: mean absolute and mean squared difference over its unknown region. Others: IoU of
    (alpha > 0.5), and mean absolute difference over the whole picture.
    """
    net.eval()
    judge = in_unknown if recipe.samples == "crops" else in_whole
    return [judge(net, system, one, recipe, device) for one in held]


def in_whole(net: nn.Module, system: System, one: Held, recipe: Recipe, device: str) -> dict[str, float]:
    target = unit(load_grey(one.matte))
    predicted = predict(net, system, one, recipe, device)
    return {"iou": iou(predicted, target), "mad": float(np.abs(predicted - target).mean())}


def in_unknown(net: nn.Module, system: System, one: Held, recipe: Recipe, device: str) -> dict[str, float]:
    target = load_grey(one.matte)
    unknown = ~np.isin(hint(target, recipe), (BACKGROUND, FOREGROUND))
    error = (predict(net, system, one, recipe, device) - unit(target))[unknown]
    return {"mad_unknown": float(np.abs(error).mean()), "mse_unknown": float((error**2).mean())} if error.size else {
        "mad_unknown": 0.0, "mse_unknown": 0.0}  # fmt: skip


def predict(net: nn.Module, system: System, one: Held, recipe: Recipe, device: str) -> Float:
    """The network's alpha (H, W) float32 for a picture, by plain bilinear resizing both ways."""
    rgb = load_rgb(one.image)
    image = network_input(rgb, recipe.validate_px).to(device)
    batch: Batch = {"image": image, "text": [one.text]}
    if recipe.samples == "crops":
        batch["trimap"] = trimap_input(hint(load_grey(one.matte), recipe), image)
    output = system.run(net, batch)["alpha"]
    alpha = F.interpolate(output.float(), size=(rgb.shape[0], rgb.shape[1]), mode="bilinear", align_corners=False)
    array: Float = alpha[0, 0].cpu().numpy()
    return array


def hint(matte: Array, recipe: Recipe) -> Array:
    """The trimap of a held-out matte, (H, W) uint8: drawn as in training, and the same every time."""
    assert recipe.trimap is not None  # a recipe of crops has one; for the type checker
    return trimaps.draw(matte, recipe.trimap, np.random.default_rng(recipe.seed))


def trimap_input(trimap: Array, image: Tensor) -> Tensor:
    """(1, 1, h, w) of 0, 0.5 and 1 at the size of the network's picture."""
    small = trimaps.nearest(trimap, (image.shape[2], image.shape[3]))
    encoded = np.select([small == BACKGROUND, small == FOREGROUND], [0.0, 1.0], 0.5).astype(np.float32)
    return torch.from_numpy(encoded)[None, None].to(image.device)


def network_input(rgb: Array, longest_px: int) -> Tensor:
    """(1, 3, h, w) in -1..1, the longer side longest_px, sides multiples of 32."""
    scale = longest_px / max(rgb.shape[:2])
    h, w = (max(1, round(side * scale / 32)) * 32 for side in rgb.shape[:2])
    small = unit(np.asarray(Image.fromarray(rgb).resize((w, h), Image.Resampling.BILINEAR)))
    return torch.from_numpy(small.transpose(2, 0, 1).copy())[None] * 2.0 - 1.0


def iou(predicted: Array, target: Array) -> float:
    p, t = predicted > 0.5, target > 0.5
    union = np.logical_or(p, t).sum()
    return float(np.logical_and(p, t).sum() / union) if union else 1.0


@torch.no_grad()
def write_sheet(net: nn.Module, system: System, held: Sequence[Held], recipe: Recipe, device: str, file: Path) -> None:
    """Picture beside cut-out over green, for every one; for eyes only, and it stays in the run's folder."""
    net.eval()
    cells = []
    for one in held:
        rgb = load_rgb(one.image)
        alpha = predict(net, system, one, recipe, device)[..., None]
        cut = (alpha * rgb + (1.0 - alpha) * GREEN).astype(np.uint8)
        pair = Image.fromarray(np.concatenate((rgb, cut), 1))
        pair.thumbnail((2 * THUMBNAIL_PX, THUMBNAIL_PX))
        cells.append(pair)
    rows = -(-len(cells) // SHEET_COLUMNS)
    sheet = Image.new("RGB", (2 * THUMBNAIL_PX * SHEET_COLUMNS, THUMBNAIL_PX * rows))
    for i, cell in enumerate(cells):
        sheet.paste(cell, (i % SHEET_COLUMNS * 2 * THUMBNAIL_PX, i // SHEET_COLUMNS * THUMBNAIL_PX))
    sheet.save(file)
