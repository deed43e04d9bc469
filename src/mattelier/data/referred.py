"""Samples of scenes with words: which of the subjects is meant is in the text."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from mattelier.data.augment import degrade, resize_crop, unit
from mattelier.data.datasets import load_grey, load_rgb
from mattelier.data.expressions import mirrored
from mattelier.data.references import Reference
from mattelier.errors import InputError
from mattelier.image import Float


class Referred(Dataset[dict[str, Tensor | str]]):
    """Item i is {image (3, S, S) in -1..1, alpha and weight (1, S, S), text}; a pure function of seed and i.

    In half of the items the picture is mirrored, and left and right in the text with it.
    """

    def __init__(self, references: Sequence[Reference], side_px: int, seed: int) -> None:
        self.references, self.side_px, self.seed = references, side_px, seed
        if not references:
            raise InputError("the recipe draws from refer and there is none; make it with matte data refer")

    def __len__(self) -> int:
        return 2**40  # endless: the sampler decides where to begin and to stop

    def __getitem__(self, index: int) -> dict[str, Tensor | str]:
        rng = np.random.default_rng((self.seed, index))
        reference = self.references[int(rng.integers(len(self.references)))]
        text = reference.texts[int(rng.integers(len(reference.texts)))]
        rgb, alpha = load_rgb(reference.image), load_grey(reference.alpha)
        whole = (0, 0, rgb.shape[1], rgb.shape[0])
        image, matte = (unit(resize_crop(plane, whole, self.side_px)) for plane in (rgb, alpha))
        image = degrade(tinted(image, rng.uniform(0.9, 1.1), rng.uniform(0.9, 1.1)), rng)
        if rng.random() < 0.5:
            image, matte, text = image[:, ::-1], matte[:, ::-1], mirrored(text)
        colours = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)) * 2.0 - 1.0)
        plane = torch.from_numpy(np.ascontiguousarray(matte))[None]
        return {"image": colours.float(), "alpha": plane, "weight": torch.ones_like(plane), "text": text}


def tinted(image: Float, gain: float, gamma: float) -> Float:
    """Brighter or darker, and never another hue: the text may name colours."""
    lit: Float = np.clip(image * np.float32(gain), 0.0, 1.0) ** np.float32(gamma)
    return lit
