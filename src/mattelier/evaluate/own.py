"""A card of this package as a system to measure: alone, as a draft, or with the card that refines its edges."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from mattelier import weights
from mattelier.errors import InputError, NoSubject
from mattelier.evaluate.sets import Hint
from mattelier.evaluate.system import Request, Solution, Solve, System, measured
from mattelier.image.io import decode
from mattelier.models.cards import Card
from mattelier.runtime.cascade import refiner_of
from mattelier.runtime.hints import looks_again
from mattelier.runtime.options import Quality
from mattelier.runtime.pipeline import Matter, card_of, require_cascade

WAYS = ("standard", "draft", "fine", "alone")


@dataclass(frozen=True)
class Run:
    """A card and how it is run.

    file: its weights.  refiner: the trimap card that joins it, and its file; None without one.
    """

    card: Card
    file: Path
    quality: Quality = "standard"
    refiner: tuple[Card, Path] | None = None

    @property
    def hint(self) -> Hint:
        """What the card's network must be told."""
        return hint_of(self.card)

    def open(self) -> Solve:
        """The loaded card as a solver, and its refiner, before any cost is read."""
        second = Matter(self.refiner[0], file=self.refiner[1], refiner=None) if self.refiner else None
        return measured(partial(cut, Matter(self.card, file=self.file, refiner=second), self))


def own(name: str) -> System:
    """NAME as `matte cut` runs it; NAME:draft and NAME:fine so; NAME:alone without a refiner; NAME+REFINER with one.

    Raises UnknownModel, InputError for a way that there is not, and WeightsError when a file is missing or another.
    """
    names, _, way = name.partition(":")
    first, _, second = names.partition("+")
    way = way or "standard"
    require_way(name, way, second)
    card = card_of(first)
    refiner = card_of(second) if second else refiner_of(card) if way in ("standard", "fine") else None
    require_cascade(card, refiner)
    if way == "fine" and not looks_again(card):
        raise InputError(f"{card.name} looks once; expected a model that needs the photo alone; leave :fine away")
    # what leads a refiner looks twice, with it and without
    is_twice = way == "fine" or (way == "alone" and refiner_of(card) is not None and looks_again(card))
    quality: Quality = "draft" if way == "draft" else "fine" if is_twice else "standard"
    joining = (refiner, checked(refiner)) if refiner else None
    run = Run(card, checked(card), quality, joining)
    label = card.name + (f"+{refiner.name}" if refiner and second else "") + ("" if way == "standard" else f":{way}")
    joined = f"this commit, refined by {weights.pin(refiner)}" if refiner else ""
    return System(label, card.weights.sha256, run.hint, "in process", run.open, joined)


def require_way(name: str, way: str, refiner: str) -> None:
    """Raises InputError for a way that is none, and for a refiner beside one that leaves it out."""
    if way not in WAYS:
        raise InputError(f"{name!r} ends in {way!r}; expected one of {', '.join(WAYS)} behind a model's colon")
    if refiner and way != "standard":
        raise InputError(f"{name!r} names a refiner, and {way} runs none; expected one of the two; leave one away")


def checked(card: Card) -> Path:
    """Where the card's weights lie; a wrong file is told before anything is measured."""
    weights.read(card.weights)
    return weights.find(card.weights)


def hint_of(card: Card) -> Hint:
    """What the card's network must be told."""
    if card.contract.trimap == "required":
        return "trimap"
    return "prompt" if "tokens" in card.contract.inputs else "none"


def cut(matter: Matter, run: Run, request: Request) -> Solution:
    """One picture, as `matte cut` does it. No subject is an answer, scored as an empty alpha."""
    trimap = request.trimap if run.hint == "trimap" else None
    prompt = request.prompt if run.hint == "prompt" else None
    try:
        cutout = matter.cut(request.image, trimap=trimap, prompt=prompt, quality=run.quality)
    except NoSubject:
        return Solution(np.zeros(decode(request.image).pixels.shape[:2], np.float32))
    return Solution(cutout.alpha, lambda: cutout.colours)
