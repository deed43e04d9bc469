"""matte evaluate: how good, on which pictures, measured where."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mattelier.cli.console import say, track
from mattelier.errors import InputError
from mattelier.runtime.options import Quality

if TYPE_CHECKING:
    from mattelier.data.readers.example import Example


def evaluate(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...",
            help="Models, MODEL:draft, MODEL:alone, MODEL+REFINER; JSON files that describe an ONNX file or a command; "
            "pymatting:cf or knn, rembg:MODEL.",
        ),
    ],
    data: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="A training folder (its test split), a benchmark, or a published set as it is."
        ),
    ],
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Every picture's figures, versions, machine, digests.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE, and start again.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with FILE where a run was stopped.")] = False,
    baseline: Annotated[
        str | None, typer.Option(metavar="NAME", help="Compare every system with this one; else each with each.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="PNG", help="The ten worst pictures of the first system, beside the others'.")
    ] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", help="The first N pictures only.", min=1)] = None,
    quality: Annotated[Quality, typer.Option(help="Of models that say nothing else, as in matte cut.")] = "standard",
    categories: Annotated[bool, typer.Option("--categories", help="Show each category of the set too.")] = False,
) -> None:
    """Measure systems on pictures whose alpha is known; means with 95 % bootstrap intervals, and paired differences."""
    from mattelier.evaluate import benchmark, report
    from mattelier.evaluate.sheet import sheet as drawn
    from mattelier.evaluate.systems import at_quality
    from mattelier.image.io import write

    refuse_existing([file for file in (json, sheet) if file], overwrite)
    journal = journal_of(json, overwrite, resume)
    watch = benchmark.Watch(shown, say)
    names, baseline = [at_quality(name, quality) for name in names], baseline and at_quality(baseline, quality)
    found = benchmark.run(names, data, baseline=baseline, limit=limit, journal=journal, resume=resume, watch=watch)
    if json:
        write(json, report.to_json(found), overwrite)
    journal.forget()
    show(report.rows(found, categories))
    for table in (report.region_rows(found), report.word_rows(found), report.paired_rows(found)):
        if len(table) > 1:
            typer.echo()
            show(table)
    if sheet:
        write(sheet, drawn(found, names, data), overwrite)
    if any(system["failed"] for system in found["systems"]):
        raise typer.Exit(1)


def refuse_existing(files: list[Path], overwrite: bool) -> None:
    """Raises InputError before anything is measured: a long run must not end at its last step."""
    for file in files:
        if file.exists() and not overwrite:
            raise InputError(f"{file} is there already; expected a new name; pass --overwrite to replace it")


def journal_of(json: Path | None, overwrite: bool, resume: bool) -> Any:
    """The progress of a run, beside the file it will write.  Raises InputError for options that exclude each other."""
    from mattelier.evaluate.journal import Journal

    if json is None:
        if resume:
            raise InputError("--resume was given without --json FILE, beside which the progress lies; name FILE")
        return Journal()
    journal = Journal(json.with_name(f"{json.name}.part"))
    if overwrite and not resume:
        journal.forget()
    return journal


def shown(pictures: "Iterable[Example]", total: int, name: str) -> "Iterator[Example]":
    """The pictures, with a line as a system begins and a bar where someone is looking."""
    say(f"{name}: {total} pictures")
    yield from track(pictures, total, name)


def show(table: list[tuple[str, ...]]) -> None:
    """Columns on stdout, as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
