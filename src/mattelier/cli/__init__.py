"""matte: the command line. Thin: parse, call, show; one module a command.

A command imports what it works with inside its own body, so that `matte --help` is quick.
"""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mattelier.cli import cut, data, doctor, evaluate, evolve, models, serve, train
from mattelier.errors import DeviceError, MattelierError, MissingExtra, NoSubject, UnknownModel

# The first class that fits decides. 0 all done, 1 failed, 2 usage, 3 no subject.
EXIT_CODES: tuple[tuple[type[MattelierError], int], ...] = (
    (NoSubject, 3),
    (UnknownModel, 2),
    (MissingExtra, 2),
    (DeviceError, 2),
    (MattelierError, 1),
)
INTERRUPTED = 130  # as shells say it: 128 + SIGINT


class Matte(TyperGroup):
    """The commands; what they raise on purpose becomes one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # the context's class has moved between versions of typer
        """Run the command."""
        try:
            return super().invoke(ctx)
        except MattelierError as error:
            typer.echo(f"matte: {error}", err=True)
            raise typer.Exit(next(code for kind, code in EXIT_CODES if isinstance(error, kind))) from error
        except MemoryError:
            typer.echo("matte: the picture does not fit into memory; make it smaller, or free memory", err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    name="matte",
    cls=Matte,
    help="Takes the background out of pictures, on this machine.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("cut")(cut.cut)
app.command("doctor")(doctor.doctor)
app.command("evaluate")(evaluate.evaluate)
app.command("evolve")(evolve.evolve)
app.command("serve")(serve.serve)
app.command("train")(train.train)
app.add_typer(data.app, name="data")
app.add_typer(models.app, name="models")


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"matte {version('mattelier')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Takes the background out of pictures, on this machine."""


def main() -> None:
    """The entry point of `matte` and `python -m mattelier`."""
    app(prog_name="matte")
