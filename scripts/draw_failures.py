#!/usr/bin/env python3
"""Draw docs/models/CARD-failures.webp: where a network is most wrong, on pictures that may be shown.

    python scripts/draw_failures.py FROZEN

FROZEN is the proving ground's test set (`benchmarks/proving_ground.py make FROZEN`); results/frozen.json says
on which of its scenes a card errs most, one of a kind. A row a scene: the picture, its true alpha over green, ours over
green. What words choose wrongly is shown on the samples.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import mattelier
from mattelier.evaluate.sheet import Cell, drawn

ROOT = Path(__file__).resolve().parent.parent
FIGURES, PICTURES = ROOT / "benchmarks" / "results" / "frozen.json", ROOT / "docs" / "models"
GREEN = "#00b140"
SHOWN = 3  # kinds of scenes
ASKED = (("chelsea.png", "coffee.png", "the bottle"), ("chelsea.png", "astronaut.png", "the raccoon"))


def worst(pictures: Sequence[dict[str, Any]], figure: str) -> list[dict[str, Any]]:
    """Those with the largest error, at most one of a kind."""
    kinds: dict[str, dict[str, Any]] = {}
    for picture in sorted(pictures, key=lambda picture: -picture[figure]):
        kinds.setdefault(picture["category"], picture)
    return list(kinds.values())[:SHOWN]


def scene(matter: mattelier.Matter, frozen: Path, name: str, with_trimap: bool, caption: str) -> list[Cell]:
    """Picture, truth and answer of one scene."""
    photo = Image.open(frozen / "images" / f"{name}.png").convert("RGB")
    alpha = Image.open(frozen / "alpha" / f"{name}.png").convert("L")
    colours = Image.open(frozen / "fg" / f"{name}.png").convert("RGB")
    trimap = frozen / "trimap" / f"{name}.png" if with_trimap else None
    cutout = matter.cut(photo, trimap=trimap)
    true = Image.composite(colours, Image.new("RGB", photo.size, GREEN), alpha)
    return [(name, np.asarray(photo)), ("true alpha", np.asarray(true)), (caption, np.asarray(cutout.over(GREEN)))]


def asked(matter: mattelier.Matter, left: str, right: str, words: str) -> list[Cell]:
    """Two samples side by side, and what the words keep of them."""
    sides = [Image.open(ROOT / "examples" / name).convert("RGB").resize((256, 256)) for name in (left, right)]
    photo = Image.fromarray(np.hstack([np.asarray(side) for side in sides]))
    cutout = matter.cut(photo, prompt=words)
    return [(f"asked for {words}", np.asarray(photo)), ("kept", np.asarray(cutout.over(GREEN)))]


def main() -> None:
    words = argparse.ArgumentParser(description="Draw where each network is most wrong.")
    words.add_argument("frozen", type=Path, metavar="FROZEN", help="the proving ground's test set")
    frozen = words.parse_args().frozen
    measured = {system["name"]: system for system in json.loads(FIGURES.read_text(encoding="utf-8"))["systems"]}
    for card in mattelier.list_models():
        name = card.name.removesuffix(".mattelier")
        matter = mattelier.load(name)
        if card.system == "clipmat":
            rows = [asked(matter, *row) for row in ASKED]
        else:
            found = measured[card.name]
            with_trimap = found["hint"] == "trimap"
            figure, said = ("mad_unknown", "MAD in the unknown") if with_trimap else ("mad", "MAD")
            rows = [
                scene(matter, frozen, each["name"], with_trimap, f"ours, {said} {each[figure]:.2f}")
                for each in worst(found["pictures"], figure)
            ]
        picture = PICTURES / f"{name}-failures.webp"
        Image.fromarray(drawn(rows)).save(picture, quality=80, method=6)
        print(picture)


if __name__ == "__main__":
    main()
