"""The papers, one file each, and the cards of their weights.

`build` and `from_official` find a paper's file by name and import it, and with it torch, only when called.
"""

from importlib import import_module
from os import PathLike
from types import ModuleType
from typing import TYPE_CHECKING

from mattelier.errors import MissingExtra, UnknownModel
from mattelier.models import imported
from mattelier.models.cards import CARDS, Card

if TYPE_CHECKING:
    from torch import Tensor, nn

SYSTEMS = ("clipmat", "dim", "fba", "gfm", "matteformer", "modnet")


def list_models() -> tuple[Card, ...]:
    """The cards of all weights this version knows, best first, then those that the user imported."""
    return *CARDS, *imported.cards()


def build(name: str, *, lite: bool = False, **options: object) -> "nn.Module":
    """A network with random weights: the published size, or the small one.

    options: those of the paper's file (DESIGN.md §3); an unknown one is a TypeError.
    Raises UnknownModel, and MissingExtra without torch.
    """
    network: nn.Module = _paper(name).build(lite=lite, **options)
    return network


def from_official(name: str, source: "str | PathLike[str] | dict[str, Tensor]", **options: object) -> "nn.Module":
    """The published network with its released weights, strictly loaded, in eval mode.

    source: the checkpoint as published, a path or a state dict.  options: what the file cannot tell.
    Raises UnknownModel, WeightsError when keys or shapes differ, and MissingExtra without torch.
    """
    network: nn.Module = _paper(name).from_official(source, **options)
    return network


def _paper(name: str) -> ModuleType:
    if name not in SYSTEMS:
        import difflib

        near = difflib.get_close_matches(name, SYSTEMS, cutoff=0.5) or SYSTEMS
        raise UnknownModel(f"no system is called {name!r}; expected one of {', '.join(near)}; see matte models list")
    try:
        return import_module(f"mattelier.models.{name}")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("mattelier"):
            raise
        raise MissingExtra(
            f"{error.name} is not installed; the network {name} needs it; pip install 'mattelier[torch]'"
        ) from error
