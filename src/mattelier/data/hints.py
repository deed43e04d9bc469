"""Trimaps for a folder of mattes: one job a matte, for data.sets to write."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mattelier.data import trimaps
from mattelier.data.augment import Rng
from mattelier.data.sets import Made, digest
from mattelier.errors import InputError
from mattelier.image import Array
from mattelier.image.io import decode_mask

WAYS = (*trimaps.PAPERS, "scribbles", "box", "glance")


@dataclass(frozen=True)
class Hint:
    """The trimap of one matte (a sets.Job)."""

    matte: Path
    way: str
    seed: int
    number: int

    @property
    def name(self) -> str:
        return self.matte.stem

    @property
    def recipe(self) -> str:
        return json.dumps([self.way, self.seed, self.number, digest(self.matte)])

    def make(self) -> Made:
        """trimap/NAME.png alone."""
        rng = np.random.default_rng((self.seed, self.number))
        return Made({"trimap": draw(decode_mask(self.matte), self.way, rng)}, {"way": self.way})


def jobs(mattes: tuple[Path, ...], way: str, seed: int) -> list[Hint]:
    """One job a matte.  Raises InputError for an unknown way or no matte at all."""
    if way not in WAYS:
        raise InputError(f"no way {way!r} to draw a trimap; expected one of {', '.join(WAYS)}; choose one")
    if not mattes:
        raise InputError("no matte was found; expected a folder with pictures; check the path")
    return [Hint(matte, way, seed, number) for number, matte in enumerate(mattes)]


def draw(alpha: Array, way: str, rng: Rng) -> Array:
    """A trimap of (H, W) uint8 alpha, one of WAYS."""
    if way == "scribbles":
        return trimaps.scribbles(alpha, rng)
    if way == "box":
        return trimaps.from_box((alpha.shape[0], alpha.shape[1]), trimaps.loose_box(alpha, rng))
    if way == "glance":
        return trimaps.glance(alpha, rng)
    return trimaps.draw(alpha, trimaps.PAPERS[way], rng)
