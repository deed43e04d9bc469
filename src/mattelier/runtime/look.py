"""What a network says on its way to alpha: its own heads on one photo, as pictures that people can look at.

Which heads there are is the file's matter: all that it answers and that `HEADS` knows how to paint are shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array
from mattelier.image.colour import to_depth
from mattelier.image.io import Limits, decode
from mattelier.image.trimap import BACKGROUND, FOREGROUND, UNKNOWN
from mattelier.runtime import cascade

if TYPE_CHECKING:
    from PIL import Image

    from mattelier.runtime.pipeline import Matter

CLASSES = {2: (BACKGROUND, FOREGROUND), 3: (BACKGROUND, UNKNOWN, FOREGROUND)}


@dataclass(frozen=True)
class Layer:
    """One thing a network says on its way, at the network's own size.

    name: as in the paper.  title: a few words for people.  pixels: (h, w), or (h, w, 3) for colours, uint8.
    """

    name: str
    title: str
    pixels: Array


@dataclass(frozen=True)
class Look:
    """layers: in the paper's order, coarse to refined.  seconds: from the decoded photo to the answer.

    doubt: the sentence with which `cut` would refuse the photo, None where there is a subject; the layers show it all.
    """

    layers: tuple[Layer, ...]
    seconds: float
    doubt: str | None = None


@dataclass(frozen=True)
class Head:
    """How an output of a network is shown.  paint: (1, c, h, w) float32 -> (h, w) or (h, w, 3) uint8."""

    output: str
    name: str
    title: str
    paint: Callable[[Array], Array]


def grey(plane: Array) -> Array:
    """(1, 1, h, w) in [0, 1]; what leaves that range is cut off."""
    return to_depth(np.clip(plane[0, 0], 0, 1), np.uint8)


def colours(planes: Array) -> Array:
    """(1, 3, h, w) sRGB in [0, 1]."""
    return to_depth(np.clip(planes[0].transpose(1, 2, 0), 0, 1), np.uint8)


def classes(scores: Array) -> Array:
    """(1, 3, h, w) scores of background, unknown, foreground, or (1, 2, h, w) without unknown: the winner as a grey."""
    shown: Array = np.array(CLASSES[scores.shape[1]], np.uint8)[scores[0].argmax(0)]
    return shown


# In the order of every paper's way from coarse to refined; no network has all of them.
HEADS = (
    Head("pointing", "pointing", "pointing: where the words point", grey),
    Head("semantic", "semantic", "semantic: where the subject is, coarsely", grey),
    Head("glance", "glance", "glance: background, unclear, subject", classes),
    Head("coarse", "coarse", "coarse: alpha before its refinement", grey),
    Head("alpha_os8", "os8", "os8: alpha at an eighth of the size", grey),
    Head("alpha_os4", "os4", "os4: alpha at a quarter of the size", grey),
    Head("alpha_os1", "os1", "os1: alpha at full size", grey),
    Head("trimap", "trimap", "trimap: background, unclear, subject", classes),
    Head("focus", "focus", "focus: alpha as it is near the edge", grey),
    Head("detail", "detail", "detail: alpha as it is near the edge", grey),
    Head("alpha", "alpha", "alpha: how much of each pixel is subject", grey),
    Head("foreground", "foreground", "foreground: the subject's own colours", colours),
    Head("background", "background", "background: the colours behind it", colours),
)


def layers(outputs: Mapping[str, Array]) -> tuple[Layer, ...]:
    """A network's outputs by name, those that HEADS knows, in its order."""
    return tuple(
        Layer(head.name, head.title, head.paint(outputs[head.output])) for head in HEADS if head.output in outputs
    )


def made_trimap(
    matter: "Matter", source: "str | PathLike[str] | bytes | Image.Image | Array", limits: Limits | None = None
) -> Array:
    """A trimap that nobody painted, from what a network learned to be unsure of: (H, W) uint8 {0, 128, 255}.

    matter: of a network that glances as GFM does.  The trimap is as large as the photo.
    Raises InputError for another network, and what Matter.cut raises, NoSubject among it.
    """
    if cascade.unsure_head(matter.card) != "glance":
        raise InputError(
            f"a trimap was to be made by {matter.card.name}; expected a network that glances, as GFM does; "
            "choose such a model, or give a trimap"
        )
    return matter.learned_trimap(decode(source, limits or Limits()))
