"""Stand-ins for the six systems: tiny networks with their inputs and outputs, and answers to work out by hand.

Every alpha is what the network was told, or the picture's brightness: a bright disc stays, dark ground goes.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from onnx import TensorProto, helper

from mattelier.models.cards import Card, Contract, Weights

FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64
WORDS = {"tokens": INT, "mask": FLOAT}  # (1, n); every other input is a plane


@dataclass(frozen=True)
class Drawing:
    """A network as its nodes; inputs and outputs: name -> channels."""

    nodes: tuple[Any, ...]
    inputs: dict[str, int]
    outputs: dict[str, int]
    contract: Contract


def node(kind: str, given: str, made: str, **options: Any) -> Any:
    """One step; given: the names of its inputs, with spaces between."""
    return helper.make_node(kind, given.split(), [made], **options)


def channel(plane: str, index: int, made: str) -> list[Any]:
    """One channel of a plane."""
    return [
        helper.make_node("Constant", [], [f"{made}_at"], value_ints=[index]),
        helper.make_node("Gather", [plane, f"{made}_at"], [made], axis=1),
    ]


def grey(plane: str, made: str) -> list[Any]:
    """The mean of all channels."""
    return [
        helper.make_node("Constant", [], [f"{made}_axes"], value_ints=[1]),
        helper.make_node("ReduceMean", [plane, f"{made}_axes"], [made], keepdims=1),
    ]


def pooled(plane: str, made: str, side: int) -> Any:
    """A plane in large pixels."""
    return node("AveragePool", plane, made, kernel_shape=[side, side], strides=[side, side])


def number(value: float, made: str) -> list[Any]:
    """A constant."""
    return [helper.make_node("Constant", [], [made], value_float=value)]


DIM = Drawing(
    (*channel("x", 3, "alpha"), node("Mul", "alpha alpha", "coarse")),
    {"x": 4},
    {"alpha": 1, "coarse": 1},
    Contract(longest_px=128, trimap="required", inputs=("x",), outputs=("alpha", "coarse")),
)
MATTEFORMER = Drawing(
    (
        *channel("trimap", 2, "alpha_os1"),
        *channel("trimap", 2, "alpha_os4"),
        *channel("trimap", 2, "alpha_os8"),
        *channel("trimap", 2, "alpha"),
    ),
    {"image": 3, "trimap": 3},
    {"alpha_os8": 1, "alpha_os4": 1, "alpha_os1": 1, "alpha": 1},
    Contract(
        longest_px=128,
        trimap="required",
        inputs=("image", "trimap"),
        outputs=("alpha", "alpha_os1", "alpha_os4", "alpha_os8"),
    ),
)
MODNET = Drawing(
    (*grey("image", "alpha"), node("Identity", "alpha", "detail"), pooled("alpha", "semantic", 16)),
    {"image": 3},
    {"alpha": 1, "semantic": 1, "detail": 1},
    Contract(longest_px=64, levels=(0.1, 0.8)),
)
CLIPMAT = Drawing(
    (
        *grey("image", "alpha"),
        node("Identity", "alpha", "detail"),
        pooled("alpha", "pointing", 16),
        # scores of background, transition, foreground: 0, 20, 40 x brightness: what is bright is surely meant
        *number(40.0, "much"),
        *number(0.0, "none"),
        *number(20.0, "some"),
        node("Mul", "alpha none", "background"),
        node("Add", "background some", "transition"),
        node("Mul", "alpha much", "foreground"),
        helper.make_node("Concat", ["background", "transition", "foreground"], ["trimap"], axis=1),
    ),
    {"image": 3, "tokens": 0, "mask": 0},
    {"alpha": 1, "trimap": 3, "detail": 1, "pointing": 1},
    Contract(
        longest_px=384,
        multiple_of=384,
        levels=(0.1, 0.8),
        inputs=("image", "tokens", "mask"),
        outputs=("alpha", "trimap", "detail", "pointing"),
    ),
)
DRAWINGS = {"dim": DIM, "modnet": MODNET, "matteformer": MATTEFORMER, "clipmat": CLIPMAT}


def install(folder: Path, others: tuple[tuple[Card, Path], ...]) -> tuple[Card, ...]:
    """Six cards, one a system, their files in a folder; others: the cards of FBA and GFM that tests have already."""
    made = [card_of(system, drawing, folder) for system, drawing in DRAWINGS.items()]
    for card, file in others:
        (folder / file.name).write_bytes(file.read_bytes())
        made.append(replace(card, system=card.name.partition("-")[0]))
    return tuple(made)


def card_of(system: str, drawing: Drawing, folder: Path) -> Card:
    """Writes a network's file; the card that names it."""
    data = bytes(model_of(drawing).SerializeToString())
    (folder / f"{system}.onnx").write_bytes(data)
    weights = Weights(f"{system}.onnx", hashlib.sha256(data).hexdigest(), len(data), licence="Apache-2.0")
    return Card(f"{system}-stand.test", system, {"lite": True}, "no paper", "", weights, drawing.contract)


def model_of(drawing: Drawing) -> Any:
    """The network as an ONNX model."""
    inputs = [
        helper.make_tensor_value_info(
            name, WORDS.get(name, FLOAT), ["1", "n"] if name in WORDS else ["1", channels, "h", "w"]
        )
        for name, channels in drawing.inputs.items()
    ]
    outputs = [
        helper.make_tensor_value_info(name, FLOAT, ["1", channels, f"h_{name}", f"w_{name}"])
        for name, channels in drawing.outputs.items()
    ]
    graph = helper.make_graph(list(drawing.nodes), "stand-in", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
