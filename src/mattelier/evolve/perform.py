"""One system on one photo, in a process of its own: what it costs, and what of its answer is shown."""

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from mattelier.evaluate.memory import forget_peak, peak_mib
from mattelier.evaluate.own import hint_of
from mattelier.evaluate.system import Answer, Request, Solve, System
from mattelier.evolve.view import Place, edge, find_place, shown, small
from mattelier.image import Array
from mattelier.image.colour import to_depth
from mattelier.models.cards import Card
from mattelier.runtime.cutout import Cutout
from mattelier.runtime.look import Layer, made_trimap
from mattelier.runtime.pipeline import Matter

COLOUR = "#00b140"  # behind the cut-outs: the page's green wall


@dataclass(frozen=True)
class Shown(Answer):
    """What a sheet shows of an answer; alpha is a small copy, uint8, and colours are None.

    The costs are those of the cut, warm: from the file to alpha and clean colours in memory.
    hw: of the photo.  over: the cut-out over COLOUR, a small copy, (h, w, 3) uint8 sRGB.
    edge: (h, w, 4) uint8 sRGB, the place at the photo's own size, transparent where the subject is not.
    layers: what the network said on its way.  notes: sentences about the file and the trimap.
    """

    hw: tuple[int, int]
    over: Array
    place: Place
    edge: Array
    layers: tuple[Layer, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Actor:
    """A card and its file, without a refiner.

    task: cut the photo, or make a trimap of it.  place: where the edge is shown; None: where the system finds most.
    """

    card: Card
    file: Path
    task: Literal["cut", "trimap"] = "cut"
    place: Place | None = None

    def open(self) -> Solve:
        """The loaded network as a solver, before any cost is read."""
        matter = Matter(self.card, file=self.file, refiner=None)
        return partial(perform, matter, self.place) if self.task == "cut" else partial(glance, matter)

    @property
    def system(self) -> System:
        """As something that a Worker runs: warmed on a small picture first."""
        return System(self.card.name, self.card.weights.sha256, hint_of(self.card), "in process", self.open)


def perform(matter: Matter, place: Place | None, request: Request) -> Shown:
    """Cut, with costs; then, uncounted, what is shown of it.  Raises what Matter.cut and Matter.look raise."""
    hint = hint_of(matter.card)
    trimap = request.trimap if hint == "trimap" else None
    prompt = request.prompt if hint == "prompt" else None
    forget_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    cutout = matter.cut(request.image, trimap=trimap, prompt=prompt)
    colours = cutout.colours  # made when first asked for; a cut-out needs them
    seconds, cpu_seconds, peak = time.perf_counter() - wall, time.process_time() - cpu, peak_mib()
    alpha = to_depth(cutout.alpha, np.uint8)
    hw = (alpha.shape[0], alpha.shape[1])
    if place is None or not place.fits(hw):  # warming up, the picture is another
        place = find_place(alpha)
    return Shown(
        alpha=small(alpha),
        colours=None,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        peak_mib=peak,
        hw=hw,
        over=over(cutout),
        place=place,
        edge=edge(colours, alpha, cutout.profile, place),
        layers=matter.look(request.image, trimap=trimap, prompt=prompt).layers,
        notes=cutout.notes,
    )


def over(cutout: Cutout) -> Array:
    """A small copy over COLOUR, (h, w, 3) uint8 sRGB; laid over at full size, so that its edge is the true one."""
    return shown(np.asarray(cutout.over(COLOUR)), None, cutout.profile)


def glance(matter: Matter, request: Request) -> Answer:
    """A trimap that nobody painted, (H, W) uint8, as the answer's alpha.  Raises what made_trimap raises."""
    forget_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    trimap = made_trimap(matter, request.image)
    return Answer(trimap, None, time.perf_counter() - wall, time.process_time() - cpu, peak_mib())
