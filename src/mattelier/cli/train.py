"""matte train: a network, a folder of pictures, a run."""

from pathlib import Path
from typing import Annotated

import typer

from mattelier.runtime.options import Device


def train(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The system: modnet.")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="photos/, foregrounds/, backgrounds/ with manifests.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="RUN", help="The run's folder.")],
    lite: Annotated[bool, typer.Option("--lite", help="The small form instead of the published one.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where RUN stopped.")] = False,
    device: Annotated[Device, typer.Option(help="Refused when it is not there.")] = "cpu",
    minutes: Annotated[
        float | None, typer.Option(min=0, metavar="N", help="Stop after so long, ready to --resume.")
    ] = None,
    stage: Annotated[str, typer.Option(metavar="STAGE", help="Only supervised in this version.")] = "supervised",
) -> None:
    """Train a network; RUN receives checkpoints, averaged weights, a JSON log and a sheet of validation cut-outs.

    Ctrl-C ends it after the step at hand with everything saved. RUN goes to stdout, words to stderr.
    """
    if stage != "supervised":
        raise typer.BadParameter(f"the stage {stage} is not in this version; expected supervised")
    from mattelier.runtime.engine import require

    require("torch", device)
    from mattelier.train.loop import train as run
    from mattelier.train.recipes import recipe_of

    run(recipe_of(name, lite), data, output, device=device, minutes=minutes, resume=resume)
    typer.echo(output)
