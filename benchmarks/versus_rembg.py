"""Against `rembg i -m u2netp`, in one command and in pairs:

    benchmarks/setup_rembg.sh FOLDER
    python benchmarks/versus_rembg.py --rembg-python FOLDER/venv/bin/python --models FOLDER/models [--model NAME]

Run with the interpreter that has mattelier. Whole processes at a small and a 12 MP photo (CPU, peak memory, size of the
PNG), a living process at 12 MP, `import mattelier` against `import numpy, PIL.Image`, and `matte --help`. Prints a
table and writes benchmarks/results/versus-rembg.json with machine, versions, commit and weights; with --model, which
measures another model than the one that a cut uses unasked, versus-rembg-NAME.json.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from measure import ROOT, Run, commit, compare, machine, pairs, run

RESULT = ROOT / "benchmarks" / "results" / "versus-rembg.json"
PACKAGES = ("mattelier", "rembg", "numpy", "scipy", "pillow", "onnxruntime", "isal", "typer")
VERSIONS = f"""
import json, platform
from importlib.metadata import PackageNotFoundError, version
found = {{"python": platform.python_version()}}
for name in {PACKAGES}:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        pass
print(json.dumps(found))
"""
WEIGHTS = """
import json, sys, mattelier
matter = mattelier.load(*sys.argv[1:])
weights = matter.card.weights
used = matter.used("standard")
print(json.dumps({"card": matter.card.name, "sha256": weights.sha256, "bytes": weights.size_bytes, "used": used}))
"""


@dataclass(frozen=True)
class Row:
    """One line of the table: a figure of both sides, their ratio, and the most that the ratio may be."""

    name: str
    unit: str
    ours: float
    theirs: float
    ratio: float
    ratio_min: float
    ratio_max: float
    goal: float

    @property
    def met(self) -> bool:
        return self.ratio <= self.goal


@dataclass(frozen=True)
class Sides:
    """Both interpreters, where rembg finds its network, and our model: nothing, or its name."""

    ours: str
    theirs: str
    models: Path
    model: tuple[str, ...]

    def matte(self, photo: Path, target: Path) -> Run:
        asked = [word for name in self.model for word in ("--model", name)]
        return run([self.ours, "-m", "mattelier", "cut", str(photo), "-o", str(target), "--overwrite", *asked], target)

    def rembg(self, photo: Path, target: Path) -> Run:
        command = str(Path(self.theirs).parent / "rembg")
        return run([command, "i", "-m", "u2netp", str(photo), str(target)], target, self.environment)

    def warm(self, side: str, photo: Path, runs: int) -> Run:
        python = self.ours if side == "mattelier" else self.theirs
        script = str(ROOT / "benchmarks" / "warm.py")
        model = self.model if side == "mattelier" else ()
        said = ask(python, script, side, str(photo), str(runs), *model, **self.environment)
        return Run(statistics.median(said["cpu_s"]), 0.0, 0.0, said["output_bytes"])

    @property
    def environment(self) -> dict[str, str]:
        return {"U2NET_HOME": str(self.models)}


def ask(*command: str, **environment: str) -> dict:
    """The JSON that a command prints on its last line."""
    child = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    if child.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {child.returncode}\n{child.stderr}")
    return json.loads(child.stdout.splitlines()[-1])


def whole_process(sides: Sides, photo: Path, size: str, runs: int, folder: Path) -> list[Row]:
    """A fresh process from command to file: CPU, peak memory, bytes of the PNG."""
    ours = partial(sides.matte, photo, folder / "ours.png")
    theirs = partial(sides.rembg, photo, folder / "theirs.png")
    measured = pairs(ours, theirs, runs)
    figures = (
        ("CPU", "s", "cpu_s", 0.5),
        ("peak memory", "MiB", "peak_mib", 1.0),
        ("PNG", "bytes", "output_bytes", 1.2),
    )
    return [Row(f"{size}, {name}", unit, **compare(measured, key), goal=goal) for name, unit, key, goal in figures]


def living_process(sides: Sides, photo: Path, size: str, runs: int) -> Row:
    """The second and later cut-outs of one process, bytes in, PNG file out."""
    measured = pairs(
        partial(sides.warm, "mattelier", photo, 3), partial(sides.warm, "rembg", photo, 3), max(2, runs // 2)
    )
    return Row(f"{size}, warm, CPU", "s", **compare(measured, "cpu_s"), goal=0.5)


def start_up(sides: Sides, runs: int) -> list[Row]:
    """`import mattelier` beside the two packages it cannot do without; `matte --help` against 0.4 seconds."""
    ours = partial(run, [sides.ours, "-c", "import mattelier"])
    floor = partial(run, [sides.ours, "-c", "import numpy, PIL.Image"])
    imports = pairs(ours, floor, 3 * runs)
    asked = partial(run, [sides.ours, "-m", "mattelier", "--help"])
    helped = [(found, Run(0.4, 0.4, 0.0)) for found, _ in pairs(asked, asked, runs)]
    return [
        Row("import, CPU (theirs: numpy, PIL.Image)", "s", **compare(imports, "cpu_s"), goal=1.5),
        Row("import, wall (theirs: numpy, PIL.Image)", "s", **compare(imports, "wall_s"), goal=1.5),
        Row("matte --help, wall (theirs: the goal)", "s", **compare(helped, "wall_s"), goal=1.0),
    ]


def picture(path: Path) -> dict[str, str | int]:
    data = path.read_bytes()
    return {"file": path.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def show(rows: list[Row]) -> None:
    print(f"{'':42}{'ours':>12}{'theirs':>12}{'ratio':>8}  {'(min, max)':16}{'goal':>6}")
    for row in rows:
        spread = f"({row.ratio_min:.2f}, {row.ratio_max:.2f})"
        figures = (
            f"{row.ours:12.4g}{row.theirs:12.4g}" if row.unit != "bytes" else f"{row.ours:12.0f}{row.theirs:12.0f}"
        )
        met = "met" if row.met else "MISSED"
        print(f"{row.name + ', ' + row.unit:42}{figures}{row.ratio:8.2f}  {spread:16}{row.goal:6.1f}  {met}")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rembg-python", required=True, help="python of the environment that setup_rembg.sh made")
    parser.add_argument("--models", type=Path, required=True, help="folder that holds u2netp.onnx")
    parser.add_argument(
        "--small", type=Path, default=ROOT / "examples" / "astronaut.png", help="a photo of about 0.2 MP"
    )
    parser.add_argument("--large", type=Path, help="a photo of about 12 MP; made by examples/make_large.py by default")
    parser.add_argument("--runs", type=int, default=5, help="counted pairs")
    parser.add_argument("--model", metavar="NAME", help="another model than a cut uses unasked")
    parser.add_argument("--result", type=Path, help="where the JSON goes")
    return parser.parse_args()


def publish(file: Path, facts: dict[str, object]) -> None:
    """Write what was measured, and say where."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(f"written: {file}")


