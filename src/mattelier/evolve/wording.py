"""What both kinds of sheet say: captions, costs, and how they were measured."""

from typing import TYPE_CHECKING

from mattelier.evolve.perform import Shown
from mattelier.evolve.view import Place
from mattelier.models.cards import Card
from mattelier.runtime.look import Layer

if TYPE_CHECKING:
    from mattelier.evolve.run import Evolution

HEADLINE = "Six systems, one photo"
HOW = (
    "Every system ran alone, in a process of its own. Seconds are warm: from the file to alpha and clean colours, "
    "after a first small picture; processor seconds are those of all cores together. "
    "Memory is the most that its process held, with weights and libraries."
)
SILENT = "This weight file tells nothing on its way to alpha."
ALPHA, OVER = "alpha", ("cut-out", "over a colour")


def asked(evolution: "Evolution") -> str:
    """The photo and the words."""
    prompt = evolution.hints.prompt
    words = "No words were given." if prompt is None else f"Words: “{prompt}”."
    return f"{evolution.name}, {size(evolution.hw)}. {words}"


def layer_words(layer: Layer) -> tuple[str, str]:
    """A layer's name and what it is; of alpha its size, because the one at the photo's stands beside it."""
    if layer.name == ALPHA:
        return ALPHA, f"network's size, {size(layer.pixels.shape[:2])}"
    name, _, words = layer.title.partition(": ")
    return name, words


def alpha_words(shown: Shown) -> tuple[str, str]:
    """The caption of the alpha that came out."""
    return ALPHA, f"photo's size, {size(shown.hw)}"


def edge_words(place: Place, how: str) -> tuple[str, str]:
    """The caption of a piece of edge; how: of whose edge, and how large it is drawn."""
    return "edge", f"{place.width} x {place.height} px of the {how}"


def size(hw: tuple[int, ...]) -> str:
    """Width and height, as people say it."""
    return f"{hw[1]} x {hw[0]}"


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def nickname(card: Card) -> str:
    """The architecture's part of a card's name: "gfm-lite" of "gfm-lite.mattelier"."""
    return card.name.partition(".")[0]


def costs(shown: Shown) -> str:
    """Seconds and peak memory."""
    return f"{seconds_of(shown)}, {memory_of(shown)}"


def facts(shown: Shown, card: Card) -> tuple[tuple[str, str], ...]:
    """What it took and which weights did it: each a figure and what more there is to it."""
    return (
        (seconds_of(shown), f"{cpu_of(shown)} of all processors"),
        (memory_of(shown), "resident, libraries included"),
        (nickname(card), f"{card.name.partition('.')[2]}, sha256 {card.weights.sha256[:8]}…"),
    )


def cpu_of(shown: Shown) -> str:
    """As "0.61 s", of all threads together."""
    return f"{shown.cpu_seconds:.2f} s"


def seconds_of(shown: Shown) -> str:
    """As "0.42 s warm"."""
    return f"{shown.seconds:.2f} s warm"


def memory_of(shown: Shown) -> str:
    """As "311 MiB at most"; Windows tells no process's peak in a way that is read here."""
    return "memory not told here" if shown.peak_mib is None else f"{shown.peak_mib:.0f} MiB at most"
