"""Recipes: training as data. The papers' numbers are the defaults; what is ours says so."""

from dataclasses import dataclass
from typing import Literal

from mattelier.errors import UnknownModel


@dataclass(frozen=True)
class Stage:
    """A stretch of training at one picture size."""

    name: str
    steps: int
    side_px: int  # training pictures are squares of this side
    batch: int
    lr: float  # of the branches, after warm-up; cosine to `lr_end` over the stage
    lr_end: float
    encoder_lr_share: float = 0.3  # the encoder starts from ImageNet and moves more slowly  # ours

    def __post_init__(self) -> None:
        if self.side_px % 32:
            raise ValueError(f"stage {self.name!r} has side_px={self.side_px}; the networks take multiples of 32")
        if self.lr_end > self.lr:
            raise ValueError(f"stage {self.name!r} has lr_end={self.lr_end} above lr={self.lr}")


@dataclass(frozen=True)
class Recipe:
    """Stages in order, and what they share."""

    system: str
    lite: bool
    loss: Literal["modnet", "modnet-lite"]
    stages: tuple[Stage, ...]
    seed: int = 2011
    weight_decay: float = 0.02
    warmup_steps: int = 100
    clip_norm: float = 1.0
    ema_decay: float = 0.998
    trimap_radius_px: tuple[int, int] = (2, 12)  # drawn per step: random dilation of the unknown region
    validate_px: int = 384  # longer side of validation pictures

    @property
    def steps(self) -> int:
        return sum(stage.steps for stage in self.stages)

    def locate(self, step: int) -> tuple[Stage, int]:
        """The stage of a step, and the step's number within it."""
        for stage in self.stages:
            if step < stage.steps:
                return stage, step
            step -= stage.steps
        return self.stages[-1], self.stages[-1].steps


MODNET = Recipe(
    system="modnet",
    lite=False,
    loss="modnet",
    # released example: SGD, batch 16, 40 epochs; author: batch 8 at 512 px. AdamW here  # ours
    stages=(Stage("supervised", steps=50_000, side_px=512, batch=8, lr=3e-4, lr_end=1e-6),),
    validate_px=512,
)

MODNET_LITE = Recipe(  # ours
    system="modnet",
    lite=True,
    loss="modnet-lite",
    stages=(
        Stage("small", steps=1_700, side_px=256, batch=8, lr=8e-4, lr_end=2e-4),
        Stage("large", steps=450, side_px=384, batch=8, lr=3e-4, lr_end=2e-6),
        # from here on with twice as many photos: many at a small size, then annealed at the size that ships
        Stage("wide", steps=1_100, side_px=256, batch=8, lr=4e-4, lr_end=1.5e-4),
        Stage("fine", steps=450, side_px=384, batch=8, lr=2e-4, lr_end=2e-6),
    ),
)

RECIPES = {"modnet": MODNET, "modnet-lite": MODNET_LITE}


def recipe_of(system: str, lite: bool) -> Recipe:
    """The recipe of a system's published or lite form. Raises UnknownModel and names those there are."""
    name = f"{system}-lite" if lite else system
    if name not in RECIPES:
        raise UnknownModel(f"there is no recipe for {name}; expected one of {', '.join(RECIPES)}")
    return RECIPES[name]
