"""Samples with words: scenes whose text says which subject is meant, photos, and words that mean nothing there."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from mattelier.data import absent
from mattelier.data.augment import Rng, crop_box, degrade, resize_crop, unit
from mattelier.data.cutouts import CUT, object_of
from mattelier.data.datasets import Photo, load_grey, load_rgb, read_photos, rows
from mattelier.data.expressions import express, mirrored
from mattelier.data.nouns import Names, names_of
from mattelier.data.refer import thing_of, to_uint8
from mattelier.data.references import Reference
from mattelier.data.samples import trust
from mattelier.errors import InputError
from mattelier.image import Float

KEYWORD_SHARE = 0.5  # of the texts of photos: a name alone
LACKING_SHARE = 0.5  # of a photo's further texts: of something else, for nothing in it contradicts the first
HELD_OUT = ("val", "test")
Meaning = tuple[Float, Float, str]  # alpha (S, S), weight (S, S), text
Sample = tuple[Float, list[Meaning]]  # rgb (S, S, 3), and what each text means in it


@dataclass(frozen=True)
class Worded:
    """A photo with a matte, and what its subject may be called."""

    photo: Photo
    names: Names


class Referred(Dataset[dict[str, Any]]):
    """Item i is {image (3, S, S) in -1..1, alpha and weight (T, 1, S, S), text: T of them}; a pure function of seed, i.

    photo_share of the items are photos, cropped, in words about their one subject, pair_share two of them side by
    side; the others are scenes. In absent.SHARE of photos and scenes the words name what is not there, and alpha is
    empty; of a pair's texts those after two. In half of the items the picture is mirrored, and left and right in the
    text with it.
    texts: T. Several texts of a scene are about different subjects while there are any.
    """

    def __init__(
        self,
        references: Sequence[Reference],
        side_px: int,
        seed: int,
        photos: Sequence[Worded] = (),
        photo_share: float = 0.0,
        texts: int = 1,
        pair_share: float = 0.0,
    ) -> None:
        self.references = tuple(reference for reference in references if not reference.is_absent)
        self.empty = tuple(reference for reference in references if reference.is_absent)
        self.together: dict[Path, list[Reference]] = defaultdict(list)
        for reference in references:
            self.together[reference.image].append(reference)
        self.side_px, self.seed, self.photos, self.photo_share = side_px, seed, tuple(photos), photo_share
        self.texts, self.pair_share = texts, pair_share
        self.pool = tuple(each.names for each in photos)  # what is often there is as often lacking
        if not self.references:
            raise InputError("the recipe draws from refer and there is none; make it with matte data refer")
        if (photo_share or pair_share) and not photos:
            raise InputError(
                "the recipe draws from photo and no photo of the split train has a description; "
                "name the subjects in photos/manifest.csv (docs/refer.md)"
            )

    def __len__(self) -> int:
        return 2**40  # endless: the sampler decides where to begin and to stop

    def __getitem__(self, index: int) -> dict[str, Any]:
        rng = np.random.default_rng((self.seed, index))
        image, meant = self.kind(rng)(rng)
        image = degrade(tinted(image, rng.uniform(0.9, 1.1), rng.uniform(0.9, 1.1)), rng)
        alphas, weights, texts = zip(*meant, strict=True)
        planes = np.stack((alphas, weights)).astype(np.float32)
        if rng.random() < 0.5:
            image, planes, texts = image[:, ::-1], planes[..., ::-1], tuple(map(mirrored, texts))
        colours = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)) * 2.0 - 1.0)
        alpha, weight = torch.from_numpy(np.ascontiguousarray(planes))[:, :, None]
        return {"image": colours.float(), "alpha": alpha, "weight": weight, "text": texts}

    def kind(self, rng: Rng) -> Callable[[Rng], Sample]:
        drawn = rng.random()
        if drawn < self.photo_share:
            return self.photo
        return self.pair if drawn < self.photo_share + self.pair_share else self.scene

    def scene(self, rng: Rng) -> Sample:
        """A whole scene and some of its texts."""
        chosen = self.empty if self.empty and rng.random() < absent.SHARE else self.references
        references = [chosen[int(rng.integers(len(chosen)))]]
        while len(references) < self.texts:
            references.append(self.another(references, rng))
        rgb = load_rgb(references[0].image)
        whole = (0, 0, rgb.shape[1], rgb.shape[0])
        image = unit(resize_crop(rgb, whole, self.side_px))
        meant = []
        for reference in references:
            matte = unit(resize_crop(load_grey(reference.alpha), whole, self.side_px))
            meant.append((matte, np.ones_like(matte), reference.texts[int(rng.integers(len(reference.texts)))]))
        return image, meant

    def another(self, references: Sequence[Reference], rng: Rng) -> Reference:
        """Something else of the same picture, if there is anything."""
        every = self.together[references[0].image]
        lacking = [each for each in every if each.is_absent]
        if lacking and rng.random() < absent.SHARE:
            return lacking[0]
        there = [each for each in every if not each.is_absent] or every
        fresh = [each for each in there if each not in references] or there
        return fresh[int(rng.integers(len(fresh)))]

    def photo(self, rng: Rng) -> Sample:
        """A crop of a photo and texts about what it shows; the colours and the place in it are measured there."""
        chosen = self.photos[int(rng.integers(len(self.photos)))]
        rgb, alpha = load_rgb(chosen.photo.image), load_grey(chosen.photo.matte)
        box = crop_box((rgb.shape[0], rgb.shape[1]), rng, alpha)
        image, matte = (unit(resize_crop(plane, box, self.side_px)) for plane in (rgb, alpha))
        shares = (absent.SHARE, *[LACKING_SHARE] * (self.texts - 1))
        targets = (absent.NOBODY if rng.random() < share else 0 for share in shares)
        return image, self.meanings([chosen.names], image, [matte], [trust(matte, chosen.photo.quality)], targets, rng)

    def meanings(
        self,
        names: Sequence[Names],
        image: Float,
        mattes: Sequence[Float],
        weights: Sequence[Float],
        targets: Iterable[int],
        rng: Rng,
    ) -> list[Meaning]:
        """A text for every target: a subject, or absent.NOBODY; any of them where nothing is found that all lack."""
        meant = list[Meaning]()
        for target in targets:
            lacking = self.lacking(names, rng) if target == absent.NOBODY else ""
            if lacking:
                meant.append((np.zeros_like(mattes[0]), np.ones_like(mattes[0]), lacking))
            else:
                k = int(rng.integers(len(names))) if target == absent.NOBODY else target
                meant.append((mattes[k], weights[k], said(names, image, mattes, k, rng)))
        return meant

    def lacking(self, names: Sequence[Names], rng: Rng) -> str:
        """A text about what photos of these subjects do not show; empty where none is found."""
        found = absent.absent_expressions(self.pool, names, "train", rng, 1, absent.unasked_in(names))
        return found[0].text if found else ""

    def pair(self, rng: Rng) -> Sample:
        """Crops of two photos side by side, or one above the other: texts about both, and about what neither shows."""
        chosen = self.unlike(rng)
        if len(chosen) == 1:
            return self.photo(rng)
        names = [each.names for each in chosen]
        cut_px, axis = round(self.side_px * rng.uniform(0.35, 0.65)), int(rng.random() < 0.75)
        parts_px = (cut_px, self.side_px - cut_px)
        parts = [self.part(each, part_px, axis, rng) for each, part_px in zip(chosen, parts_px, strict=True)]
        image = np.concatenate([colours for colours, _, _ in parts], axis)
        (_, one, trust_one), (_, two, trust_two) = parts
        mattes = [np.concatenate(planes, axis) for planes in ((one, np.zeros_like(two)), (np.zeros_like(one), two))]
        ones_one, ones_two = np.ones_like(one), np.ones_like(two)
        weights = [np.concatenate(planes, axis) for planes in ((trust_one, ones_two), (ones_one, trust_two))]
        targets = [*rng.permutation(2).tolist(), *[absent.NOBODY] * self.texts][: self.texts]
        return image, self.meanings(names, image, mattes, weights, targets, rng)

    def part(self, chosen: Worded, part_px: int, axis: int, rng: Rng) -> tuple[Float, Float, Float]:
        """A crop of a photo as part_px of the picture's columns (axis 1) or rows: colours, alpha, weight."""
        rgb, alpha = load_rgb(chosen.photo.image), load_grey(chosen.photo.matte)
        box = crop_box((rgb.shape[0], rgb.shape[1]), rng, alpha)
        hw = (self.side_px, part_px) if axis else (part_px, self.side_px)
        colours, matte = (unit(resize_crop(plane, box, *hw)) for plane in (rgb, alpha))
        return colours, matte, trust(matte, chosen.photo.quality)

    def unlike(self, rng: Rng) -> tuple[Worded, ...]:
        """Two photos of which each has a name that does not fit the other; one where none like that was drawn."""
        one, *others = (self.photos[int(rng.integers(len(self.photos)))] for _ in range(1 + absent.ATTEMPTS))
        for other in others:
            names = (one.names, other.names)
            if own_names(names, 0) and own_names(names, 1):
                return one, other
        return (one,)


