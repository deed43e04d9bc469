"""Where figures were measured: commit, versions and machine, without which nobody can believe or repeat them."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("mattelier", "numpy", "scipy", "pillow", "onnxruntime", "pymatting")


def environment() -> dict[str, Any]:
    """Commit, versions of what is installed, and machine."""
    return {
        "commit": commit(),
        "versions": versions(PACKAGES) | {"python": platform.python_version()},
        "machine": {"system": platform.platform(), "processor": processor(), "cpus": os.cpu_count()},
    }


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """The versions of the packages that are here."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """The commit of the source this runs from, `-dirty` if it was changed, or "unknown" outside a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return "unknown"
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def processor() -> str:
    """The processor's name, as the operating system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
