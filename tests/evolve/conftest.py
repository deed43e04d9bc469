"""Stand-ins: for every system a card of small networks whose answers are known, and a photo for them."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.models.cards import Card, Contract, Weights

Stands = tuple[Card, Path]
Cards = Callable[..., tuple[Card, ...]]


@pytest.fixture(scope="session")
def hungry(tmp_path_factory: pytest.TempPathFactory) -> Stands:
    """As `bright`, but it fills 200 MB on its way."""
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("ReduceMean", ["image", "axes"], ["mean"], keepdims=1),
        helper.make_node("Sigmoid", ["mean"], ["soft"]),
        # as large as it is told, by a size that is known only when it runs
        helper.make_node("Shape", ["image"], ["shape"], start=0, end=1),
        helper.make_node("Mul", ["shape", "many"], ["length"]),
        helper.make_node("ConstantOfShape", ["length"], ["zeros"]),
        helper.make_node("ReduceMax", ["zeros"], ["zero"], keepdims=0),
        helper.make_node("Add", ["soft", "zero"], ["alpha"]),
    ]
    constants = [
        numpy_helper.from_array(np.array([1], np.int64), "axes"),
        numpy_helper.from_array(np.array([50_000_000], np.int64), "many"),
    ]
    sides = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", channels, "h", "w"])]
        for name, channels in (("image", 3), ("alpha", 1))
    ]
    graph = helper.make_graph(nodes, "hungry", *sides, constants)
    data = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()
    file = tmp_path_factory.mktemp("weights") / "hungry.onnx"
    file.write_bytes(data)
    weights = Weights(file.name, hashlib.sha256(data).hexdigest(), len(data), licence="Apache-2.0")
    # a gain of 40, as in `bright`, by the deviation
    contract = Contract(longest_px=64, multiple_of=32, mean=(0.5,) * 3, std=(1 / 80,) * 3)
    return Card("modnet-hungry.test", "hungry", {}, "no paper", "", weights, contract), file


SIX = {
    "dim": "told_dim",
    "fba": "told",
    "gfm": "glancing",
    "modnet": "bright",
    "matteformer": "told_matteformer",
    "clipmat": "reading",
}


@pytest.fixture
def six(cards: "Cards") -> tuple[Card, ...]:
    """A card of its own kind for every system."""
    return cards(**SIX)


@pytest.fixture
def cards(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cards]:
    """cards(fba="told", gfm="glancing") makes these fixtures the only models of this installation."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("MATTELIER_HOME", str(home))

    def install(**named: str) -> tuple[Card, ...]:
        made = []
        for system, name in named.items():
            card, file = request.getfixturevalue(name)
            shutil.copy(file, home)
            made.append(replace(card, name=f"{system}-standin.test", system=system))
        monkeypatch.setattr("mattelier.models.CARDS", tuple(made))
        return tuple(made)

    yield install


@pytest.fixture
def photo(tmp_path: Path) -> Callable[..., Path]:
    """photo("x.png", (height, width)): a bright disc with a wide soft edge on dark ground."""

    def draw(name: str = "x.png", hw: tuple[int, int] = (96, 128), is_empty: bool = False) -> Path:
        rng = np.random.default_rng(0)
        rgb = 20 + 200 * disc(hw)[..., None] * (not is_empty) + rng.integers(0, 16, (*hw, 3))
        path = tmp_path / name
        Image.fromarray(rgb.astype(np.uint8)).save(path)
        return path

    return draw


@pytest.fixture
def trimap(tmp_path: Path) -> Callable[..., Path]:
    """trimap((height, width)): of the same disc."""

    def draw(hw: tuple[int, int] = (96, 128)) -> Path:
        alpha = disc(hw)
        path = tmp_path / "trimap.png"
        Image.fromarray(np.select([alpha == 0, alpha == 1], [0, 255], 128).astype(np.uint8)).save(path)
        return path

    return draw


def disc(hw: tuple[int, int]) -> np.ndarray:
    """(height, width) in [0, 1]."""
    y, x = np.mgrid[: hw[0], : hw[1]].astype(float)
    distance = np.hypot(y - hw[0] / 2, x - hw[1] / 2)
    return np.clip((0.35 * min(hw) - distance) / (0.12 * min(hw)) + 0.5, 0, 1)
