"""What every test stands on: no network, and the same for the processes that a test starts."""

import hashlib
import os
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

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


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder made here: bright discs on dark ground, eight photos to train on, three val, three test."""
    root = tmp_path_factory.mktemp("pictures")
    splits = ["train"] * 8 + ["val"] * 3 + ["test"] * 3
    for name in ("photos", "foregrounds", "backgrounds"):
        (root / name).mkdir()
    rows = ["name,split,category,quality,source,licence"]
    for i, split in enumerate(splits):
        rgb, alpha = _disc(i)
        Image.fromarray(rgb).save(root / "photos" / f"disc_{i}.jpg", quality=95)
        Image.fromarray(alpha).save(root / "photos" / f"disc_{i}.png")
        rows.append(f"disc_{i},{split},{'even' if i % 2 == 0 else 'odd'},{'fair' if i == 3 else 'good'},code,CC0")
    (root / "photos" / "manifest.csv").write_text("\n".join(rows))
    for i in range(3):
        rgb, alpha = _disc(20 + i)
        Image.fromarray(np.dstack((rgb, alpha))).save(root / "foregrounds" / f"cut_{i}.webp", lossless=True)
        Image.fromarray(_noise(i)).save(root / "backgrounds" / f"noise_{i}.jpg")
    (root / "foregrounds" / "manifest.csv").write_text("name\ncut_0.webp\ncut_1.webp\ncut_2.webp")
    (root / "backgrounds" / "manifest.csv").write_text("name\nnoise_0.jpg\nnoise_1.jpg\nnoise_2.jpg")
    return root


def _disc(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A photo (96, 128, 3) and its alpha (96, 128), both uint8: a bright disc with a soft edge."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:96, :128]
    distance = np.hypot(y - rng.uniform(36, 60), x - rng.uniform(48, 80))
    alpha = np.clip((rng.uniform(18, 30) - distance) / 3 + 0.5, 0, 1)[..., None]
    colour, ground = rng.uniform(180, 255, 3), rng.uniform(0, 70, 3)
    rgb = alpha * colour + (1 - alpha) * ground + rng.normal(0, 3, (96, 128, 3))
    return np.clip(rgb, 0, 255).astype(np.uint8), (alpha[..., 0] * 255 + 0.5).astype(np.uint8)


def _noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 90, (80, 100, 3), dtype=np.uint8)


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


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Card, Path]:
    """A trimap card and its file: FBA's inputs and outputs, and answers to work out by hand (see `_told_network`)."""
    file = tmp_path_factory.mktemp("weights") / "told.onnx"
    data = _told_network()
    file.write_bytes(data)
    weights = Weights(file.name, hashlib.sha256(data).hexdigest(), len(data), licence="Apache-2.0")
    contract = Contract(
        longest_px=128,
        multiple_of=8,
        reach_px=16,
        trimap="required",
        inputs=("image", "two_chan_trimap", "image_n", "trimap_transformed"),
        outputs=("alpha", "foreground", "background"),
    )
    return Card("fba-told.test", "told", {}, "no paper", "", weights, contract), file


@pytest.fixture(scope="session")
def glancing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Card, Path]:
    """A card with GFM's outputs and its file: a glance that is unsure of the middle greys (see `_glancing_network`)."""
    file = tmp_path_factory.mktemp("weights") / "glancing.onnx"
    data = _glancing_network()
    file.write_bytes(data)
    weights = Weights(file.name, hashlib.sha256(data).hexdigest(), len(data), licence="Apache-2.0")
    contract = Contract(longest_px=64, scale=255.0, outputs=("alpha", "glance", "focus"))
    return Card("gfm-glancing.test", "glancing", {}, "no paper", "", weights, contract), file


@pytest.fixture(scope="session")
def told_dim(tmp_path_factory: pytest.TempPathFactory) -> tuple[Card, Path]:
    """A trimap card with DIM's one input and its heads (see `_grey_network`): alpha is the mean grey of 17 x 17 px."""
    contract = Contract(longest_px=128, reach_px=16, trimap="required", inputs=("x",), outputs=("alpha", "coarse"))
    return _trimap_card(tmp_path_factory, "dim-told.test", {"x": 4}, ("alpha", "coarse"), contract)


@pytest.fixture(scope="session")
def told_matteformer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Card, Path]:
    """The same with MatteFormer's two inputs and its heads."""
    contract = Contract(longest_px=128, reach_px=16, trimap="required", inputs=("image", "trimap"))
    outputs = ("alpha", "alpha_os8", "alpha_os4", "alpha_os1")
    return _trimap_card(tmp_path_factory, "matteformer-told.test", {"image": 3, "trimap": 3}, outputs, contract)


