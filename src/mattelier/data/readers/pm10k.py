"""PM-10k: 10,000 portraits of the same paper as AM-2k, and never released; P3M-10k took its place.

Whoever has it, or builds such a set of their own, keeps AM-2k's layout in a folder whose name holds "pm-10k":

    ROOT/{train,validation}/original/NAME.jpg   mask/NAME.png   trimap/NAME.png
"""

from pathlib import Path

from mattelier.data.readers import am2k
from mattelier.data.readers.example import Example, Split

MARKS = am2k.MARKS


def read(root: Path, split: Split) -> tuple[Example, ...]:
    """The portraits of a split."""
    return am2k.read(root, split)


def is_named(root: Path) -> bool:
    """Whether the folder says that it is PM-10k and not AM-2k, whose layout it shares; P3M-10k has its own."""
    return "pm10k" in root.resolve().name.lower().replace("-", "").replace("_", "")
