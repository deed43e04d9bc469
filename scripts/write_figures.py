#!/usr/bin/env python3
"""Write the tables of README.md, docs/evaluate.md and docs/weights.md from the cards and from benchmarks/results/: no
figure is typed.

`python scripts/write_figures.py` writes them; with `--check` it says which page is out of date and exits with 1.
"""

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path

from mattelier import Card, list_models
from mattelier.evaluate import report

ROOT = Path(__file__).resolve().parent.parent
QUALITY = ("test-split", "true-alpha", "frozen")  # results of matte evaluate --json
CATEGORIES = 8  # of a set with more, its pictures are shown together
RESULTS = ROOT / "benchmarks" / "results"
TOGETHER = ("all", "auto = yes")
MEASURED = ("small, CPU", "12 MP, CPU", "12 MP, warm, CPU")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def models_table(cards: Sequence[Card], speeds: Sequence[dict]) -> str:
    """A row a card; seconds only where these very weights were measured."""
    head = ("card", "licence of the weights", "size", *(f"{name} s" for name in MEASURED), "measured on")
    return table(head, [model_row(card, speeds) for card in cards])


def model_row(card: Card, speeds: Sequence[dict]) -> list[str]:
    facts = [f"`{card.name}`", card.weights.licence, f"{card.weights.size_bytes / 1e6:.1f} MB"]
    speed = next((found for found in speeds if found["weights"]["sha256"] == card.weights.sha256), None)
    if speed is None:
        return [*facts, *["-"] * len(MEASURED), "not measured"]
    found = {row["name"]: row["ours"] for row in speed["rows"]}
    machine = f"{speed['machine']['cores']} cores, {speed['machine']['processor']}"
    _, *refiners = speed["weights"]["used"].split(" + ")
    machine += "".join(f"; refined by {name}" for name in refiners)
    return [*facts, *(f"{found[name]:.2f}" for name in MEASURED), machine]


def speed_tables(speeds: Sequence[dict]) -> str:
    """The rows of versus_rembg.py as they are, a table a run."""
    return "\n\n".join(map(speed_table, speeds)) or "Not measured yet."


def speed_table(speed: dict) -> str:
    rows = [
        [row["name"], figure(row["ours"], row["unit"]), figure(row["theirs"], row["unit"]), f"{row['ratio']:.2f}"]
        for row in speed["rows"]
    ]
    versions, machine = speed["versions"], speed["machine"]
    said = (
        f"**{speed['weights']['used']}**, {speed['date'][:10]}, commit `{speed['commit']}`, {machine['cores']} cores "
        f"({machine['processor']}), rembg {versions['theirs']['rembg']}, ONNX Runtime "
        f"{versions['ours']['onnxruntime']} and {versions['theirs']['onnxruntime']}; medians of {speed['pairs']} pairs."
    )
    return said + "\n\n" + table(("", "Mattelier", "other", "ratio"), rows)


def quality_tables() -> str:
    """For every measured set: a table a system by category, and where it was measured."""
    files = [RESULTS / f"{name}.json" for name in QUALITY]
    results = [json.loads(file.read_text(encoding="utf-8")) for file in files if file.is_file()]
    return "\n\n".join(map(quality_table, results)) or "Not measured yet."


def words_table() -> str:
    """What words chose, as `matte evaluate` says it, and where it was measured."""
    file = RESULTS / "words.json"
    if not file.is_file():
        return "Not measured yet."
    result = json.loads(file.read_text(encoding="utf-8"))
    said = (
        f"{result['set']['pictures']} texts of scenes that `matte data refer --split test` makes of what "
        "`benchmarks/unseen.py` cuts out: objects, backgrounds and wordings that no training "
        f"saw; commit `{result['environment']['commit']}`, {named(result)}; "
        "95 % intervals over scenes."
    )
    return said + "\n\n" + report.markdown(report.word_rows(result))


def ablations_tables() -> str:
    file = RESULTS / "ablations.json"
    if not file.is_file():
        return "Not measured yet."
    return "\n\n".join(map(ablation_table, json.loads(file.read_text(encoding="utf-8"))["ablations"]))


