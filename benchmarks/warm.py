"""CPU seconds of one cut-out in a living process: `python benchmarks/warm.py mattelier|rembg PHOTO RUNS [MODEL]`.

Run by versus_rembg.py with each side's own interpreter. Both read the same bytes and write a PNG file.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def mattelier_cutter(*model: str) -> Callable[[bytes, Path], object]:
    import mattelier

    matter = mattelier.load(*model)
    return lambda photo, target: matter.cut(photo).save(target, overwrite=True)


def rembg_cutter() -> Callable[[bytes, Path], object]:
    from rembg import new_session, remove

    session = new_session("u2netp")
    return lambda photo, target: target.write_bytes(remove(photo, session=session))


def main() -> None:
    side, photo, runs = sys.argv[1], Path(sys.argv[2]).read_bytes(), int(sys.argv[3])
    cut = {"mattelier": mattelier_cutter, "rembg": rembg_cutter}[side](*sys.argv[4:])
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "cutout.png"
        cut(photo, target)  # the first one fills caches
        for _ in range(runs):
            start = time.process_time()
            cut(photo, target)
            seconds.append(time.process_time() - start)
        size = target.stat().st_size
    print(json.dumps({"cpu_s": seconds, "output_bytes": size}))


if __name__ == "__main__":
    main()
