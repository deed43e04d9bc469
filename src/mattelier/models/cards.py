"""Cards: the facts about every set of weights, readable without torch."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Contract:
    """What a network wants to be fed, and what it answers.

    Pixels reach the network as (value * scale - mean) / std, RGB, (1, 3, h, w) float32, where value is sRGB in [0, 1].
    The picture is resized so that its longer side is `longest_px`, each side rounded to a `multiple_of`.
    """

    longest_px: int
    multiple_of: int = 32
    scale: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    trimap: Literal["none", "required"] = "none"
    inputs: tuple[str, ...] = ("image",)
    outputs: tuple[str, ...] = ("alpha",)


@dataclass(frozen=True)
class Weights:
    """A weight file: inside the package (`shipped/`) or in the user's own folder."""

    file: str
    sha256: str
    size_bytes: int
    licence: str


@dataclass(frozen=True)
class Source:
    """A data set that the weights saw, with the terms its publisher states."""

    name: str
    terms: str
    images: int = 0


@dataclass(frozen=True)
class Card:
    """One set of weights: `architecture-variant.training`."""

    name: str
    system: str  # the name `build` knows
    config: dict[str, object]
    paper: str
    link: str
    weights: Weights
    contract: Contract
    data: tuple[Source, ...] = ()
    teacher: str = ""
    initialisation: str = ""
    training: str = ""
    metrics: dict[str, str] = field(default_factory=dict)
    code_licence: str = "Apache-2.0"
    limits: str = ""


CARDS: tuple[Card, ...] = ()
