"""PPM-100: 100 portraits to test on (Ke et al., "MODNet", AAAI 2022).

    ROOT/image/NAME.jpg   matte/NAME.jpg or .png

Layout after the authors' repository (ZHKKKe/PPM). No trimaps. Terms: photos from Flickr, each under its own Creative
Commons licence; the mattes for non-commercial use.
"""

from pathlib import Path

from mattelier.data.readers.example import Example, Split, paired
from mattelier.errors import InputError

MARKS = ("image", "matte")


def read(root: Path, split: Split) -> tuple[Example, ...]:
    """All portraits.  Raises InputError for the training split: there is none."""
    if split == "train":
        raise InputError(f"{root} is PPM-100, which is for testing only; ask for the split test")
    return paired(root / "image", root / "matte")
