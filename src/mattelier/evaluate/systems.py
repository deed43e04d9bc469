"""What can be measured, by name: a card, a file that describes something else, or a tool that is known here."""

import json
from pathlib import Path

from mattelier.errors import InputError
from mattelier.evaluate.classical import classical
from mattelier.evaluate.command import external, read_adapter, rembg
from mattelier.evaluate.foreign import foreign
from mattelier.evaluate.own import own
from mattelier.evaluate.system import System

TOOLS = {"pymatting": classical, "rembg": rembg}


def open_system(name: str) -> System:
    """A card's name; FILE.json, an ONNX card or, where it has a `command`, an adapter; or TOOL:METHOD.

    Raises UnknownModel, InputError, WeightsError and MissingExtra.
    """
    if name.endswith(".json"):
        return described(Path(name))
    tool, colon, method = name.partition(":")
    if not colon:
        return own(name)
    if tool not in TOOLS:
        raise InputError(f"{name!r} names no known tool; expected {', '.join(TOOLS)} before the colon; correct it")
    return TOOLS[tool](method)


def described(file: Path) -> System:
    """The system of a JSON file."""
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as a card ({error}); expected a JSON file; check the path") from error
    is_adapter = isinstance(facts, dict) and "command" in facts
    return external(read_adapter(file)) if is_adapter else foreign(file)
