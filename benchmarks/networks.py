"""What every network costs, in every size: parameters, GFLOPs, and seconds, CPU seconds and memory of one picture.

    python benchmarks/networks.py [--only NAME ...] [--runs 5] [--resume]

Every network of mattelier.models is built with random weights, published and lite, and runs in a process of its own
(forward.py): in torch, and in ONNX Runtime, the file made as runtime/export.py makes it. Figures go to
benchmarks/results/networks.json after every network, and from there to benchmarks/RESULTS.md. A stopped run goes on
with --resume, which keeps every row that is whole; --only measures some and keeps the others. --count-only leaves the
timing out, which takes seconds instead of most of an hour.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mattelier.errors import MattelierError
from mattelier.evaluate.environment import environment, versions
from mattelier.evaluate.report import markdown
from mattelier.image.io import write
from mattelier.models import SYSTEMS

HERE = Path(__file__).resolve().parent
FILE = HERE / "results" / "networks.json"
CHILD = HERE / "forward.py"
SIDE_PX = 1024
OWN_SIDE_PX = {"clipmat": 512}  # a network of one size runs at that size
LITE = ("lite", {"lite": True})
# A system that is not named here has two: lite and published.
VARIANTS: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "gfm": (
        LITE,
        *((f"r34-{name}", {"backbone": "r34", "representation": name}) for name in ("tt", "ft", "bt", "rim")),
        *((f"{name}-tt", {"backbone": name, "representation": "tt"}) for name in ("d121", "r101", "r34_2b")),
    ),
    "fba": (LITE, ("r50", {})),
    "clipmat": (LITE, ("vit_b16", {"encoder": "vit_b16"}), ("vit_l14", {"encoder": "vit_l14"})),
}
ENGINES = ("torch", "onnx")
Row = dict[str, Any]


def networks() -> list[Row]:
    """Every network and size there is, each as what forward.py must be told."""
    both = (LITE, ("published", {}))
    return [
        {
            "network": f"{system}-{variant}",
            "system": system,
            "options": options,
            "side": OWN_SIDE_PX.get(system, SIDE_PX),
        }
        for system in SYSTEMS
        for variant, options in VARIANTS.get(system, both)
    ]


def measure(network: Row, runs: int) -> Row:
    """A network's row; runs: 0 counts and times nothing. What fails is named in its place, and the rest goes on."""
    row = network | {"runs": runs, "commit": environment()["commit"]} | child("count", network)
    if not runs:
        return row
    say(f"  torch, {runs} + 1 passes")
    row["torch"] = child("torch", network | {"runs": runs})
    with tempfile.TemporaryDirectory() as folder:
        facts = network | {"runs": runs, "file": str(Path(folder) / "network.onnx")}
        say("  export to ONNX")
        exported = child("export", facts)
        if "error" in exported:
            return row | {"onnx": exported}
        say(f"  ONNX Runtime, {runs} + 1 passes")
        return row | {"onnx": child("onnx", facts | exported)}


