"""Every system that is here, on every set that is given, in one table:

    python benchmarks/matting.py --data DIR [--data DIR ...]

Measured are all cards whose weights are installed, pymatting's closed form and KNN, and rembg with u2netp and with its
default network where its program (PATH) and their files (U2NET_HOME) are. Trimap systems use the set's trimaps, the
others its pictures with one evident subject. Figures go to benchmarks/results/matting-SET.json, and their section of
benchmarks/RESULTS.md is written from those files alone; --page-only writes the page again without measuring. A stopped
run goes on with --resume.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mattelier import list_models
from mattelier.errors import MattelierError
from mattelier.evaluate import benchmark, report
from mattelier.evaluate.journal import Journal
from mattelier.evaluate.sets import read_set
from mattelier.evaluate.systems import open_system
from mattelier.image.io import write

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
TOOLS = ("pymatting:cf", "pymatting:knn", "rembg:u2netp", "rembg:u2net")
# What the others are compared with: a classical matter for those that know the trimap, a common remover for the rest.
BASELINES = ("pymatting:cf", "rembg:u2netp")


def available(data: Path) -> tuple[list[str], dict[str, str]]:
    """The systems that can be measured on a set, and why the others cannot."""
    pictures = read_set(data)
    names, missing = [], {}
    for name in (*(card.name for card in list_models()), *TOOLS):
        try:
            benchmark.require_pictures(open_system(name), pictures)
            names.append(name)
        except MattelierError as error:
            missing[name] = str(error).split(";")[0]
    return names, missing


def measure(data: Path, limit: int | None, resume: bool) -> None:
    """One set's figures, written to its file."""
    file = RESULTS / f"matting-{data.resolve().name}.json"
    names, missing = available(data)
    for name, reason in missing.items():
        say(f"{name} is left out: {reason}")
    journal = Journal(file.with_name(f"{file.name}.part"))
    watch = benchmark.Watch(shown, say)
    found = benchmark.run(names, data, limit=limit, journal=journal, resume=resume, watch=watch)
    RESULTS.mkdir(exist_ok=True)
    write(file, report.to_json(found | {"missing": sorted(missing)}), overwrite=True)
    journal.forget()


def shown(pictures: Sequence[Any], total: int, name: str) -> Any:
    """The pictures, each with a line on stderr: a run takes hours."""
    for place, picture in enumerate(pictures):
        say(f"{name}: {place + 1} of {total}: {picture.name}")
        yield picture


def say(text: str) -> None:
    """A line on stderr."""
    print(text, file=sys.stderr, flush=True)


def measured() -> list[dict[str, Any]]:
    """Every set's result, by name."""
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(RESULTS.glob("matting-*.json"))]


def table(results: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """All sets in one table."""
    rows = [[(result["set"]["name"], *row) for row in report.rows(result)[1:]] for result in results]
    return [("set", *report.rows({"systems": []})[0]), *(row for part in rows for row in part)]


def section() -> str:
    """This script's part of RESULTS.md."""
    return described(measured())


def described(results: Sequence[Mapping[str, Any]]) -> str:
    """The one table, then the details of every set; nothing without a result."""
    if not results:
        return ""
    head = (
        "What each figure means, and how it is measured: [docs/evaluate.md](../docs/evaluate.md). Means over pictures; "
        "in brackets their 95 % bootstrap interval. SAD, Grad and Conn are in thousands. SAD unknown is of the "
        "trimap's unknown region, all else of the whole picture. A system that knows the trimap has the easier task: "
        "it is no rival of those that see the picture alone. `auto = yes` are the pictures that both were judged on."
    )
    parts = ["## All systems", head, report.markdown(table(results)), *(details(result) for result in results)]
    return "\n\n".join(parts)


def details(result: Mapping[str, Any]) -> str:
    """One set: where it was measured, what each system was, regions, and differences to the baselines."""
    here = {system["name"] for system in result["systems"]}
    parts = [f"### {result['set']['name']}", report.facts(result)]
    if result["missing"]:
        parts.append(f"Not measured, for their program or weights were not here: {', '.join(result['missing'])}.")
    parts.append(report.markdown(report.weights(result)))
    if len(regions := report.region_rows(result)) > 1:
        parts += ["By region of the trimap; MSE to composite are of the unknown region:", report.markdown(regions)]
    for baseline in (name for name in BASELINES if name in here):
        pairs = {"paired": benchmark.paired(result["systems"], baseline)}
        words = f"Against {baseline}, picture by picture: mean differences, and geometric means of the ratio of SAD:"
        parts += [words, report.markdown(report.paired_rows(pairs))]
    failed = [f"{system['name']} on {failure['name']}" for system in result["systems"] for failure in system["failed"]]
    return "\n\n".join([*parts, *([f"Failed: {', '.join(failed)}."] if failed else [])])


def main() -> None:
    options = argparse.ArgumentParser(description="Measure every system that is here; write benchmarks/RESULTS.md.")
    options.add_argument("--data", type=Path, action="append", default=[], help="a set; may be given several times")
    options.add_argument("--limit", type=int, help="the first so many pictures of each set only")
    options.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    options.add_argument("--page-only", action="store_true", help="write the page from what was measured")
    chosen = options.parse_args()
    if bool(chosen.data) == chosen.page_only:
        options.error("expected --data DIR, or --page-only")
    for data in chosen.data:
        measure(data, chosen.limit, chosen.resume)
    import page  # here: page imports this file

    page.write_page()
    print(report.markdown(table(measured())))


if __name__ == "__main__":
    try:
        main()
    except MattelierError as error:
        raise SystemExit(f"matting.py: {error}") from None
