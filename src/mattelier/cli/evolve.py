"""matte evolve: all six systems on one photo, side by side."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mattelier.cli.console import say
from mattelier.errors import InputError

if TYPE_CHECKING:
    from mattelier.evolve.run import Evolution

ENDINGS = (".png", ".html")


def evolve(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="One photo.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="SHEET.png|SHEET.html", help="A picture, or one HTML file.")
    ],
    trimap: Annotated[
        Path | None, typer.Option(metavar="FILE", help="For DIM, FBA and MatteFormer. Default: GFM's glance makes one.")
    ] = None,
    prompt: Annotated[str | None, typer.Option(metavar="TEXT", help="What to keep, for CLIPMat.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an older sheet; never an input.")] = False,
) -> None:
    """Show the six systems on one photo: what each sees on its way, its cut-out, its seconds and memory.

    A system whose weights are not here has a row that says so. Exit code: 0 unless no system worked.
    """
    check(output, [file for file in (image, trimap) if file], overwrite)
    from mattelier.evolve.run import Task
    from mattelier.evolve.run import evolve as run
    from mattelier.image.io import write
    from mattelier.runtime.batch import make_home

    draw = drawing(output)
    evolution = run(Task(image, trimap, prompt), say)
    if not any(row.shown for row in evolution.rows):
        raise InputError(f"no system worked on {image}, so no sheet was written; expected one or more; see why above")
    make_home(output)
    write(output, draw(evolution), overwrite)
    typer.echo(str(output))


def check(output: Path, inputs: list[Path], overwrite: bool) -> None:
    """Refuse a sheet that cannot be written, before anything is run.

    Raises BadParameter for another ending and for a sheet over an input, InputError for one that is there already.
    """
    from mattelier.image.output import is_same_file

    if output.suffix.lower() not in ENDINGS:
        found = output.suffix or "nothing"
        raise typer.BadParameter(f"-o {output} ends in {found!r}; expected {' or '.join(ENDINGS)}; rename it")
    for file in inputs:
        if is_same_file(output, file):
            raise typer.BadParameter(
                f"-o {output} is one of the inputs; a sheet never replaces what it was made from; give another name"
            )
    if output.exists() and not overwrite:
        raise InputError(f"{output} is there already; expected a new name; pass --overwrite, or -o with another name")


def drawing(output: Path) -> "Callable[[Evolution], bytes]":
    """What makes a sheet of that ending.  Raises InputError where its letters cannot be drawn."""
    if output.suffix.lower() == ".html":
        from mattelier.evolve.document import document

        return lambda evolution: document(evolution).encode()
    from mattelier.evolve.sheet import png, require_letters

    require_letters()
    return png
