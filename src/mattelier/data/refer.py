"""Scenes to refer to: one to three cut-outs over a background, one alpha a subject, sentences that pick one of them.

RefMatte's construction (Li, Zhang, Tao, CVPR 2023): two or three subjects side by side, one above the other or partly
in front of each other, in the ratio 7 : 2 : 1; ours adds scenes of one subject. Scene i of a split is a function of
seed and i alone. Objects, backgrounds and wordings belong to one split each.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from mattelier.data.absent import GENERAL, absent_expressions
from mattelier.data.cutouts import Cutout
from mattelier.data.datasets import load_rgba
from mattelier.data.expressions import Expression, Rng, Thing, express
from mattelier.data.nouns import Names
from mattelier.data.wordings import Split
from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.colournames import colour_shares

SPLITS: tuple[Split, ...] = ("train", "val", "test")
COUNTS, COUNT_SHARES = (1, 2, 3), (0.10, 0.55, 0.35)  # ours; RefMatte: two or three
LAYOUTS, LAYOUT_SHARES = ("side by side", "stacked", "overlapping"), (0.7, 0.2, 0.1)  # RefMatte, 7 : 2 : 1
LIKE_SHARE = 0.35  # of scenes whose subjects share a name, so that place or looks must tell them apart  # ours
LEAST_SEEN = 0.6  # of a subject that another one hides in part
LEAST_EXPRESSIONS = 2  # a scene where a subject can hardly be told apart is drawn again  # ours
ATTEMPTS = 40
HALO = 8 / 255  # alpha below this does not count as the subject's extent


@dataclass(frozen=True)
class Scene:
    """A picture and what can be said of it."""

    image: Array  # (S, S, 3) uint8
    alphas: tuple[Array, ...]  # (S, S) uint8 each: what is seen of a subject
    cutouts: tuple[Cutout, ...]
    things: tuple[Thing, ...]
    expressions: tuple[Expression, ...]
    layout: str
    background: str
    absent: tuple[Expression, ...] = ()  # what can be said and means nothing here


@dataclass(frozen=True)
class Placed:
    """A cut-out on the canvas, before others hide it: straight colour and alpha, (S, S, 3) and (S, S), in [0, 1]."""

    rgb: Float
    alpha: Float


def scene(
    cutouts: Sequence[Cutout], backgrounds: Sequence[Path], side_px: int, split: Split, seed: int, number: int
) -> Scene:
    """Scene `number` of a split. cutouts and backgrounds: those of that split.

    Raises InputError when no scene with enough unambiguous expressions is found.
    """
    rng = np.random.default_rng((seed, SPLITS.index(split), number))
    for _ in range(ATTEMPTS):
        made = attempt(cutouts, backgrounds, side_px, split, rng)
        if made:
            return made
    raise InputError(
        f"{ATTEMPTS} draws from {len(cutouts)} cut-outs gave no scene whose subjects can be told apart; "
        "add cut-outs of other things or colours, or descriptions to their manifest"
    )


def attempt(
    cutouts: Sequence[Cutout], backgrounds: Sequence[Path], side_px: int, split: Split, rng: Rng
) -> Scene | None:
    """One draw; None when a subject is hidden too much or too little can be said of it."""
    count = min(int(rng.choice(COUNTS, p=COUNT_SHARES)), len({c.thing for c in cutouts}))
    chosen = choose(cutouts, count, rng)
    layout = "alone" if count == 1 else str(rng.choice(LAYOUTS, p=LAYOUT_SHARES))
    background = backgrounds[int(rng.integers(len(backgrounds)))]
    placed = [put(c, box, side_px, rng) for c, box in zip(chosen, boxes(layout, count, rng), strict=True)]
    if any(float(p.alpha.sum()) < 0.002 * side_px**2 for p in placed):
        return None
    image, seen = layer(placed, ground(background, side_px, rng))
    if any(float(a.sum()) < LEAST_SEEN * float(p.alpha.sum()) for a, p in zip(seen, placed, strict=True)):
        return None
    things = tuple(measure(chosen[i], i, placed, seen[i]) for i in range(count))
    said = [express(things, i, split, rng) for i in range(count)]
    if any(len(each) < LEAST_EXPRESSIONS for each in said):
        return None
    pixels = tuple(to_uint8(alpha) for alpha in seen)
    absent = absent_expressions([c.names for c in cutouts], [c.names for c in chosen], split, rng)
    return Scene(to_uint8(image), pixels, chosen, things, sum(said, ()), layout, background.name, absent)


def thinned(made: Scene, most: int, rng: Rng) -> Scene:
    """The scene with at most `most` expressions a subject beside its keyword, and texts for what is not there."""

    def some(said: Sequence[Expression]) -> tuple[Expression, ...]:
        return tuple(said[k] for k in sorted(rng.permutation(len(said))[:most]))

    expressions = []
    for target in range(len(made.things)):
        of_it = [e for e in made.expressions if e.target == target]
        expressions += [e for e in of_it if e.kind == "keyword"]
        expressions += some([e for e in of_it if e.kind != "keyword"])
    return replace(made, expressions=tuple(expressions), absent=some(made.absent))


def specific(names: Names) -> frozenset[str]:
    """The names that say what a thing is, without those of its whole category; of people "person" is one."""
    return frozenset(names.sure) - (GENERAL - {"person"})


def choose(cutouts: Sequence[Cutout], count: int, rng: Rng) -> tuple[Cutout, ...]:
    """`count` cut-outs of different objects, in some scenes of one kind as far as there are."""
    chosen: dict[str, Cutout] = {}
    order = rng.permutation(len(cutouts))
    if rng.random() < LIKE_SHARE:
        kind = specific(cutouts[order[0]].names)
        order = np.array(sorted(order, key=lambda i: not kind & specific(cutouts[i].names)))  # stable
    for i in order:
        chosen.setdefault(cutouts[i].thing, cutouts[i])
        if len(chosen) == count:
            break
    return tuple(chosen.values())


def boxes(layout: str, count: int, rng: Rng) -> list[tuple[float, float, float, float]]:
    """Where the subjects go, back to front: left, top, right, bottom in shares of the canvas."""
    if layout == "alone":
        size = rng.uniform(0.35, 0.9)
        x, y = rng.uniform(0, 1 - size, 2)
        return [(x, y, x + size, y + size)]
    if layout == "overlapping":
        return overlapping(count, rng)
    order = rng.permutation(count)
    slots = []
    for k in order:
        length = rng.uniform(0.6, 0.98) / count
        start = k / count + rng.uniform(0, 1 / count - length)
        breadth = rng.uniform(0.35, 0.9)
        across = rng.uniform(0, 1 - breadth)
        slots.append((start, across, start + length, across + breadth))
    return slots if layout == "side by side" else [(top, left, bottom, right) for left, top, right, bottom in slots]


def overlapping(count: int, rng: Rng) -> list[tuple[float, float, float, float]]:
    """A pair of which the later covers part of the earlier; a third one apart."""
    width = 1.0 if count == 2 else 0.66
    size = rng.uniform(0.6, 0.7) * width
    step, low = rng.uniform(0.35, 0.55) * size, rng.uniform(0.15, 0.3)
    pair = [(0.0, low - 0.1, size, low - 0.1 + size), (step, low, step + size, low + size)]
    if rng.random() < 0.5:
        pair = [(width - right, top, width - left, bottom) for left, top, right, bottom in pair]
    third = [(0.70, 0.1, 0.98, rng.uniform(0.4, 0.9))] if count == 3 else []
    return third + pair


def put(cutout: Cutout, box: tuple[float, float, float, float], side_px: int, rng: Rng) -> Placed:
    """A cut-out fitted into a box of the canvas, centred, half the time mirrored."""
    rgba = trimmed(load_rgba(cutout.file))
    if rng.random() < 0.5:
        rgba = rgba[:, ::-1]
    left, top, right, bottom = (value * side_px for value in box)
    scale = min((right - left) / rgba.shape[1], (bottom - top) / rgba.shape[0])
    w, h = (max(1, int(length * scale)) for length in (rgba.shape[1], rgba.shape[0]))
    # Pillow resizes RGBA premultiplied, so that no colour from under alpha 0 bleeds in
    small = Image.fromarray(np.ascontiguousarray(rgba)).resize((w, h), Image.Resampling.BILINEAR)
    canvas = Image.new("RGBA", (side_px, side_px))
    canvas.paste(small, (int((left + right - w) / 2), int((top + bottom - h) / 2)))
    unit = np.asarray(canvas).astype(np.float32) / np.float32(255.0)
    return Placed(unit[..., :3], unit[..., 3])


def trimmed(rgba: Array) -> Array:
    """Without the empty borders, so that a size is the subject's."""
    rows, columns = (np.flatnonzero((rgba[..., 3] > 255 * HALO).any(axis)) for axis in (1, 0))
    return rgba if not len(rows) else rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def ground(file: Path, side_px: int, rng: Rng) -> Float:
    """A square crop of a background, at least two thirds of its shorter side."""
    with Image.open(file) as picture:
        width, height = picture.size
        side = round(min(width, height) * rng.uniform(0.67, 1.0))
        left, top = int(rng.integers(width - side + 1)), int(rng.integers(height - side + 1))
        box = (left, top, left + side, top + side)
        square = picture.convert("RGB").resize((side_px, side_px), Image.Resampling.BILINEAR, box=box)
    return np.asarray(square).astype(np.float32) / np.float32(255.0)


