"""Cards of the user's own folder: written by `matte models import`, one JSON file each, read without torch.

A file is read strictly: what is missing, misspelt or of another type makes the card unusable, and says so. One broken
card never hides another.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from mattelier import weights
from mattelier.errors import WeightsError
from mattelier.models.cards import Card, Weights

NAME = re.compile(r"[a-z0-9_]+(-[a-z0-9_]+)*\.[a-z0-9_]+")
FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")  # no folders: a card reaches nothing outside its own
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Origin:
    """What a card was imported from.

    file, sha256: the checkpoint as published.  tensors: all its numbers as they were, in float32, as safetensors.
    """

    file: str
    sha256: str
    tensors: Weights


@dataclass(frozen=True)
class Imported:
    """A card of the user's folder, and where it comes from."""

    card: Card
    origin: Origin


def cards() -> tuple[Card, ...]:
    """The usable cards of the user's folder, by name."""
    return tuple(found.card for found in _read_all() if isinstance(found, Imported))


def broken() -> tuple[WeightsError, ...]:
    """One error, a sentence, for every card file there that cannot be used."""
    return tuple(found for found in _read_all() if isinstance(found, WeightsError))


def origin(card: Card) -> Origin | None:
    """Where an imported card comes from; None for the cards of the package."""
    found = _read(weights.card_file(card.name))
    return found.origin if isinstance(found, Imported) and found.card == card else None


def files_of(name: str) -> tuple[str, ...]:
    """The files that a usable card of the folder names; nothing where there is none."""
    found = _read(weights.card_file(name))
    return (found.card.weights.file, found.origin.tensors.file) if isinstance(found, Imported) else ()


def to_json(imported: Imported) -> str:
    """The text of a card file."""
    return json.dumps(asdict(imported), indent=2, ensure_ascii=False) + "\n"


def from_json(text: str) -> Imported:
    """The card of a file's text.  Raises ValueError, with the place, for anything that is not one."""
    imported: Imported = _as(Imported, json.loads(text), "card file")
    card, origin = imported.card, imported.origin
    files = (card.weights, origin.tensors)
    for what, pattern, values in (
        ("name", NAME, (card.name,)),
        ("file", FILE, [file.file for file in files]),
        ("sha256", DIGEST, [origin.sha256, *(file.sha256 for file in files)]),
    ):
        for value in values:
            if not pattern.fullmatch(value):
                raise ValueError(f"{what} is {value!r}")
    return imported


def _read_all() -> Iterator[Imported | WeightsError]:
    for path in weights.card_files():
        yield _read(path)


def _read(path: Path) -> Imported | WeightsError:
    try:
        imported = from_json(path.read_text(encoding="utf-8"))
        if weights.card_file(imported.card.name).name != path.name:
            raise ValueError(f"it is the card of {imported.card.name}")
        return imported
    except (OSError, ValueError) as error:
        return WeightsError(
            f"the card {path} cannot be used ({error}); expected what matte models import writes; "
            "import the checkpoint again with --overwrite, or remove the file"
        )


def _as(kind: Any, value: Any, place: str) -> Any:
    """value, from JSON, as the type a field has.  Raises ValueError with the place where it does not fit."""
    if is_dataclass(kind):
        return _as_dataclass(kind, value, place)
    origin, options = get_origin(kind), get_args(kind)
    if origin is tuple and isinstance(value, list):
        kinds = [options[0]] * len(value) if options[-1] is ... else options
        if len(kinds) == len(value):
            return tuple(_as(kind, item, place) for kind, item in zip(kinds, value, strict=True))
    elif origin is dict and isinstance(value, dict):
        return {key: _as(options[1], item, f"{place}.{key}") for key, item in value.items()}
    elif origin is Literal and value in options:
        return value
    elif kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif origin is None and isinstance(value, kind) and (kind is not int or not isinstance(value, bool)):
        return value
    name = kind if origin or isinstance(kind, UnionType) else kind.__name__
    raise ValueError(f"{place} is {str(value)[:40]!r}, not {name}")


def _as_dataclass(kind: Any, value: Any, place: str) -> Any:
    known, needed = {f.name for f in fields(kind)}, {f.name for f in fields(kind) if _is_needed(f)}
    if not isinstance(value, dict):
        raise ValueError(f"{place} is {str(value)[:40]!r}, not an object")
    if wrong := sorted((value.keys() - known) | (needed - value.keys())):
        raise ValueError(f"{place} has no {wrong[0]}" if wrong[0] in needed else f"{place} has the unknown {wrong[0]}")
    hints = get_type_hints(kind)
    return kind(**{name: _as(hints[name], item, name) for name, item in value.items()})


def _is_needed(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
