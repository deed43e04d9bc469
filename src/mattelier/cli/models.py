"""matte models: the cards of the weights, and whether the files are theirs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mattelier.models.cards import Card

app = typer.Typer(help="The models: list, show, import, export, verify.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """One line a model: name with digest, size, licence, where its file is, quality, speed, terms of its data."""
    from mattelier import weights
    from mattelier.errors import WeightsError
    from mattelier.models import imported, list_models

    for error in imported.broken():
        typer.echo(error, err=True)
    for card in list_models():
        try:
            place = "in the package" if weights.find(card.weights).parent == weights.shipped_folder() else "installed"
        except WeightsError:
            place = "not installed"
        size_mb = card.weights.size_bytes / 1e6
        facts = [weights.pin(card), f"{size_mb:.1f} MB", card.weights.licence, place, *in_short(card)]
        typer.echo("  ".join(facts))


def in_short(card: "Card") -> list[str]:
    """A card's first figure, its seconds, and how many of its sources have which terms: what of these it has."""
    found = [f"{what.split(',')[0]} {figure.split(' (')[0]}" for what, figure in [*card.metrics.items()][:1]]
    found += [f"{figure} s" for what, figure in card.metrics.items() if what.startswith("seconds")]
    if card.data:
        unstated = sum(source.terms.startswith("unstated") for source in card.data)
        restricted = sum("non-commercial" in source.terms for source in card.data)
        found.append(f"{len(card.data)} data sources, terms of {unstated} unstated, {restricted} non-commercial")
    return found


@app.command()
def show(name: Annotated[str, typer.Argument(metavar="NAME", help="As in: matte models list.")]) -> None:
    """All that a card says: paper, data and its terms, training, figures, limits."""
    from mattelier import weights
    from mattelier.models import imported, list_models

    card = weights.resolve(name, list_models())
    origin = imported.origin(card)
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
    if origin is not None:
        facts |= {
            "imported from": f"{origin.file}, sha256 {origin.sha256}",
            "tensors": f"{origin.tensors.file}, {origin.tensors.size_bytes} bytes, sha256 {origin.tensors.sha256}",
        }
    facts |= {f"data: {source.name}": f"{source.images} pictures; {source.terms}" for source in card.data}
    facts |= {f"figure: {what}": figure for what, figure in card.metrics.items()}
    width = max(map(len, facts))
    for what, text in facts.items():
        typer.echo(f"{what:<{width}}  {text or 'not stated'}")


@app.command("import")
def import_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A system (gfm) or a name (fba-r50.official).")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The checkpoint as its authors released it.")],
    commercial: Annotated[
        bool, typer.Option("--commercial", help="Refuse weights whose terms do not allow commercial use.")
    ] = False,
    backbone: Annotated[str | None, typer.Option(help="gfm: r34, r34_2b, r101, d121.")] = None,
    representation: Annotated[str | None, typer.Option(help="gfm: tt, ft, bt, rim; ft and bt look alike.")] = None,
    legacy_ws: Annotated[
        bool | None,
        typer.Option("--legacy-ws/--no-legacy-ws", help="fba: weight standardisation as in 2020."),
    ] = None,
    skip: Annotated[bool | None, typer.Option("--skip/--no-skip", help="dim: whether skips are added.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an imported model of this name.")] = False,
) -> None:
    """Take a released checkpoint into your own folder, checked, without pickles, with its licence; no download."""
    from mattelier import weights
    from mattelier.runtime.engine import require

    require("torch", "cpu")
    from mattelier.runtime.importing import import_official

    given = {"backbone": backbone, "representation": representation, "legacy_ws": legacy_ws, "skip": skip}
    options = {option: value for option, value in given.items() if value is not None}
    receipt = import_official(name, file, options, commercial=commercial, overwrite=overwrite)
    typer.echo(f"licence of these weights: {receipt.card.weights.licence}", err=True)
    typer.echo(f"largest difference between torch and ONNX Runtime: {receipt.between_engines}", err=True)
    typer.echo(f"largest change by float16 kernels: {receipt.of_rounding:.1g}", err=True)
    typer.echo(weights.pin(receipt.card))


@app.command()
def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model, or the folder of a training run.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.onnx")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE.onnx.")] = False,
) -> None:
    """Write one ONNX file: a model's own, checked, or a run's averaged weights, refused if it differs from torch."""
    if Path(name).is_dir():
        _export_run(Path(name), output, overwrite)
    else:
        _export_card(name, output, overwrite)
    typer.echo(output)


def _export_run(run: Path, output: Path, overwrite: bool) -> None:
    from mattelier.runtime.engine import require

    require("torch", "cpu")
    from mattelier.runtime.export import export as write_onnx
    from mattelier.train.checkpoint import load_run

    net, facts = load_run(run)
    difference = write_onnx(net, output, facts, overwrite, json.loads(facts["recipe"])["system"])
    typer.echo(f"largest difference between torch and ONNX Runtime: {difference}", err=True)


def _export_card(name: str, output: Path, overwrite: bool) -> None:
    from mattelier import weights
    from mattelier.image.output import write
    from mattelier.models import list_models

    card = weights.resolve(name, list_models())
    write(output, weights.read(card.weights), overwrite)
    typer.echo(f"licence of these weights: {card.weights.licence}", err=True)


@app.command()
def verify() -> None:
    """Compare every installed weight file with its card; exit code 1 if one differs."""
    from mattelier import weights
    from mattelier.errors import WeightsError
    from mattelier.models import imported, list_models

    failed = list(imported.broken())
    for card in list_models():
        origin = imported.origin(card)
        try:
            path = weights.find(card.weights)
        except WeightsError:
            typer.echo(f"{weights.pin(card)}  not installed")
            continue
        try:
            weights.read(card.weights, path)
            if origin is not None:
                weights.read(origin.tensors)
            typer.echo(f"{weights.pin(card)}  as its card says  {path}")
        except WeightsError as error:
            failed.append(WeightsError(f"{weights.pin(card)}  {error}"))
    for failure in failed:
        typer.echo(failure, err=True)
    if failed:
        raise typer.Exit(1)
