"""A card of this package as a system to measure."""

from functools import partial
from pathlib import Path

import numpy as np

from mattelier import weights
from mattelier.errors import NoSubject
from mattelier.evaluate.sets import Hint
from mattelier.evaluate.system import Request, Solution, Solve, System, measured
from mattelier.image.io import decode
from mattelier.models.cards import Card
from mattelier.runtime.pipeline import Matter, card_of


def own(name: str) -> System:
    """The card that a name means.  Raises UnknownModel, and WeightsError when its file is missing or another."""
    card = card_of(name)
    weights.read(card.weights)  # a wrong file is told before anything is measured
    hint = hint_of(card)
    return System(card.name, card.weights.sha256, hint, "in process", partial(open_own, card, find(card), hint))


def find(card: Card) -> Path:
    """Where the card's weights lie."""
    return weights.find(card.weights)


def hint_of(card: Card) -> Hint:
    """What the card's network must be told."""
    if card.contract.trimap == "required":
        return "trimap"
    return "prompt" if "tokens" in card.contract.inputs else "none"


def open_own(card: Card, file: Path, hint: Hint) -> Solve:
    """The loaded card as a solver."""
    return measured(partial(cut, Matter(card, file=file), hint))


def cut(matter: Matter, hint: Hint, request: Request) -> Solution:
    """One picture, as `matte cut` with the defaults does it. No subject is an answer, scored as an empty alpha."""
    trimap = request.trimap if hint == "trimap" else None
    prompt = request.prompt if hint == "prompt" else None
    try:
        cutout = matter.cut(request.image, trimap=trimap, prompt=prompt)
    except NoSubject:
        return Solution(np.zeros(decode(request.image).pixels.shape[:2], np.float32))
    return Solution(cutout.alpha, lambda: cutout.colours)
