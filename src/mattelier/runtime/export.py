"""A trained network to one ONNX file: dynamic height and width, float16 storage, refused if the outputs differ.

The file holds every tensor of the network under the module's own names, also those that only training reads, so that
the torch engine can load the very same bytes.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mattelier.errors import WeightsError
from mattelier.image import Array
from mattelier.image.output import write

TRACED_HW = (96, 128)
COMPARED_HW = ((64, 64), (160, 96), (224, 352))  # none of them traced: pooling frozen at one size shows here
TOLERANCE = 1e-3  # DESIGN.md §8: the same fp16-rounded weights in both engines
OPSET = 18


def export(net: nn.Module, file: Path, metadata: Mapping[str, str], overwrite: bool = False) -> float:
    """Write net (random or trained, any mode) as ONNX; returns the largest difference found between the two.

    net: forward(x (1, 3, h, w)) -> {"alpha": ...}. Its weights are rounded to float16, in place, as they are stored.
    Raises WeightsError when ONNX Runtime and torch differ by more than 1e-3 in any pixel of three sizes.
    """
    round_weights(net.eval())
    model = store_half(graph_of(net), net.state_dict())
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    data = model.SerializeToString()
    difference = compare(net, data)
    if difference > TOLERANCE:
        raise WeightsError(
            f"ONNX Runtime and torch differ by {difference:.2g} on the exported network; expected at most {TOLERANCE}; "
            "the file was not written"
        )
    write(file, data, overwrite)
    return difference


def round_weights(net: nn.Module) -> None:
    """Round every matrix and kernel to float16; vectors (norms, biases) keep float32: they weigh next to nothing."""
    with torch.no_grad():
        for tensor in net.state_dict().values():
            if is_halved(tensor):
                tensor.copy_(tensor.half())


def is_halved(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and tensor.ndim > 1


def graph_of(net: nn.Module) -> Any:
    """The ONNX model, constants folded, batch norms left as they are (folded, their tensors would lose their names)."""
    from onnxscript import optimizer

    class AlphaOnly(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, x: Tensor) -> Tensor:
            alpha: Tensor = self.net(x)["alpha"]
            return alpha

    height, width = (32 * torch.export.Dim(name, min=1, max=512) for name in ("h32", "w32"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        program = torch.onnx.export(
            AlphaOnly().eval(),
            (torch.zeros(1, 3, *TRACED_HW),),
            input_names=["image"],
            output_names=["alpha"],
            dynamic_shapes={"x": {2: height, 3: width}},
            dynamo=True,
            optimize=False,
            opset_version=OPSET,
            verbose=False,
        )
        assert program is not None  # with dynamo=True there always is one
        optimizer.inline(program.model)
        optimizer.fold_constants_ir(program.model, onnx_shape_inference=True)
        optimizer.remove_unused_nodes(program.model)
        return program.model_proto


def store_half(model: Any, state: Mapping[str, Tensor]) -> Any:
    """The model with its kernels stored as float16, each behind a Cast that ONNX Runtime folds when it loads."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    used = {tensor.name.removeprefix("net."): tensor.name for tensor in graph.initializer}
    constants = [tensor for tensor in graph.initializer if tensor.name.removeprefix("net.") not in state]
    del graph.initializer[:]
    graph.initializer.extend(constants)
    casts = []
    for name, tensor in state.items():
        if not tensor.is_floating_point():
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


def compare(net: nn.Module, data: bytes) -> float:
    """The largest difference of alpha between torch and ONNX Runtime, over sizes that were not traced."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 3  # tensors for training only are unused here, and ONNX Runtime says so
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(0)
    return max(_difference(net, session, picture(hw, generator)) for hw in COMPARED_HW)


def picture(hw: tuple[int, int], generator: np.random.Generator) -> Array:
    """(1, 3, h, w) in -1..1: noise on large blocks, so that deep layers see more than an average."""
    h, w = hw
    blocks = generator.uniform(-0.8, 0.8, (1, 3, h // 32, w // 32)).repeat(32, 2).repeat(32, 3)
    noisy: Array = (blocks + generator.uniform(-0.2, 0.2, (1, 3, h, w))).astype(np.float32)
    return noisy


@torch.inference_mode()
def _difference(net: nn.Module, session: Any, image: Array) -> float:
    ours = net(torch.from_numpy(image))["alpha"].numpy()
    (theirs,) = session.run(["alpha"], {"image": image})
    return float(np.abs(ours - theirs).max())
