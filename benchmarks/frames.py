"""How many frames of 512 x 288 modnet-lite does in a second.

    python benchmarks/frames.py [--frames 200]

The shipped network in the engine that `matte cut` uses: the network alone, and with a frame of 8 bits brought to its
input and its alpha back to 8 bits. Nothing is decoded and no colours are estimated. Frames are noise: what a network
costs does not depend on what it sees. The median of the frames counts; figures go to results/frames.json.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from forward import passes

from mattelier import models, weights
from mattelier.evaluate.environment import environment
from mattelier.image import Array
from mattelier.image.colour import to_depth
from mattelier.image.io import write
from mattelier.models.cards import Card
from mattelier.runtime.engine import open_engine
from mattelier.runtime.prepare import network_input

FILE = Path(__file__).resolve().parent / "results" / "frames.json"
HEIGHT, WIDTH = 288, 512


def measured(card: Card, threads: int, frames: int) -> dict[str, float]:
    engine = open_engine(card, weights.read(card.weights), threads=threads)
    frame = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    ready = network_input(card.contract, frame)

    def whole() -> Array:
        return to_depth(engine.run(network_input(card.contract, frame))["alpha"], np.uint8)

    runs = {"network": lambda: engine.run(ready), "whole": whole}
    return {name: round(1 / passes(run, frames)["seconds"], 1) for name, run in runs.items()}


def main() -> None:
    words = argparse.ArgumentParser(description="Frames of 512 x 288 a second.")
    words.add_argument("--frames", type=int, default=200, metavar="N")
    frames = words.parse_args().frames
    card = weights.resolve("modnet-lite", models.list_models())
    found = {f"{threads} threads": measured(card, threads, frames) for threads in (1, 2)}
    here = {"model": weights.pin(card), "size": [WIDTH, HEIGHT], "frames": frames}
    result = here | {"frames_a_second": found, "environment": environment()}
    write(FILE, (json.dumps(result, indent=1) + "\n").encode(), overwrite=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
