"""matte models: the cards of the weights, and whether the files are theirs."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="The models: list, show, verify.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """One line a model: name with digest, size, licence, where its file is."""
    from mattelier import weights
    from mattelier.errors import WeightsError
    from mattelier.models import list_models

    for card in list_models():
        try:
            place = "in the package" if weights.find(card.weights).parent == weights.shipped_folder() else "installed"
        except WeightsError:
            place = "not installed"
        size_mb = card.weights.size_bytes / 1e6
        typer.echo(f"{weights.pin(card)}  {size_mb:.1f} MB  {card.weights.licence}  {place}")


@app.command()
def show(name: Annotated[str, typer.Argument(metavar="NAME", help="As in: matte models list.")]) -> None:
    """All that a card says: paper, data and its terms, training, figures, limits."""
    from mattelier import weights
    from mattelier.models import list_models

    card = weights.resolve(name, list_models())
    facts = {
        "name": weights.pin(card),
        "system": card.system,
        "paper": card.paper,
        "link": card.link,
        "file": f"{card.weights.file}, {card.weights.size_bytes} bytes",
        "sha256": card.weights.sha256,
        "licence of weights": card.weights.licence,
        "licence of code": card.code_licence,
        "input": f"{', '.join(card.contract.inputs)}; longest side {card.contract.longest_px} px",
        "output": ", ".join(card.contract.outputs),
        "initialisation": card.initialisation,
        "teacher": card.teacher,
        "training": card.training,
        "limits": card.limits,
    }
    facts |= {f"data: {source.name}": f"{source.images} pictures; {source.terms}" for source in card.data}
    facts |= {f"figure: {what}": figure for what, figure in card.metrics.items()}
    width = max(map(len, facts))
    for what, text in facts.items():
        typer.echo(f"{what:<{width}}  {text or 'not stated'}")


@app.command()
def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a training run.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.onnx")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE.onnx.")] = False,
) -> None:
    """Turn a run's averaged weights into one ONNX file; refused if its outputs differ from torch's."""
    from mattelier.runtime.engine import require

    require("torch", "cpu")
    from mattelier.runtime.export import export as write_onnx
    from mattelier.train.checkpoint import load_run

    net, facts = load_run(run)
    difference = write_onnx(net, output, facts, overwrite)
    typer.echo(f"largest difference between torch and ONNX Runtime: {difference:.1e}", err=True)
    typer.echo(output)


@app.command()
def verify() -> None:
    """Compare every installed weight file with its card; exit code 1 if one differs."""
    from mattelier import weights
    from mattelier.errors import WeightsError
    from mattelier.models import list_models

    failed = False
    for card in list_models():
        try:
            path = weights.find(card.weights)
        except WeightsError:
            typer.echo(f"{weights.pin(card)}  not installed")
            continue
        try:
            weights.read(card.weights, path)
            typer.echo(f"{weights.pin(card)}  as its card says  {path}")
        except WeightsError as error:
            failed = True
            typer.echo(f"{weights.pin(card)}  {error}", err=True)
    if failed:
        raise typer.Exit(1)
