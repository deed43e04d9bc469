"""How many composites a second: ready cut-outs over backgrounds, 512 x 512, written as a set of PNGs.

    python benchmarks/composites.py [--count 1000] [--workers 2] [--size 512]

Cut-outs and backgrounds are rendered by the proving ground first, which is not counted; every composite is then read,
mixed, compressed and written (image, alpha, foreground, background) by as many processes as said. Wall time on a
machine with other work means little, so CPU seconds of all processes stand beside it.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

from mattelier.data.composition import Recipe, Sources, pairs
from mattelier.data.files import listed
from mattelier.data.proving import scenes
from mattelier.data.sets import write_set


def cpu_s() -> float:
    """CPU seconds of this process and of its children that ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--count", type=int, default=1000)
    words.add_argument("--workers", type=int, default=2)
    words.add_argument("--size", type=int, default=512)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        ready = 10
        list(write_set(root / "ready", scenes.training(tuple(scenes.KINDS), ready, 0, given.size)))
        sources = Sources(listed(root / "ready/fg"), listed(root / "ready/bg"), root / "ready/alpha")
        jobs = pairs(sources, Recipe(-(-given.count // ready), seed=1, rounding="nearest"))[: given.count]
        start, used = time.perf_counter(), cpu_s()
        made = sum(1 for _ in write_set(root / "set", jobs, given.workers))
        wall, used = time.perf_counter() - start, cpu_s() - used
    peak_mb = max(resource.getrusage(w).ru_maxrss for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    facts = {
        "composites": made,
        "workers": given.workers,
        "size_px": given.size,
        "wall_s": round(wall, 1),
        "per_second": round(made / wall, 1),
        "cpu_s_each": round(used / made, 4),
        "per_second_if_cpus_were_free": round(given.workers * made / used, 1),
        "peak_mb": round(peak_mb),
    }
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
