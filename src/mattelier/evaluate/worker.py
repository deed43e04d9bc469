"""A process a system: its memory and CPU time are its own, and when it dies only the picture at hand is lost."""

import multiprocessing
import tempfile
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from mattelier.errors import InputError, MattelierError
from mattelier.evaluate.system import Answer, Request, Solve, System

_WARM_PX = 64
_STOP_S = 10  # given to a process to end by itself


class Worker:
    """A running system. `with Worker(system) as worker: worker.answer(request)`."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._process: Any = None  # a spawned process; its class differs by platform
        self._pipe: Connection[Any, Any] | None = None

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def answer(self, request: Request) -> Answer:
        """One picture.  Raises InputError, naming why, when the system fails on it or its process ends."""
        pipe = self._pipe or self._start()
        try:
            pipe.send(request)
            answer = pipe.recv()
        except (EOFError, OSError):
            code = self.stop()
            raise InputError(
                f"the process of {self.system.name} ended with {code}; expected an answer; it may want more memory"
            ) from None
        if isinstance(answer, Answer):
            return answer
        raise InputError(str(answer))

    def stop(self) -> int | None:
        """End the process, if there is one; its exit code."""
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process is None:
            return None
        process, self._process = self._process, None
        process.join(_STOP_S)
        if process.is_alive():
            process.kill()
            process.join()
        code: int | None = process.exitcode
        process.close()
        return code

    def _start(self) -> "Connection[Any, Any]":
        # spawned, not forked: a fork would begin with this process's memory and its libraries' threads
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        is_warm = self.system.scope == "in process"
        self._process = context.Process(target=serve, args=(theirs, self.system.open, is_warm), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe = ours
        return ours


def serve(pipe: "Connection[Any, Any]", open_it: Callable[[], Solve], is_warmed: bool) -> None:
    """The child's whole life: open the system, answer requests until the pipe closes."""
    with suppress(EOFError, KeyboardInterrupt, BrokenPipeError):
        solve = opened(open_it, is_warmed)
        while True:
            pipe.send(answered(solve, pipe.recv()))


def opened(open_it: Callable[[], Solve], is_warmed: bool) -> Solve | str:
    """The solver, after a first small picture that nobody counts; or why there is none."""
    try:
        solve = open_it()
        if is_warmed:
            warm(solve)
    except Exception as error:  # the same: a system that does not open is named, and the others go on
        return said(error)
    return solve


def answered(solve: Solve | str, request: Request) -> Answer | str:
    """The answer, or why there is none."""
    if isinstance(solve, str):
        return solve
    try:
        return solve(request)
    except Exception as error:
        # other people's code may raise anything; the picture is named, and the rest goes on
        return said(error)


def said(error: Exception) -> str:
    """An error as a sentence; errors of this package are sentences already."""
    return str(error) if isinstance(error, MattelierError) else f"{type(error).__name__}: {error}"


def warm(solve: Solve) -> None:
    """Fill caches and compile what compiles itself, on a ramp from black to white."""
    from PIL import Image

    ramp = np.linspace(0, 255, _WARM_PX).astype(np.uint8)[None].repeat(_WARM_PX, 0)
    trimap = np.where(ramp < 64, 0, np.where(ramp > 192, 255, 128)).astype(np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        picture, hint = Path(folder) / "ramp.png", Path(folder) / "trimap.png"
        Image.fromarray(ramp).convert("RGB").save(picture)
        Image.fromarray(trimap).save(hint)
        with suppress(MattelierError):
            solve(Request(picture, hint, "the bright side"))
