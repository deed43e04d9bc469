"""What a person sees of a run: one line that moves, with the losses and the time left."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar


class Progress:
    """On a terminal a bar; in a log file a line a minute. Words go to stderr."""

    def __init__(self, steps: int, done: int) -> None:
        self.console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.bar = Bar(*columns, console=self.console, disable=not self.console.is_terminal)
        self.task = self.bar.add_task("training", total=steps, completed=done)
        self.steps, self.first = steps, done
        self.started = self.spoken = time.monotonic()

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def update(self, step: int, parts: dict[str, float]) -> None:
        self.bar.update(self.task, completed=step, description=f"loss {parts['total']:.3f}")
        now = time.monotonic()
        if not self.console.is_terminal and now - self.spoken > 60.0:
            self.spoken = now
            left = (self.steps - step) * (now - self.started) / max(1, step - self.first)
            self.say(f"step {step}/{self.steps}, loss {parts['total']:.3f}, {left / 60.0:.0f} min left")

    def say(self, words: str) -> None:
        self.console.print(words, highlight=False)