def ablation_table(result: dict) -> str:
    """The means of every variant, and how far they are from the first variant's, picture by picture."""
    first, *others = result["variants"]
    rows = [[first["variant"], name, f"{mean['mean']:.3f}", "-"] for name, mean in first["means"].items()]
    rows += [
        [other["variant"], name, f"{mean['mean']:.3f}", interval(other["differences"][name], sign="+")]
        for other in others
        for name, mean in other["means"].items()
    ]
    if "start" in result:
        trained = f"{result['start']}, adapted to {result['photos']} photos"
    else:
        trained = f"{result['steps']} steps of {result['batch']} at {result['side_px']} px"
    said = (
        f"**{result['ablation']}**: {trained}, seed {result['seed']}, {result['pictures']} validation pictures, "
        f"commit `{result['environment']['commit']}`."
    )
    return said + "\n\n" + table(("variant", "figure", "mean", "minus the first variant, paired, 95 %"), rows)


def named(result: dict) -> str:
    """The systems of a result, each with the digest of its weights, or its version where it has none."""
    return ", ".join(f"{each['name']} `{each['sha256'][:8] or each['version']}`" for each in result["systems"])


def quality_table(result: dict) -> str:
    shown = {"IoU": "iou", "MAD": "mad", "boundary IoU": "boundary_iou"}
    rows = [
        [f"`{system['name']}`", group, str(found["pictures"]), *(interval(found[key]) for key in shown.values())]
        for system in result["systems"]
        for group, found in system["groups"].items()
        if len(system["groups"]) <= CATEGORIES or group in TOGETHER
    ]
    count = max(system["groups"]["all"]["pictures"] for system in result["systems"])
    chosen = ", auto = yes" if count < result["set"]["pictures"] else ""
    said = (
        f"**{count} pictures ({result['set']['kind']}{chosen})**, "
        f"commit `{result['environment']['commit']}`, {named(result)}; mean and 95 % bootstrap interval over pictures."
    )
    return said + "\n\n" + table(("system", "pictures of", "count", *shown), rows)


def interval(found: dict, sign: str = "") -> str:
    return f"{found['mean']:{sign}.3f} ({found['low']:{sign}.3f} to {found['high']:{sign}.3f})"


def figure(value: float, unit: str) -> str:
    if unit == "bytes":
        return f"{value / 1e6:.2f} MB"
    return f"{value:.0f} MiB" if unit == "MiB" else f"{value:.2f} s"


def filled(text: str, name: str, content: str) -> str:
    """The page with everything between the two marks of `name` replaced."""
    marks = re.compile(rf"(<!-- {name}: [^\n]*-->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if len(marks.findall(text)) != 1:
        raise SystemExit(f"expected one pair of marks for {name!r}: <!-- {name}: ... --> and <!-- end of {name} -->")
    return marks.sub(lambda match: f"{match[1]}\n{content}\n\n{match[2]}", text)


def pages() -> dict[Path, str]:
    """Each page as it should be."""
    speeds = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(RESULTS.glob("versus-rembg*.json"))]
    readme, evaluate, weights = ROOT / "README.md", ROOT / "docs" / "evaluate.md", ROOT / "docs" / "weights.md"
    measured = filled(evaluate.read_text(encoding="utf-8"), "evaluation", quality_tables())
    measured = filled(measured, "words", words_table())
    return {
        readme: filled(readme.read_text(encoding="utf-8"), "models", models_table(list_models(), speeds)),
        evaluate: filled(measured, "speed", speed_tables(speeds)),
        weights: filled(weights.read_text(encoding="utf-8"), "ablations", ablations_tables()),
    }


def main() -> None:
    options = argparse.ArgumentParser(description="Write the tables of the pages from the measured JSON.")
    options.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is out of date")
    check = options.parse_args().check
    stale = {path: text for path, text in pages().items() if path.read_text(encoding="utf-8") != text}
    for path, text in stale.items():
        if not check:
            path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
    if check and stale:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
