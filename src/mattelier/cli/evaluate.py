"""matte evaluate: how good, on which pictures, measured where."""

from pathlib import Path
from typing import Annotated

import typer

from mattelier.cli.console import track


def evaluate(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="Models, or JSON cards of other people's ONNX files.")
    ],
    data: Annotated[Path, typer.Option(metavar="DIR", help="A training folder (its test split) or a benchmark.")],
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Every picture's figures, versions, machine, digests.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE.")] = False,
) -> None:
    """Measure models on pictures whose alpha is known; means with 95 % bootstrap intervals, whole picture."""
    from mattelier.evaluate import benchmark
    from mattelier.image.io import write

    result = benchmark.run(names, data, lambda cases, total: track(cases, total, "measuring"))
    if json:
        write(json, benchmark.to_json(result), overwrite)
    show(benchmark.rows(result))


def show(table: list[tuple[str, ...]]) -> None:
    """Columns on stdout, as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
