"""Samples for systems that are given a trimap: crops around an unknown pixel, with everything a loss may ask for.

Item i is a pure function of seed and i: {image (3, S, S) in -1..1; alpha, trimap (0, 0.5, 1), known, weight (1, S, S);
foreground, background (3, S, S) in 0..1, straight colours on every pixel}, float32. Where `known` is 1, image, alpha,
foreground and background satisfy I = alpha F + (1 - alpha) B; where it is 0 (a photo) both colours are the image's own.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from mattelier.data import trimaps
from mattelier.data.augment import Rng, crop_box, recolour, resize_crop, unit
from mattelier.data.datasets import Folder, SetPicture, load_grey, load_rgb, load_rgba
from mattelier.data.samples import Item, trust
from mattelier.data.synthesis import composite, extend, match_colour, match_sharpness, merge
from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.trimap import BACKGROUND, FOREGROUND

Box = tuple[int, int, int, int]  # left, top, right, bottom; may reach outside a cut-out, whose surroundings are empty


@dataclass(frozen=True)
class Draws:
    """What a recipe says of its crops."""

    shares: tuple[tuple[str, float], ...]  # source, how often
    crops_px: tuple[int, ...]
    ranges: trimaps.Ranges
    second_share: float = 0.0
    keeps_size: bool = False  # a crop is not resized
    anew_share: float = 0.0  # of the pictures of sets: in other colours, over another background


@dataclass(frozen=True)
class Piece:
    """A crop before compositing: straight colours (S, S, 3) in [0, 1], alpha and how far it can be trusted (S, S)."""

    foreground: Float
    background: Float
    alpha: Float
    weight: Float
    known: bool

    @property
    def image(self) -> Float:
        return composite(self.foreground, self.background, self.alpha)


class Crops(Dataset[dict[str, Tensor]]):
    """Crops of cut-outs over new backgrounds ("cutout"), of photos with mattes ("photo"), and of sets on disk."""

    def __init__(
        self, folder: Folder, sets: dict[str, tuple[SetPicture, ...]], side_px: int, seed: int, draws: Draws
    ) -> None:
        self.folder, self.sets, self.side_px, self.seed, self.draws = folder, sets, side_px, seed, draws
        have = {"cutout": folder.foregrounds and folder.backgrounds, "photo": folder.photos} | sets
        for source, _ in draws.shares:
            if not have.get(source):
                raise InputError(
                    f"the recipe draws from {source} and the data folder has none; add it (docs/train.md), "
                    "or train with a recipe that does without"
                )

    def __len__(self) -> int:
        return 2**40  # endless: the sampler decides where to begin and to stop

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        rng = np.random.default_rng((self.seed, index))
        sources, shares = zip(*self.draws.shares, strict=True)
        crop_px = int(rng.choice(self.draws.crops_px))
        side_px = crop_px if self.draws.keeps_size else self.side_px
        piece = self.piece(str(rng.choice(sources, p=shares)), crop_px, side_px, rng)
        trimap = trimaps.draw(np.ascontiguousarray(piece.alpha), self.draws.ranges, rng)
        return tensors(piece, trimap, flip=rng.random() < 0.5)

    def piece(self, source: str, crop_px: int, side_px: int, rng: Rng) -> Piece:
        if source == "cutout":
            return self.cutout(crop_px, side_px, rng)
        if source == "photo":
            photo = _pick(self.folder.photos, rng)
            rgb, alpha = load_rgb(photo.image), load_grey(photo.matte)
            box = window(alpha, min(crop_px, *alpha.shape), rng)
            image, matte = (unit(resize_crop(plane, box, side_px)) for plane in (rgb, alpha))
            image = recolour(image, rng)
            return Piece(image, image, matte, trust(matte, photo.quality), known=False)
        piece = from_set(_pick(self.sets[source], rng), crop_px, side_px, rng)
        is_anew = piece.known and self.folder.backgrounds and rng.random() < self.draws.anew_share
        return self.anew(piece, rng) if is_anew else piece

    def anew(self, piece: Piece, rng: Rng) -> Piece:
        """Its subject with channels exchanged and recoloured: another difference tells it from its background."""
        front = recolour(np.ascontiguousarray(piece.foreground[..., rng.permutation(3)]), rng)
        return replace(piece, foreground=front, background=self.background(piece.alpha.shape[0], rng))

    def cutout(self, crop_px: int, side_px: int, rng: Rng) -> Piece:
        foreground, alpha = cut(load_rgba(_pick(self.folder.foregrounds, rng)), crop_px, side_px, rng)
        if rng.random() < self.draws.second_share:
            second = cut(load_rgba(_pick(self.folder.foregrounds, rng)), crop_px, side_px, rng)
            merged = merge((foreground, alpha), second)
            if (merged[1] < 1.0).any():  # MatteFormer: kept only if some background is left
                foreground, alpha = merged
        background = self.background(side_px, rng)
        foreground = match_colour(recolour(extend(foreground, alpha), rng), background, alpha, rng)
        return Piece(foreground, background, alpha, np.ones_like(alpha), known=True)

    def background(self, side_px: int, rng: Rng) -> Float:
        array = load_rgb(_pick(self.folder.backgrounds, rng))
        square = unit(resize_crop(array, crop_box((array.shape[0], array.shape[1]), rng), side_px))
        return match_sharpness(recolour(square, rng), rng)


def cut(rgba: Array, crop_px: int, side_px: int, rng: Rng) -> tuple[Float, Float]:
    """A crop of a cut-out around a soft pixel: colours (S, S, 3) straight, alpha (S, S); empty where it ends."""
    left, top, right, bottom = window(rgba[..., 3], crop_px, rng)
    crop = Image.fromarray(rgba).crop((left, top, right, bottom))
    # Pillow resizes RGBA premultiplied, so that no colour from under alpha 0 bleeds in
    planes = unit(np.asarray(crop.resize((side_px, side_px), Image.Resampling.BILINEAR)))
    return planes[..., :3], planes[..., 3]


def window(alpha: Array, side_px: int, rng: Rng) -> Box:
    """A square around a random soft pixel (0 < alpha < 255; any pixel if none), inside the picture where it fits."""
    soft = np.flatnonzero((alpha > 0) & (alpha < 255))
    at = int(soft[rng.integers(len(soft))]) if len(soft) else int(rng.integers(alpha.size))
    y, x = divmod(at, alpha.shape[1])
    left, top = (_start(centre, length, side_px) for centre, length in ((x, alpha.shape[1]), (y, alpha.shape[0])))
    return left, top, left + side_px, top + side_px


def _start(centre: int, length: int, side_px: int) -> int:
    start = centre - side_px // 2
    return min(max(start, 0), length - side_px) if length >= side_px else start


def from_set(picture: SetPicture, crop_px: int, side_px: int, rng: Rng) -> Piece:
    """A crop of a picture of a set; composited anew at the size of the sample, so that the equation holds there."""
    alpha = load_grey(picture.alpha)
    box = window(alpha, min(crop_px, *alpha.shape), rng)
    matte = unit(resize_crop(alpha, box, side_px))
    if picture.foreground is None or picture.background is None:
        image = unit(resize_crop(load_rgb(picture.image), box, side_px))
        return Piece(image, image, matte, np.ones_like(matte), known=False)
    front, back = (unit(resize_crop(load_rgb(file), box, side_px)) for file in (picture.foreground, picture.background))
    return Piece(front, back, matte, np.ones_like(matte), known=True)


def tensors(piece: Piece, trimap: Array, flip: bool) -> dict[str, Tensor]:
    known = np.full_like(piece.alpha, piece.known)
    encoded = np.select([trimap == BACKGROUND, trimap == FOREGROUND], [0.0, 1.0], 0.5)
    planes = {"alpha": piece.alpha, "trimap": encoded, "known": known, "weight": piece.weight}
    colours = {"image": piece.image * 2.0 - 1.0, "foreground": piece.foreground, "background": piece.background}
    stacked = {name: plane[None] for name, plane in planes.items()}
    stacked |= {name: plane.transpose(2, 0, 1) for name, plane in colours.items()}
    step = -1 if flip else 1
    return {k: torch.from_numpy(np.ascontiguousarray(v[..., ::step], np.float32)) for k, v in stacked.items()}


def _pick(items: tuple[Item, ...], rng: Rng) -> Item:
    return items[int(rng.integers(len(items)))]
