"""matte doctor: what runs where, and why."""

import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import get_args

import typer

PACKAGES = ("mattelier", "numpy", "scipy", "pillow", "onnxruntime", "isal", "typer", "rich", "torch", "onnx", "pi-heif")


def doctor() -> None:
    """Show versions, engines and devices, codecs and weights, and the reason where something is missing."""
    for title, lines in (
        ("versions", versions()),
        ("engines", engines()),
        ("codecs", codecs()),
        ("weights", weight_files()),
    ):
        typer.echo(title)
        for line in lines:
            typer.echo(f"  {line}")


def versions() -> Iterator[str]:
    """This package, Python, the machine, and what is installed of the rest."""
    yield f"Python {platform.python_version()}, {platform.platform()}, {os.cpu_count()} cores"
    for package in PACKAGES:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            yield f"{package} not installed"


def engines() -> Iterator[str]:
    """For each engine and device: yes, or why not."""
    from mattelier.errors import MattelierError
    from mattelier.runtime.engine import require
    from mattelier.runtime.options import Device, EngineName

    for engine in get_args(EngineName):
        for device in get_args(Device):
            try:
                require(engine, device)
                yield f"{engine} on {device}: yes"
            except MattelierError as error:
                yield f"{engine} on {device}: no: {error}"


def codecs() -> Iterator[str]:
    """Which kinds of pictures can be read here."""
    from PIL import features

    for name, feature in (("JPEG", "jpg"), ("WebP", "webp"), ("AVIF", "avif"), ("ICC profiles", "littlecms2")):
        yield f"{name}: {'yes' if features.check(feature) else 'no: this Pillow was built without it'}"
    yield "PNG, TIFF, BMP, GIF: yes"
    yield "HEIC: " + ("yes" if find_spec("pi_heif") else "no: pi-heif not installed; pip install 'mattelier[heif]'")


def weight_files() -> Iterator[str]:
    """Every card's file: checked, or why not."""
    from mattelier import weights
    from mattelier.errors import WeightsError
    from mattelier.models import list_models

    yield f"looked for in {weights.shipped_folder()} and {weights.user_folder()}"
    for card in list_models():
        try:
            weights.read(card.weights)
            yield f"{weights.pin(card)}: as its card says"
        except WeightsError as error:
            yield f"{weights.pin(card)}: {error}"
