"""Samples with words: scenes whose text says which subject is meant, photos, and words that mean nothing there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from mattelier.data import absent
from mattelier.data.augment import Rng, crop_box, degrade, resize_crop, unit
from mattelier.data.cutouts import object_of
from mattelier.data.datasets import Photo, load_grey, load_rgb, read_photos, rows
from mattelier.data.expressions import express, mirrored
from mattelier.data.nouns import Names, names_of
from mattelier.data.refer import thing_of, to_uint8
from mattelier.data.references import Reference
from mattelier.data.samples import trust
from mattelier.errors import InputError
from mattelier.image import Float

KEYWORD_SHARE = 0.5  # of the texts of photos: a name alone
HELD_OUT = ("val", "test")
Sample = tuple[Float, Float, Float, str]  # rgb (S, S, 3), alpha (S, S), weight (S, S), text


@dataclass(frozen=True)
class Worded:
    """A photo with a matte, and what its subject may be called."""

    photo: Photo
    names: Names


class Referred(Dataset[dict[str, Tensor | str]]):
    """Item i is {image (3, S, S) in -1..1, alpha and weight (1, S, S), text}; a pure function of seed and i.

    photo_share of the items are photos, cropped, in words about their one subject; the others are scenes. In
    absent.SHARE of both the words name what is not there, and alpha is empty. In half of the items the picture is
    mirrored, and left and right in the text with it.
    """

    def __init__(
        self,
        references: Sequence[Reference],
        side_px: int,
        seed: int,
        photos: Sequence[Worded] = (),
        photo_share: float = 0.0,
    ) -> None:
        self.references = tuple(reference for reference in references if not reference.is_absent)
        self.empty = tuple(reference for reference in references if reference.is_absent)
        self.side_px, self.seed, self.photos, self.photo_share = side_px, seed, tuple(photos), photo_share
        self.pool = tuple({each.names.sure: each.names for each in photos}.values())
        if not self.references:
            raise InputError("the recipe draws from refer and there is none; make it with matte data refer")
        if photo_share and not photos:
            raise InputError(
                "the recipe draws from photo and no photo of the split train has a description; "
                "name the subjects in photos/manifest.csv (docs/refer.md)"
            )

    def __len__(self) -> int:
        return 2**40  # endless: the sampler decides where to begin and to stop

    def __getitem__(self, index: int) -> dict[str, Tensor | str]:
        rng = np.random.default_rng((self.seed, index))
        image, matte, weight, text = (self.photo if rng.random() < self.photo_share else self.scene)(rng)
        image = degrade(tinted(image, rng.uniform(0.9, 1.1), rng.uniform(0.9, 1.1)), rng)
        if rng.random() < 0.5:
            image, matte, weight, text = image[:, ::-1], matte[:, ::-1], weight[:, ::-1], mirrored(text)
        colours = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)) * 2.0 - 1.0)
        planes = (torch.from_numpy(np.ascontiguousarray(plane, np.float32))[None] for plane in (matte, weight))
        return {"image": colours.float(), **dict(zip(("alpha", "weight"), planes, strict=True)), "text": text}

    def scene(self, rng: Rng) -> Sample:
        """A whole scene and one of its texts."""
        chosen = self.empty if self.empty and rng.random() < absent.SHARE else self.references
        reference = chosen[int(rng.integers(len(chosen)))]
        text = reference.texts[int(rng.integers(len(reference.texts)))]
        rgb, alpha = load_rgb(reference.image), load_grey(reference.alpha)
        whole = (0, 0, rgb.shape[1], rgb.shape[0])
        image, matte = (unit(resize_crop(plane, whole, self.side_px)) for plane in (rgb, alpha))
        return image, matte, np.ones_like(matte), text

    def photo(self, rng: Rng) -> Sample:
        """A crop of a photo and a text about what it shows; the colours and the place in it are measured there."""
        chosen = self.photos[int(rng.integers(len(self.photos)))]
        rgb, alpha = load_rgb(chosen.photo.image), load_grey(chosen.photo.matte)
        box = crop_box((rgb.shape[0], rgb.shape[1]), rng, alpha)
        image, matte = (unit(resize_crop(plane, box, self.side_px)) for plane in (rgb, alpha))
        if rng.random() < absent.SHARE:
            lacking = absent.absent_expressions(self.pool, [chosen.names], "train", rng, 1)
            if lacking:
                return image, np.zeros_like(matte), np.ones_like(matte), lacking[0].text
        return image, matte, trust(matte, chosen.photo.quality), said(chosen.names, image, matte, rng)


def said(names: Names, image: Float, matte: Float, rng: Rng) -> str:
    """A true text about the only subject of a picture."""
    if rng.random() < KEYWORD_SHARE:
        return names.sure[int(rng.integers(len(names.sure)))]
    texts = express((thing_of(names, to_uint8(image), matte, (0.0,)),), 0, "train", rng)
    return texts[int(rng.integers(len(texts)))].text


def worded_photos(root: Path) -> tuple[Worded, ...]:
    """The photos of split train that a description names, without objects that val or test scenes show.

    Only exact descriptions count: a photo that is called by its category alone is no use.
    """
    kept_back = [root / "refer" / split for split in HELD_OUT]
    held = {row["object"] for folder in kept_back if (folder / "manifest.csv").is_file() for row in rows(folder)}
    found = []
    for photo in read_photos(root, "train"):
        names = names_of(photo.description, photo.category)
        is_named = names.sure[0] not in absent.GENERAL - {"person"}
        if photo.description and is_named and not held & {photo.name, object_of(photo.name)}:
            found.append(Worded(photo, names))
    return tuple(found)


def tinted(image: Float, gain: float, gamma: float) -> Float:
    """Brighter or darker, and never another hue: the text may name colours."""
    lit: Float = np.clip(image * np.float32(gain), 0.0, 1.0) ** np.float32(gamma)
    return lit
