"""The words of referring expressions: noun patterns and relation phrases, each belonging to one split.

The forms are those of RefMatte's templates ("the <att> <obj>", "the <obj> which is <att> and <att>", a relation phrase
before the picture or before another thing), with further phrases of ours so that val and test are worded as training
never was.
"""

from typing import Literal

Split = Literal["train", "val", "test"]

PICTURE = ("photo", "image", "picture")

PATTERNS: dict[Split, dict[str, str]] = {
    "train": {"adjectives": "the {adjectives} {noun}", "which": "the {noun} {which} {be} {predicate}"},
    "val": {"that": "the {noun} that {be} {predicate}"},
    "test": {"comma": "the {noun}, {predicate}"},
}

# of a person a colour is the clothes'; {adjectives} may be empty
CLOTHES: dict[Split, dict[str, str]] = {
    "train": {
        "in": "the {adjectives}{noun} in {colours}",
        "dressed": "the {adjectives}{noun} who {be} dressed in {colours}",
    },
    "val": {"wearing": "the {adjectives}{noun} wearing {colours}"},
    "test": {"clothes": "the {adjectives}{noun} with {colours} clothes"},
}

# before "the photo"
ABSOLUTE_PHRASES: dict[str, dict[Split, tuple[str, ...]]] = {
    "left": {
        "train": ("on the left side of", "to the left of", "on the left of"),
        "val": ("at the left side of",),
        "test": ("in the left part of",),
    },
    "right": {
        "train": ("on the right side of", "to the right of", "on the right of"),
        "val": ("at the right side of",),
        "test": ("in the right part of",),
    },
    "leftmost": {
        "train": ("on the far left of", "at the leftmost edge of"),
        "val": ("at the most left side of",),
        "test": ("farthest to the left of",),
    },
    "rightmost": {
        "train": ("on the far right of", "at the rightmost edge of"),
        "val": ("at the most right side of",),
        "test": ("farthest to the right of",),
    },
    "top": {"train": ("in the upper part of", "at the top of"), "val": ("on top of",), "test": ("in the top part of",)},
    "bottom": {
        "train": ("in the lower part of", "at the bottom of"),
        "val": ("low down in",),
        "test": ("in the bottom part of",),
    },
    "middle": {"train": ("in the middle of",), "val": ("in the center of",), "test": ("at the centre of",)},
}

# before another thing
RELATIVE_PHRASES: dict[str, dict[Split, tuple[str, ...]]] = {
    "left of": {
        "train": ("to the left of", "on the left side of"),
        "val": ("at the left side of",),
        "test": ("left of",),
    },
    "right of": {
        "train": ("to the right of", "on the right side of"),
        "val": ("at the right side of",),
        "test": ("right of",),
    },
    "above": {"train": ("above", "over"), "val": ("higher up than",), "test": ("higher than",)},
    "below": {"train": ("below", "under"), "val": ("underneath",), "test": ("lower than",)},
    "next to": {"train": ("next to", "beside"), "val": ("close to",), "test": ("alongside",)},
    "bigger than": {"train": ("bigger than",), "val": ("larger than",), "test": ("greater in size than",)},
    "smaller than": {"train": ("smaller than",), "val": ("less big than",), "test": ("of lesser size than",)},
    "in front of": {"train": ("in front of",), "val": ("partly hiding",), "test": ("partly covering",)},
    "behind": {"train": ("behind",), "val": ("partly hidden by",), "test": ("partly covered by",)},
}
