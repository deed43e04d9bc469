"""What can be measured: a card of this package, or somebody else's ONNX file described by a small JSON card."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mattelier.errors import InputError, NoSubject, WeightsError
from mattelier.image import Array, Float
from mattelier.runtime.pipeline import Matter


@dataclass(frozen=True)
class System:
    """A name, the digest of its weights, and rgb (H, W, 3) uint8 -> alpha (H, W) float32 in [0, 1]."""

    name: str
    sha256: str
    alpha: Callable[[Array], Float]


def open_system(name: str) -> System:
    """A card's name, or the path of a JSON card of a foreign file. Raises UnknownModel, InputError, WeightsError."""
    return open_foreign(Path(name)) if name.endswith(".json") else open_own(name)


def open_own(name: str) -> System:
    matter = Matter(name)

    def alpha(rgb: Array) -> Float:
        try:
            return matter.cut(rgb).alpha
        except NoSubject:  # an answer, and it is scored as one: nothing was kept
            return np.zeros(rgb.shape[:2], np.float32)

    return System(matter.card.name, matter.card.weights.sha256, alpha)


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


def open_foreign(card_file: Path) -> System:
    """A system from a JSON card; resized by Lanczos both ways and rounded to 8 bits, as rembg does."""
    import onnxruntime as ort

    card = read_foreign(card_file)
    data = read_checked(card_file.parent / card.file, card.sha256)
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    entry, first = session.get_inputs()[0].name, session.get_outputs()[0].name

    def alpha(rgb: Array) -> Float:
        (mask,) = session.run([first], {entry: foreign_input(card, rgb)})
        return foreign_alpha(card, mask[0, 0], (rgb.shape[0], rgb.shape[1]))

    return System(card.name, card.sha256, alpha)


def read_foreign(card_file: Path) -> ForeignCard:
    try:
        facts: dict[str, Any] = json.loads(card_file.read_text(encoding="utf-8"))
        return ForeignCard(**facts)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{card_file} cannot be read as a card ({error}); expected JSON with the keys "
            f"{', '.join(ForeignCard.__dataclass_fields__)}"
        ) from error


def read_checked(file: Path, sha256: str) -> bytes:
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
    if card.stretch:
        mask = (mask - mask.min()) / max(float(mask.max() - mask.min()), 1e-6)
    grey = Image.fromarray((np.clip(mask, 0.0, 1.0) * 255.0).astype(np.uint8))
    alpha: Float = np.asarray(grey.resize((hw[1], hw[0]), Image.Resampling.LANCZOS), np.float32) / np.float32(255.0)
    return alpha
