"""Training samples: each a pure function of seed and number, so a run resumes to the very sample."""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from mattelier.data.augment import Rng, crop_box, degrade, recolour, resize_crop, unit
from mattelier.data.datasets import Folder, Photo, SetPicture, load_grey, load_rgb, load_rgba
from mattelier.data.synthesis import blur_fusion, composite, match_colour, match_sharpness, place
from mattelier.image import Array, Float

Item = TypeVar("Item")
Planes = tuple[Float, Float, Float]  # rgb (S, S, 3), alpha (S, S), weight (S, S)


@dataclass(frozen=True)
class Mix:
    """How often each kind of sample is drawn; the shares sum to one."""

    photo: float = 0.60  # a photograph and its teacher matte, as they are
    cutout: float = 0.27  # a cut-out over another background: alpha exact by construction
    moved: float = 0.10  # a matted photo's subject over another background
    empty: float = 0.03  # a background alone: the right answer is nothing
    proving: float = 0.0  # a subject of the proving ground over another background

    def __post_init__(self) -> None:
        total = sum(self.shares)
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"the shares of Mix sum to {total}; they must sum to 1")

    @property
    def shares(self) -> tuple[float, ...]:
        return self.photo, self.cutout, self.moved, self.empty, self.proving

    def possible(self, folder: Folder, scenes: tuple[SetPicture, ...]) -> "Mix":
        """What can be drawn: without a proving ground cut-outs in its place, without cut-outs photos, and so on."""
        if not folder.backgrounds:  # a folder of photos alone can still be trained on
            return Mix(photo=1.0, cutout=0.0, moved=0.0, empty=0.0)
        mix = self if scenes else replace(self, cutout=self.cutout + self.proving, proving=0.0)
        return mix if folder.foregrounds else replace(mix, photo=mix.photo + mix.cutout, cutout=0.0)


class Samples(Dataset[dict[str, Tensor]]):
    """Item i is {image (3, S, S) in -1..1, alpha (1, S, S), weight (1, S, S)}, float32.

    weight is 1 where alpha is true, less where a teacher was uncertain.
    """

    def __init__(
        self, folder: Folder, side_px: int, seed: int, mix: Mix | None = None, scenes: tuple[SetPicture, ...] = ()
    ) -> None:
        self.folder, self.side_px, self.seed = folder, side_px, seed
        self.scenes = tuple(scene for scene in scenes if scene.foreground)  # only known colours can move
        self.shares = (mix or Mix()).possible(folder, self.scenes).shares

    def __len__(self) -> int:
        return 2**40  # endless: the sampler decides where to begin and to stop

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        rng = np.random.default_rng((self.seed, index))
        kinds = (self.photo, self.cutout, self.moved, self.empty, self.proving)
        rgb, alpha, weight = kinds[int(rng.choice(len(kinds), p=self.shares))](rng)
        rgb = degrade(recolour(rgb, rng), rng)
        if rng.random() < 0.5:
            rgb, alpha, weight = rgb[:, ::-1], alpha[:, ::-1], weight[:, ::-1]
        image = torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)) * 2.0 - 1.0)
        return {"image": image, "alpha": _plane(alpha), "weight": _plane(weight)}

    def photo(self, rng: Rng) -> Planes:
        photo = _pick(self.folder.photos, rng)
        rgb, alpha = self.cropped(photo, rng)
        return rgb, alpha, trust(alpha, photo.quality)

    def cutout(self, rng: Rng) -> Planes:
        foreground, alpha = place(load_rgba(_pick(self.folder.foregrounds, rng)), self.side_px, rng)
        return self.over_new_background(foreground, alpha, rng)

    def moved(self, rng: Rng) -> Planes:
        rgb, alpha = self.cropped(_pick(self.folder.photos, rng), rng)
        return self.over_new_background(blur_fusion(rgb, alpha, self.side_px // 32), alpha, rng)

    def empty(self, rng: Rng) -> Planes:
        zeros = np.zeros((self.side_px, self.side_px), np.float32)
        return self.background(rng), zeros, zeros + 1.0

    def proving(self, rng: Rng) -> Planes:
        scene = _pick(self.scenes, rng)
        assert scene.foreground  # those without are left out above; for the type checker
        alpha = load_grey(scene.alpha)
        box = crop_box(_hw(alpha), rng, alpha)
        rgb, matte = (unit(resize_crop(plane, box, self.side_px)) for plane in (load_rgb(scene.foreground), alpha))
        return self.over_new_background(rgb, matte, rng)

    def over_new_background(self, foreground: Float, alpha: Float, rng: Rng) -> Planes:
        background = self.background(rng)
        foreground = match_colour(foreground, background, alpha, rng)
        rgb = composite(foreground, match_sharpness(background, rng), alpha)
        return rgb, alpha, np.ones_like(alpha)

    def background(self, rng: Rng) -> Float:
        array = load_rgb(_pick(self.folder.backgrounds, rng))
        return unit(resize_crop(array, crop_box(_hw(array), rng), self.side_px))

    def cropped(self, photo: Photo, rng: Rng) -> tuple[Float, Float]:
        rgb, alpha = load_rgb(photo.image), load_grey(photo.matte)
        box = crop_box(_hw(rgb), rng, alpha)
        return unit(resize_crop(rgb, box, self.side_px)), unit(resize_crop(alpha, box, self.side_px))


def trust(alpha: Float, quality: str) -> Float:
    """Weight of a teacher's matte, pixel by pixel: 1 where it is sure, down to 0.3 at alpha 0.5; less if only fair."""
    certainty: Float = 1.0 - 0.7 * (1.0 - np.abs(2.0 * alpha - 1.0)) ** 0.5
    return certainty * np.float32(1.0 if quality == "good" else 0.7)


def _pick(items: tuple[Item, ...], rng: Rng) -> Item:
    return items[int(rng.integers(len(items)))]


def _hw(array: Array) -> tuple[int, int]:
    return array.shape[0], array.shape[1]


def _plane(array: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))[None]
