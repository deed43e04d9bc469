"""matte train: a network, a folder of pictures, a run."""

from pathlib import Path
from typing import Annotated

import typer

from mattelier.runtime.options import Device

ADAPTS, ADAPTATION = "modnet", "soc"  # the one system with a stage that needs no mattes


def train(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The system, such as modnet.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="RUN", help="The run's folder.")],
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="photos/, foregrounds/, backgrounds/ and sets.")
    ] = None,
    lite: Annotated[bool, typer.Option("--lite", help="The small form instead of the published one.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where RUN stopped.")] = False,
    device: Annotated[Device, typer.Option(help="Refused when it is not there.")] = "cpu",
    minutes: Annotated[
        float | None, typer.Option(min=0, metavar="N", help="Stop after so long, ready to --resume.")
    ] = None,
    stage: Annotated[
        str | None,
        typer.Option(metavar="STAGE", help="Go as far as the end of this stage of the recipe; soc: adapt to --photos."),
    ] = None,
    photos: Annotated[
        Path | None, typer.Option(metavar="DIR", help="modnet --stage soc: photos without mattes, instead of --data.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(metavar="RUN|MODEL|FILE", help="modnet --stage soc: the weights it begins with; else the card's."),
    ] = None,
) -> None:
    """Train a network; RUN receives checkpoints, weights, a JSON log and a sheet of validation cut-outs.

    Ctrl-C ends it after the step at hand with everything saved. RUN goes to stdout, words to stderr.
    """
    from mattelier.runtime.engine import require

    require("torch", device)
    from mattelier.train.recipes import recipe_of

    recipe = recipe_of(name, lite)
    stages = [each.name for each in recipe.stages] + [ADAPTATION] * (name == ADAPTS)
    if stage is not None and stage not in stages:
        raise typer.BadParameter(f"{recipe.name} has no stage {stage}; expected one of {', '.join(stages)}")
    if stage == ADAPTATION:
        from mattelier.train.soc import adapt

        folder = _photos(photos, data, start, resume)
        adapt(recipe, folder, output, start=start, device=device, minutes=minutes, resume=resume)
    else:
        from mattelier.train.loop import train as run

        run(recipe, _data(data, photos, start), output, device=device, minutes=minutes, resume=resume, stage=stage)
    typer.echo(output)


def _data(data: Path | None, photos: Path | None, start: str | None) -> Path:
    if photos is not None or start is not None:
        raise typer.BadParameter("--photos and --start belong to modnet --stage soc; expected --data; add --stage soc")
    if data is None:
        raise typer.BadParameter("found no --data; training expects a folder of pictures with mattes; pass --data DIR")
    return data


def _photos(photos: Path | None, data: Path | None, start: str | None, resume: bool) -> Path:
    if data is not None:
        raise typer.BadParameter(
            "found --data with --stage soc, which has no use for mattes; pass --photos DIR instead"
        )
    if photos is None:
        raise typer.BadParameter("found no --photos; --stage soc adapts to photos without mattes; pass --photos DIR")
    if resume and start is not None:
        raise typer.BadParameter("found --start with --resume, which goes on with the run's weights; pass one of them")
    return photos
