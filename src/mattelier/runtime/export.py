"""A trained network to one ONNX file: dynamic height and width, float16 storage, refused if the outputs differ.

The file holds every tensor of the network under the module's own names, and every head as an output, so that the torch
engine can load the very same bytes, and `Matter.look` show what the network says on its way.
"""

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mattelier.errors import InputError, UnknownModel, WeightsError
from mattelier.image import Array
from mattelier.image.output import write
from mattelier.runtime.interfaces import INTERFACES, Interface
from mattelier.weights import staging

TOLERANCE = 1e-3  # DESIGN.md §8: the same fp16-rounded weights in both engines
FLIPPED = 2e-4  # of the pixels, where a discrete choice stands before an output
OPSET = 18
ONE_FILE_BYTES = 2**31 - 2**20  # protobuf holds less than 2 GB; beyond that tensors lie in a second file
OWN = "net."  # before the names of the network's tensors, in the graph as torch exports it
NOT_STORED = "num_batches_tracked"  # the counters of batch norm: inference does not read them


@dataclass(frozen=True)
class Difference:
    """Between torch and ONNX Runtime, by output.

    largest: absolute, where no discrete choice stands before the output.  flipped: share of pixels that differ by more
    than 1e-3 where one does.
    """

    largest: Mapping[str, float]
    flipped: Mapping[str, float]

    @property
    def worst(self) -> float:
        """The largest difference of any output without a choice before it."""
        return max(self.largest.values(), default=0.0)

    def is_tolerable(self) -> bool:
        return self.worst <= TOLERANCE and max(self.flipped.values(), default=0.0) <= FLIPPED

    def __str__(self) -> str:
        parts = [f"{name} {value:.2g}" for name, value in self.largest.items()]
        parts += [f"{name} in {100 * share:.3g} % of its pixels" for name, share in self.flipped.items()]
        return ", ".join(parts)


def export(
    net: nn.Module, file: Path, metadata: Mapping[str, str], overwrite: bool = False, system: str = "modnet"
) -> Difference:
    """Write net (random or trained, any mode) as ONNX; returns what was found between the two engines.

    system: whose inputs the network takes (runtime/interfaces.py); the outputs are all that forward can give, also the
    heads that only `Matter.look` shows: engines leave out what a cut does not need (runtime/pruning.py).
    Its weights are rounded to float16, in place, as they are stored.  Beyond 2 GB tensors go to FILE.data beside it.
    Raises WeightsError when ONNX Runtime and torch differ by more than 1e-3 in any pixel of three sizes, or, behind a
    discrete choice, in more than 0.02 % of them; InputError when the file exists and overwrite is False.
    """
    interface = interface_of(system)
    if not overwrite and os.path.lexists(file):
        raise InputError(f"{file} exists already; a new name was expected; choose another, or ask to overwrite")
    if not file.parent.is_dir():
        raise InputError(f"the folder {file.parent} does not exist; an existing folder was expected; create it first")
    round_weights(net.eval())
    model = store_half(graph_of(net, interface), net.state_dict())
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    with staging(file.parent) as folder:
        staged = serialise(model, folder / file.name)
        difference = compare(net, staged, interface)
        if not difference.is_tolerable():
            raise WeightsError(
                f"ONNX Runtime and torch differ on the exported network ({difference}); expected at most {TOLERANCE}, "
                f"or {100 * FLIPPED} % of the pixels behind a choice; the file was not written"
            )
        place(staged, file, overwrite)
    return difference


def interface_of(system: str) -> Interface:
    if system not in INTERFACES:
        raise UnknownModel(
            f"the networks of {system} cannot be exported in this version; expected one of {', '.join(INTERFACES)}; "
            "use the torch module, or update"
        )
    return INTERFACES[system]


def round_weights(net: nn.Module) -> None:
    """Round every matrix and kernel to float16; vectors (norms, biases) keep float32: they weigh next to nothing."""
    with torch.no_grad():
        for tensor in net.state_dict().values():
            if is_halved(tensor):
                tensor.copy_(tensor.half())