def main() -> None:
    chosen = options()
    model = (chosen.model,) if chosen.model else ()
    sides = Sides(sys.executable, chosen.rembg_python, chosen.models.resolve(), model)
    if not (sides.models / "u2netp.onnx").is_file():
        raise SystemExit(f"{sides.models} holds no u2netp.onnx; benchmarks/setup_rembg.sh puts it there")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large = chosen.large or folder / "large.jpg"
        if not chosen.large:
            run([sys.executable, str(ROOT / "examples" / "make_large.py"), str(large)])
        rows = [
            *whole_process(sides, chosen.small, "small", chosen.runs, folder),
            *whole_process(sides, large, "12 MP", chosen.runs, folder),
            living_process(sides, large, "12 MP", chosen.runs),
            *start_up(sides, chosen.runs),
        ]
        pictures = [picture(chosen.small), picture(large)]
    show(rows)
    facts = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "weights": ask(sys.executable, "-c", WEIGHTS, *model),
        "network_of_rembg": picture(sides.models / "u2netp.onnx"),
        "versions": {
            side: ask(python, "-c", VERSIONS) for side, python in (("ours", sides.ours), ("theirs", sides.theirs))
        },
        "pictures": pictures,
        "pairs": chosen.runs,
        "rows": [{**asdict(row), "met": row.met} for row in rows],
    }
    publish(chosen.result or RESULT.with_stem("-".join((RESULT.stem, *model))), facts)


if __name__ == "__main__":
    main()
