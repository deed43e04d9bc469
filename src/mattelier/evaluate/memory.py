"""Peak memory of this process, for each picture anew where the operating system allows it."""

import contextlib
import sys
from pathlib import Path

MIB = 1 << 20
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def forget_peak() -> None:
    """Let the peak start again from what is resident now. Linux only; elsewhere it stays the largest so far."""
    # a container may forbid it: then the figure is the largest so far there too, which is never too small
    with contextlib.suppress(OSError):
        _CLEAR.write_text("5")


def peak_mib() -> float | None:
    """The most that was resident, in MiB; None where the system does not tell (Windows)."""
    if _STATUS.is_file():
        # not ru_maxrss: that starts at what the parent held when it started this process
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    if sys.platform == "win32":
        return None
    import resource

    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / MIB
