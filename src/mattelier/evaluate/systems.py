"""What can be measured, by name: a card, a file that describes something else, or a tool that is known here."""

import json
from pathlib import Path

from mattelier.errors import InputError
from mattelier.evaluate.classical import classical
from mattelier.evaluate.command import external, read_adapter, rembg
from mattelier.evaluate.foreign import foreign
from mattelier.evaluate.own import WAYS, own
from mattelier.evaluate.system import System

TOOLS = {"pymatting": classical, "rembg": rembg}


def open_system(name: str) -> System:
    """A card's name, with how it is run (own); FILE.json, an ONNX card or, with a `command`, an adapter; TOOL:METHOD.

    Raises UnknownModel, InputError, WeightsError and MissingExtra.
    """
    if name.endswith(".json"):
        return described(Path(name))
    tool, colon, method = name.partition(":")
    if tool in TOOLS:
        return TOOLS[tool](method)
    if colon and method not in WAYS:
        raise InputError(
            f"{name!r} names no known tool; expected {', '.join(TOOLS)} before the colon, or a model before "
            f"{', '.join(WAYS)}; correct it"
        )
    return own(name)


def at_quality(name: str, quality: str) -> str:
    """The name with a quality, where it is a card's and says nothing itself of how it is run."""
    return name if name.endswith(".json") or ":" in name or "+" in name else f"{name}:{quality}"


def described(file: Path) -> System:
    """The system of a JSON file."""
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as a card ({error}); expected a JSON file; check the path") from error
    is_adapter = isinstance(facts, dict) and "command" in facts
    return external(read_adapter(file)) if is_adapter else foreign(file)
