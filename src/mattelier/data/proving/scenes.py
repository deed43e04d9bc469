"""Scenes of the proving ground: a subject of some kind before a background, as 8-bit planes that fit exactly.

Two kinds and a family of textures are for testing only: `training` refuses them, `testing` uses them all. Training and
test scenes are drawn from different random streams, so no seed of one gives a picture of the other.
"""

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from mattelier.data import trimaps
from mattelier.data.augment import Rng
from mattelier.data.files import listed
from mattelier.data.proving import textures
from mattelier.data.proving.blurred import defocus, motion
from mattelier.data.proving.canvas import Paint, Surface, View
from mattelier.data.proving.clear import glass, smoke
from mattelier.data.proving.feather import feather
from mattelier.data.proving.hair import fur, hair
from mattelier.data.proving.holes import letters, rings
from mattelier.data.proving.lace import lace
from mattelier.data.proving.leaf import leaf
from mattelier.data.proving.net import net
from mattelier.data.proving.products import product
from mattelier.data.sets import Made
from mattelier.data.synthesis import composite_bytes
from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.geometry import tiles

GENERATOR = 1  # raised whenever the same seed gives other pixels
LARGEST_PX = 4096
_TILE_PX = 512

Split = Literal["train", "test"]
Make = Callable[[Rng, tuple[int, int], Surface], Paint]

KINDS: dict[str, Make] = {
    "hair": hair,
    "fur": fur,
    "leaf": leaf,
    "lace": lace,
    "rings": rings,
    "letters": letters,
    "glass": glass,
    "smoke": smoke,
    "motion": motion,
    "defocus": defocus,
    "product": product,
}
TEST_KINDS: dict[str, Make] = {"feather": feather, "net": net}
_WORDS = {
    "hair": "a head with loose hair, from behind",
    "fur": "an animal with long fur",
    "leaf": "leaves",
    "lace": "a piece of lace",
    "rings": "rings",
    "letters": "letters",
    "glass": "a vessel of glass",
    "smoke": "smoke and where it comes from",
    "motion": "something that moves",
    "defocus": "something out of focus",
    "product": "a product",
    "feather": "feathers",
    "net": "a net in a frame",
}
# one would not ask a remover without hints for these
_NEEDS_HINT = frozenset(("glass", "smoke", "net"))


@dataclass(frozen=True)
class Planes:
    """A rendered scene, uint8: image, foreground and background (H, W, 3), alpha (H, W).

    image is alpha over the two others, rounded, in every pixel. Where alpha is 0 the foreground is carried on.
    """

    image: Array
    alpha: Array
    foreground: Array
    background: Array


@dataclass(frozen=True)
class Scene:
    """One scene to render (a sets.Job); `training` and `testing` make them."""

    kind: str
    number: int
    seed: int
    hw: tuple[int, int]
    split: Split
    textures: Path | None = None
    trimap: str | None = None

    @property
    def name(self) -> str:
        """KIND_NUMBER."""
        return f"{self.kind}_{self.number:05d}"

    @property
    def recipe(self) -> str:
        """Generator, seed and size, and the names and sizes of the photographs."""
        photos = [(path.name, path.stat().st_size) for path in _photos(self.textures)]
        digest = zlib.crc32(json.dumps(photos).encode())
        return json.dumps([GENERATOR, self.kind, self.number, self.seed, self.hw, self.split, self.trimap, digest])

    def make(self) -> Made:
        """images, alpha, fg, bg, and trimap where a paper is named."""
        planes = self.render()
        files = {"images": planes.image, "alpha": planes.alpha, "fg": planes.foreground, "bg": planes.background}
        if self.trimap:
            files["trimap"] = trimaps.draw(planes.alpha, trimaps.PAPERS[self.trimap], self._rng(1))
        row = {
            "split": self.split,
            "kind": "rendered",
            "category": self.kind,
            "auto": "no" if self.kind in _NEEDS_HINT else "yes",
            "description": _WORDS[self.kind],
            "width": str(self.hw[1]),
            "height": str(self.hw[0]),
            "seed": str(self.seed),
        }
        return Made(files, row)

    def render(self) -> Planes:
        """Its planes; memory beside them does not grow with the size, but for one plane of floats."""
        rng = self._rng(0)
        make = {**KINDS, **TEST_KINDS}[self.kind]
        subject = make(rng, self.hw, self._surface(rng, textures.CALM))
        background = self._surface(rng, tuple(textures.FAMILIES))
        alpha, colours, behind = _painted(subject, background, self.hw)
        colours = carried_on(colours, alpha > 0)
        return Planes(composite_bytes_by_tiles(colours, behind, alpha), alpha, colours, behind)

    def _rng(self, use: int) -> Rng:
        stream = 1 if self.split == "test" else 0
        return np.random.default_rng((stream, use, self.seed, zlib.crc32(self.kind.encode()), self.number))

    def _surface(self, rng: Rng, families: tuple[str, ...]) -> Surface:
        paths = _photos(self.textures)
        if paths:
            return textures.photo(rng, paths)
        # a quarter of what a test scene shows is of the family that no training scene has
        held_out = tuple(textures.TEST_FAMILIES)
        is_held_out = rng.random() < 0.25 and self.split == "test"
        name = str(rng.choice(held_out if is_held_out else families))
        return {**textures.FAMILIES, **textures.TEST_FAMILIES}[name](rng, self.hw)


