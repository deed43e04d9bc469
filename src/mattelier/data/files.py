"""Pictures by name: folders, lists in text files, cut-outs and the mattes that belong to them."""

from pathlib import Path

import numpy as np
from PIL import Image

from mattelier.errors import InputError
from mattelier.image import Array
from mattelier.image.colour import to_depth
from mattelier.image.io import decode, decode_mask

PICTURES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"))


def listed(folder: Path, names: Path | None = None) -> tuple[Path, ...]:
    """The pictures of a folder, sorted, or those that a text file names, one a line, in its order.

    Raises InputError when the folder, the list or one of its pictures is missing.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; a folder of pictures was expected; check the path")
    if names is None:
        return tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES))
    if not names.is_file():
        raise InputError(f"{names} was not found; a text file with one name a line was expected; check the path")
    paths = tuple(folder / line.strip() for line in names.read_text(encoding="utf-8").splitlines() if line.strip())
    for path in paths:
        if not path.is_file():
            raise InputError(f"{names} names {path.name}, which is not in {folder}; expected every picture to be there")
    return paths


def same_name(picture: Path, folder: Path) -> Path:
    """The file in a folder that is called like a picture, whatever its ending.  Raises InputError without one."""
    direct = folder / picture.name
    found = direct if direct.is_file() else next(iter(sorted(folder.glob(f"{picture.stem}.*"))), None)
    if found is None:
        raise InputError(f"{folder} has nothing called {picture.stem}; expected one file for every picture; add it")
    return found


def load_cutout(path: Path, alphas: Path | None) -> tuple[Array, Array]:
    """Colours (H, W, 3) and alpha (H, W), uint8, straight.  Raises InputError without an alpha of its size."""
    picture = decode(path)
    colours = to_depth(picture.pixels, np.uint8)
    if alphas is not None:
        alpha = decode_mask(same_name(path, alphas))
    elif picture.alpha is not None:
        alpha = to_depth(picture.alpha, np.uint8)
    else:
        raise InputError(f"{path} has no transparency; expected a cut-out; pass its mattes with --alpha DIR")
    if alpha.shape != colours.shape[:2]:
        raise InputError(f"the matte of {path} is {alpha.shape} and it is {colours.shape[:2]}; expected one size")
    return colours, alpha


def load_rgb(path: Path) -> Array:
    """(H, W, 3) uint8."""
    return to_depth(decode(path).pixels, np.uint8)


def size_of(path: Path) -> tuple[int, int]:
    """Height and width, from the file's head.  Raises InputError for what is no picture."""
    try:
        with Image.open(path) as image:
            return image.height, image.width
    except OSError as error:
        raise InputError(f"{path} cannot be read as a picture ({error}); expected a picture; remove it") from error
