"""The parts of a recipe: stages, optimiser, sources. Contradictions are refused where they are written down."""

import math
from dataclasses import dataclass, field
from typing import Literal

from mattelier.data.trimaps import Ranges

Start = Literal["random", "efficientnet-lite0", "gfm-lite"]
Schedule = Literal["cosine", "constant", "steps", "rise"]
Source = Literal["photo", "cutout", "moved", "empty", "composites", "proving", "refer", "pair"]
SOURCES: dict[str, set[Source]] = {  # what each kind of sample can be drawn from
    "whole": {"photo", "cutout", "moved", "empty", "proving"},
    "crops": {"photo", "cutout", "composites", "proving"},
    "refer": {"refer", "photo", "pair"},
}
SUMS_TO_ONE = 1e-6


@dataclass(frozen=True)
class Stage:
    """A stretch of training at one picture size."""

    name: str
    steps: int
    side_px: int  # training pictures are squares of this side
    batch: int  # pictures a step
    lr: float  # of the branches, after warm-up
    lr_end: float  # where the schedule leads
    encoder_lr_share: float = 0.3  # an encoder that was filled moves more slowly  # ours
    schedule: Schedule = "cosine"  # from lr to lr_end; "rise": linearly from 0 to lr
    drops: tuple[float, ...] = ()  # "steps": where in the stage (shares of it) the rate falls
    drop_factor: float = 0.1  # "steps": to this share of itself
    passes: int = 1  # a step's pictures go through the network in so many parts whose gradients are added
    loss: str = ""  # another than the recipe's
    crops_px: tuple[int, ...] = ()  # others than the recipe's
    trains: str = ""  # only parameters whose names start so; the others rest

    def __post_init__(self) -> None:
        for contradiction in filter(None, (self._sizes(), self._rates())):
            raise ValueError(f"stage {self.name!r} has {contradiction}")

    def _sizes(self) -> str:
        if self.side_px % 32:
            return f"side_px={self.side_px}; the networks take multiples of 32"
        if self.steps < 1 or self.batch < 1:
            return f"steps={self.steps} and batch={self.batch}; both are at least 1"
        if self.passes < 1 or self.batch % self.passes:
            return f"batch={self.batch} in passes={self.passes}; a batch is divided into equal parts"
        return ""

    def _rates(self) -> str:
        if self.lr_end > self.lr:
            return f"lr_end={self.lr_end} above lr={self.lr}"
        if self.schedule in ("constant", "rise") and self.lr_end != self.lr:
            return f"schedule={self.schedule!r} and lr_end={self.lr_end}; it ends at lr={self.lr}"
        if (self.schedule == "steps") != bool(self.drops):
            return f"schedule={self.schedule!r} and drops={self.drops}; drops belong to steps"
        if self.drops and not math.isclose(self.lr_end, self.lr * self.drop_factor ** len(self.drops)):
            return f"lr_end={self.lr_end} and {len(self.drops)} drops by {self.drop_factor} from lr={self.lr}"
        return ""

    def rate(self, done: int) -> float:
        """The learning rate of the step after `done` of the stage's steps."""
        share = done / self.steps
        if self.schedule == "cosine":
            return self.lr_end + (self.lr - self.lr_end) * 0.5 * (1.0 + math.cos(math.pi * share))
        if self.schedule == "rise":
            return self.lr * (done + 1) / self.steps
        return self.lr * self.drop_factor ** sum(share >= drop for drop in self.drops)


@dataclass(frozen=True)
class Optimiser:
    """Which one, and what decays."""

    name: Literal["adam", "adamw", "sgd", "radam"] = "adamw"
    weight_decay: float = 0.02  # of kernels; added to the gradient (adam, sgd, radam) or taken from the weight (adamw)
    norm_decay: float = 0.0  # of norms and biases
    betas: tuple[float, float] = (0.9, 0.999)  # adam, adamw, radam
    momentum: float = 0.0  # sgd

    def __post_init__(self) -> None:
        if self.momentum and self.name != "sgd":
            raise ValueError(
                f"momentum={self.momentum} and name={self.name!r}; only sgd has a momentum, others have betas"
            )