def is_halved(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and tensor.ndim > 1


def graph_of(net: nn.Module, interface: Interface) -> Any:
    """The ONNX model, constants folded, but nothing that begins at a tensor of the network.

    Folded, batch norms would lose the names of their tensors, and standardised kernels would stand beside the stored
    ones in float32, twice their size. ONNX Runtime does that work when it loads the file.
    """
    from onnxscript import optimizer

    inputs = interface.specimen(interface.traced_hw, np.random.default_rng(0))
    names = tuple(run_torch(net, inputs, interface))

    class InOrder(nn.Module):
        """The outputs as a tuple: what an ONNX graph returns."""

        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
            outputs = self.net(*given, **interface.every)
            return tuple(outputs[name] for name in names)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        program = torch.onnx.export(
            InOrder().eval(),
            tuple(torch.from_numpy(array) for array in inputs.values()),
            input_names=list(inputs),
            output_names=list(names),
            dynamic_shapes=dynamic_shapes(inputs, interface),
            dynamo=True,
            optimize=False,
            opset_version=OPSET,
            verbose=False,
        )
        assert program is not None  # with dynamo=True there always is one
        optimizer.inline(program.model)
        optimizer.fold_constants_ir(program.model, onnx_shape_inference=True, should_fold=spared)
        optimizer.remove_unused_nodes(program.model)
        return without_traces(program.model_proto)


def spared(node: Any) -> bool | None:
    """False for a node that reads a tensor of the network; None leaves the others to the optimiser's own rules."""
    names = [value.name for value in node.inputs if value is not None and value.is_initializer()]
    return False if any(name.startswith(OWN) for name in names) else None


def without_traces(model: Any) -> Any:
    """The model without what the exporter noted about it: stack traces with this machine's paths, and inner shapes.

    They are two fifths of an FBA file, and ONNX Runtime finds the shapes itself.
    """
    graph = model.graph
    del graph.value_info[:]
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        del part.metadata_props[:]
        part.ClearField("doc_string")
    return model


def dynamic_shapes(inputs: Mapping[str, Array], interface: Interface) -> Any:
    """Height and width of every picture among the inputs; words keep their shape."""
    if interface.multiple_of is None:
        return None
    height, width = (
        interface.multiple_of * torch.export.Dim(f"{side}{interface.multiple_of}", min=1, max=512)
        for side in ("h", "w")
    )
    return {"given": tuple({2: height, 3: width} if array.ndim == 4 else None for array in inputs.values())}


def store_half(model: Any, state: Mapping[str, Tensor]) -> Any:
    """The model with its kernels stored as float16, each behind a Cast that ONNX Runtime folds when it loads."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    used = {tensor.name.removeprefix(OWN): tensor.name for tensor in graph.initializer}
    constants = [tensor for tensor in graph.initializer if tensor.name.removeprefix(OWN) not in state]
    del graph.initializer[:]
    graph.initializer.extend(constants)
    casts = []
    for name, tensor in state.items():
        if name.endswith(NOT_STORED):
            continue
        stored = tensor.half() if is_halved(tensor) else tensor
        graph.initializer.append(numpy_helper.from_array(stored.detach().cpu().numpy(), name))
        if name in used and is_halved(tensor):
            casts.append(helper.make_node("Cast", [name], [f"{name}:float32"], to=TensorProto.FLOAT))
    full = {used[name]: f"{name}:float32" if is_halved(state[name]) else name for name in used if name in state}
    for node in graph.node:
        for i, source in enumerate(node.input):
            node.input[i] = full.get(source, source)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def serialise(model: Any, file: Path) -> Path:
    """The model in a file, its tensors in FILE.data beside it where protobuf could not hold them; returns file."""
    import onnx

    if sum(len(tensor.raw_data) for tensor in model.graph.initializer) > ONE_FILE_BYTES:
        onnx.save_model(model, file, save_as_external_data=True, location=data_file(file).name)
    else:
        file.write_bytes(model.SerializeToString())
    return file


def data_file(file: Path) -> Path:
    """Where the tensors of a network beyond 2 GB lie."""
    return file.with_name(f"{file.name}.data")


def place(staged: Path, file: Path, overwrite: bool) -> None:
    """Move a finished file to its place; the tensors first, so that a network never stands there without them."""
    has_data = data_file(staged).is_file()
    if has_data and not overwrite and os.path.lexists(data_file(file)):
        raise InputError(f"{data_file(file)} exists already; expected a free name; choose another, or ask to overwrite")
    if has_data:
        os.replace(data_file(staged), data_file(file))
    write(file, staged.read_bytes(), overwrite)


def compare(net: nn.Module, file: Path, interface: Interface) -> Difference:
    """What torch and ONNX Runtime answer to the same inputs, over sizes that were not traced."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 3  # tensors for training only are unused here, and ONNX Runtime says so
    session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(0)
    found: dict[str, list[Array]] = {}
    for hw in interface.compared_hw:
        inputs = interface.specimen(hw, generator)
        ours = run_torch(net, inputs, interface)
        for name, theirs in zip(ours, session.run(list(ours), inputs), strict=True):
            found.setdefault(name, []).append(np.abs(ours[name] - theirs).max(1).ravel())
    pixels = {name: np.concatenate(parts) for name, parts in found.items()}
    return Difference(
        {name: float(value.max()) for name, value in pixels.items() if name not in interface.chosen},
        {name: float((value > TOLERANCE).mean()) for name, value in pixels.items() if name in interface.chosen},
    )


def rounding(net: nn.Module, system: str) -> float:
    """Round the weights, in place, and tell by how much that changes any output, on one picture.

    Outputs behind a choice count only where there are no others.
    """
    interface = interface_of(system)
    inputs = interface.specimen(interface.compared_hw[0], np.random.default_rng(0))
    exact = run_torch(net.eval(), inputs, interface)
    round_weights(net)
    rounded = run_torch(net, inputs, interface)
    names = [name for name in exact if name not in interface.chosen] or list(exact)
    return max(float(np.abs(exact[name] - rounded[name]).max()) for name in names)


def save_tensors(net: nn.Module, file: Path, metadata: Mapping[str, str]) -> None:
    """All tensors of net as they are, under the module's own names, as safetensors."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    tensors = {name: tensor.contiguous() for name, tensor in net.state_dict().items()}
    try:
        save_file(tensors, file, dict(metadata))
    except SafetensorError as error:  # how it tells of a full disk
        raise OSError(str(error)) from error


@torch.inference_mode()
def run_torch(net: nn.Module, inputs: Mapping[str, Array], interface: Interface) -> dict[str, Array]:
    """All that the network can answer, by name, as arrays."""
    outputs = net(*(torch.from_numpy(array) for array in inputs.values()), **interface.every)
    return {name: tensor.numpy() for name, tensor in outputs.items()}
