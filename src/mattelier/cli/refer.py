"""matte data refer: scenes with sentences that pick one of their subjects."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def refer(
    foregrounds: Annotated[
        Path, typer.Argument(metavar="FG_DIR", help="RGBA cut-outs; manifest.csv with descriptions.")
    ],
    backgrounds: Annotated[Path, typer.Argument(metavar="BG_DIR", help="Pictures without a subject.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="A new folder.")],
    count: Annotated[int, typer.Option(min=1, metavar="N", help="Scenes to make.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="The same seed gives the same bytes.")] = 0,
    split: Annotated[
        Literal["train", "val", "test"], typer.Option(help="Its own objects, backgrounds and wordings.")
    ] = "train",
    side_px: Annotated[int, typer.Option("--size", min=64, max=4096, metavar="PX", help="Pictures are squares.")] = 512,
    expressions: Annotated[
        int, typer.Option(min=1, max=4, metavar="N", help="Sentences a subject, beside its name alone, at most.")
    ] = 4,
) -> None:
    """Compose one to three cut-outs over backgrounds and write who is who: pictures, a matte a subject, expressions.

    DIR goes to stdout, words to stderr.
    """
    from mattelier.cli.console import say, track
    from mattelier.data.references import write_references

    said = write_references(
        foregrounds,
        backgrounds,
        output,
        count=count,
        seed=seed,
        split=split,
        side_px=side_px,
        expressions=expressions,
        track=lambda numbers, total: track(numbers, total, "composing"),
    )
    say(f"{count} pictures, {said} expressions")
    typer.echo(output)
