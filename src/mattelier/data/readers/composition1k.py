"""Adobe's Deep Image Matting set and its test, Composition-1k (Xu et al., "Deep Image Matting", CVPR 2017).

    ROOT/Test_set/Adobe-licensed images/{fg,alpha}/NAME.png   trimaps/NAME_NUMBER.png
    ROOT/Test_set/merged/NAME_NUMBER.png                      made of them and PASCAL VOC, 20 a foreground
    ROOT/Training_set/{Adobe-licensed images,Other}/{fg,alpha}/NAME

and the flat copy of the test that later repositories pass on:

    ROOT/merged/NAME_NUMBER.png   alpha_copy/NAME_NUMBER.png   trimaps/NAME_NUMBER.png

ROOT is the archive's `Combined_Dataset`. Terms: from the authors on request, research only, not to be passed on.
"""

from pathlib import Path

from mattelier.data.readers.composites import read_composites, read_subjects
from mattelier.data.readers.example import Example, Split, Subject
from mattelier.errors import InputError

MARKS = ("Test_set/Adobe-licensed images/alpha",)
FLAT_MARKS = ("merged", "alpha_copy")
LICENSED = "Adobe-licensed images"


def read(root: Path, split: Split) -> tuple[Example, ...]:
    """The thousand composites.  Raises InputError for `train`: training composites are made while training."""
    if split == "train":
        raise InputError(
            f"{root} is the Deep Image Matting set; it holds no training pictures, only foregrounds; "
            "ask for its subjects, or make composites with matte data compose"
        )
    test = root / "Test_set"
    return read_composites(
        test / "merged", test / LICENSED / "alpha", test / LICENSED / "trimaps", test / LICENSED / "fg"
    )


def read_flat(root: Path, split: Split) -> tuple[Example, ...]:
    """The same composites in the flat copy, which has no foregrounds."""
    if split == "train":
        raise InputError(f"{root} is the test part of Composition-1k; ask for the split test")
    return read_composites(root / "merged", root / "alpha_copy", root / "trimaps", root / "fg")


def subjects(root: Path, split: Split) -> tuple[Subject, ...]:
    """The foregrounds: 50 to test, 431 to train in two folders."""
    if split == "test":
        folders = [root / "Test_set" / LICENSED]
    else:
        folders = [root / "Training_set" / LICENSED, root / "Training_set" / "Other"]
    return tuple(subject for folder in folders for subject in read_subjects(folder / "fg", folder / "alpha"))