def training(
    kinds: Sequence[str],
    count: int,
    seed: int,
    size_px: int,
    photographs: Path | None = None,
    trimap: str | None = None,
) -> list[Scene]:
    """Scenes to train on, count in all, the kinds in turn.

    photographs: a folder whose pictures replace the procedural textures; trimap: a paper of trimaps.PAPERS.
    Raises InputError for kinds that are unknown or for testing only, sizes that cannot be and folders without pictures.
    """
    if held_out := [kind for kind in kinds if kind in TEST_KINDS]:
        raise InputError(
            f"the kind {held_out[0]!r} is for testing only, and pictures to train on were asked for; expected some of "
            f"{', '.join(KINDS)}; leave it away, or ask for the test split"
        )
    return _scenes(kinds, count, seed, size_px, "train", photographs, trimap)


def testing(
    kinds: Sequence[str],
    count: int,
    seed: int,
    size_px: int,
    photographs: Path | None = None,
    trimap: str | None = None,
) -> list[Scene]:
    """Scenes to be measured on, never to train on; otherwise as `training`, with every kind."""
    return _scenes(kinds, count, seed, size_px, "test", photographs, trimap)


def _scenes(
    kinds: Sequence[str],
    count: int,
    seed: int,
    size_px: int,
    split: Split,
    photographs: Path | None,
    trimap: str | None,
) -> list[Scene]:
    every = {**KINDS, **TEST_KINDS}
    if unknown := [kind for kind in kinds if kind not in every]:
        raise InputError(f"no kind {unknown[0]!r}; expected some of {', '.join(every)}; check the spelling")
    if not kinds or count < 1 or not 64 <= size_px <= LARGEST_PX or seed < 0:
        raise InputError(
            f"{len(kinds)} kinds, {count} scenes, {size_px} px, seed {seed}: expected at least one kind and scene, 64 "
            f"to {LARGEST_PX} px and a seed of 0 or more; correct them"
        )
    if photographs and not _photos(photographs):
        raise InputError(f"{photographs} has no picture; expected photographs to use as textures; check the path")
    if trimap is not None and trimap not in trimaps.PAPERS:
        raise InputError(f"no paper {trimap!r}; expected one of {', '.join(trimaps.PAPERS)}; choose one")
    hw = (size_px, size_px)
    return [Scene(kinds[i % len(kinds)], i // len(kinds), seed, hw, split, photographs, trimap) for i in range(count)]


@lru_cache(maxsize=8)
def _photos(folder: Path | None) -> tuple[Path, ...]:
    return listed(folder) if folder else ()


def _painted(subject: Paint, background: Surface, hw: tuple[int, int]) -> tuple[Array, Array, Array]:
    """alpha (H, W), colours and background (H, W, 3), uint8; colours only where alpha is not 0."""
    alpha, colours, behind = (np.zeros(shape, np.uint8) for shape in (hw, (*hw, 3), (*hw, 3)))
    for rows, columns in tiles(hw, _TILE_PX):
        view = View(hw, rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)
        layer = subject.paint(view)
        alpha[rows, columns] = _eight(layer.alpha)
        colours[rows, columns] = _eight(layer.premultiplied / np.maximum(layer.alpha, 1e-6)[..., None])
        behind[rows, columns] = _eight(background.colours(view))
    colours[alpha == 0] = 0
    return alpha, colours, behind


def _eight(plane: Array) -> Array:
    eight: Array = np.rint(np.clip(plane, 0, 1) * 255).astype(np.uint8)
    return eight


def carried_on(colours: Array, known: Array) -> Array:
    """(H, W, 3) uint8, known pixels as they are, the others from the means of ever larger squares around them."""
    return np.stack([_filled(colours[..., channel], known) for channel in range(3)], -1)


def _filled(plane: Array, known: Array) -> Array:
    weights = [known.astype(np.float32)]
    sums = [plane.astype(np.float32) * weights[0]]
    while max(sums[-1].shape) > 1:
        sums.append(_halved(sums[-1]))
        weights.append(_halved(weights[-1]))
    guess = (sums[-1] / np.maximum(weights[-1], np.float32(1e-6))).astype(np.float32)
    for total, weight in zip(sums[-2::-1], weights[-2::-1], strict=True):
        size = (total.shape[1], total.shape[0])
        guess = np.asarray(Image.fromarray(guess).resize(size, Image.Resampling.BILINEAR))
        guess = np.where(weight > 0, total / np.maximum(weight, np.float32(1e-6)), guess).astype(np.float32)
    return np.where(known, plane, np.rint(np.clip(guess, 0, 255)).astype(np.uint8))


def _halved(plane: Float) -> Float:
    """Means of 2 x 2; an odd side repeats its last."""
    even = np.pad(plane, ((0, plane.shape[0] % 2), (0, plane.shape[1] % 2)), mode="edge")
    mean: Float = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / np.float32(4)
    return mean


def composite_bytes_by_tiles(foreground: Array, background: Array, alpha: Array) -> Array:
    """composite_bytes, square by square: its 16-bit sums would be four pictures."""
    image = np.empty_like(foreground)
    for tile in tiles((alpha.shape[0], alpha.shape[1]), _TILE_PX):
        image[tile] = composite_bytes(foreground[tile], background[tile], alpha[tile])
    return image
