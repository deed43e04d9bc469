"""AM-2k: 2,000 animals, 1,800 to train and 200 to validate (Li et al., "Bridging Composite and Real", IJCV 2022).

    ROOT/train/original/NAME.jpg       train/mask/NAME.png        train/fg, train/bg (estimated colours, not read)
    ROOT/validation/original/NAME.jpg  validation/mask/NAME.png   validation/trimap/NAME.png

Layout after the authors' repository (JizhiziLi/GFM). Terms: research and other non-commercial use.
"""

from pathlib import Path

from mattelier.data.readers.example import Example, Split, paired

MARKS = ("validation/original", "validation/mask")
FOLDERS = {"train": "train", "test": "validation"}


def read(root: Path, split: Split) -> tuple[Example, ...]:
    """The pictures of a split; training pictures have no trimap."""
    folder = root / FOLDERS[split]
    return paired(folder / "original", folder / "mask", folder / "trimap")
