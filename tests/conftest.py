"""What every test stands on: no network, and the same for the processes that a test starts."""

import hashlib
import os
import runpy
from pathlib import Path

import numpy as np
import pytest

from mattelier.models.cards import Card, Contract, Weights

ROOT = Path(__file__).resolve().parent.parent
OFFLINE = ROOT / "tests" / "offline"

runpy.run_path(str(OFFLINE / "sitecustomize.py"))


@pytest.fixture
def root() -> Path:
    """The repository's own folder."""
    return ROOT


@pytest.fixture
def offline() -> dict[str, str]:
    """Environment for a child process: as here, with the network refused."""
    return {**os.environ, "PYTHONPATH": str(OFFLINE)}


@pytest.fixture(scope="session")
def bright(tmp_path_factory: pytest.TempPathFactory) -> tuple[Card, Path]:
    """A card and its file: a network of one number, whose alpha is 1 where the picture is bright."""
    file = tmp_path_factory.mktemp("weights") / "bright.onnx"
    data = _bright_network()
    file.write_bytes(data)
    weights = Weights(file.name, hashlib.sha256(data).hexdigest(), len(data), licence="Apache-2.0")
    contract = Contract(longest_px=64, multiple_of=32, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    return Card("modnet-bright.test", "bright", {}, "no paper", "", weights, contract), file


@pytest.fixture
def installed(bright: tuple[Card, Path], monkeypatch: pytest.MonkeyPatch) -> Card:
    """The same card as the only model of this installation, its file in the user's folder."""
    monkeypatch.setattr("mattelier.models.CARDS", (bright[0],))
    monkeypatch.setenv("MATTELIER_HOME", str(bright[1].parent))
    return bright[0]


def _bright_network() -> bytes:
    """alpha = sigmoid(gain * mean(RGB)), and a second output that no contract names."""
    from onnx import TensorProto, helper, numpy_helper

    shape = ["1", 3, "h", "w"]
    nodes = [
        helper.make_node("Cast", ["gain"], ["gain32"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["image", "axes"], ["mean"], keepdims=1),
        helper.make_node("Mul", ["mean", "gain32"], ["steep"]),
        helper.make_node("Sigmoid", ["steep"], ["alpha"]),
        helper.make_node("Neg", ["steep"], ["unused"]),
    ]
    graph = helper.make_graph(
        nodes,
        "bright",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["1", 1, "h", "w"]) for name in ("alpha", "unused")],
        [
            numpy_helper.from_array(np.array([40], np.float16), "gain"),
            numpy_helper.from_array(np.array([1], np.int64), "axes"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())
