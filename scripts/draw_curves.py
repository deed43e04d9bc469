#!/usr/bin/env python3
"""Draw docs/models/CARD-curve.svg: what a run kept in runs/ said of its validation pictures, step by step.

Its error (lower is better) over its steps, from the lines of log.jsonl that the training loop wrote.
"""

import json
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
RUNS, PICTURES = ROOT / "runs", ROOT / "docs" / "models"
ERRORS = {"mad": "MAD", "mad_unknown": "MAD in the unknown region"}
WIDTH, HEIGHT, MARGIN = 380, 210, 44  # of a picture, and around its axes
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#555}.name{font-weight:600;fill:#222}.line{fill:none;stroke:#2a78c8;"
    "stroke-width:2}.axis{stroke:#bbb;stroke-width:1}rect{fill:#fff}"
)


class Run(NamedTuple):
    """points: step and error, in the order of the steps."""

    name: str
    error: str
    points: list[tuple[int, float]]


def read(log: Path) -> Run | None:
    """The run of a log; None for one without two validations, and for one that adapts and validates nothing."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    found = {line["step"]: line["val"] for line in lines if "val" in line}  # a resumed run says some steps twice
    error = next((name for name in ERRORS if any(name in val for val in found.values())), None)
    if error is None or len(found) < 2:
        return None
    return Run(log.parent.name, ERRORS[error], [(step, found[step][error]) for step in sorted(found)])


def drawn(run: Run) -> str:
    steps, errors = zip(*run.points, strict=True)
    highest = max(errors)
    across, down = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    x0, y0 = MARGIN, HEIGHT - MARGIN
    at = [
        (x0 + across * (step - steps[0]) / (steps[-1] - steps[0]), y0 - down * error / highest)
        for step, error in run.points
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    x, y = at[-1]
    size = f'width="{WIDTH}" height="{HEIGHT}"'
    parts = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{STYLE}</style><rect {size}/>',
        f'<text class="name" x="{x0}" y="20">{escape(run.name)}: {run.error} on val</text>',
        f'<line class="axis" x1="{x0}" y1="{y0}" x2="{x0 + across}" y2="{y0}"/>',
        f'<line class="axis" x1="{x0}" y1="{y0}" x2="{x0}" y2="{y0 - down}"/>',
        f'<polyline class="line" points="{line}"/>',
        f'<text x="{x0 - 6}" y="{y0 + 4}" text-anchor="end">0</text>',
        f'<text x="{x0 - 6}" y="{y0 - down + 4}" text-anchor="end">{highest:.3f}</text>',
        f'<text x="{x0}" y="{y0 + 18}">step {steps[0]}</text>',
        f'<text x="{x0 + across}" y="{y0 + 18}" text-anchor="end">{steps[-1]}</text>',
        f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="end">{errors[-1]:.3f}</text>',
        "</svg>",
    )
    return "\n".join(parts) + "\n"


def main() -> None:
    for log in sorted(RUNS.glob("*/log.jsonl")):
        if run := read(log):
            (PICTURES / f"{run.name}-curve.svg").write_text(drawn(run), encoding="utf-8")


if __name__ == "__main__":
    main()
