"""AIM-500: 500 natural pictures to test on (Li et al., "Deep Automatic Natural Image Matting", IJCAI 2021).

    ROOT/original/NAME.jpg   mask/NAME.png   trimap/NAME.png   usr/ (the authors' unified representation, not read)

Layout after the authors' repository (JizhiziLi/AIM). Terms: research and other non-commercial use.
"""

from pathlib import Path

from mattelier.data.readers.example import Example, Split, paired
from mattelier.errors import InputError

MARKS = ("original", "mask")


def read(root: Path, split: Split) -> tuple[Example, ...]:
    """All pictures.  Raises InputError for the training split: there is none."""
    if split == "train":
        raise InputError(f"{root} is AIM-500, which is for testing only; ask for the split test")
    return paired(root / "original", root / "mask", root / "trimap")