def layer(placed: Sequence[Placed], background: Float) -> tuple[Float, list[Float]]:
    """The picture, back to front, and what is seen of every subject: I = sum alpha_i F_i + (1 - sum alpha_i) B."""
    image, seen = background, list[Float]()
    for subject in placed:
        a = subject.alpha[..., None]
        image = a * subject.rgb + (1.0 - a) * image
        seen = [alpha * (1.0 - subject.alpha) for alpha in seen] + [subject.alpha]
    return image, seen


def measure(cutout: Cutout, i: int, placed: Sequence[Placed], seen: Float) -> Thing:
    """What the grammar wants to know of a subject of a scene."""
    return thing_of(cutout.names, to_uint8(placed[i].rgb), seen, hidden_by(i, placed))


def thing_of(names: Names, rgb: Array, seen: Float, hides: tuple[float, ...]) -> Thing:
    """What the grammar wants to know, from the pixels that are seen.

    rgb: (S, S, 3) uint8; seen: (S, S) in [0, 1], not empty; hides: how much of every thing of the scene it covers.
    """
    shown = seen > HALO
    rows, columns = (np.flatnonzero(shown.any(axis)) for axis in (1, 0))
    side = seen.shape[0]
    box = (columns[0] / side, rows[0] / side, (columns[-1] + 1) / side, (rows[-1] + 1) / side)
    soft = float(seen[(seen > 0.1) & (seen < 0.9)].sum() / max(1e-6, float(seen.sum())))
    return Thing(names, colour_shares(rgb, seen), soft, float(seen.mean()), box, hides)


def hidden_by(i: int, placed: Sequence[Placed]) -> tuple[float, ...]:
    """The share of every subject that lies under subject i; 0 for itself and for those in front of it."""
    own = placed[i].alpha
    return tuple(float((own * p.alpha).sum() / p.alpha.sum()) if j < i else 0.0 for j, p in enumerate(placed))


def split_of(name: str) -> Split:
    """The split that an object or a background belongs to, by its name alone: 8 of 10 train, 1 val, 1 test."""
    tenth = hashlib.sha256(name.encode()).digest()[0] % 10
    return "train" if tenth < 8 else "val" if tenth == 8 else "test"


def to_uint8(unit: Float) -> Array:
    return (unit * np.float32(255.0) + np.float32(0.5)).astype(np.uint8)
