"""matte cut: pictures in, cut-outs out."""

import gc
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mattelier.cli import blas
from mattelier.cli.console import say, track
from mattelier.cli.order import PIPE, Order, check, plan, recipe
from mattelier.errors import InputError, MattelierError, NoSubject
from mattelier.runtime.options import Bits, Device, EngineName, Format, Keep, Quality

if TYPE_CHECKING:
    from mattelier.runtime.batch import Job, Outcome, Status
    from mattelier.runtime.cutout import Cutout
    from mattelier.runtime.pipeline import Matter


def cut(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Pictures, folders, patterns, or - (stdin).")],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE|DIR", help="- is stdout. Default: NAME.cutout.png beside IMAGE."),
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME[@DIGEST]", help="See: matte models list.")] = None,
    trimap: Annotated[Path | None, typer.Option(metavar="FILE", help="What is known, for models that take it.")] = None,
    prompt: Annotated[str | None, typer.Option(metavar="TEXT", help="What to keep, for models that read.")] = None,
    keep: Annotated[Keep, typer.Option(help="The cut-out, or one part of it.")] = "rgba",
    background: Annotated[
        str | None, typer.Option(metavar="COLOUR|FILE|blur[:N]", help="What to put behind the subject.")
    ] = None,
    quality: Annotated[
        Quality, typer.Option(help="draft: coarse edges, colours as they are. fine: always looks twice.")
    ] = "standard",
    format: Annotated[Format | None, typer.Option(help="Default: what -o ends in, else png.")] = None,
    bits: Annotated[Bits | None, typer.Option(help="A sample. Default: as in IMAGE.")] = None,
    device: Annotated[Device, typer.Option(help="Refused when it is not there.")] = "cpu",
    engine: Annotated[EngineName, typer.Option(help="Refused when it is not there.")] = "onnx",
    threads: Annotated[int | None, typer.Option(min=1, metavar="N", help="Default: one a core.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace older outputs; never an input.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object a picture, not paths.")] = False,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Largest picture to open. Default: 128 million pixels.")
    ] = None,
) -> None:
    """Cut the subject out of pictures.

    Paths go to stdout, words to stderr. Exit code: 0 all done, 1 some failed, 2 usage, 3 no subject (one picture).
    """
    order = Order(
        images, output, model, trimap, prompt, keep, background, quality, format, bits, device, engine, threads,
        overwrite, as_json, max_pixels,
    )  # fmt: skip
    if engine == "onnx":  # torch may share the same BLAS, and has use for its threads
        blas.alone()
    with uncollected():
        from mattelier.runtime import pipeline

        with usage():
            check(order)
            jobs = plan(order)
            card = pipeline.card_of(model, prompt)
        matter = pipeline.load(card, engine=engine, device=device, threads=threads)
    if order.is_single:
        one(order, matter, jobs[0])
    else:
        many(order, matter, jobs)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the garbage collector, while all that is made stays: 0.03 of the 1.15 CPU seconds of a small cut."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def usage() -> Iterator[None]:
    """An option that cannot be used is a matter of usage, exit code 2."""
    try:
        yield
    except InputError as error:
        raise typer.BadParameter(str(error)) from error


def one(order: Order, matter: "Matter", job: "Job") -> None:
    """A single picture; what goes wrong is raised, after JSON has been told of it."""
    from mattelier.runtime.batch import Outcome

    try:
        cutout = _make(order, matter, job)
    except MattelierError as error:
        if order.as_json:
            status: Status = "no subject" if isinstance(error, NoSubject) else "failed"
            typer.echo(_as_json(Outcome(job, status, str(error))))
        raise
    if order.output != PIPE:
        _show(order, Outcome.done(job, cutout))


def many(order: Order, matter: "Matter", jobs: "list[Job]") -> None:
    """A batch: every picture has its word, and a bad one does not stop the rest."""
    from mattelier.runtime.batch import Work, run

    work = Work(
        recipe(order, matter.used(order.quality)),
        cut=lambda source: _cut(order, matter, source),
        save=lambda cutout, target: _save(order, cutout, target, overwrite=True),
        overwrite=order.overwrite,
    )
    count: Counter[str] = Counter()
    for outcome in track(run(jobs, work), len(jobs)):
        count[outcome.status] += 1
        _show(order, outcome)
    say(", ".join(f"{number} {status}" for status, number in count.items()))
    if count["failed"] or count["no subject"]:
        raise typer.Exit(1)


def _make(order: Order, matter: "Matter", job: "Job") -> "Cutout":
    """Cut one picture and write it to its file or to stdout."""
    from mattelier.runtime.batch import make_home

    if order.output == PIPE:
        cutout = _cut(order, matter, job.source)
        data = cutout.encoded(order.settled_format, keep=order.keep, background=order.background, bits=order.bits)
        sys.stdout.buffer.write(data)
        return cutout
    if job.target.exists() and not order.overwrite:
        raise InputError(f"{job.target} is there already; pass --overwrite, or -o with another name")
    cutout = _cut(order, matter, job.source)
    make_home(job.target)
    _save(order, cutout, job.target, order.overwrite)
    return cutout


def _cut(order: Order, matter: "Matter", source: Path) -> "Cutout":
    limits = order.limits
    # one byte more than allowed is enough to refuse it, however much follows
    photo = sys.stdin.buffer.read(limits.file_bytes + 1) if str(source) == PIPE else source
    cutout = matter.cut(photo, trimap=order.trimap, prompt=order.prompt, quality=order.quality, limits=limits)
    for note in cutout.notes:
        say(f"{source}: {note}")
    return cutout


def _save(order: Order, cutout: "Cutout", target: Path, overwrite: bool) -> None:
    cutout.save(
        target,
        keep=order.keep,
        background=order.background,
        format=order.settled_format,
        bits=order.bits,
        overwrite=overwrite,
    )


def _show(order: Order, outcome: "Outcome") -> None:
    """One outcome: its path or its JSON to stdout, what went wrong to stderr."""
    if order.as_json:
        typer.echo(_as_json(outcome))
    elif outcome.status in ("done", "skipped"):
        typer.echo(str(outcome.job.target))
    if outcome.status in ("failed", "no subject"):
        # most sentences begin with the file; the others need its name
        source = str(outcome.job.source)
        say(outcome.message if source in outcome.message else f"{source}: {outcome.message}")


def _as_json(outcome: "Outcome") -> str:
    height, width = outcome.hw or (None, None)
    facts = {
        "source": str(outcome.job.source),
        "target": str(outcome.job.target) if outcome.status in ("done", "skipped") else None,
        "status": outcome.status,
        "message": outcome.message,
        "model": outcome.model,
        "height": height,
        "width": width,
        "seconds": {stage: round(value, 4) for stage, value in outcome.seconds.items()},
        "notes": outcome.notes,
    }
    return json.dumps(facts)
