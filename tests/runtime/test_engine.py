"""Engines: the same answer from both, only what is asked for, and no other device than the one asked for."""

import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mattelier.errors import DeviceError, MissingExtra, WeightsError
from mattelier.models.cards import Card
from mattelier.runtime.engine import OnnxEngine, TorchEngine, open_engine, require

Bright = tuple[Card, Path]


def image(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (1, 3, 32, 64)).astype(np.float32)


def expected(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-40 * x.mean(1, keepdims=True, dtype=np.float64)))


def test_onnx_computes_the_network_and_only_the_contracts_outputs(bright: Bright) -> None:
    card, file = bright
    outputs = open_engine(card, file.read_bytes(), threads=1).run({"image": image()})
    assert list(outputs) == ["alpha"]
    assert outputs["alpha"].dtype == np.float32
    np.testing.assert_allclose(outputs["alpha"], expected(image()), atol=1e-5)


def test_onnx_may_be_run_from_many_threads(bright: Bright) -> None:
    engine = OnnxEngine(bright[0], bright[1].read_bytes())
    answers: dict[int, np.ndarray] = {}

    def ask(seed: int) -> None:
        answers[seed] = engine.run({"image": image(seed)})["alpha"]

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(8):
        np.testing.assert_allclose(answers[seed], expected(image(seed)), atol=1e-5)


def test_onnx_refuses_bytes_that_are_no_network(bright: Bright, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WeightsError, match=r"bright\.onnx cannot be opened by ONNX Runtime"):
        OnnxEngine(bright[0], b"not a network")
    assert capfd.readouterr().err == ""  # nothing from the runtime's own log


def test_a_device_that_is_not_there_is_refused(bright: Bright) -> None:
    ort = pytest.importorskip("onnxruntime")
    if "CUDAExecutionProvider" in ort.get_available_providers():
        pytest.skip("this machine has the device")
    with pytest.raises(DeviceError, match=r"cuda is not there .*pass --device cpu"):
        OnnxEngine(bright[0], bright[1].read_bytes(), device="cuda")


def test_a_device_whose_libraries_do_not_load_is_refused(bright: Bright, monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime answers such a wish with the cpu and a line in its log."""
    monkeypatch.setattr("mattelier.runtime.engine.require", lambda name, device: None)
    with pytest.warns(UserWarning), pytest.raises(DeviceError, match="its libraries do not load"):
        OnnxEngine(bright[0], bright[1].read_bytes(), device="cuda")


@pytest.mark.parametrize("package", ["torch", "onnx"])
def test_torch_that_is_not_installed_names_its_extra(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    find = sys.modules["importlib.util"].find_spec
    monkeypatch.setattr("mattelier.runtime.engine.find_spec", lambda name: None if name == package else find(name))
    with pytest.raises(MissingExtra, match=rf"{package} .*not installed.*mattelier\[torch\]"):
        require("torch", "cpu")


@pytest.fixture
def bright_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same network as a module, with the same name for its tensor."""
    torch = pytest.importorskip("torch")

    class Bright(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.gain = torch.nn.Parameter(torch.zeros(1))
            self.register_buffer("num_batches_tracked", torch.tensor(0))

        def forward(self, x: "torch.Tensor") -> dict[str, "torch.Tensor"]:
            return {"alpha": torch.sigmoid(self.gain * x.mean(1, keepdim=True)), "detail": x}

    monkeypatch.setattr("mattelier.models.build", lambda name: Bright())


def test_torch_reads_the_weights_of_the_onnx_file(bright: Bright, bright_module: None) -> None:
    engine = open_engine(bright[0], bright[1].read_bytes(), "torch")
    outputs = engine.run({"image": image()})
    assert list(outputs) == ["alpha"]
    np.testing.assert_allclose(outputs["alpha"], expected(image()), atol=1e-5)


def test_both_engines_agree(bright: Bright, bright_module: None) -> None:
    card, data = bright[0], bright[1].read_bytes()
    of_torch, of_onnx = (engine(card, data).run({"image": image()})["alpha"] for engine in (TorchEngine, OnnxEngine))
    np.testing.assert_allclose(of_torch, of_onnx, atol=1e-6)


def test_torch_is_given_the_contracts_inputs_in_order_and_answers_its_outputs(
    bright: Bright, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")

    class Difference(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.gain = torch.nn.Parameter(torch.zeros(1))

        def forward(self, picture: "torch.Tensor", words: "torch.Tensor") -> dict[str, "torch.Tensor"]:
            assert words.dtype == torch.int64
            return {"alpha": self.gain * picture - words.sum(), "rest": picture, "unasked": words}

    monkeypatch.setattr("mattelier.models.build", lambda name: Difference())
    contract = replace(bright[0].contract, inputs=("picture", "words"), outputs=("rest", "alpha"))
    before = torch.get_num_threads()
    engine = TorchEngine(replace(bright[0], contract=contract), bright[1].read_bytes(), threads=1)
    threads = torch.get_num_threads()
    torch.set_num_threads(before)  # one number a process
    words = np.arange(5)[None]
    outputs = engine.run({"words": words, "picture": image()})
    assert list(outputs) == ["rest", "alpha"] and all(array.dtype == np.float32 for array in outputs.values())
    np.testing.assert_allclose(outputs["alpha"], 40 * image() - 10, atol=1e-4)
    assert threads == 1


def test_torch_on_a_device_that_is_not_there_is_refused(
    bright: Bright, bright_module: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"cuda is not there \(torch .* sees none\).*pass --device cpu"):
        TorchEngine(bright[0], bright[1].read_bytes(), device="cuda")


def test_torch_refuses_a_file_that_lacks_a_tensor(bright: Bright, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr("mattelier.models.build", lambda name: torch.nn.Linear(2, 1))
    with pytest.raises(WeightsError, match=r"has nothing for weight; expected \[1, 2\]"):
        TorchEngine(bright[0], bright[1].read_bytes())
