"""The frozen test set of the proving ground: make it, check it, write its manifest anew.

    python benchmarks/proving_ground.py make DIR      the set, and whether it is the frozen one
    python benchmarks/proving_ground.py check DIR     an existing copy against the manifest
    python benchmarks/proving_ground.py freeze DIR    the set in DIR becomes the frozen one

Freeze anew only while no system was tuned on the old one. The manifest holds no pixels: generator, commit, seed, kinds,
and two digests a file, of the file and of its samples. PNG bytes change with the compressor's version; samples should
not. The command ends with 1 when samples differ.
"""

import hashlib
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image

from mattelier.data.proving import scenes
from mattelier.data.sets import write_set

MANIFEST = Path(__file__).with_name("proving-ground.json")
KINDS = (*scenes.KINDS, *scenes.TEST_KINDS)
EACH, SEED, SIZE_PX, TRIMAP = 4, 20261122, 512, "fba"


def make(root: Path) -> None:
    """Render the set; goes on where it stopped."""
    jobs = scenes.testing(KINDS, EACH * len(KINDS), SEED, SIZE_PX, trimap=TRIMAP)
    for written in write_set(root, jobs):
        print(written.name, written.status, file=sys.stderr)


def digests(root: Path) -> dict[str, dict[str, str]]:
    """SHA-256 of every picture of a set: of its file, and of its samples with their shape."""
    found = {}
    for path in sorted(root.glob("*/*.png")):
        samples = np.asarray(Image.open(path))
        found[path.relative_to(root).as_posix()] = {
            "file": hashlib.sha256(path.read_bytes()).hexdigest(),
            "samples": hashlib.sha256(repr(samples.shape).encode() + samples.tobytes()).hexdigest(),
        }
    return found


def freeze(root: Path) -> None:
    """Write the manifest of a set."""
    commit = subprocess.run(
        ["git", "log", "-1", "--format=%H", "--", "src/mattelier/data/proving"],
        cwd=MANIFEST.parent.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    facts = {
        "generator": scenes.GENERATOR,
        "commit": commit,
        "seed": SEED,
        "kinds": KINDS,
        "test_only_kinds": tuple(scenes.TEST_KINDS),
        "each": EACH,
        "size_px": SIZE_PX,
        "trimap": TRIMAP,
        "versions": {name: version(name) for name in ("numpy", "scipy", "pillow", "isal")},
        "files": digests(root),
    }
    MANIFEST.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def check(root: Path) -> int:
    """Compare a set with the manifest; how many files have other samples, are missing or do not belong."""
    frozen, here = json.loads(MANIFEST.read_text(encoding="utf-8"))["files"], digests(root)
    wrong = [name for name in frozen if here.get(name, {}).get("samples") != frozen[name]["samples"]]
    wrong += [name for name in here if name not in frozen]
    same = sum(here[name]["file"] == frozen[name]["file"] for name in here if name in frozen)
    print(f"{len(frozen) - len(wrong)} of {len(frozen)} files have the frozen samples, {same} the frozen bytes")
    for name in wrong:
        print(f"differs: {name}")
    return len(wrong)


def main() -> int:
    if len(sys.argv) != 3 or sys.argv[1] not in ("make", "check", "freeze"):
        print(__doc__, file=sys.stderr)
        return 2
    root = Path(sys.argv[2])
    if sys.argv[1] != "check":
        make(root)
    if sys.argv[1] == "freeze":
        freeze(root)
    return 1 if check(root) else 0


if __name__ == "__main__":
    raise SystemExit(main())
