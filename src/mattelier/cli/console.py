"""Words and progress, to stderr; stdout is for paths and data."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

import typer

Item = TypeVar("Item")


def say(text: str) -> None:
    """One line to stderr."""
    typer.echo(text, err=True)


def track(items: Iterable[Item], total: int, doing: str = "cutting") -> Iterator[Item]:
    """The items, with a bar on stderr when someone is looking there."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    # paths on stdout share the screen with the bar only when stdout is that screen
    on_screen = sys.stdout.isatty()
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=on_screen) as bar:
        yield from bar.track(items, total=total)
