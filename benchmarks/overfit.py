"""Whether the published networks learn at all: 60 steps on four fixed composites halve the loss.

    python benchmarks/overfit.py [--only NAME ...] [--side 64]

Each network starts from random weights and sees the same four composites in every step, as one batch, through the very
functions that the training loop uses (train/systems.py). It says that network, losses and gradients belong together,
and nothing about quality. The rate is that of a network that starts at random, not the paper's, which is made for
days. Figures go to benchmarks/results/overfit.json after every network, with the commit of each; rows of other networks
stay. The exit code is 1 when a loss was not halved. The lite forms do the same in tests/train.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mattelier.errors import MattelierError
from mattelier.evaluate.environment import environment, versions
from mattelier.image.io import write
from mattelier.models import build
from mattelier.train.losses import trimap_of
from mattelier.train.systems import SYSTEMS, Batch

FILE = Path(__file__).resolve().parent / "results" / "overfit.json"
STEPS, COMPOSITES, SEED = 60, 4, 0
ENDS = 5  # the loss after training is the mean of the last few steps
HALF = 0.5
SIDE_PX = 64  # two cells of the deepest features: the least at which a batch norm has something to average
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A network, the loss of its published recipe and a rate for AdamW."""

    network: str
    system: str
    loss: str
    lr: float
    options: dict[str, str] = field(default_factory=dict)


CASES = (
    Case("gfm-r34-tt", "gfm", "gfm", 1e-3, {"backbone": "r34", "representation": "tt"}),
    Case("fba-r50", "fba", "fba", 1e-4),
    Case("modnet", "modnet", "modnet", 1e-3),
)


def composites(side: int) -> Batch:
    """Four soft discs of one texture over another, as a batch of the loop; the same every time."""
    rng = np.random.default_rng(SEED)
    y, x = np.mgrid[:side, :side] / side
    alphas, fronts, backs = [], [], []
    for number in range(COMPOSITES):
        distance = np.hypot(y - rng.uniform(0.4, 0.6), x - rng.uniform(0.4, 0.6))
        alphas.append(np.clip((0.3 - distance) / rng.uniform(0.1, 0.2) + 0.5, 0, 1)[None])
        for planes, low in ((fronts, 0.5), (backs, 0.1)):
            wave = 0.75 + 0.25 * np.sin(rng.uniform(10, 40) * (x + number * y))
            planes.append(rng.uniform(low, low + 0.5, (3, 1, 1)) * wave)
    alpha, front, back = (torch.from_numpy(np.stack(each)).float() for each in (alphas, fronts, backs))
    ones = torch.ones_like(alpha)
    return {
        "image": (alpha * front + (1 - alpha) * back) * 2 - 1,
        "alpha": alpha,
        "foreground": front,
        "background": back,
        "trimap": trimap_of(alpha, max(1, side // 16)),
        "weight": ones,
        "known": ones,
    }


def overfit(case: Case, side: int) -> Row:
    """Sixty steps of a network: its row."""
    torch.manual_seed(SEED)
    system, batch = SYSTEMS[case.system], composites(side)
    net = build(case.system, **case.options).train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=case.lr)
    history: list[float] = []
    started = time.process_time()
    for step in range(STEPS):
        loss = system.losses[case.loss](system.run(net, batch), batch | {"step": step})["total"]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        history.append(loss.item())
        if step % 10 == 0:
            say(f"  step {step}, loss {history[-1]:.4f}")
    last = float(np.mean(history[-ENDS:]))
    return asdict(case) | {
        "parameters": sum(p.numel() for p in net.parameters()),
        "side_px": side,
        "batch": COMPOSITES,
        "steps": STEPS,
        "first": round(history[0], 5),
        "last": round(last, 5),
        "share": round(last / history[0], 4),
        "halved": last <= HALF * history[0],
        "cpu_seconds": round(time.process_time() - started, 1),
        "commit": environment()["commit"],
        "losses": [round(value, 5) for value in history],
    }


def where() -> Row:
    """Machine and versions of this run; every row has its own commit."""
    found = environment()
    return {"versions": found["versions"] | versions(("torch",)), "machine": found["machine"]}


def save(row: Row) -> None:
    """The row in the file, in its network's place, beside the rows of the others."""
    found: list[Row] = json.loads(FILE.read_text(encoding="utf-8"))["networks"] if FILE.is_file() else []
    rows = {each["network"]: each for each in found} | {row["network"]: row | {"environment": where()}}
    ordered = [rows[case.network] for case in CASES if case.network in rows]
    write(FILE, (json.dumps({"networks": ordered}, indent=1) + "\n").encode(), overwrite=True)


def chosen(only: Sequence[str]) -> list[Case]:
    """The cases of the names; all without any.  Exits for a name that is none."""
    names = [case.network for case in CASES]
    if unknown := sorted(set(only) - set(names)):
        raise SystemExit(f"overfit.py: no network is called {', '.join(unknown)}; expected some of {', '.join(names)}")
    return [case for case in CASES if not only or case.network in only]


def say(text: str) -> None:
    """A line on stderr."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    words = argparse.ArgumentParser(description="60 steps on four fixed composites halve the loss of every network.")
    words.add_argument("--only", action="append", default=[], metavar="NAME", help="may be given several times")
    words.add_argument("--side", type=int, default=SIDE_PX, metavar="PX", help="of the composites; a multiple of 32")
    given = words.parse_args()
    if given.side < SIDE_PX or given.side % 32:
        words.error(f"found --side {given.side}; expected a multiple of 32, {SIDE_PX} or more")
    rows = []
    for case in chosen(given.only):
        say(case.network)
        rows.append(overfit(case, given.side))
        save(rows[-1])
        print(f"{case.network}: {rows[-1]['first']} -> {rows[-1]['last']}, {rows[-1]['share']:.0%} of the first")
    if not all(row["halved"] for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    try:
        main()
    except MattelierError as error:
        raise SystemExit(f"overfit.py: {error}") from None
