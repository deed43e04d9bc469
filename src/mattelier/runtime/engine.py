"""Engines: what turns a network's input into its output.

ONNX Runtime is the default; torch runs the same weights where it is installed. A device or engine that is asked for
and absent is a DeviceError or MissingExtra, never another one in its place.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

from mattelier.errors import DeviceError, MissingExtra, WeightsError
from mattelier.image import Array
from mattelier.models.cards import Card
from mattelier.runtime.interfaces import INTERFACES
from mattelier.runtime.options import Device, EngineName
from mattelier.runtime.pruning import pruned

if TYPE_CHECKING:
    from torch import Tensor, nn

ORT_FATAL = 4  # errors arrive as exceptions; warnings about graphs and absent GPUs are of no use to a user
PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class Engine(Protocol):
    """A warm network; `run` may be called from several threads at once."""

    def run(self, inputs: dict[str, Array]) -> dict[str, Array]:
        """inputs, outputs: (1, C, h, w) float32, named as in the card's contract."""
        ...


class Loaded(Engine, Protocol):
    """What `open_engine` gives: also the heads that a cut does not need.

    is_whole: whether `heads` answers all that the network has.
    """

    is_whole: bool

    def heads(self, inputs: dict[str, Array]) -> dict[str, Array]:
        """All that the network can answer, the contract's outputs among it: for looking at, not for cutting."""
        ...


def open_engine(
    card: Card,
    weights: bytes,
    name: EngineName = "onnx",
    device: Device = "cpu",
    threads: int | None = None,
    whole: bool = False,
) -> Loaded:
    """The engine `name` with a card's weights (the checked bytes of its ONNX file) on `device`.

    threads: inside one run; None leaves it to the engine (the physical cores). torch has one number a process: the
    last engine's holds for all.
    whole: also with what only its `heads` needs, which makes `run` slower.
    Raises DeviceError, MissingExtra and WeightsError.
    """
    engine = OnnxEngine if name == "onnx" else TorchEngine
    return engine(card, weights, device, threads, whole)


class OnnxEngine:
    """ONNX Runtime; computes only what the contract's outputs need, unless it is opened whole."""

    def __init__(
        self, card: Card, weights: bytes, device: Device = "cpu", threads: int | None = None, whole: bool = False
    ) -> None:
        require("onnx", device)
        import onnxruntime as ort

        used = weights if whole else pruned(weights, card.contract.outputs)
        self.is_whole = used is weights
        try:
            self._session = ort.InferenceSession(used, _session_options(threads), providers=[PROVIDERS[device]])
        except Exception as error:  # onnxruntime's exceptions share no base but Exception
            raise WeightsError(
                f"{card.weights.file} cannot be opened by ONNX Runtime {ort.__version__} ({error}); "
                "expected the card's network; install mattelier again"
            ) from error
        if PROVIDERS[device] not in self._session.get_providers():
            raise DeviceError(_absent(device, "its libraries do not load"))
        self._outputs = list(card.contract.outputs)

    def run(self, inputs: dict[str, Array]) -> dict[str, Array]:
        """Engine.run."""
        return self._answers(self._outputs, inputs)

    def heads(self, inputs: dict[str, Array]) -> dict[str, Array]:
        """Loaded.heads."""
        return self._answers([output.name for output in self._session.get_outputs()], inputs)

    def _answers(self, names: list[str], inputs: dict[str, Array]) -> dict[str, Array]:
        return dict(zip(names, self._session.run(names, inputs), strict=True))


class TorchEngine:
    """The paper's own module with the tensors of the card's ONNX file, which keep the module's names."""

    def __init__(
        self, card: Card, weights: bytes, device: Device = "cpu", threads: int | None = None, whole: bool = False
    ) -> None:
        require("torch", device)
        import torch

        if threads:
            torch.set_num_threads(threads)
        self._module = network(card, weights)
        self._module.to(device)
        self._device = device
        self._contract = card.contract
        self.is_whole = True  # a module leaves out by itself what it is not asked for
        self._every = INTERFACES[card.system].every if card.system in INTERFACES else {}

    def run(self, inputs: dict[str, Array]) -> dict[str, Array]:
        """Engine.run."""
        outputs = self._answers(inputs)
        return {name: outputs[name].float().cpu().numpy() for name in self._contract.outputs}

    def heads(self, inputs: dict[str, Array]) -> dict[str, Array]:
        """Loaded.heads."""
        outputs = self._answers(inputs, **self._every)
        return {name: tensor.float().cpu().numpy() for name, tensor in outputs.items()}

    def _answers(self, inputs: dict[str, Array], **options: bool) -> "dict[str, Tensor]":
        import torch

        with torch.inference_mode():
            tensors = [torch.from_numpy(inputs[name]).to(self._device) for name in self._contract.inputs]
            answers: dict[str, Tensor] = self._module(*tensors, **options)
            return answers


def network(card: Card, weights: bytes) -> "nn.Module":
    """The paper's own module, filled from a card's file (its checked bytes), in eval mode; also the heads that only
    training reads.  Raises WeightsError when the file is another network's."""
    from mattelier import models

    config: dict[str, Any] = dict(card.config)
    module = models.build(card.system, **config).eval()
    _load(module.load_state_dict, module.state_dict(), _initializers(weights), card.weights.file)
    return module


def require(name: EngineName, device: Device) -> None:
    """Raises MissingExtra or DeviceError, with the reason, when an engine cannot run on a device here."""
    if name == "torch":
        _require_torch(device)
        return
    import onnxruntime as ort

    ort.set_default_logger_severity(ORT_FATAL)
    if PROVIDERS[device] not in ort.get_available_providers():
        raise DeviceError(_absent(device, f"ONNX Runtime {ort.__version__} was built without it"))


def _require_torch(device: Device) -> None:
    missing = [package for package in ("torch", "onnx") if find_spec(package) is None]
    if missing:
        raise MissingExtra(
            f"{' and '.join(missing)} not installed; the torch engine needs both; pip install 'mattelier[torch]', "
            "or leave the engine to onnx"
        )
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise DeviceError(_absent(device, f"torch {torch.__version__} sees none"))


def _session_options(threads: int | None) -> Any:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = ORT_FATAL
    options.intra_op_num_threads = threads or 0
    # Measured on MODNet-lite: waiting threads that spin cost a fifth more CPU time; memory patterns, one for every
    # size of picture seen, cost 150 MB after eight sizes. The arena without them costs nothing.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_mem_pattern = False
    return options


def _initializers(weights: bytes) -> dict[str, Array]:
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_from_string(weights).graph
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def _load(load_state_dict: Any, expected: "dict[str, Tensor]", arrays: dict[str, Array], file: str) -> None:
    """Fill a module: every tensor but the batch norms' counters, which inference does not read, must be in the file."""
    import torch

    state = {}
    for key, tensor in expected.items():
        if key.endswith("num_batches_tracked"):
            state[key] = tensor
        elif key not in arrays or tuple(arrays[key].shape) != tuple(tensor.shape):
            found = list(arrays[key].shape) if key in arrays else "nothing"
            raise WeightsError(
                f"{file} has {found} for {key}; expected {list(tensor.shape)}; install the version of mattelier "
                "that the file belongs to, or use the onnx engine"
            )
        else:
            state[key] = torch.from_numpy(arrays[key].astype("float32"))
    load_state_dict(state, strict=True)


def _absent(device: str, reason: str) -> str:
    return f"the device {device} is not there ({reason}); it was asked for, found is the cpu; pass --device cpu"
