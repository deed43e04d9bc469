#!/usr/bin/env python3
"""Make docs/before-after.webp from the samples with the tool itself: `python scripts/make_readme_picture.py`.

A row a sample: the photo, its subject over green, over black, and over the grey squares that mean transparent. Green
shows what was left of the old background, black what is too bright at the edge.
"""

from pathlib import Path

import numpy as np
from PIL import Image

import mattelier

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ("astronaut.png", "chelsea.png", "coffee.png")
TARGET = ROOT / "docs" / "before-after.webp"
WIDTH_PX, GAP_PX, SQUARE_PX = 300, 6, 12
MOST_BYTES = 400_000


def squares(width: int, height: int) -> Image.Image:
    """The pattern that stands for transparent."""
    down, across = np.indices((height, width)) // SQUARE_PX
    return Image.fromarray(np.where((down + across) % 2, 255, 204).astype(np.uint8)).convert("RGB")


def row(photo: Path) -> list[Image.Image]:
    """One sample four times, each WIDTH_PX wide."""
    cutout = mattelier.cut(photo)
    before = Image.open(photo).convert("RGB")
    shown = (before, cutout.over("#00b140"), cutout.over("black"), cutout.over(squares(*before.size)))
    height_px = round(before.height * WIDTH_PX / before.width)
    return [picture.resize((WIDTH_PX, height_px), Image.Resampling.LANCZOS) for picture in shown]


def sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """All rows on white."""
    width = max(len(pictures) for pictures in rows) * (WIDTH_PX + GAP_PX) - GAP_PX
    height = sum(pictures[0].height + GAP_PX for pictures in rows) - GAP_PX
    whole = Image.new("RGB", (width, height), "white")
    top = 0
    for pictures in rows:
        for column, picture in enumerate(pictures):
            whole.paste(picture, (column * (WIDTH_PX + GAP_PX), top))
        top += pictures[0].height + GAP_PX
    return whole


def main() -> None:
    whole = sheet([row(ROOT / "examples" / name) for name in SAMPLES])
    whole.save(TARGET, quality=82, method=6)
    size = TARGET.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{TARGET} has {size} bytes; the README should load fast: {MOST_BYTES} at most; lower quality")
    print(TARGET)


if __name__ == "__main__":
    main()
