"""matte data: pictures to learn from and to be measured on, made from what you have."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mattelier.cli import refer
from mattelier.cli.console import say, track
from mattelier.errors import InputError

if TYPE_CHECKING:
    from mattelier.data.sets import Job

app = typer.Typer(no_args_is_help=True, help="Make training data: rendered scenes, composites, trimaps.")
app.command("refer")(refer.refer)

Output = Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="A folder of its own; resumed when begun.")]
Workers = Annotated[int, typer.Option(min=1, metavar="N", help="Processes; the bytes are the same for any number.")]
Paper = Literal["dim", "gfm", "fba", "matteformer"]
Hint = Literal["dim", "gfm", "fba", "matteformer", "scribbles", "box", "glance"]


@app.command("compose")
def compose(
    foregrounds: Annotated[Path, typer.Argument(metavar="FG", help="A folder of cut-outs, or of colours (--alpha).")],
    backgrounds: Annotated[Path, typer.Argument(metavar="BG", help="A folder of pictures.")],
    output: Output,
    per_foreground: Annotated[int, typer.Option(min=1, metavar="N", help="Backgrounds for each foreground.")] = 20,
    seed: Annotated[
        int | None, typer.Option(metavar="S", help="Backgrounds by chance. Without: blocks in order, as published.")
    ] = None,
    alpha: Annotated[Path | None, typer.Option(metavar="DIR", help="Mattes named like the foregrounds.")] = None,
    foreground_names: Annotated[Path | None, typer.Option(metavar="FILE", help="Which of FG, in this order.")] = None,
    background_names: Annotated[Path | None, typer.Option(metavar="FILE", help="Which of BG, in this order.")] = None,
    pair: Annotated[float, typer.Option(min=0, max=1, metavar="P", help="How often a second one stands behind.")] = 0.0,
    trimap: Annotated[Paper | None, typer.Option(help="Also trimaps, drawn as this paper does.")] = None,
    rssn: Annotated[
        str | None, typer.Option(metavar="PARTS", help="all, or some of resolution,denoise,sharpness,noise.")
    ] = None,
    denoised: Annotated[
        Path | None, typer.Option(metavar="DIR", help="foregrounds/ and backgrounds/ denoised before, for --rssn.")
    ] = None,
    extend: Annotated[bool, typer.Option("--extend", help="Carry colours on to where alpha is 0.")] = False,
    linear: Annotated[bool, typer.Option("--linear", help="Mix light as light; the papers mix sRGB values.")] = False,
    split: Annotated[
        Literal["train", "val", "test"], typer.Option(help="What the manifest says; matte evaluate reads test.")
    ] = "train",
    workers: Workers = 1,
) -> None:
    """Lay every foreground over N backgrounds, as Composition-1k does, or by chance."""
    from mattelier.data.composition import Recipe, Sources, pairs
    from mattelier.data.files import listed
    from mattelier.data.rssn import parts

    with usage():
        recipe = Recipe(
            per_foreground,
            seed,
            pair,
            has_extended_colours=extend,
            is_linear=linear,
            rounding="down" if seed is None else "nearest",
            trimap=trimap,
            rssn=parts(rssn) if rssn else None,
            split=split,
        )
        sources = Sources(listed(foregrounds, foreground_names), listed(backgrounds, background_names), alpha, denoised)
        jobs = pairs(sources, recipe)
    run(output, jobs, workers)


@app.command("synth")
def synth(
    output: Output,
    kinds: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="Which subjects, in turn. Default: all of the split.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, metavar="N", help="Scenes in all.")] = 100,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="The same seed, the same bytes.")] = 0,
    size: Annotated[int, typer.Option(metavar="PX", help="Side of the squares, 64 to 4096.")] = 512,
    textures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Photographs for subjects and backgrounds, not noise.")
    ] = None,
    trimap: Annotated[Paper | None, typer.Option(help="Also trimaps, drawn as this paper does.")] = None,
    split: Annotated[
        Literal["train", "test"],
        typer.Option(help="test: with the kinds and textures kept for testing; not to train on."),
    ] = "train",
    workers: Workers = 1,
) -> None:
    """Render subjects whose alpha, foreground and background are exact."""
    from mattelier.data.proving import scenes

    with usage():
        every = [*scenes.KINDS, *(scenes.TEST_KINDS if split == "test" else ())]
        chosen = [kind.strip() for kind in kinds.split(",")] if kinds else every
        make = scenes.testing if split == "test" else scenes.training
        jobs = make(chosen, count, seed, size, textures, trimap)
    run(output, jobs, workers)


@app.command("trimap")
def trimap(
    alphas: Annotated[Path, typer.Argument(metavar="ALPHA", help="A folder of mattes.")],
    output: Output,
    paper: Annotated[Hint, typer.Option(help="Whose way, or what a person or a network would give.")] = "fba",
    seed: Annotated[int, typer.Option(metavar="S", help="The same seed, the same trimaps.")] = 0,
    workers: Workers = 1,
) -> None:
    """Draw a trimap for every matte of a folder, under the same names."""
    from mattelier.data.files import listed
    from mattelier.data.hints import jobs

    with usage():
        drawn = jobs(listed(alphas), paper, seed)
    run(output, drawn, workers)


def run(output: Path, jobs: "Sequence[Job]", workers: int) -> None:
    """Write a set; its folder to stdout when it is whole, a count to stderr."""
    from mattelier.data.sets import write_set

    done = sum(written.status == "done" for written in track(write_set(output, jobs, workers), len(jobs), "making"))
    say(f"{done} made, {len(jobs) - done} there already")
    typer.echo(str(output))


@contextmanager
def usage() -> Iterator[None]:
    """An option that cannot be used is a matter of usage, exit code 2."""
    try:
        yield
    except InputError as error:
        raise typer.BadParameter(str(error)) from error
