"""Measure systems on a picture set: every picture, every metric, means with bootstrap intervals, and where it ran."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mattelier.errors import InputError
from mattelier.evaluate import metrics
from mattelier.evaluate.sets import Case, read_cases
from mattelier.evaluate.systems import System, open_system
from mattelier.image import Array, Float

METRICS: dict[str, Callable[[Array, Array], float]] = {
    "iou": metrics.iou,
    "boundary_iou": metrics.boundary_iou,
    "mad": metrics.mad,
    "mse": metrics.mse,
    "sad": metrics.sad,
    "gradient": metrics.gradient,
    "connectivity": metrics.connectivity,
}
SEED = 0  # of the bootstrap
Track = Callable[[Iterable[Case], int], Iterable[Case]]


def run(names: Sequence[str], data: Path, track: Track = lambda cases, total: cases) -> dict[str, Any]:
    """Measure each named system on a folder; the result is what `--json` writes.

    track: wraps the cases to show progress. Alphas are compared whole picture, at each picture's own size.
    Raises InputError for a folder without a set, and what opening a system raises.
    """
    if not names:
        raise InputError("no system was named; expected at least one, such as modnet-lite")
    kind, cases = read_cases(data)
    systems = [open_system(name) for name in names]
    return {
        "set": {"kind": kind, "pictures": len(cases)},
        "environment": environment(),
        "systems": [measure(system, cases, track) for system in systems],
    }


def measure(system: System, cases: Sequence[Case], track: Track) -> dict[str, Any]:
    pictures = [judge(system, case) for case in track(cases, len(cases))]
    categories = sorted({case.category for case in cases})
    groups = {"all": pictures} | {c: [p for p in pictures if p["category"] == c] for c in categories}
    return {
        "name": system.name,
        "sha256": system.sha256,
        "groups": {group: summarise(members) for group, members in groups.items()},
        "pictures": pictures,
    }


def judge(system: System, case: Case) -> dict[str, Any]:
    """One picture's figures; seconds are CPU seconds of finding alpha."""
    rgb, target = case.rgb(), case.target()
    started = time.process_time()
    alpha: Float = system.alpha(rgb)
    seconds = time.process_time() - started
    figures = {name: metric(alpha, target) for name, metric in METRICS.items()}
    return {"name": case.name, "category": case.category, "cpu_seconds": seconds} | figures


def summarise(pictures: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean and 95 % bootstrap interval of every metric over pictures."""
    means: dict[str, Any] = {"pictures": len(pictures)}
    for name in (*METRICS, "cpu_seconds"):
        values = [picture[name] for picture in pictures]
        low, high = metrics.bootstrap_interval(values, seed=SEED)
        means[name] = {"mean": sum(values) / len(values), "low": low, "high": high}
    return means


def environment() -> dict[str, Any]:
    """Commit, versions and machine: what a figure needs beside it to be believed."""
    packages = ("mattelier", "numpy", "scipy", "pillow", "onnxruntime")
    return {
        "commit": commit(),
        "versions": {name: version(name) for name in packages} | {"python": platform.python_version()},
        "machine": {"system": platform.platform(), "processor": processor(), "cpus": os.cpu_count()},
    }


def commit() -> str:
    """The commit of the source this runs from, `-dirty` if it was changed, or "unknown" outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return "unknown"
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def rows(result: dict[str, Any]) -> list[tuple[str, ...]]:
    """A table of the result: a header, then a row per system and category."""
    shown = ("iou", "mad", "boundary_iou", "mse", "sad")
    table: list[tuple[str, ...]] = [("system", "group", "pictures", *shown, "CPU s")]
    for system in result["systems"]:
        for group, figures in system["groups"].items():
            cells = (interval(figures[name]) for name in shown)
            row = (system["name"], group, str(figures["pictures"]), *cells, f"{figures['cpu_seconds']['mean']:.2f}")
            table.append(row)
    return table


def interval(figure: dict[str, float]) -> str:
    return f"{figure['mean']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]"


def to_json(result: dict[str, Any]) -> bytes:
    return (json.dumps(result, indent=1) + "\n").encode()
