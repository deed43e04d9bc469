"""Distinctions-646: 646 foregrounds, 50 of them to test (Qiao et al., "Attention-Guided Hierarchical Structure
Aggregation for Image Matting", CVPR 2020).

    ROOT/Train/{FG,GT}/NAME      ROOT/Test/{FG,GT}/NAME     colours and alpha
    ROOT/Test/merged/NAME_NUMBER.png                        made of them and PASCAL VOC, 20 a foreground
    ROOT/Test/trimaps/NAME_NUMBER.png                       not published; where someone made them

FG and GT after the authors' archive; it has no composites and no trimaps, so their two folders are named here as
Composition-1k names them. Terms: from the authors on request, research only.
"""

from pathlib import Path

from mattelier.data.readers.composites import read_composites, read_subjects
from mattelier.data.readers.example import Example, Split, Subject
from mattelier.errors import InputError

MARKS = ("Test/FG", "Test/GT")


def read(root: Path, split: Split) -> tuple[Example, ...]:
    """The thousand composites.  Raises InputError for `train`: training composites are made while training."""
    if split == "train":
        raise InputError(
            f"{root} is Distinctions-646; it holds no training pictures, only foregrounds; "
            "ask for its subjects, or make composites with matte data compose"
        )
    test = root / "Test"
    return read_composites(test / "merged", test / "GT", test / "trimaps", test / "FG")


def subjects(root: Path, split: Split) -> tuple[Subject, ...]:
    """The foregrounds: 50 to test, 596 to train."""
    folder = root / {"train": "Train", "test": "Test"}[split]
    return read_subjects(folder / "FG", folder / "GT")
