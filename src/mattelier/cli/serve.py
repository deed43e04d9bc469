"""matte serve: the API and the page, on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mattelier.cli import blas
from mattelier.errors import InputError, MissingExtra

if TYPE_CHECKING:
    from mattelier.serve.settings import Settings

PACKAGES = ("fastapi", "uvicorn", "python_multipart", "urllib3", "prometheus_client", "swagger_ui_bundle")


def serve(
    host: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Default: 127.0.0.1, this machine alone.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, metavar="N", help="Default: 7411; 0 is any.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, metavar="N", help="Pictures worked on at once.")] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="When a request names none.")] = None,
    allow_url: Annotated[bool | None, typer.Option("--allow-url", help="Fetch pictures from public URLs.")] = None,
    origin: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="A web site whose pages may call the API; repeatable.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--settings", metavar="FILE", help="JSON; options given here come before it.")
    ] = None,
    new_key: Annotated[
        str | None, typer.Option(metavar="NAME", help="Make an API key, keep its hash in --settings, show it, stop.")
    ] = None,
) -> None:
    """Serve the API and the page until stopped; what was accepted is finished.

    The address goes to stdout, one JSON line a request to stderr.
    """
    chosen = {
        "host": host, "port": port, "workers": workers, "model": model, "allow_url": allow_url,
        "origins": tuple(origin) if origin else None,
    }  # fmt: skip
    require_extra()
    blas.alone()
    if new_key is not None:
        typer.echo(make_key(file, new_key))
        return
    settings = settle(file, {name: value for name, value in chosen.items() if value is not None})
    from mattelier.serve import listen

    listen.run(settings, typer.echo)


def require_extra() -> None:
    """Raises MissingExtra when a package of the extra `serve` is not installed."""
    from importlib.util import find_spec

    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise MissingExtra(
            f"{', '.join(missing)} not installed; matte serve needs the extra; pip install 'mattelier[serve]'"
        )


def settle(file: Path | None, chosen: dict[str, Any]) -> "Settings":
    """The settings of a file with those of the command line on top.

    Raises InputError when they cannot work, and when an address that others reach has no API key.
    """
    from dataclasses import replace

    from mattelier.runtime.pipeline import card_of
    from mattelier.serve.settings import Settings, read

    settings = replace(read(file) if file else Settings(), **chosen)
    card_of(settings.model)  # a misspelt name ends here, not in the log of a server that never gets ready
    if not settings.keys and not is_private(settings.host):
        raise InputError(
            f"the address {settings.host} can be reached by others and no API key is set; a key was expected; "
            "make one with matte serve --settings FILE --new-key NAME, then pass --settings FILE"
        )
    return settings


def is_private(host: str) -> bool:
    """Whether only this machine reaches an address."""
    from ipaddress import ip_address

    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def make_key(file: Path | None, name: str) -> str:
    """A new API key, whose hash is in the settings file from now on.  Raises InputError."""
    from mattelier.serve import keys
    from mattelier.serve.settings import Settings, read, save, with_key

    if file is None:
        raise InputError(
            "--new-key was given without --settings; a file that keeps the key's hash was expected; add it"
        )
    key, hashed = keys.new_key()
    save(file, with_key(read(file) if file.exists() else Settings(), name, hashed))
    return key