@pytest.fixture(scope="session")
def reading(tmp_path_factory: pytest.TempPathFactory) -> tuple[Card, Path]:
    """A card that reads, and its file: "red" and "blue" mean what is that, all else means nothing much (see below)."""
    file = tmp_path_factory.mktemp("weights") / "reading.onnx"
    data = _reading_network()
    file.write_bytes(data)
    weights = Weights(file.name, hashlib.sha256(data).hexdigest(), len(data), licence="Apache-2.0")
    inputs, outputs = ("image", "tokens", "mask"), ("alpha", "trimap")
    contract = Contract(longest_px=64, multiple_of=64, inputs=inputs, outputs=outputs)
    return Card("clipmat-reading.test", "reading", {"lite": True}, "no paper", "", weights, contract), file


@pytest.fixture
def with_reader(
    reading: tuple[Card, Path],
    bright: tuple[Card, Path],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """An installation with a card that needs the photo alone and one that reads; their files are in this folder."""
    package = tmp_path_factory.mktemp("package")
    for card, file in (bright, reading):
        (package / card.weights.file).write_bytes(file.read_bytes())
    monkeypatch.setattr("mattelier.weights.shipped_folder", lambda: package)
    monkeypatch.setattr("mattelier.models.CARDS", (bright[0], reading[0]))
    monkeypatch.setenv("MATTELIER_HOME", str(package / "none"))
    return package


def _trimap_card(
    folders: pytest.TempPathFactory, name: str, inputs: dict[str, int], outputs: tuple[str, ...], contract: Contract
) -> tuple[Card, Path]:
    file = folders.mktemp("weights") / f"{name}.onnx"
    data = _grey_network(inputs, outputs)
    file.write_bytes(data)
    weights = Weights(file.name, hashlib.sha256(data).hexdigest(), len(data), licence="Apache-2.0")
    return Card(name, "told", {}, "no paper", "", weights, contract), file


def _grey_network(inputs: dict[str, int], outputs: tuple[str, ...]) -> bytes:
    """The first output is the mean over 17 x 17 px of R, G, B as they were before normalising, the others over one."""
    from onnx import helper, numpy_helper

    nodes = [
        helper.make_node("Slice", [next(iter(inputs)), "zero", "three", "one"], ["rgb"]),
        helper.make_node("Mul", ["rgb", "std"], ["centred"]),
        helper.make_node("Add", ["centred", "mean"], ["unit"]),
        helper.make_node("ReduceMean", ["unit", "one"], ["grey"], keepdims=1),
        helper.make_node(
            "AveragePool", ["grey"], [outputs[0]], kernel_shape=[17, 17], pads=[8] * 4, count_include_pad=0
        ),
        *(helper.make_node("Identity", ["grey"], [name]) for name in outputs[1:]),
    ]
    constants = [numpy_helper.from_array(np.array([i], np.int64), name) for i, name in ((0, "zero"), (3, "three"))]
    constants.append(numpy_helper.from_array(np.array([1], np.int64), "one"))
    for name, values in (("mean", (0.485, 0.456, 0.406)), ("std", (0.229, 0.224, 0.225))):
        constants.append(numpy_helper.from_array(np.array(values, np.float32).reshape(1, 3, 1, 1), name))
    return _network(nodes, inputs, dict.fromkeys(outputs, 1), constants)


def _reading_network() -> bytes:
    """value = how red or how blue a place is, by the word; without either word, how much it is one of them.

    alpha = value, 0 below 0.2 and 1 above 0.8; trimap: scores +-gain (value - 0.5), the gain 40 with a word that it
    knows, else 0.5 and 0.8 more for the background; detail = value; pointing = the mean of value over 16 x 16 px.
    """
    from onnx import TensorProto, helper, numpy_helper

    from mattelier.models import tokenizer

    red, blue = (tokenizer.lite().encode(word)[-1] for word in ("red", "blue"))
    numbers = {"low": 0.2, "high": 0.8, "half": 0.5, "none": 0.0, "all": 1.0, "gain": 39.5, "little": 0.5, "doubt": 0.8}
    constants = [numpy_helper.from_array(np.array([value], np.float32), name) for name, value in numbers.items()]
    whole = {"red_id": [red], "blue_id": [blue], "axes": [1], "n0": [0], "n1": [1], "n2": [2], "n3": [3]}
    constants += [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in whole.items()]
    words = [
        node
        for name in ("red", "blue")
        for node in (
            helper.make_node("Equal", ["tokens", f"{name}_id"], [f"is_{name}"]),
            helper.make_node("Cast", [f"is_{name}"], [f"ones_{name}"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"ones_{name}", "mask"], [f"read_{name}"]),
            helper.make_node("ReduceMax", [f"read_{name}", "axes"], [f"flat_{name}"]),
            helper.make_node("Unsqueeze", [f"flat_{name}", "n2"], [f"higher_{name}"]),
            helper.make_node("Unsqueeze", [f"higher_{name}", "n3"], [name]),
        )
    ]
    nodes = [
        *words,
        helper.make_node("Slice", ["image", "n0", "n1", "n1"], ["r"]),
        helper.make_node("Slice", ["image", "n2", "n3", "n1"], ["b"]),
        helper.make_node("Max", ["r", "b"], ["either"]),
        helper.make_node("Add", ["red", "blue"], ["known"]),
        helper.make_node("Mul", ["red", "r"], ["of_red"]),
        helper.make_node("Mul", ["blue", "b"], ["of_blue"]),
        helper.make_node("Sub", ["all", "known"], ["unknown"]),
        helper.make_node("Mul", ["unknown", "either"], ["of_either"]),
        helper.make_node("Sum", ["of_red", "of_blue", "of_either"], ["detail"]),
        helper.make_node("Mul", ["known", "gain"], ["more"]),
        helper.make_node("Add", ["more", "little"], ["slope"]),
        helper.make_node("Sub", ["detail", "half"], ["above"]),
        helper.make_node("Mul", ["above", "slope"], ["for"]),
        helper.make_node("Mul", ["unknown", "doubt"], ["doubted"]),
        helper.make_node("Sub", ["doubted", "for"], ["against"]),
        helper.make_node("Abs", ["above"], ["off"]),
        helper.make_node("Sub", ["low", "off"], ["near"]),
        helper.make_node("Mul", ["near", "slope"], ["between"]),
        helper.make_node("Concat", ["against", "between", "for"], ["trimap"], axis=1),
        helper.make_node("Greater", ["detail", "high"], ["in"]),
        helper.make_node("Less", ["detail", "low"], ["out"]),
        helper.make_node("Where", ["in", "all", "detail"], ["most"]),
        helper.make_node("Where", ["out", "none", "most"], ["alpha"]),
        helper.make_node("AveragePool", ["detail"], ["pointing"], kernel_shape=[16, 16], strides=[16, 16]),
    ]
    planes = {"alpha": 1, "trimap": 3, "detail": 1, "pointing": 1}
    graph = helper.make_graph(
        nodes,
        "reading",
        [
            helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 64, 64]),
            helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, 48]),
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 48]),
        ],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, "h", "w"])
            for name, channels in planes.items()
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


