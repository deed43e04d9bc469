#!/usr/bin/env python3
"""What was asked of the weights, what was measured, and whether it is reached: one table, of benchmarks/results/ alone.

    python benchmarks/aims.py

Nothing is measured here; docs/evaluate.md says how the figures came about. In brackets 95 % intervals: over pictures,
over distinct alphas, or over scenes. Ratios are of SAD in the trimap's unknown region, geometric means. What is not a
number of these files, prior tokens and the refinement of Deep Image Matting, is in docs/models/.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mattelier import list_models
from mattelier.evaluate.statistics import clustered, compare, geometric

RESULTS = Path(__file__).resolve().parent / "results"
UNSEEN = ("feather", "net")  # kinds of the proving ground that are for testing alone
Row = tuple[str, str, str, str]  # system, what is asked, what was measured, whether that is reached


def read(name: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return result


def system(result: Mapping[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in result["systems"] if each["name"] == name)
    return found


def shown(found: Mapping[str, float]) -> str:
    return f"{found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def row(name: str, asked: str, found: Mapping[str, float], is_reached: bool) -> Row:
    return name, asked, shown(found), "yes" if is_reached else "no"


def at_most(name: str, what: str, bar: float, found: Mapping[str, float]) -> Row:
    return row(name, f"{what} at most {bar:g}", found, found["mean"] <= bar)


def at_least(name: str, what: str, bar: float, found: Mapping[str, float]) -> Row:
    return row(name, f"{what} at least {bar:g}", found, found["mean"] >= bar)


def ratios(ours: Mapping[str, Any], base: Mapping[str, Any], figure: str) -> dict[str, float]:
    """Ours by theirs, by picture, where both have the figure."""
    theirs = {picture["name"]: picture.get(figure) for picture in base["pictures"]}
    return {
        picture["name"]: picture[figure] / theirs[picture["name"]]
        for picture in ours["pictures"]
        if picture.get(figure) is not None and theirs.get(picture["name"])
    }


def by_alpha(found: Mapping[str, float]) -> list[float]:
    """One ratio an alpha: am_gt04 and comp_gt04 show the same thing, before two backgrounds."""
    alike: dict[str, list[float]] = defaultdict(list)
    for name, value in found.items():
        alike[name.split("_")[-1]].append(value)
    return [geometric(values)["mean"] for values in alike.values()]


def of_subjects() -> Iterator[Row]:
    test, true = read("test-split"), read("true-alpha")
    for name, card, iou, mad in (("gfm-lite", ":alone", 0.905, 0.028), ("modnet-lite", "", 0.89, 0.035)):
        figures = system(test, f"{name}.mattelier{card}")["groups"]["all"]
        yield at_least(name, "test split: IoU", iou, figures["iou"])
        yield at_most(name, "test split: MAD", mad, figures["mad"])
    gap = compare(system(true, "gfm-lite.mattelier"), system(true, "u2netp"), ("mad", "boundary_iou"))["differences"]
    yield row("gfm-lite", "true alpha, less u2netp: MAD below 0", gap["mad"], gap["mad"]["high"] < 0)
    edges = gap["boundary_iou"]
    yield row("gfm-lite", "true alpha, less u2netp: boundary IoU above 0", edges, edges["low"] > 0)
    frames = read("frames")["frames_a_second"]["2 threads"]["whole"]
    yield "modnet-lite", "frames of 512 x 288 a second, two threads: stated", f"{frames:.1f}", "yes"


def of_trimaps() -> Iterator[Row]:
    true, frozen, every = read("true-alpha"), read("frozen"), read("matting-bench")
    exact = system(true, "pymatting:cf")
    found = ratios(system(true, "fba-lite.mattelier"), exact, "sad_unknown")
    yield at_most("fba-lite", "true alpha, to closed form:", 0.9, geometric(by_alpha(found)))
    worst = max(found.values())
    yield "fba-lite", "the worst picture of these at most 2", f"{worst:.2f}", "yes" if worst <= 2 else "no"
    drawn = ratios(system(frozen, "fba-lite.mattelier"), system(frozen, "pymatting:cf"), "sad_unknown")
    unseen = [value for name, value in drawn.items() if name.startswith(UNSEEN)]
    yield at_most("fba-lite", "frozen, kinds never seen, to closed form:", 0.6, geometric(unseen))
    yield at_most("fba-lite", "frozen, all kinds, to closed form:", 0.6, geometric(list(drawn.values())))
    seconds = {each["name"]: each["seconds"] for each in system(every, "fba-lite.mattelier")["pictures"]}
    pairs = [
        (each["name"], each["seconds"], seconds[each["name"]]) for each in system(every, "pymatting:cf")["pictures"]
    ]
    slower = clustered(pairs)  # closed form and ours in one run, alone on the machine
    yield at_least("fba-lite", "true alpha, closed form's seconds to its own, sums:", 10, slower)
    for each in read("backgrounds")["sets"]:
        asked = f"{each['set']}, ten backgrounds, error to the photo's own colours':"
        yield at_most("fba-lite", asked, 0.7, each["ratio"])
    ours = ratios(system(true, "matteformer-lite.mattelier"), exact, "sad_unknown")
    yield at_most("matteformer-lite", "true alpha, to closed form:", 1.15, geometric(by_alpha(ours)))
    for name in ("matteformer-lite", "dim-lite"):
        known = ratios(system(every, f"{name}.mattelier"), system(every, "pymatting:knn"), "sad_unknown")
        yield at_most(name, "true alpha, to KNN:", 1, geometric(by_alpha(known)))


def of_words() -> Iterator[Row]:
    found = system(read("words"), "clipmat-lite.mattelier:draft")["referring"]
    for name, bar in (("keyword", 0.8), ("expression", 0.7), ("relation_only", 0.6), ("attributes_only", 0.6)):
        yield at_least("clipmat-lite", f"right by {name.replace('_', ' ')}:", bar, found[name])
    yield at_least("clipmat-lite", "swapped words change the subject:", 0.75, found["swapped"])
    yield at_least("clipmat-lite", "absent words refused:", 0.7, found["absent"])
    yield at_most("clipmat-lite", "present words refused:", 0.05, found["false_refusals"])
    yield at_most("clipmat-lite", "SAD to a hard mask's:", 0.5, found["sad_to_hard"])


def of_sizes() -> Iterator[Row]:
    megabytes = sum(card.weights.size_bytes for card in list_models() if card.weights) / 1e6
    yield "all", "weights in the package at most 60 MB", f"{megabytes:.1f}", "yes" if megabytes <= 60 else "no"


def main() -> None:
    print("| system | asked | measured | reached |\n| --- | --- | --- | --- |")
    for rows in (of_subjects(), of_trimaps(), of_words(), of_sizes()):
        for each in rows:
            print(f"| {' | '.join(each)} |")


if __name__ == "__main__":
    main()
