"""How many frames of 512 x 288 modnet-lite does in a second.

    python benchmarks/frames.py [--frames 200]

The shipped network in the engine that `matte cut` uses: the network alone, and with a frame of 8 bits brought to its
input and its alpha back to 8 bits. Nothing is decoded and no colours are estimated. Frames are noise: what a network
costs does not depend on what it sees. The median of the frames counts; figures go to results/frames.json.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mattelier import models, weights
from mattelier.evaluate.environment import environment
from mattelier.image import Array, Float
from mattelier.image.io import write
from mattelier.models.cards import Card
from mattelier.runtime.engine import open_engine

FILE = Path(__file__).resolve().parent / "results" / "frames.json"
HEIGHT, WIDTH = 288, 512


def per_second(run: Callable[[], object], frames: int) -> float:
    """Of the median frame, after ten that do not count."""
    taken = []
    for _ in range(frames + 10):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return round(1 / statistics.median(taken[10:]), 1)


def measured(card: Card, threads: int, frames: int) -> dict[str, float]:
    engine = open_engine(card, weights.read(card.weights), threads=threads)
    rgb = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    mean, std = (np.asarray(numbers, np.float32) for numbers in (card.contract.mean, card.contract.std))

    def network_input() -> Float:
        x = (rgb.astype(np.float32) / 255 - mean) / std
        return np.ascontiguousarray(x.transpose(2, 0, 1)[None])

    def whole() -> Array:
        return (255 * engine.run({"image": network_input()})["alpha"] + 0.5).astype(np.uint8)

    ready = network_input()
    return {
        "network": per_second(lambda: engine.run({"image": ready}), frames),
        "whole": per_second(whole, frames),
    }


def main() -> None:
    words = argparse.ArgumentParser(description="Frames of 512 x 288 a second.")
    words.add_argument("--frames", type=int, default=200, metavar="N")
    frames = words.parse_args().frames
    card = weights.resolve("modnet-lite", models.list_models())
    found = {f"{threads} threads": measured(card, threads, frames) for threads in (1, 2)}
    here = {"model": f"{card.name}@{card.weights.sha256[:8]}", "size": [WIDTH, HEIGHT], "frames": frames}
    result = here | {"frames_a_second": found, "environment": environment()}
    write(FILE, (json.dumps(result, indent=1) + "\n").encode(), overwrite=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