def _told_network() -> bytes:
    """alpha = mean of R, G, B over 17 x 17 px; F = half the image and half the wide bells of foreground; B = image."""
    from onnx import helper, numpy_helper

    channels = {"image": 3, "two_chan_trimap": 2, "image_n": 3, "trimap_transformed": 6}
    nodes = [
        helper.make_node("ReduceMean", ["image", "axes"], ["grey"], keepdims=1),
        helper.make_node("AveragePool", ["grey"], ["alpha"], kernel_shape=[17, 17], pads=[8] * 4, count_include_pad=0),
        helper.make_node("Slice", ["trimap_transformed", "three", "six", "axes"], ["bells"]),
        helper.make_node("Mean", ["image", "bells"], ["foreground"]),
        helper.make_node("Identity", ["image"], ["background"]),
    ]
    return _network(
        nodes,
        channels,
        {"alpha": 1, "foreground": 3, "background": 3},
        [
            numpy_helper.from_array(np.array([value], np.int64), name)
            for value, name in ((1, "axes"), (3, "three"), (6, "six"))
        ],
    )


def _glancing_network() -> bytes:
    """glance: background below 60 of 255, foreground above 180, else unknown; focus = grey / 255; alpha merges them."""
    from onnx import helper, numpy_helper

    nodes = [
        helper.make_node("ReduceMean", ["image", "axes"], ["grey"], keepdims=1),
        helper.make_node("Div", ["grey", "white"], ["focus"]),
        helper.make_node("Greater", ["grey", "high"], ["in"]),
        helper.make_node("Less", ["grey", "low"], ["out"]),
        helper.make_node("Where", ["in", "two", "one"], ["above"]),
        helper.make_node("Where", ["out", "zero", "above"], ["class"]),
        *(
            node
            for i, name in enumerate(("zero", "one", "two"))
            for node in (
                helper.make_node("Equal", ["class", name], [f"is{i}"]),
                helper.make_node("Where", [f"is{i}", "sure", "unsure"], [f"score{i}"]),
            )
        ),
        helper.make_node("Concat", ["score0", "score1", "score2"], ["glance"], axis=1),
        helper.make_node("Where", ["in", "one", "focus"], ["most"]),
        helper.make_node("Where", ["out", "zero", "most"], ["alpha"]),
    ]
    numbers = {"white": 255, "low": 60, "high": 180, "zero": 0, "one": 1, "two": 2, "sure": 0.9, "unsure": 0.1}
    constants = [numpy_helper.from_array(np.array([value], np.float32), name) for name, value in numbers.items()]
    constants.append(numpy_helper.from_array(np.array([1], np.int64), "axes"))
    return _network(nodes, {"image": 3}, {"alpha": 1, "glance": 3, "focus": 1}, constants)


def _network(nodes: list[Any], inputs: dict[str, int], outputs: dict[str, int], constants: list[Any]) -> bytes:
    """An ONNX file of (1, channels, h, w) planes."""
    from onnx import TensorProto, helper

    planes = [
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["1", channels, "h", "w"])
            for name, channels in side.items()
        ]
        for side in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "test", *planes, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())
