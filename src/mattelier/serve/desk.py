"""The desk in front of the models: so many requests are worked on, so many may wait, one more is sent away."""

import asyncio
import math
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import TypeVar

from mattelier.errors import MattelierError
from mattelier.runtime import pipeline
from mattelier.runtime.pipeline import Matter
from mattelier.serve.problems import Problem
from mattelier.serve.settings import Settings

T = TypeVar("T")
FIRST_GUESS_S = 0.5  # of how long a picture takes, before one was timed
MEMORY = 0.1  # share of the newest time in the running mean


class Desk:
    """A bounded queue in front of a pool of threads, and one warm Matter a model, shared by all of them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.seconds: dict[str, float] = defaultdict(float)  # stage -> seconds, all pictures together
        self.pictures = 0  # how many `note` has heard of
        self._pool = ThreadPoolExecutor(settings.workers, thread_name_prefix="matte")
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._matters: dict[str, Matter] = {}
        self._ready = threading.Event()
        self._failure: MattelierError | None = None
        self._warming = False
        self._inside = 0
        self._closed = False
        self._mean_s = FIRST_GUESS_S

    async def do(self, work: "Callable[[Desk], T]") -> T:
        """What `work` returns, done in a worker thread; what it raises is raised here.

        Raises Problem 503 with Retry-After when the queue is full or the server is closing, and Problem 504 after
        `settings.seconds`, waiting included. Work that has begun cannot be stopped: it keeps its place until it ends.
        """
        future = self._take_place(work)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.settings.seconds)
        except TimeoutError:
            raise Problem(
                504,
                "timeout",
                f"the picture took longer than {self.settings.seconds:g} seconds, waiting included; "
                "less was expected; send a smaller one, or try again later",
            ) from None

    def matter(self, name: str | None) -> Matter:
        """The warm model of that name, loaded at its first use; None: the server's default.  Blocks: call it in work.

        Raises UnknownModel and WeightsError.
        """
        card = pipeline.card_of(name or self.settings.model)
        with self._loading:
            if card.name not in self._matters:
                self._matters[card.name] = pipeline.load(card, threads=self.settings.run_threads)
            return self._matters[card.name]

    def note(self, seconds: dict[str, float]) -> None:
        """Add one picture's seconds by stage to the server's sums, for /metrics."""
        with self._lock:
            self.pictures += 1
            for stage, value in seconds.items():
                self.seconds[stage] += value

    def warm(self) -> None:
        """Load the default model in the background; `ready` turns true when one picture has gone through it.

        A second call does nothing.
        """
        with self._lock:
            if self._warming:
                return
            self._warming = True
        threading.Thread(target=self._warm, name="matte-warm", daemon=True).start()

    @property
    def ready(self) -> bool:
        """Whether the default model has worked on its first picture."""
        return self._ready.is_set() and not self._closed

    @property
    def failure(self) -> MattelierError | None:
        """Why the default model could not be loaded."""
        return self._failure

    @property
    def running(self) -> int:
        """Requests that are worked on."""
        return min(self._inside, self.settings.workers)

    @property
    def waiting(self) -> int:
        """Requests that wait for a worker."""
        return max(0, self._inside - self.settings.workers)

    async def drain(self) -> None:
        """Accept nothing more, and return when everything accepted is done."""
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown, wait=True)

    def _take_place(self, work: "Callable[[Desk], T]") -> "Future[T]":
        with self._lock:
            if self._closed:
                raise Problem(503, "closing", "the server is closing; try again when it is back", {"Retry-After": "5"})
            if self._inside >= self.settings.workers + self.settings.queue:
                raise self._busy()
            self._inside += 1
            future = self._pool.submit(self._timed, work)
        future.add_done_callback(self._leave)
        return future

    def _timed(self, work: "Callable[[Desk], T]") -> T:
        start = monotonic()
        try:
            return work(self)
        finally:
            self._mean_s += MEMORY * (monotonic() - start - self._mean_s)

    def _leave(self, _: "Future[T]") -> None:
        with self._lock:
            self._inside -= 1

    def _busy(self) -> Problem:
        wait_s = max(1, math.ceil(self._mean_s * self._inside / self.settings.workers))
        return Problem(
            503,
            "busy",
            f"{self._inside} requests are worked on or waiting; fewer were expected; try again in {wait_s} seconds",
            {"Retry-After": str(wait_s)},
        )

    def _warm(self) -> None:
        import numpy as np

        # a bright spot: whether it counts as a subject does not matter, only that every stage has run once
        photo = np.zeros((96, 128, 3), np.uint8)
        photo[24:72, 32:96] = 255
        try:
            matter = self.matter(None)
        except MattelierError as error:
            self._failure = error
            return
        with suppress(MattelierError):
            matter.cut(photo).encoded("png")
        self._ready.set()