def child(command: str, facts: Row) -> Row:
    """forward.py's answer, or why there is none."""
    done = subprocess.run(
        [sys.executable, str(CHILD), command, json.dumps(facts)], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        answer: Row = json.loads(done.stdout.splitlines()[-1])
        return answer
    said = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
    return {"error": said[-1]}


def is_whole(row: Row) -> bool:
    """Nothing is missing and nothing failed."""
    return "flops" in row and all("seconds" in row.get(engine, {}) for engine in ENGINES)


def where() -> Row:
    """Machine and versions: rows of one file share them; the commit is each row's own."""
    found = environment()
    return {"versions": found["versions"] | versions(("torch", "onnx")), "machine": found["machine"]}


def kept(file: Path, here: Row) -> list[Row]:
    """The rows of a run before.  Exits when they were measured elsewhere."""
    if not file.is_file():
        return []
    found = json.loads(file.read_text(encoding="utf-8"))
    differing = [key for key in here if found["environment"].get(key) != here[key]]
    if differing:
        raise SystemExit(
            f"networks.py: {file.name} was measured with other {' and '.join(differing)}; expected the same for rows "
            "that stand together; leave --resume and --only out to measure all of them here"
        )
    rows: list[Row] = found["networks"]
    return rows


def run(chosen: Sequence[Row], before: Sequence[Row], runs: int, here: Row) -> None:
    """Measure the chosen networks; the file is whole after each of them."""
    if environment()["commit"].endswith("-dirty"):
        say("the tree holds changes that are in no commit; the rows will say -dirty")
    rows = {row["network"]: row for row in before}
    for place, network in enumerate(chosen, 1):
        say(f"{network['network']}, {place} of {len(chosen)}")
        rows[network["network"]] = measure(network, runs)
        save(rows, here)


def save(rows: Mapping[str, Row], here: Row) -> None:
    """All rows in the order of the networks."""
    ordered = [rows[network["network"]] for network in networks() if network["network"] in rows]
    FILE.parent.mkdir(exist_ok=True)
    write(FILE, (json.dumps({"environment": here, "networks": ordered}, indent=1) + "\n").encode(), overwrite=True)


def say(text: str) -> None:
    """A line on stderr."""
    print(text, file=sys.stderr, flush=True)


def table(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """A header, and a row a network."""
    head = ["network", "input", "parameters", "GFLOPs"]
    for name in ("torch", "ONNX"):
        head += [f"{name} s", f"{name} CPU s", f"{name} MiB", f"{name} MiB at rest"]
    return [(*head, "commit"), *map(line, rows)]


def line(row: Row) -> tuple[str, ...]:
    """One network's cells."""
    size = f"{row['side']} x {row['side']}"
    counted = ("-", "-") if "error" in row else (f"{row['parameters'] / 1e6:.2f} M", f"{row['flops'] / 1e9:.1f}")
    cells = [cell for engine in ENGINES for cell in costs(row.get(engine, {}))]
    return row["network"], size, *counted, *cells, f"`{row['commit']}`"


def costs(found: Row) -> tuple[str, ...]:
    """Seconds, CPU seconds, peak and resting memory of an engine; "failed" where it did not run."""
    if "seconds" not in found:
        return ("failed", "-", "-", "-") if "error" in found else ("-",) * 4
    memory = (found["peak_mib"], found["resting_mib"])
    return (
        f"{found['seconds']:.2f}",
        f"{found['cpu_seconds']:.2f}",
        *("-" if mib is None else f"{mib:.0f}" for mib in memory),
    )


def section() -> str:
    """This script's part of RESULTS.md; nothing before it was run."""
    return described(json.loads(FILE.read_text(encoding="utf-8"))) if FILE.is_file() else ""


def described(found: Row) -> str:
    """The table, how to read it, and what failed."""
    machine, rows = found["environment"]["machine"], found["networks"]
    named = ", ".join(f"{name} {number}" for name, number in found["environment"]["versions"].items())
    runs = " or ".join(str(runs) for runs in sorted({row["runs"] for row in rows if row["runs"]}))
    timed = f"the median of {runs} passes after one that is not counted" if runs else "not measured yet"
    head = (
        "What each network costs, whatever it learned: the network alone, random weights, float32, one picture of the "
        "size that is given. 1024 x 1024 is what is called a megapixel here. Each engine runs in a process of its own "
        f"with its own choice of threads; seconds are {timed}, CPU seconds "
        "are of all threads. MiB is the most that was resident in any pass, the first included; at rest is "
        "before the first, with the weights loaded. Files for ONNX are made as `mattelier.runtime.export` makes "
        "them.\n\n"
        "One multiply-add is two FLOPs (GFLOPs: 10^9 of them). Counted are convolutions, transposed ones too, matrix "
        "products and attention, by `torch.utils.flop_counter`; not counted are norms, activations, resizing, pooling "
        "that is no matrix product, and the standardisation of weights. Parameters include those that a published file "
        "holds and no pass reads (docs/models)."
    )
    place = f"{machine['cpus']} cores ({machine['processor']}); {named}."
    parts = ["## Networks", head, place, markdown(table(rows))]
    if failures := failed(rows):
        parts += ["What did not run:", "\n".join(f"- {failure}" for failure in failures)]
    return "\n\n".join(parts)


def failed(rows: Sequence[Row]) -> list[str]:
    """Network, engine and reason."""
    parts = [(row["network"], engine, row.get(engine, {})) for row in rows for engine in ENGINES]
    parts += [(row["network"], "count", row) for row in rows]
    return [f"{network}, {engine}: {found['error']}" for network, engine, found in parts if "error" in found]


def chosen_of(only: Sequence[str]) -> list[Row]:
    """The networks of the names; all of them without any.  Exits for a name that is none."""
    every = networks()
    unknown = sorted(set(only) - {network["network"] for network in every})
    if unknown:
        names = ", ".join(network["network"] for network in every)
        raise SystemExit(f"networks.py: no network is called {', '.join(unknown)}; expected some of {names}")
    return [network for network in every if not only or network["network"] in only]


def main() -> None:
    words = argparse.ArgumentParser(description="Parameters, GFLOPs, time and memory of every network and size.")
    words.add_argument("--only", action="append", default=[], metavar="NAME", help="may be given several times")
    words.add_argument("--runs", type=int, default=5, help="passes that are timed, after one that is not")
    words.add_argument("--resume", action="store_true", help="keep rows that are whole, measure the others")
    words.add_argument("--count-only", action="store_true", help="parameters and GFLOPs; rows that are whole stay")
    words.add_argument("--page-only", action="store_true", help="write the page from what was measured")
    given = words.parse_args()
    if given.runs < 1:
        words.error("expected --runs of 1 or more")
    if not given.page_only:
        here, keeps = where(), given.resume or given.count_only
        before = kept(FILE, here) if keeps or given.only else []
        done = {row["network"] for row in before if is_whole(row)} if keeps else set()
        chosen = [network for network in chosen_of(given.only) if network["network"] not in done]
        run(chosen, before, 0 if given.count_only else given.runs, here)
    import page  # here: page imports this file

    page.write_page()
    print(section())


if __name__ == "__main__":
    try:
        main()
    except MattelierError as error:
        raise SystemExit(f"networks.py: {error}") from None
