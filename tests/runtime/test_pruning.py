"""ONNX files without what a cut does not need, compared with what the package onnx reads and writes."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mattelier.models.cards import CARDS, Card
from mattelier.runtime.pruning import fields, pruned, tag, varint
from mattelier.weights import shipped_folder


def branching() -> bytes:
    """a -> b -> alpha; b -> c -> side; d (of nothing but itself) -> far, with a tensor of more than 127 bytes."""
    plane = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, "h", "w"]) for name in ("a", "d")]
    shape = ["n", "c", "h", "w"]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("alpha", "side", "far")]
    nodes = [
        helper.make_node("Neg", ["a"], ["b"]),
        helper.make_node("Sigmoid", ["b"], ["alpha"]),
        helper.make_node("Exp", ["b"], ["c"]),
        helper.make_node("Mul", ["c", "large"], ["side"]),
        helper.make_node("LeakyRelu", ["d"], ["far"], alpha=0.5),
    ]
    large = numpy_helper.from_array(np.arange(100, dtype=np.float32), "large")
    graph = helper.make_graph(nodes, "g", plane, outputs, [large])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    model.metadata_props.add(key="step", value="7" * 200)
    return bytes(model.SerializeToString())


def kept(model: bytes) -> tuple[list[str], list[str]]:
    graph = onnx.load_from_string(model).graph
    return [node.op_type for node in graph.node], [output.name for output in graph.output]


@pytest.mark.parametrize(
    ("outputs", "nodes"),
    [
        (["alpha"], ["Neg", "Sigmoid"]),
        (["side"], ["Neg", "Exp", "Mul"]),
        (["far"], ["LeakyRelu"]),
        (["alpha", "far"], ["Neg", "Sigmoid", "LeakyRelu"]),
    ],
)
def test_nodes_that_no_output_needs_are_left_away(outputs: list[str], nodes: list[str]) -> None:
    whole = branching()
    small = pruned(whole, outputs)
    assert kept(small) == (nodes, outputs)
    onnx.checker.check_model(small)
    before, after = onnx.load_from_string(whole), onnx.load_from_string(small)
    assert after.graph.initializer == before.graph.initializer and after.metadata_props == before.metadata_props
    assert after.graph.input == before.graph.input and after.opset_import == before.opset_import


def test_a_model_of_which_every_node_is_needed_stays_the_same_bytes() -> None:
    whole = branching()
    assert pruned(whole, ["far", "side", "alpha"]) is whole
    once = pruned(whole, ["alpha"])
    assert pruned(once, ["alpha"]) is once


def test_what_is_no_onnx_file_or_lacks_an_output_is_left_to_onnx_runtime() -> None:
    for data in (b"", b"text, not a network", branching()[:300], b"\xff" * 40):
        assert pruned(data, ["alpha"]) is data
    whole = branching()
    assert pruned(whole, ["alpha", "beta"]) is whole


def test_a_model_with_graphs_inside_is_left_alone() -> None:
    """The inner graph reads b, which is not among the inputs of If."""
    bodies = [
        helper.make_graph(
            [helper.make_node("Neg", ["b"], [name])],
            name,
            [],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)],
        )
        for name in ("yes", "no")
    ]
    nodes = [
        helper.make_node("Exp", ["a"], ["b"]),
        helper.make_node("If", ["which"], ["alpha"], then_branch=bodies[0], else_branch=bodies[1]),
        helper.make_node("Neg", ["a"], ["side"]),
    ]
    plane = helper.make_tensor_value_info("a", TensorProto.FLOAT, [1])
    which = helper.make_tensor_value_info("which", TensorProto.BOOL, [1])
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("alpha", "side")]
    model = helper.make_model(helper.make_graph(nodes, "g", [plane, which], outputs))
    whole = bytes(model.SerializeToString())
    assert pruned(whole, ["alpha"]) is whole


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_shipped_files_are_walked_to_their_end(card: Card) -> None:
    """And what a cut leaves away of them is left away at once."""
    data = (shipped_folder() / card.weights.file).read_bytes()
    assert b"".join(field.whole for field in fields(memoryview(data))) == data
    small = pruned(data, card.contract.outputs)
    assert pruned(small, card.contract.outputs) is small
    assert small is data or kept(small)[1] == list(card.contract.outputs)


def test_numbers_of_seven_bits_a_byte() -> None:
    assert varint(memoryview(b"\x96\x01\x07"), 0) == (150, 2)  # the example of protobuf's own documentation
    assert varint(memoryview(b"\x7f"), 0) == (127, 1)
    assert tag(7, 150) == b"\x3a\x96\x01"


def test_an_engine_computes_only_what_a_cut_needs(tmp_path: Path) -> None:
    from mattelier.models.cards import Contract, Weights
    from mattelier.runtime.engine import OnnxEngine

    contract = Contract(longest_px=64, inputs=("a", "d"), outputs=("alpha",))
    card = Card("x-x.test", "x", {}, "", "", Weights("x.onnx", "0" * 64, 1, "Apache-2.0"), contract)
    inputs = {name: np.full((1, 1, 2, 2), 0.5, np.float32) for name in "ad"}
    slim = OnnxEngine(card, pruned(branching(), ["alpha", "far"]), threads=1)
    assert not slim.is_whole and list(slim.heads(inputs)) == ["alpha"]
    whole = OnnxEngine(card, pruned(branching(), ["alpha", "far"]), threads=1, whole=True)
    assert list(whole.run(inputs)) == ["alpha"] and list(whole.heads(inputs)) == ["alpha", "far"]
    assert np.array_equal(whole.run(inputs)["alpha"], slim.run(inputs)["alpha"])
