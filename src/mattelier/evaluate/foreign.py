"""Somebody else's ONNX file that maps a picture to a mask, described by a small JSON card."""

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mattelier.errors import InputError, WeightsError
from mattelier.evaluate.system import Request, Solution, Solve, System, measured
from mattelier.image import Array, Float
from mattelier.image.colour import to_depth
from mattelier.image.io import decode


@dataclass(frozen=True)
class ForeignCard:
    """How to run one ONNX file that maps an image to a mask; keys of its JSON card."""

    name: str
    file: str  # beside the JSON card, or absolute
    sha256: str
    height: int
    width: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    divide_by_maximum: bool = False  # the picture by its own maximum instead of 255, as some tools do
    stretch: bool = False  # the mask to min..max, as some tools do
    source: str = ""


def foreign(card_file: Path) -> System:
    """The system of a JSON card.  Raises InputError for the card, WeightsError for the file it names."""
    card = read_foreign(card_file)
    file = card_file.parent / card.file
    read_checked(file, card.sha256)
    return System(card.name, card.sha256, "none", "in process", partial(open_foreign, card, file), card.source)


def open_foreign(card: ForeignCard, file: Path) -> Solve:
    """The loaded file as a solver; resized by Lanczos both ways and rounded to 8 bits, as rembg does."""
    import onnxruntime as ort

    session = ort.InferenceSession(read_checked(file, card.sha256), providers=["CPUExecutionProvider"])
    entry, first = session.get_inputs()[0].name, session.get_outputs()[0].name

    def solve(request: Request) -> Solution:
        rgb = to_depth(decode(request.image).pixels, np.uint8)
        (mask,) = session.run([first], {entry: foreign_input(card, rgb)})
        return Solution(foreign_alpha(card, mask[0, 0], (rgb.shape[0], rgb.shape[1])))

    return measured(solve)


def read_foreign(card_file: Path) -> ForeignCard:
    """Raises InputError when the file is no such card."""
    try:
        facts: dict[str, Any] = json.loads(card_file.read_text(encoding="utf-8"))
        return ForeignCard(**facts)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{card_file} cannot be read as a card ({error}); expected JSON with the keys "
            f"{', '.join(ForeignCard.__dataclass_fields__)}; see docs/evaluate.md"
        ) from error


def read_checked(file: Path, sha256: str) -> bytes:
    """The file's bytes.  Raises WeightsError when they are not the card's."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"{file} cannot be read ({error.strerror}); put the file there that its card names"
        ) from None
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise WeightsError(f"{file} has sha256 {found}; its card says {sha256}; use the file the card was written for")
    return data


def foreign_input(card: ForeignCard, rgb: Array) -> Float:
    """(1, 3, height, width) float32."""
    small = np.asarray(Image.fromarray(rgb).resize((card.width, card.height), Image.Resampling.LANCZOS), np.float64)
    scaled = small / (max(small.max(), 1e-6) if card.divide_by_maximum else 255.0)
    normalised = (scaled - np.array(card.mean)) / np.array(card.std)
    planes: Float = normalised.transpose(2, 0, 1)[None].astype(np.float32)
    return planes


def foreign_alpha(card: ForeignCard, mask: Float, hw: tuple[int, int]) -> Float:
    """The mask as an alpha of the photo's size, (H, W) float32 [0, 1]."""
    if card.stretch:
        mask = (mask - mask.min()) / max(float(mask.max() - mask.min()), 1e-6)
    grey = Image.fromarray((np.clip(mask, 0.0, 1.0) * 255.0).astype(np.uint8))
    alpha: Float = np.asarray(grey.resize((hw[1], hw[0]), Image.Resampling.LANCZOS), np.float32) / np.float32(255.0)
    return alpha
