"""Did the words choose the right one? What is judged besides the matte where a system is told what to keep.

An answer chooses the subject of the scene with which it overlaps most: IoU of the areas with alpha over 0.5. It is a
refusal when fewer pixels than `matte cut` calls a subject are over 0.5, and it then chooses nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from mattelier.data.readers.example import Example
from mattelier.evaluate import metrics
from mattelier.evaluate.statistics import Estimate, clustered
from mattelier.image import Array, Float
from mattelier.image.colour import to_depth
from mattelier.image.io import decode_mask
from mattelier.runtime.subject import LIKELY, LIKELY_SHARE

CELLS = 24  # a side: 384 px by the 16 px at which CLIPMat's words point
NOTHING = -1  # chosen, or meant
FORMS: tuple[Callable[[str], bool], ...] = (lambda kind: kind == "keyword", lambda kind: kind != "keyword")


def referred(picture: Example, alpha: Array, target: Array) -> dict[str, Any]:
    """What an answer to words chose, and what it would cost as a mask of yes and no; {} for a picture without words.

    alpha, target: (H, W). `meant` and `chosen` count the scene's subjects from 0; -1 is nothing.
    """
    if not picture.subjects:
        return {}
    own = to_depth(alpha, np.float32)
    subjects = [decode_mask(path) for path in picture.subjects]
    is_refusal = bool((own > LIKELY).mean() < LIKELY_SHARE)
    hard = (own > 0.5).astype(np.float32)
    return {
        "scene": str(picture.image.stem),
        "tells": picture.tells,
        "subjects": len(subjects),
        "meant": picture.subjects.index(picture.alpha) if picture.alpha in picture.subjects else NOTHING,
        "chosen": NOTHING if is_refusal else chosen(own, subjects),
        "refused": is_refusal,
        "sad_hard": metrics.sad(hard, target),
        "sad_coarse": metrics.sad(coarse(own), target),
    }


def chosen(alpha: Float, subjects: Sequence[Array]) -> int:
    """The subject with the largest overlap; nothing where none overlaps or two do alike."""
    overlaps = [metrics.iou(alpha, subject) for subject in subjects]
    best = max(overlaps)
    return overlaps.index(best) if best > 0 and overlaps.count(best) == 1 else NOTHING


def coarse(alpha: Float) -> Float:
    """The alpha as CELLS by CELLS cells (one a pixel in smaller pictures), wholly in where their mean is over 0.5."""
    total: Array = alpha
    sides = []
    for axis, length in enumerate(alpha.shape):
        starts = np.arange(min(CELLS, length)) * length // min(CELLS, length)
        sides.append(np.diff(np.append(starts, length)))
        total = np.add.reduceat(total, starts, axis)
    is_in = total / np.outer(*sides) > 0.5
    wide: Float = np.repeat(np.repeat(is_in, sides[0], 0), sides[1], 1).astype(np.float32)
    return wide


def summary(pictures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Shares with 95 % intervals over scenes and the number each is of; {} without words. A share of none is left out.

    keyword, expression: texts of scenes of several subjects whose answer chose the one that is meant.
    relation_only, attributes_only: the same, of texts whose name fits several subjects, so that only the place or only
    the looks tell.  swapped: pairs of subjects of a scene, each asked for in one form, whose answers chose two
    different ones.  absent: texts for what is not there that were refused.  false_refusals: texts for what is there
    that were.  sad; sad_to_hard, sad_to_coarse: of texts for what is there, and divided by the SAD of the same answers
    as masks of yes and no, in full and by `coarse`: sums by sums.
    """
    told = [picture for picture in pictures if "scene" in picture]
    there = [picture for picture in told if picture["meant"] != NOTHING]
    several = [picture for picture in there if picture["subjects"] > 1]
    shares = {
        "keyword": right(p for p in several if p["category"] == "keyword"),
        "expression": right(p for p in several if p["category"] != "keyword"),
        "relation_only": right(p for p in several if p["tells"] == "relation"),
        "attributes_only": right(p for p in several if p["tells"] == "attributes"),
        "swapped": swapped(several),
        "absent": refusals(p for p in told if p["meant"] == NOTHING),
        "false_refusals": refusals(there),
        "sad": [(p["scene"], p["sad"], 1.0) for p in there],
        "sad_to_hard": [(p["scene"], p["sad"], p["sad_hard"]) for p in there],
        "sad_to_coarse": [(p["scene"], p["sad"], p["sad_coarse"]) for p in there],
    }
    return {name: estimated(parts) for name, parts in shares.items() if sum(part[2] for part in parts) > 0}


Part = tuple[str, float, float]  # scene, what is counted, out of how much


def estimated(parts: Sequence[Part]) -> Estimate:
    return clustered(parts) | {"count": len(parts), "scenes": len({scene for scene, _, _ in parts})}


def right(pictures: Iterable[Mapping[str, Any]]) -> list[Part]:
    return [(p["scene"], float(p["chosen"] == p["meant"]), 1.0) for p in pictures]


def refusals(pictures: Iterable[Mapping[str, Any]]) -> list[Part]:
    return [(p["scene"], float(p["refused"]), 1.0) for p in pictures]


def swapped(pictures: Sequence[Mapping[str, Any]]) -> list[Part]:
    """Of every two subjects of a scene and either form the first texts of both: whether they chose different ones."""
    first: dict[tuple[str, int], dict[int, int]] = {}
    for picture in pictures:
        form = next(k for k, fits in enumerate(FORMS) if fits(picture["category"]))
        first.setdefault((picture["scene"], form), {}).setdefault(picture["meant"], picture["chosen"])
    return [
        (scene, float(NOTHING not in (a, b) and a != b), 1.0)
        for (scene, _), answers in first.items()
        for a, b in combinations(answers.values(), 2)
    ]