@dataclass(frozen=True)
class Recipe:
    """Stages in order, and what they share. The defaults are those of the lite networks  # ours"""

    system: str
    lite: bool
    loss: str  # a name in the system's table of losses (train/systems.py)
    stages: tuple[Stage, ...]
    build: dict[str, str] = field(default_factory=dict)  # options of the paper's file
    start: Start = "random"  # the encoder's first weights
    words: str = ""  # a file in the data folder with first vectors for a table of word pieces, if it is there
    optimiser: Optimiser = Optimiser()
    # where samples come from, and how often
    sources: tuple[tuple[Source, float], ...] = (("photo", 0.60), ("cutout", 0.27), ("moved", 0.10), ("empty", 0.03))
    # what a sample shows: a whole subject, a crop around an unknown pixel, or a scene with words for one subject
    samples: Literal["whole", "crops", "refer"] = "whole"
    crops_px: tuple[int, ...] = ()  # "crops": sides of the crops, drawn for each, then resized to side_px
    keeps_crop_size: bool = False  # "crops": not resized; the batch is one picture
    second_share: float = 0.0  # of cut-outs that have a second one merged in
    anew_share: float = 0.0  # of pictures of sets: subjects in other colours, over other backgrounds
    trimap: Ranges | None = None  # "crops": how their trimaps are drawn
    texts: int = 1  # "refer": of each picture, whose features they share
    trimap_radius_px: tuple[int, int] = (2, 12)  # others, for losses that look at a band: random growth of soft pixels
    seed: int = 2011
    warmup_steps: int = 100  # of the first stage
    clip_norm: float = 1.0  # gradients are scaled down to this norm; inf: never
    clip_share: float = 0.0  # instead: to so many times the moving average of their norms
    ema_decay: float = 0.998  # 0: the weights themselves
    validate_px: int = 384  # longer side of validation pictures

    def __post_init__(self) -> None:
        foreign = {source for source, _ in self.sources} - SOURCES[self.samples]
        if foreign:
            raise ValueError(
                f"{self.system} has samples={self.samples!r} and the source {min(foreign)}; that has others"
            )
        total = sum(weight for _, weight in self.sources)
        if abs(total - 1.0) > SUMS_TO_ONE:
            raise ValueError(f"{self.system} has sources whose weights sum to {total}; they must sum to 1")
        if self.clip_share and self.clip_norm != math.inf:
            raise ValueError(
                f"{self.system} has clip_norm={self.clip_norm} and clip_share={self.clip_share}; one of them"
            )
        if self.warmup_steps and self.stages[0].schedule == "rise":
            raise ValueError(
                f"{self.system} has warmup_steps={self.warmup_steps} and a first stage that rises; one of them"
            )
        if self.start != "random" and not self.lite:
            raise ValueError(f"{self.system} has start={self.start!r} and lite=False; that encoder is the lite ones'")
        if {bool(self.crops_px), self.trimap is not None} != {self.samples == "crops"}:
            raise ValueError(
                f"{self.system} has samples={self.samples!r}, crops_px={self.crops_px} and trimap={self.trimap}; "
                "crops have sides and centre on the unknown of a trimap, nothing else does"
            )
        if self.keeps_crop_size and any(stage.batch > stage.passes for stage in self.stages):
            raise ValueError(f"{self.system} has keeps_crop_size=True and a batch of several; pictures differ in size")
        if self.texts < 1 or (self.texts > 1 and self.samples != "refer"):
            raise ValueError(
                f"{self.system} has samples={self.samples!r} and texts={self.texts}; one or more, and one without words"
            )
        names = [stage.name for stage in self.stages]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.system} has stages {names}; --stage needs different names")

    @property
    def name(self) -> str:
        return f"{self.system}-lite" if self.lite else self.system

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

    def span(self, name: str) -> tuple[int, int]:
        """The first step of a stage, and the first after it. Raises KeyError with the names there are."""
        first = 0
        for stage in self.stages:
            if stage.name == name:
                return first, first + stage.steps
            first += stage.steps
        raise KeyError(", ".join(stage.name for stage in self.stages))


def epochs(count: int, pictures: int, batch: int) -> int:
    """Steps of so many epochs over so many pictures; the last, smaller batch of an epoch counts as a step."""
    return count * -(-pictures // batch)
