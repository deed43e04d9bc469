"""What each system's network is fed when it is exported and checked: one line a system.

Inputs are pictures, not noise: a network's answer to noise is nearly the same everywhere, and a wrong graph would pass.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from mattelier.image import Array, Float
from mattelier.image.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from mattelier.models import tokenizer
from mattelier.runtime.prepare_fba import MEAN, STD, published_input

HW = tuple[int, int]


@dataclass(frozen=True)
class Interface:
    """specimen: (h, w) and a generator -> the inputs by name, in the order of forward's arguments.

    multiple_of: of height and width; None: the network takes one size, and `traced_hw` and `compared_hw` are that one.
    chosen: outputs behind a discrete choice (argmax, threshold, pooling tie), where a tie may fall to either side.
    every: options of forward with which it answers all its heads.
    """

    specimen: Callable[[HW, np.random.Generator], dict[str, Array]]
    multiple_of: int | None = 32
    chosen: tuple[str, ...] = ()
    every: Mapping[str, bool] = field(default_factory=dict)
    traced_hw: HW = (96, 128)
    # none of them traced: pooling frozen at one size shows here
    compared_hw: tuple[HW, ...] = ((64, 64), (160, 96), (224, 352))


def scene(hw: HW, generator: np.random.Generator) -> tuple[Array, Float]:
    """A drawn photo and its alpha, (h, w, 3) uint8 and (h, w) float32: a bright disc with a soft edge over blocks."""
    y, x = np.mgrid[: hw[0], : hw[1]].astype(np.float32)
    distance = np.hypot(y - hw[0] * generator.uniform(0.4, 0.6), x - hw[1] * generator.uniform(0.4, 0.6))
    alpha = np.clip((0.3 * min(hw) - distance) / (0.1 * min(hw)) + 0.5, 0, 1)
    blocks = generator.uniform(10, 150, (-(-hw[0] // 16), -(-hw[1] // 16), 3)).repeat(16, 0).repeat(16, 1)
    subject = generator.uniform(120, 250, 3) + 20 * np.sin(x / 3)[..., None]
    rgb = alpha[..., None] * subject + (1 - alpha[..., None]) * blocks[: hw[0], : hw[1]]
    return np.clip(rgb + generator.normal(0, 4, rgb.shape), 0, 255).astype(np.uint8), alpha


def planes(rgb: Array, low: float, high: float) -> Float:
    """(h, w, 3) uint8 -> (1, 3, h, w) float32, 0..255 brought to low..high."""
    scaled = rgb.transpose(2, 0, 1)[None] * ((high - low) / 255) + low
    return np.ascontiguousarray(scaled, np.float32)


def modnet(hw: HW, generator: np.random.Generator) -> dict[str, Array]:
    return {"image": planes(scene(hw, generator)[0], -1, 1)}


def gfm(hw: HW, generator: np.random.Generator) -> dict[str, Array]:
    return {"image": planes(scene(hw, generator)[0], 0, 255)}


def fba(hw: HW, generator: np.random.Generator) -> dict[str, Array]:
    rgb, alpha = scene(hw, generator)
    return dict(published_input(rgb, trimap_of(alpha)))


def dim(hw: HW, generator: np.random.Generator) -> dict[str, Array]:
    rgb, alpha = scene(hw, generator)
    hint = (trimap_of(alpha) / np.float32(255))[None, None]
    return {"x": np.concatenate((normalised(rgb), hint), 1)}


def matteformer(hw: HW, generator: np.random.Generator) -> dict[str, Array]:
    rgb, alpha = scene(hw, generator)
    classes = np.stack([trimap_of(alpha) == value for value in (BACKGROUND, UNKNOWN, FOREGROUND)])
    return {"image": normalised(rgb), "trimap": classes[None].astype(np.float32)}


def clipmat(hw: HW, generator: np.random.Generator) -> dict[str, Array]:
    rgb, _ = scene(hw, generator)
    prompt = tokenizer.lite().prompts([tokenizer.phrase(WORDS[generator.integers(len(WORDS))])])
    return {"image": planes(rgb, 0, 1), "tokens": prompt.tokens, "mask": prompt.mask}


def normalised(rgb: Array) -> Float:
    """(h, w, 3) uint8 -> (1, 3, h, w) float32 with ImageNet's mean and deviation."""
    mean, std = (np.array(values, np.float32)[:, None, None] for values in (MEAN, STD))
    return (planes(rgb, 0, 1) - mean) / std


def trimap_of(alpha: Float) -> Array:
    """(h, w) uint8: unknown where alpha is neither 0 nor 1."""
    return np.select([alpha == 0, alpha == 1], [BACKGROUND, FOREGROUND], UNKNOWN).astype(np.uint8)


WORDS = ("the disc", "ball", "a bright thing in the middle", "wall")

INTERFACES: Mapping[str, Interface] = {
    # maxima of equal values: either may be the place that is remembered
    "dim": Interface(dim, chosen=("alpha", "coarse")),
    # traced smaller, one window would cover os32, and its number would be frozen at 1
    "matteformer": Interface(matteformer, chosen=("alpha",), traced_hw=(256, 320)),
    "modnet": Interface(modnet, every={"heads": True}),
    "gfm": Interface(gfm, chosen=("alpha", "fusion_tt", "fusion_ft", "fusion_bt")),
    # multiples of 8 that are none of 32
    "fba": Interface(fba, multiple_of=8, traced_hw=(72, 88), compared_hw=((40, 56), (104, 72), (136, 200))),
    # of its lite form: the published one's prompts are longer, and made by the network itself
    "clipmat": Interface(
        clipmat, multiple_of=None, chosen=("alpha",), traced_hw=(512, 512), compared_hw=((512, 512),) * len(WORDS)
    ),
}
