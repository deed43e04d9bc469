"""What every measured system is, whoever wrote it: a request goes in, an answer with its costs comes out."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mattelier.evaluate.memory import forget_peak, peak_mib
from mattelier.evaluate.sets import Hint
from mattelier.image import Array, Float

Scope = Literal["in process", "whole process"]


@dataclass(frozen=True)
class Request:
    """A picture and what a system is told about it."""

    image: Path
    trimap: Path | None = None
    prompt: str = ""


@dataclass(frozen=True)
class Answer:
    """alpha (H, W) float32 or uint8; colours (H, W, 3) uint8 or uint16, None when the photo's own are meant.

    seconds, cpu_seconds (all threads), peak_mib (resident; None where the system does not tell): see System.scope.
    """

    alpha: Array
    colours: Array | None
    seconds: float
    cpu_seconds: float
    peak_mib: float | None


@dataclass(frozen=True)
class Solution:
    """What a system that runs in a process of ours gives; its colours are made when its costs were read."""

    alpha: Float
    colours: Callable[[], Array] | None = None


Solve = Callable[[Request], Answer]


@dataclass(frozen=True)
class System:
    """A system before it runs. `open` must survive pickling: it is called in a process of the system's own.

    sha256: digest of the weights, "" without any.  version: of the program behind it, "" for this package's own.
    scope: what the costs cover. "in process": from the file to the alpha in memory, everything loaded and warm.
    "whole process": a fresh command from start to exit, decoding and encoding included.
    """

    name: str
    sha256: str
    hint: Hint
    scope: Scope
    open: Callable[[], Solve]
    version: str = ""


def measured(solve: Callable[[Request], Solution]) -> Solve:
    """A solver with its costs: seconds, CPU seconds of all threads and peak memory until alpha is there."""

    def answer(request: Request) -> Answer:
        forget_peak()
        wall, cpu = time.perf_counter(), time.process_time()
        solution = solve(request)
        seconds, cpu_seconds, peak = time.perf_counter() - wall, time.process_time() - cpu, peak_mib()
        colours = solution.colours() if solution.colours else None
        return Answer(solution.alpha, colours, seconds, cpu_seconds, peak)

    return answer
