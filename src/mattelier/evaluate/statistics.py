"""Many pictures' figures as a few numbers: means with intervals, paired differences, ratios. Seeded throughout."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mattelier.evaluate.metrics import bootstrap_interval

SEED = 0  # of every bootstrap
COSTS = ("seconds", "cpu_seconds", "peak_mib")
# A ratio of logarithms needs something to divide by: an error below one whole pixel counts as one.
ONE_PIXEL = 0.001
RESAMPLES, CHUNK = 10_000, 500
RATIOS = ("sad", "sad_unknown")

Picture = Mapping[str, Any]
Estimate = dict[str, float]


def summarise(pictures: Sequence[Picture], names: Sequence[str]) -> dict[str, Any]:
    """Mean and 95 % bootstrap interval of every named figure over the pictures that have it; none has it: left out."""
    summary: dict[str, Any] = {"pictures": len(pictures)}
    for name in names:
        if values := [float(picture[name]) for picture in pictures if picture.get(name) is not None]:
            summary[name] = estimate(values)
    return summary


def estimate(values: Sequence[float]) -> Estimate:
    """Mean, low and high end of its 95 % interval."""
    low, high = bootstrap_interval(values, seed=SEED)
    return {"mean": sum(values) / len(values), "low": low, "high": high}


def geometric(ratios: Sequence[float]) -> Estimate:
    """Geometric mean, low and high end of its 95 % interval."""
    logs = estimate([float(np.log(ratio)) for ratio in ratios])
    return {name: float(np.exp(value)) for name, value in logs.items()}


def clustered(parts: Sequence[tuple[str, float, float]]) -> Estimate:
    """Sum of counts by sum of totals, and its 95 % interval over clusters: scenes are resampled, with all they hold.

    parts: (cluster, count, total) each; texts of one scene share its difficulty and are no independent draws.
    """
    clusters = {name: place for place, name in enumerate(dict.fromkeys(part[0] for part in parts))}
    sums = np.zeros((len(clusters), 2))
    for name, count, total in parts:
        sums[clusters[name]] += count, total
    rng = np.random.default_rng(SEED)
    chunks = [sums[rng.integers(len(sums), size=(CHUNK, len(sums)))].sum(1) for _ in range(RESAMPLES // CHUNK)]
    drawn = np.concatenate(chunks)
    drawn = drawn[drawn[:, 1] > 0]
    low, high = np.percentile(drawn[:, 0] / drawn[:, 1], [2.5, 97.5])
    count, total = sums.sum(0)
    return {"mean": float(count / total), "low": float(low), "high": float(high)}


def compare(ours: Mapping[str, Any], base: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """One system against another on the pictures that both were judged on, picture by picture.

    differences: ours minus base, mean with interval.  ratios: geometric mean of ours / base with interval, of SAD in
    thousands, where an error below one pixel's worth (0.001) counts as that. Below 0 and below 1 ours is better in
    every error; IoU is the other way round.
    """
    theirs = {picture["name"]: picture for picture in base["pictures"]}
    pairs = [(picture, theirs[picture["name"]]) for picture in ours["pictures"] if picture["name"] in theirs]
    found: dict[str, Any] = {"system": ours["name"], "against": base["name"], "pictures": len(pairs)}
    found["differences"] = {name: estimate(gaps) for name in names if (gaps := _gaps(pairs, name))}
    found["ratios"] = {name: _ratio(both) for name in RATIOS if (both := _both(pairs, name))}
    return found


def _both(pairs: Sequence[tuple[Picture, Picture]], name: str) -> list[tuple[float, float]]:
    values = [(a.get(name), b.get(name)) for a, b in pairs]
    return [(float(a), float(b)) for a, b in values if a is not None and b is not None]


def _gaps(pairs: Sequence[tuple[Picture, Picture]], name: str) -> list[float]:
    return [a - b for a, b in _both(pairs, name)]


def _ratio(both: Sequence[tuple[float, float]]) -> Estimate:
    return geometric([max(a, ONE_PIXEL) / max(b, ONE_PIXEL) for a, b in both])
