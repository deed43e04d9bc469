"""Validation while training: two figures and a sheet of cut-outs to look at."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from mattelier.data.augment import unit
from mattelier.data.datasets import Photo, load_grey, load_rgb
from mattelier.image import Array

THUMBNAIL_PX = 160
SHEET_COLUMNS = 6
GREEN = np.array((0, 200, 80), np.float32)


@torch.no_grad()
def validate(net: nn.Module, photos: Sequence[Photo], longest_px: int, device: str) -> dict[str, float]:
    """Mean IoU of (alpha > 0.5) and mean absolute difference, at each photo's own size."""
    net.eval()
    ious, mads = [], []
    for photo in photos:
        predicted, target = predict(net, load_rgb(photo.image), longest_px, device), unit(load_grey(photo.matte))
        ious.append(iou(predicted, target))
        mads.append(float(np.abs(predicted - target).mean()))
    return {"iou": float(np.mean(ious)), "mad": float(np.mean(mads))}


def predict(net: nn.Module, rgb: Array, longest_px: int, device: str) -> Array:
    """The network's alpha (H, W) float32 for a photo (H, W, 3) uint8, by plain bilinear resizing both ways."""
    hw = (rgb.shape[0], rgb.shape[1])
    output: dict[str, Tensor] = net(network_input(rgb, longest_px).to(device))
    alpha = F.interpolate(output["alpha"].float(), size=hw, mode="bilinear", align_corners=False)
    array: Array = alpha[0, 0].cpu().numpy()
    return array


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
def write_sheet(net: nn.Module, photos: Sequence[Photo], longest_px: int, device: str, file: Path) -> None:
    """Photo beside cut-out over green, for every photo; for eyes only, and it stays in the run's folder."""
    net.eval()
    cells = []
    for photo in photos:
        rgb = load_rgb(photo.image)
        alpha = predict(net, rgb, longest_px, device)[..., None]
        cut = (alpha * rgb + (1.0 - alpha) * GREEN).astype(np.uint8)
        pair = Image.fromarray(np.concatenate((rgb, cut), 1))
        pair.thumbnail((2 * THUMBNAIL_PX, THUMBNAIL_PX))
        cells.append(pair)
    rows = -(-len(cells) // SHEET_COLUMNS)
    sheet = Image.new("RGB", (2 * THUMBNAIL_PX * SHEET_COLUMNS, THUMBNAIL_PX * rows))
    for i, cell in enumerate(cells):
        sheet.paste(cell, (i % SHEET_COLUMNS * 2 * THUMBNAIL_PX, i // SHEET_COLUMNS * THUMBNAIL_PX))
    sheet.save(file)
