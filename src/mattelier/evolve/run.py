"""All six systems on one photo, one after the other: trimap first, then a row a system."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mattelier import weights
from mattelier.errors import MattelierError
from mattelier.evaluate.environment import processor
from mattelier.evaluate.system import Request
from mattelier.evaluate.worker import Worker
from mattelier.evolve.perform import Actor, Shown
from mattelier.evolve.story import STORY, Chapter
from mattelier.evolve.view import Place, edge, find_place, shown, small
from mattelier.evolve.wording import costs, nickname, sentence
from mattelier.image import Array
from mattelier.image.io import Limits, decode, encode
from mattelier.models import list_models
from mattelier.models.cards import Card
from mattelier.runtime.hints import read_trimap
from mattelier.serve.catalogue import glancing, is_ready

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Task:
    """The photo, and what its owner tells beside it."""

    image: Path
    trimap: Path | None = None
    prompt: str | None = None


@dataclass(frozen=True)
class Trimap:
    """The trimap that systems were given: its file, a small copy, and who made it, as a sentence."""

    file: Path
    grey: Array
    place: Place
    origin: str
    is_made: bool = False  # by a network, not by a person


@dataclass(frozen=True)
class Hints:
    """What systems are told beside the photo.

    trimap: None when there is none; then no_trimap says why.  notes: sentences about the user's own.
    """

    prompt: str | None
    trimap: Trimap | None
    no_trimap: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A system: what it showed, or the sentence that says why it shows nothing."""

    chapter: Chapter
    card: Card | None = None
    shown: Shown | None = None
    why_not: str = ""
    has_failed: bool = False  # it began, and could not


@dataclass(frozen=True)
class Evolution:
    """A photo with everybody's answer.

    name, hw: of the photo.  photo: a small copy, sRGB.  place, edge: where the edge is shown, and the photo there;
    None when nobody found one.  notes: sentences about the photo and the trimap.  machine: where costs were measured.
    """

    name: str
    hw: tuple[int, int]
    photo: Array
    place: Place | None
    edge: Array | None
    hints: Hints
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    machine: str


def evolve(task: Task, tell: Tell) -> Evolution:
    """Every system of the story on the photo; tell: called with a line whenever something begins or ends.

    Raises InputError when photo or trimap cannot be used; a system that fails keeps its row, with its sentence.
    """
    picture = decode(task.image)
    hw = (picture.pixels.shape[0], picture.pixels.shape[1])
    with tempfile.TemporaryDirectory(prefix="matte-evolve-") as folder:
        hints = hints_of(task, hw, Path(folder), tell)
        rows, place = rows_of(task.image, hints, tell)
    return Evolution(
        task.image.name,
        hw,
        shown(picture.pixels, picture.alpha, picture.profile),
        place,
        None if place is None else edge(picture.pixels, picture.alpha, picture.profile, place),
        hints,
        rows,
        picture.notes + hints.notes,
        f"{os.cpu_count()} cores, {processor()}",
    )


def hints_of(task: Task, hw: tuple[int, int], folder: Path, tell: Tell) -> Hints:
    """With the user's trimap, else with one made here, else with the reason why there is none."""
    if task.trimap is not None:
        grey, notes = read_trimap(task.trimap, hw, Limits())
        trimap = Trimap(task.trimap, small(grey), find_place(grey), f"Given: {task.trimap.name}.")
        return Hints(task.prompt, trimap, notes=notes)
    maker = glancing()
    if maker is None:
        return Hints(task.prompt, None, "the weights of GFM, whose glance could make one, are not here")
    tell(f"trimap: making one from {nickname(maker)}'s glance")
    try:
        with Worker(Actor(maker, weights.find(maker.weights), "trimap").system) as worker:
            answer = worker.answer(Request(task.image))
    except MattelierError as error:
        return Hints(task.prompt, None, f"{nickname(maker)}'s glance made none: {error}")
    file = folder / "trimap.png"
    file.write_bytes(encode(answer.alpha, None, "png"))
    origin = f"Made from {nickname(maker)}'s glance in {answer.seconds:.2f} s; nobody painted it."
    return Hints(task.prompt, Trimap(file, small(answer.alpha), find_place(answer.alpha), origin, True))


def rows_of(image: Path, hints: Hints, tell: Tell) -> tuple[tuple[Row, ...], Place | None]:
    """A row a system, and the place where all show the edge: the trimap's, else the first answer's."""
    place = hints.trimap.place if hints.trimap else None
    rows = []
    for chapter in STORY:
        row = row_of(chapter, image, hints, place, tell)
        place = place or (row.shown.place if row.shown else None)
        tell(f"{chapter.name}: {costs(row.shown) if row.shown else row.why_not}")
        rows.append(row)
    return tuple(rows), place


def row_of(chapter: Chapter, image: Path, hints: Hints, place: Place | None, tell: Tell) -> Row:
    """One system, run in a process of its own, or the reason why it is not."""
    card = card_of(chapter.system)
    why_not = lacking(chapter, card, hints)
    if card is None or why_not:
        return Row(chapter, card, why_not=why_not)
    tell(f"{chapter.name}: running {card.name}")
    request = Request(image, hints.trimap.file if hints.trimap else None, hints.prompt or "")
    try:
        with Worker(Actor(card, weights.find(card.weights), place=place).system) as worker:
            return Row(chapter, card, cast(Shown, worker.answer(request)))
    except MattelierError as error:
        return Row(chapter, card, why_not=sentence(str(error)), has_failed=True)


def card_of(system: str) -> Card | None:
    """The card that stands for a system: the first whose weights are here, else the first."""
    cards = [card for card in list_models() if card.system == system]
    return next((card for card in cards if is_ready(card)), cards[0] if cards else None)


def lacking(chapter: Chapter, card: Card | None, hints: Hints) -> str:
    """Why the system cannot begin, in one sentence; "" when it can."""
    if card is None:
        return "Its weights are not here: this version ships none, and none were imported."
    if not is_ready(card):
        return f"Its weights are not here: {card.weights.file} is neither in the package nor in your own folder."
    if chapter.need == "words" and hints.prompt is None:
        return "It needs words that say what to keep, and was given none: pass --prompt TEXT."
    if chapter.need == "trimap" and hints.trimap is None:
        return sentence(f"It needs a trimap; none was given, and {hints.no_trimap}")
    return ""