def own_names(names: Sequence[Names], target: int) -> list[str]:
    """What one of the subjects of a picture may be called and no other of them."""
    others = {name for k, each in enumerate(names) if k != target for name in (*each.sure, *each.maybe)}
    return [name for name in names[target].sure if name not in others]


def said(names: Sequence[Names], image: Float, mattes: Sequence[Float], target: int, rng: Rng) -> str:
    """A true text about one of the subjects of a picture, all with a name of their own; none hides another."""
    if rng.random() < KEYWORD_SHARE:
        own = own_names(names, target)
        return own[int(rng.integers(len(own)))]
    colours, hides = to_uint8(image), (0.0,) * len(names)
    things = [thing_of(each, colours, matte, hides) for each, matte in zip(names, mattes, strict=True)]
    texts = [each.text for each in express(things, target, "train", rng)]
    return texts[int(rng.integers(len(texts)))]


def worded_photos(root: Path) -> tuple[Worded, ...]:
    """The photos of split train that a description names, without objects that val or test scenes show.

    Which those are is read from DIR/refer/val and DIR/refer/test, where they are; a cut-out "cut_NAME" shows the object
    of photo NAME. Only exact descriptions count: a photo that is called by its category alone is no use.
    """
    kept_back = [root / "refer" / split for split in HELD_OUT]
    held = {row["object"] for folder in kept_back if (folder / "manifest.csv").is_file() for row in rows(folder)}
    found = []
    for photo in read_photos(root, "train"):
        names = names_of(photo.description, photo.category)
        is_named = names.sure[0] not in absent.GENERAL - {"person"}
        thing = object_of(photo.name)
        if photo.description and is_named and not held & {photo.name, thing, f"{CUT}{thing}"}:
            found.append(Worded(photo, names))
    return tuple(found)


def tinted(image: Float, gain: float, gamma: float) -> Float:
    """Brighter or darker, and never another hue: the text may name colours."""
    lit: Float = np.clip(image * np.float32(gain), 0.0, 1.0) ** np.float32(gamma)
    return lit
