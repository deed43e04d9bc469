"""Composition-1k's recipe: every foreground over N backgrounds, named FOREGROUND_0.png to FOREGROUND_N-1.png.

Xu, Price, Cohen, Huang, "Deep Image Matting" (CVPR 2017). The i-th foreground takes the i-th block of N names of the
background list; a background that does not cover the foreground is enlarged by the larger ratio, sides rounded up,
bicubic; then its top-left corner is used, and the mixed values are cut to integers. With the lists of a licensed copy
(50 and 1000 names, N = 20) this is the published test set; our layout was checked, the real pictures were not at hand.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from mattelier.data import rssn, trimaps
from mattelier.data.augment import Rng
from mattelier.data.files import PICTURES, load_cutout, load_rgb, same_name, size_of
from mattelier.data.rssn import Rssn
from mattelier.data.sets import Made, digest
from mattelier.data.synthesis import composite, composite_bytes, extend, merge
from mattelier.errors import InputError
from mattelier.image import Array
from mattelier.image.colour import to_depth
from mattelier.image.geometry import resize


@dataclass(frozen=True)
class Recipe:
    """How foregrounds and backgrounds become composites; the defaults are the paper's, without a seed its order."""

    per_foreground: int = 100
    seed: int | None = None  # None: blocks of the background list in its order
    pair_share: float = 0.0  # a second foreground behind the first, this often (MatteFormer and FBA: 0.5)
    has_extended_colours: bool = False  # fg/ holds colours where alpha is 0, too
    is_linear: bool = False  # light mixed as light; no paper does
    rounding: Literal["down", "nearest"] = "down"
    trimap: str | None = None  # a paper of trimaps.PAPERS, or none
    rssn: Rssn | None = None
    split: Literal["train", "val", "test"] = "train"  # what the manifest says

    def __post_init__(self) -> None:
        if self.per_foreground < 1 or not 0 <= self.pair_share <= 1:
            raise InputError(
                f"per_foreground {self.per_foreground} and pair_share {self.pair_share}: expected 1 or more, and 0 to "
                "1; correct them"
            )
        if self.seed is None and (self.pair_share or self.trimap or self.rssn):
            raise InputError(
                "no seed was given, and second foregrounds, trimaps and RSSN are drawn by chance; expected a seed with "
                "them; pass --seed"
            )
        if self.rssn and self.is_linear:
            raise InputError("RSSN and linear light were asked for together; RSSN mixes encoded values; leave one away")
        if self.trimap is not None and self.trimap not in trimaps.PAPERS:
            raise InputError(f"no paper {self.trimap!r}; expected one of {', '.join(trimaps.PAPERS)}; choose one")


TRAIN = Recipe(per_foreground=100)  # 431 foregrounds: 43100 pictures
TEST = Recipe(per_foreground=20, split="test")  # 50 foregrounds: 1000 pictures


@dataclass(frozen=True)
class Sources:
    """Files to compose. alphas: a folder of mattes named like the foregrounds; None: each carries its own alpha.

    denoised: a folder with foregrounds/ and backgrounds/ named like the others, for RSSN; None: denoise here.
    """

    foregrounds: tuple[Path, ...]
    backgrounds: tuple[Path, ...]
    alphas: Path | None = None
    denoised: Path | None = None


@dataclass(frozen=True)
class Pair:
    """One composite to make (a sets.Job)."""

    name: str
    foreground: Path
    background: Path
    second: Path | None
    number: int
    options: Recipe
    alphas: Path | None = None
    denoised: Path | None = None

    @property
    def recipe(self) -> str:
        """Options and the digests of the files."""
        files = [self.foreground, self.background, *([self.second] if self.second else [])]
        if self.alphas:
            files += [same_name(path, self.alphas) for path in (self.foreground, self.second) if path]
        return json.dumps([asdict(self.options), self.number, [digest(path) for path in files]])

    def make(self) -> Made:
        """images, alpha, fg and bg, and trimap when the recipe names a paper."""
        rng = np.random.default_rng((self.options.seed or 0, self.number))
        colours, alpha = self._subject()
        if self.options.rssn:
            image, front, behind = self._bridged(colours, alpha, self.options.rssn, rng)
        else:
            front, behind = colours, self._ground((alpha.shape[0], alpha.shape[1]), rng)
            image = mix(front, behind, alpha, self.options)
        planes = {"images": image, "alpha": alpha, "fg": front, "bg": behind}
        if self.options.trimap:
            planes["trimap"] = trimaps.draw(alpha, trimaps.PAPERS[self.options.trimap], rng)
        return Made(planes, self._row(alpha))

    def _subject(self) -> tuple[Array, Array]:
        colours, alpha = load_cutout(self.foreground, self.alphas)
        if self.second:
            colours, alpha = join((colours, alpha), load_cutout(self.second, self.alphas))
        if self.options.has_extended_colours:
            colours = to_depth(extend(colours, to_depth(alpha, np.float32)), np.uint8)
        return colours, alpha

    def _ground(self, hw: tuple[int, int], rng: Rng) -> Array:
        behind = enlarged(load_rgb(self.background), hw)
        # the published corner, or anywhere when a seed asks for chance
        top, left = (
            0 if self.options.seed is None else int(rng.integers(0, have - want + 1))
            for have, want in zip(behind.shape[:2], hw, strict=True)
        )
        return np.ascontiguousarray(behind[top : top + hw[0], left : left + hw[1]])

    def _bridged(self, colours: Array, alpha: Array, how: Rssn, rng: Rng) -> tuple[Array, Array, Array]:
        draw = rssn.Draw.of((alpha.shape[0], alpha.shape[1]), how, rng)
        behind = load_rgb(self.background)
        if draw.is_denoised:
            colours = self._denoised("foregrounds", self.foreground, colours)
            behind = self._denoised("backgrounds", self.background, behind)
        return rssn.compose(colours, behind, alpha, draw)

    def _denoised(self, folder: str, source: Path, pixels: Array) -> Array:
        if self.denoised is None or (self.second and folder == "foregrounds"):
            return rssn.denoise(pixels)
        return load_rgb(same_name(source, self.denoised / folder))

    def _row(self, alpha: Array) -> dict[str, str]:
        height, width = alpha.shape
        return {
            "split": self.options.split,
            "kind": "composite",
            "category": "",
            "auto": "yes",
            "foreground": self.foreground.name,
            "second": self.second.name if self.second else "",
            "background": self.background.name,
            "width": str(width),
            "height": str(height),
        }


