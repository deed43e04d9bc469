"""One network in a process of its own, for networks.py: `python benchmarks/forward.py COMMAND FACTS`, JSON in and out.

count   parameters and floating-point operations, on torch's meta device: no weights, no arithmetic
export  the network with random weights as an ONNX file, made as runtime/export.py makes it
torch   forward passes of the network, random weights, float32
onnx    forward passes of the exported file, in the engine that `matte cut` uses

Weights are random: what a network costs does not depend on what it learned.
"""

import inspect
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mattelier.evaluate.memory import forget_peak, peak_mib

Facts = dict[str, Any]
# Channels of each argument of a forward, by name (DESIGN: the arguments of every network).
CHANNELS = {"x": 3, "image": 3, "trimap": 3, "image_n": 3, "two_chan_trimap": 2, "trimap_transformed": 6}
OTHER_CHANNELS = {"dim": {"x": 4}}


def shapes(system: str, net: Any, side: int) -> dict[str, tuple[int, ...]]:
    """The shape of every argument that the network's forward must have."""
    channels = CHANNELS | OTHER_CHANNELS.get(system, {})
    needed = [p.name for p in inspect.signature(net.forward).parameters.values() if p.default is p.empty]
    # what is no picture is words: tokens and their mask, as long as the network's tokenizer makes them
    return {name: (1, channels[name], side, side) if name in channels else (1, net.tokenizer.length) for name in needed}


def tensors(facts: Facts, net: Any) -> list[Any]:
    """Noise for pictures; every token the same one, and none of them masked."""
    import torch

    kinds = {"tokens": torch.ones, "mask": torch.ones}
    found = []
    for name, shape in shapes(facts["system"], net, facts["side"]).items():
        kind = torch.int64 if name == "tokens" else torch.float32
        found.append(kinds.get(name, torch.rand)(shape, dtype=kind))
    return found


def built(facts: Facts) -> Any:
    """The network, random weights, in eval mode."""
    import torch

    from mattelier.models import build

    torch.manual_seed(0)
    return build(facts["system"], **facts["options"]).eval()


def built_on_meta(facts: Facts) -> Any:
    """The network without its numbers, and where it reads some while it is built, with them first."""
    import torch

    try:
        with torch.device("meta"):
            return built(facts)
    except NotImplementedError:  # a meta tensor has nothing to read
        return built(facts).to("meta")


def count(facts: Facts) -> Facts:
    """Parameters, and FLOPs by operator: a multiplication and an addition are two."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    net = built_on_meta(facts)
    with torch.device("meta"), torch.no_grad():
        given = tensors(facts, net)
        with FlopCounterMode(display=False) as counter:
            net(*given)
    operators = {str(name).removeprefix("aten."): flops for name, flops in counter.get_flop_counts()["Global"].items()}
    return {
        "parameters": sum(p.numel() for p in net.parameters()),
        "flops": counter.get_total_flops(),
        "operators": operators,
    }


def settled(net: Any, system: str) -> Any:
    """The network, its batch norms' statistics those of two drawn pictures: with none, values grow without end."""
    import torch

    from mattelier.runtime.interfaces import INTERFACES

    norms = [part for part in net.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    if not norms:
        return net
    for norm in norms:
        norm.momentum = None  # a plain mean: one pass is enough
    interface, generator = INTERFACES[system], np.random.default_rng(0)
    pictures = [interface.specimen(interface.traced_hw, generator) for _ in range(2)]
    with torch.no_grad():
        net.train()(*(torch.from_numpy(np.concatenate([p[name] for p in pictures])) for name in pictures[0]))
    return net.eval()


def export(facts: Facts) -> Facts:
    """Write the network to facts["file"]; what goes in and comes out, as the onnx command wants it.

    Not through runtime.export.export, which refuses a file whose answers differ by more than 1e-3 from torch's: a
    random gfm-r101 does so in torch alone, between two layouts of its memory (docs/models/gfm.md).
    """
    import onnx

    from mattelier.runtime import export as exporting

    net, interface = settled(built(facts), facts["system"]), exporting.interface_of(facts["system"])
    exporting.round_weights(net)
    model = exporting.store_half(exporting.graph_of(net, interface), net.state_dict())
    file = exporting.serialise(model, Path(facts["file"]))
    graph = onnx.load(file, load_external_data=False).graph
    return {
        "bytes": file.stat().st_size,
        "inputs": {entry.name: sized(entry.type.tensor_type, facts["side"]) for entry in graph.input},
        "outputs": [entry.name for entry in graph.output],
    }


def sized(kind: Any, side: int) -> Facts:
    """Shape and type of an input; what the file leaves open is the side."""
    import onnx

    shape = [dimension.dim_value or side for dimension in kind.shape.dim]
    return {"shape": shape, "type": str(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))}


def torch_passes(facts: Facts) -> Facts:
    """facts["runs"] passes in torch, after one that is not counted."""
    import torch

    net = built(facts)
    given = tensors(facts, net)
    with torch.inference_mode():
        return passes(lambda: net(*given), facts["runs"])


def onnx_passes(facts: Facts) -> Facts:
    """The same of the file, with the inputs that `export` found."""
    from mattelier.models.cards import Card, Contract, Weights
    from mattelier.runtime.engine import open_engine

    file = Path(facts["file"])
    contract = Contract(facts["side"], inputs=tuple(facts["inputs"]), outputs=tuple(facts["outputs"]))
    card = Card(file.stem, facts["system"], facts["options"], "", "", Weights(file.name, "", 0, ""), contract)
    engine = open_engine(card, file.read_bytes())
    given = {name: noise(entry) for name, entry in facts["inputs"].items()}
    return passes(lambda: engine.run(given), facts["runs"])


def noise(entry: Facts) -> Any:
    """Uniform in 0..1; ones where whole numbers are wanted."""
    random = np.random.default_rng(0).random(entry["shape"], np.float32)
    return random if entry["type"] == "float32" else np.ones(entry["shape"], entry["type"])


def passes(run: Callable[[], object], runs: int) -> Facts:
    """Medians of seconds and of CPU seconds (all threads); memory before the first pass, and the most in any."""
    forget_peak()
    resting = peak_mib()
    run()
    wall, cpu = [], []
    for _ in range(runs):
        start, used = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    return {
        "seconds": statistics.median(wall),
        "cpu_seconds": statistics.median(cpu),
        "seconds_range": [min(wall), max(wall)],
        "resting_mib": resting,
        "peak_mib": peak_mib(),
    }


COMMANDS: dict[str, Callable[[Facts], Facts]] = {
    "count": count,
    "export": export,
    "torch": torch_passes,
    "onnx": onnx_passes,
}

if __name__ == "__main__":
    print(json.dumps(COMMANDS[sys.argv[1]](json.loads(sys.argv[2]))))
