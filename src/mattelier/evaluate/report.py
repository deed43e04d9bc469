"""A result as words: rows for the screen, tables for a page, JSON for the next reader. No figure is made here."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Rows = list[tuple[str, ...]]
# heading, key, decimals; with its interval
SHOWN = (
    ("SAD", "sad", 2, True),
    ("SAD unknown", "sad_unknown", 2, True),
    ("MSE", "mse", 4, False),
    ("MAD", "mad", 4, False),
    ("Grad", "gradient", 2, False),
    ("Conn", "connectivity", 2, False),
    ("boundary IoU", "boundary_iou", 3, True),
    ("IoU", "iou", 3, True),
    ("composite", "composite", 4, False),
    ("bleed", "bleed", 3, False),
    ("s", "seconds", 2, False),
    ("CPU s", "cpu_seconds", 2, False),
    ("MiB", "peak_mib", 0, False),
)
REGIONS = (
    ("SAD foreground", "sad_foreground", 3, False),
    ("SAD background", "sad_background", 3, False),
    ("SAD unknown", "sad_unknown", 3, False),
    ("MSE", "mse_unknown", 4, False),
    ("MAD", "mad_unknown", 4, False),
    ("Grad", "gradient_unknown", 2, False),
    ("Conn", "connectivity_unknown", 2, False),
    ("composite", "composite_unknown", 4, False),
)
WORDS = (  # heading, key, percent
    ("keyword", "keyword", True),
    ("expression", "expression", True),
    ("relation only", "relation_only", True),
    ("attributes only", "attributes_only", True),
    ("swapped", "swapped", True),
    ("absent refused", "absent", True),
    ("false refusals", "false_refusals", True),
    ("SAD", "sad", False),
    ("to hard mask", "sad_to_hard", False),
    ("to coarse mask", "sad_to_coarse", False),
)
DIFFERENCES = (("SAD", "sad", 3), ("SAD unknown", "sad_unknown", 3), ("boundary IoU", "boundary_iou", 3))
RATIOS = (("SAD ratio", "sad"), ("SAD unknown ratio", "sad_unknown"))
SUMMED = ("all", "auto = yes")  # groups that are shown without being asked for


def rows(result: Mapping[str, Any], categories: bool = False) -> Rows:
    """The table of a result: a header, then a row a system and group; each category's too where asked for."""
    head = ("system", "group", "pictures", "failed", *(name for name, *_ in SHOWN))
    return [head, *_rows(result, SHOWN, categories)]


def region_rows(result: Mapping[str, Any]) -> Rows:
    """SAD by region and the errors of the unknown region; the header alone for a set without trimaps."""
    table = [("system", "group", "pictures", "failed", *(name for name, *_ in REGIONS))]
    return table + [row for row in _rows(result, REGIONS, False) if any(cell != "-" for cell in row[4:])]


def word_rows(result: Mapping[str, Any]) -> Rows:
    """What words chose: a row a figure, a column a system; percentages, then SAD. The header alone without words."""
    systems = [system for system in result["systems"] if system.get("referring")]
    table: Rows = [("words", "of", *(system["name"] for system in systems))]
    for name, key, is_share in WORDS:
        found = [system["referring"].get(key) for system in systems]
        if any(found):
            counts = {f"{figure['count']} in {figure['scenes']} scenes" for figure in found if figure}
            table.append((name, " / ".join(sorted(counts)), *(_share(figure, is_share) for figure in found)))
    return table


def _share(figure: Mapping[str, float] | None, is_share: bool) -> str:
    if figure is None or not is_share:
        return _cell(figure, 2, True)
    mean, low, high = (100 * figure[key] for key in ("mean", "low", "high"))
    return f"{mean:.1f} % [{low:.1f}, {high:.1f}]"


def paired_rows(result: Mapping[str, Any]) -> Rows:
    """A row a pair of systems: mean differences and ratios on the pictures of both, with intervals."""
    heads = [name for name, *_ in (*DIFFERENCES, *RATIOS)]
    table: Rows = [("system", "minus", "pictures", *heads)]
    for pair in result["paired"]:
        gaps = [_cell(pair["differences"].get(key), decimals, True, "+") for _, key, decimals in DIFFERENCES]
        ratios = [_cell(pair["ratios"].get(key), 2, True) for _, key in RATIOS]
        table.append((pair["system"], pair["against"], str(pair["pictures"]), *gaps, *ratios))
    return table


def _rows(result: Mapping[str, Any], shown: Sequence[tuple[str, str, int, bool]], categories: bool) -> Rows:
    return [
        (
            system["name"],
            group,
            str(figures["pictures"]),
            str(len(system["failed"])) if group == "all" else "",
            *(_cell(figures.get(key), decimals, has_interval) for _, key, decimals, has_interval in shown),
        )
        for system in result["systems"]
        for group, figures in system["groups"].items()
        if categories or group in SUMMED
    ]


def _cell(figure: Mapping[str, float] | None, decimals: int, has_interval: bool, sign: str = "") -> str:
    if figure is None:
        return "-"
    mean = f"{figure['mean']:{sign}.{decimals}f}"
    if not has_interval:
        return mean
    return f"{mean} [{figure['low']:{sign}.{decimals}f}, {figure['high']:{sign}.{decimals}f}]"


def markdown(table: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table."""
    lines = [table[0], ["---"] * len(table[0]), *table[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def facts(result: Mapping[str, Any]) -> str:
    """Where a result comes from, in a sentence or two."""
    found, machine = result["environment"], result["environment"]["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    limit = f", the first {result['set']['limit']} only" if result["set"]["limit"] else ""
    return (
        f"{result['set']['name']}: {result['set']['pictures']} pictures{limit} ({result['set']['kind']}), "
        f"{result['set']['automatic']} of them for systems without hints; sha256 of the set "
        f"`{result['set']['sha256'][:16]}`. Commit `{found['commit']}`; {machine['cpus']} cores "
        f"({machine['processor']}); {versions}."
    )


def weights(result: Mapping[str, Any]) -> Rows:
    """What exactly each system was: a header and a row a system."""
    head = ("system", "weights sha256", "version", "told", "costs cover")
    told = {"none": "the picture alone", "trimap": "the trimap", "prompt": "words"}
    return [head] + [
        (
            system["name"],
            f"`{system['sha256'][:16]}`" if system["sha256"] else "none",
            system["version"] or "this commit",
            told[system["hint"]],
            system["scope"],
        )
        for system in result["systems"]
    ]


def to_json(result: Mapping[str, Any]) -> bytes:
    """The result as a file's bytes."""
    return (json.dumps(result, indent=1) + "\n").encode()
