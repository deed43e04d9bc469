"""P3M-10k: portraits with blurred faces (Li et al., "Privacy-Preserving Portrait Matting", ACM MM 2021).

    ROOT/train/blurred_image/NAME.jpg                    train/mask/NAME.png
    ROOT/validation/P3M-500-P/blurred_image/NAME.jpg     mask/NAME.png   trimap/NAME.png   (faces blurred)
    ROOT/validation/P3M-500-NP/original_image/NAME.jpg   mask/NAME.png   trimap/NAME.png   (faces as they are)

Layout after the authors' repository (JizhiziLi/P3M). Terms: research and other non-commercial use.
"""

from pathlib import Path

from mattelier.data.readers.example import Example, Split, paired

MARKS = ("validation/P3M-500-P/blurred_image", "validation/P3M-500-NP/original_image")


def read(root: Path, split: Split) -> tuple[Example, ...]:
    """The portraits of a split; the two halves of the test are its categories, and stand in the names."""
    if split == "train":
        return paired(root / "train" / "blurred_image", root / "train" / "mask")
    return (*_half(root, "P3M-500-P", "blurred_image"), *_half(root, "P3M-500-NP", "original_image"))


def _half(root: Path, half: str, images: str) -> tuple[Example, ...]:
    folder = root / "validation" / half
    return paired(folder / images, folder / "mask", folder / "trimap", category=half, prefix=f"{half}/")