def pairs(sources: Sources, recipe: Recipe) -> list[Pair]:
    """Every composite of a recipe, in order.

    Raises InputError when there is nothing to compose, or too few backgrounds for blocks of their own.
    """
    count = recipe.per_foreground
    grounds = _grounds(sources, recipe)
    made = []
    for i, foreground in enumerate(sources.foregrounds):
        rng = np.random.default_rng((recipe.seed or 0, i, 1))
        for j in range(count):
            number = i * count + j
            second = _second(sources.foregrounds, i, recipe, rng)
            made.append(
                Pair(
                    f"{foreground.stem}_{j}",
                    foreground,
                    grounds[number % len(grounds)],
                    second,
                    number,
                    recipe,
                    sources.alphas,
                    sources.denoised,
                )
            )
    return made


def _second(foregrounds: Sequence[Path], own: int, recipe: Recipe, rng: Rng) -> Path | None:
    chance, other = rng.random(), int(rng.integers(max(1, len(foregrounds) - 1)))
    if chance >= recipe.pair_share or len(foregrounds) < 2:
        return None
    return foregrounds[(own + 1 + other) % len(foregrounds)]


def _grounds(sources: Sources, recipe: Recipe) -> list[Path]:
    need = len(sources.foregrounds) * recipe.per_foreground
    if not sources.foregrounds or not sources.backgrounds:
        raise InputError(
            f"{len(sources.foregrounds)} foregrounds and {len(sources.backgrounds)} backgrounds were found; expected "
            f"one or more of each ({', '.join(sorted(PICTURES))}); check the folders"
        )
    if recipe.seed is None:
        if len(sources.backgrounds) < need:
            raise InputError(
                f"{len(sources.backgrounds)} backgrounds are too few for {len(sources.foregrounds)} foregrounds with "
                f"{recipe.per_foreground} each; expected {need}; add some, lower --per-foreground, or pass --seed to "
                "use backgrounds again"
            )
        return list(sources.backgrounds)
    allowed = list(sources.backgrounds)
    if recipe.rssn and recipe.rssn.resolution:
        largest = tuple(max(side) for side in zip(*map(size_of, sources.foregrounds), strict=True))
        allowed = [path for path in allowed if all(h >= w for h, w in zip(size_of(path), largest, strict=True))]
        if not allowed:
            raise InputError(
                f"no background is {largest[1]} x {largest[0]} px or larger, as RSSN's resolution part wants; "
                "add larger ones, or leave that part away"
            )
    rng = np.random.default_rng((recipe.seed, 0))
    order: list[Path] = []
    while len(order) < need:  # every background once before any comes again
        order += [allowed[i] for i in rng.permutation(len(allowed))]
    return order


def join(front: tuple[Array, Array], back: tuple[Array, Array]) -> tuple[Array, Array]:
    """Two cut-outs as one, uint8; the second is resized to the first, premultiplied on the way.

    As in MatteFormer's data the first stays alone when together they would cover everything.
    """
    hw = (front[1].shape[0], front[1].shape[1])
    alpha = resize(to_depth(back[1], np.float32), hw)
    premultiplied = resize(to_depth(back[0], np.float32) * to_depth(back[1], np.float32)[..., None], hw)
    colours = (premultiplied / np.maximum(alpha, 1e-6)[..., None]).astype(np.float32)
    merged = merge((to_depth(front[0], np.float32), to_depth(front[1], np.float32)), (colours, alpha))
    if merged[1].min() >= 1:
        return front
    return to_depth(merged[0], np.uint8), to_depth(merged[1], np.uint8)


def enlarged(background: Array, hw: tuple[int, int]) -> Array:
    """A background that covers hw: itself, or enlarged by the larger ratio, sides rounded up, bicubic."""
    height, width = background.shape[:2]
    ratio = max(hw[0] / height, hw[1] / width)
    if ratio <= 1:
        return background
    size = (math.ceil(width * ratio), math.ceil(height * ratio))
    return np.asarray(Image.fromarray(background).resize(size, Image.Resampling.BICUBIC))


def mix(foreground: Array, background: Array, alpha: Array, recipe: Recipe) -> Array:
    """The composite, uint8: cut to integers as published, or rounded; in linear light if the recipe says so."""
    if recipe.is_linear:
        front, behind, a = (to_depth(plane, np.float32) for plane in (foreground, background, alpha))
        return to_depth(composite(front, behind, a, is_linear=True), np.uint8)
    if recipe.rounding == "nearest":
        return composite_bytes(foreground, background, alpha)
    a = alpha[..., None].astype(np.uint16)
    mixed: Array = ((a * foreground + (255 - a) * background) // 255).astype(np.uint8)
    return mixed
