"""Whole processes measured from outside: what the operating system says they used, in pairs A B A B.

Other work on a machine stretches wall time and leaves CPU time and memory nearly alone, so those are what is compared,
and the ratio is taken pair by pair. Nothing heavy is imported here: a child's peak memory starts, on Linux, at its
parent's.
"""

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MIB = 1 << 20


@dataclass(frozen=True)
class Run:
    """What one process used: CPU is user + system of it and of the children it waited for."""

    cpu_s: float
    wall_s: float
    peak_mib: float
    output_bytes: int = 0


def run(command: Sequence[str], output: Path | None = None, environment: dict[str, str] | None = None) -> Run:
    """Run a command to its end; a command that fails ends the benchmark with what it said."""
    start = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **(environment or {})}
    ) as process:
        said = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}\n{said.decode(errors='replace')}")
    size = output.stat().st_size if output else 0
    return Run(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss * 1024 / MIB, size)


def pairs(ours: Callable[[], Run], theirs: Callable[[], Run], count: int) -> list[tuple[Run, Run]]:
    """A B A B …, after one uncounted run of each that fills the disk cache and Python's compiled files."""
    ours(), theirs()
    return [(ours(), theirs()) for _ in range(count)]


def compare(measured: Sequence[tuple[Run, Run]], figure: str) -> dict[str, float]:
    """Medians of both and of the ratio pair by pair, with the smallest and the largest ratio."""
    ours = [getattr(a, figure) for a, _ in measured]
    theirs = [getattr(b, figure) for _, b in measured]
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return {
        "ours": statistics.median(ours),
        "theirs": statistics.median(theirs),
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
    }


def machine() -> dict[str, str | int]:
    """The machine, in the words a reader needs to judge the figures."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "system": platform.platform(),
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count() or 0,
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MIB,
        "load": round(os.getloadavg()[0], 2),
    }


def commit() -> str:
    """The commit measured, marked where the tree holds more than it."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return described.stdout.strip()
