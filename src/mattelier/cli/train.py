"""matte train: a network, a folder of pictures, a run."""

from pathlib import Path
from typing import Annotated

import typer

from mattelier.runtime.options import Device


def train(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The system, such as modnet.")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="photos/, foregrounds/, backgrounds/ and sets.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="RUN", help="The run's folder.")],
    lite: Annotated[bool, typer.Option("--lite", help="The small form instead of the published one.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where RUN stopped.")] = False,
    device: Annotated[Device, typer.Option(help="Refused when it is not there.")] = "cpu",
    minutes: Annotated[
        float | None, typer.Option(min=0, metavar="N", help="Stop after so long, ready to --resume.")
    ] = None,
    stage: Annotated[
        str | None, typer.Option(metavar="STAGE", help="Go as far as the end of this stage of the recipe.")
    ] = None,
) -> None:
    """Train a network; RUN receives checkpoints, averaged weights, a JSON log and a sheet of validation cut-outs.

    Ctrl-C ends it after the step at hand with everything saved. RUN goes to stdout, words to stderr.
    """
    from mattelier.runtime.engine import require

    require("torch", device)
    from mattelier.train.loop import train as run
    from mattelier.train.recipes import recipe_of

    recipe = recipe_of(name, lite)
    stages = [each.name for each in recipe.stages]
    if stage is not None and stage not in stages:
        raise typer.BadParameter(f"{recipe.name} has no stage {stage}; expected one of {', '.join(stages)}")
    run(recipe, data, output, device=device, minutes=minutes, resume=resume, stage=stage)
    typer.echo(output)
