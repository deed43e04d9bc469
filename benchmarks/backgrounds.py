"""What a system's own colours are worth where a cut-out is used: over ten backgrounds that it never saw.

    python benchmarks/backgrounds.py --data DIR [--data DIR ...] [--card NAME] [--limit N]

Every picture of DIR (any set of docs/evaluate.md with true alpha) is cut by the card, refined by nothing. The same
alpha is laid over ten drawn backgrounds twice, with the colours that the card found and with the photo's own, and both
are compared with the true alpha and colours there: the mean absolute difference of the composites, where either is
neither 0 nor 1. A ratio below 1 says how much of that error the colours take away; ratios are geometric means over
pictures with 95 % intervals. True colours are the set's own; without them they are estimated from the true alpha by
this package, which favours whoever estimates alike; the file says so. Figures: benchmarks/results/backgrounds.json.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mattelier import list_models, weights
from mattelier.data.proving.canvas import View
from mattelier.data.proving.textures import FAMILIES, TEST_FAMILIES
from mattelier.data.readers.example import Example
from mattelier.errors import InputError, MattelierError
from mattelier.evaluate.environment import environment
from mattelier.evaluate.judge import true_colours
from mattelier.evaluate.own import hint_of
from mattelier.evaluate.sets import read_colours, read_set
from mattelier.evaluate.statistics import estimate
from mattelier.image import Float
from mattelier.image.colour import to_depth
from mattelier.image.io import decode_mask, write
from mattelier.models.cards import Card
from mattelier.runtime.pipeline import Matter

FILE = Path(__file__).resolve().parent / "results" / "backgrounds.json"
COUNT, SEED = 10, 0


def backgrounds(hw: tuple[int, int]) -> Iterator[Float]:
    """Ten drawn surfaces, (H, W, 3) in [0, 1], the same every time: each family of the proving ground in turn."""
    families = list((FAMILIES | TEST_FAMILIES).values())
    for number in range(COUNT):
        surface = families[number % len(families)](np.random.default_rng((SEED, number)), hw)
        yield surface.colours(View(hw, 0, 0, *hw))


def differences(alpha: Float, colours: list[Float], target: Float, truth: Float) -> list[float]:
    """The composites' mean absolute difference to the true one, for each of these colours under the one alpha."""
    mixed = ((alpha > 0) & (alpha < 1)) | ((target > 0) & (target < 1))
    if not mixed.any():
        raise InputError("no pixel is mixed; expected some where alpha is neither 0 nor 1")
    a, t = alpha[mixed][:, None], target[mixed][:, None]
    off = [a * each[mixed] - t * truth[mixed] for each in colours]
    behind = [(t - a) * background[mixed] for background in backgrounds(target.shape)]
    return [float(np.mean([np.abs(each + one).mean() for one in behind])) for each in off]


def judged(card: Matter, picture: Example) -> tuple[float, float]:
    """The error with the card's colours, and with the photo's own."""
    target = to_depth(decode_mask(picture.alpha), np.float32)
    cutout = card.cut(picture.image, trimap=picture.trimap if hint_of(card.card) == "trimap" else None)
    photo = read_colours(picture.image)
    truth, _ = true_colours(picture, photo, target)
    planes = [to_depth(plane, np.float32) for plane in (cutout.colours, photo)]
    own, kept = differences(cutout.alpha, planes, target, truth)
    return own, kept


def measure(card: Card, data: Path, limit: int | None) -> dict[str, Any]:
    """One set's figures. Raises InputError for a set that has no picture for the card."""
    pictures = read_set(data).for_systems(hint_of(card))[:limit]
    if not pictures:
        raise InputError(f"{data} has no picture for {card.name}; expected some; check what the set has, or the card")
    matter = Matter(card, refiner=None)
    pairs = [judged(matter, picture) for picture in pictures]
    logs = [float(np.log(own / kept)) for own, kept in pairs]
    return {
        "set": data.resolve().name,
        "card": weights.pin(card),
        "pictures": len(pairs),
        "true_colours": sorted({"estimated" if each.foreground is None else "set" for each in pictures}),
        "card_colours": estimate([own for own, _ in pairs]),
        "photo_colours": estimate([kept for _, kept in pairs]),
        "ratio": {name: float(np.exp(value)) for name, value in estimate(logs).items()},
    }


def main() -> None:
    words = argparse.ArgumentParser(description="What a system's own colours are worth over new backgrounds.")
    words.add_argument("--data", type=Path, action="append", required=True, metavar="DIR", help="a set to measure on")
    words.add_argument("--card", default="fba-lite", metavar="NAME", help="a card whose weights are installed")
    words.add_argument("--limit", type=int, metavar="N", help="the first so many pictures of each set only")
    given = words.parse_args()
    card = weights.resolve(given.card, list_models())
    sets = [measure(card, data, given.limit) for data in given.data]
    facts = {"environment": environment(), "backgrounds": COUNT, "sets": sets}
    write(FILE, f"{json.dumps(facts, indent=1)}\n".encode(), overwrite=True)
    for found in sets:
        ratio = found["ratio"]
        print(
            f"{found['card']} on {found['set']}: {found['card_colours']['mean']:.4f} with its own colours, "
            f"{found['photo_colours']['mean']:.4f} with the photo's; ratio {ratio['mean']:.2f} "
            f"({ratio['low']:.2f} to {ratio['high']:.2f})"
        )


if __name__ == "__main__":
    try:
        main()
    except MattelierError as error:
        raise SystemExit(f"backgrounds.py: {error}") from None
