"""A client's picture in, its subject on a sheet out: what the old protocols build their answers from.

They know 8 bits only, so that is what a picture is brought to; a result smaller than the photo is cut out at its own
size, which takes a fraction of the time and looks the same.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mattelier.image import Array
from mattelier.image.colour import to_depth
from mattelier.image.io import Limits, Picture, decode
from mattelier.runtime.cutout import Cutout, timed
from mattelier.serve.desk import Desk
from mattelier.serve.layout import HW, Box, Sheet, require_subject, resampled, within


@dataclass(frozen=True, eq=False)
class Removal:
    """A cut-out at the size it was asked for.

    photo_hw: the size of the picture that came.  profile: the ICC profile of the sheet's colours, or None (sRGB).
    notes: sentences about the file that a user should see.
    """

    sheet: Sheet
    photo_hw: HW
    profile: bytes | None
    model: str
    notes: tuple[str, ...]
    seconds: dict[str, float]


def remove(
    desk: Desk,
    data: bytes,
    model: str | None = None,
    most_px: int | None = None,
    region_of: Callable[[HW], Box | None] = lambda _: None,
) -> Removal:
    """Cut the subject out of the bytes of a picture.  Blocks: call it in the desk's work.

    most_px: of the result; a larger photo is scaled down first.  region_of: given the photo's size, the box in it
    where the subject is looked for; what lies outside becomes transparent.
    Raises InputError, NoSubject, and what `region_of` and Desk.matter raise.
    """
    seconds: dict[str, float] = {}
    with timed(seconds, "decode"):
        picture = decode(data, desk.settings.limits)
    hw = (picture.pixels.shape[0], picture.pixels.shape[1])
    box = region_of(hw)
    small = within(hw, most_px or hw[0] * hw[1])
    with timed(seconds, "prepare"):
        image = as_image(picture, small)
        area = _scaled(box, hw, small) if box else Box(0, 0, *small)
        part = image.crop((area.left, area.top, area.left + area.width, area.top + area.height)) if box else image
    cutout = desk.matter(model).cut(part, limits=desk.settings.limits)
    sheet = _sheet(cutout, area, small)
    for stage, value in cutout.seconds.items():
        seconds[stage] = seconds.get(stage, 0.0) + value
    desk.note(seconds)
    return Removal(sheet, hw, picture.profile, cutout.model, picture.notes, seconds)


def as_image(picture: Picture, hw: HW | None = None) -> Image.Image:
    """A decoded picture as a Pillow image of 8 bits, RGB or RGBA, with its profile, at another size if one is given."""
    colours = to_depth(picture.pixels, np.uint8)
    alpha = None if picture.alpha is None else to_depth(picture.alpha, np.uint8)
    if hw is not None and hw != colours.shape[:2]:
        colours, resized = resampled(colours, alpha, hw)
        alpha = None if alpha is None else resized
    image = Image.fromarray(np.ascontiguousarray(colours) if alpha is None else np.dstack((colours, alpha)))
    if picture.profile is not None:
        image.info["icc_profile"] = picture.profile
    return image


def read_image(data: bytes, limits: Limits) -> Image.Image:
    """A client's picture as a Pillow image of 8 bits.  Raises InputError."""
    return as_image(decode(data, limits))


def _sheet(cutout: Cutout, area: Box, hw: HW) -> Sheet:
    """The cut-out of an area, on a canvas of the whole picture."""
    alpha, colours = to_depth(cutout.alpha, np.uint8), to_depth(cutout.colours, np.uint8)
    if area.hw != hw:
        alpha, colours = _surrounded(alpha, area, hw), _surrounded(colours, area, hw)
    return Sheet(colours, alpha, require_subject(alpha))


def _surrounded(plane: Array, area: Box, hw: HW) -> Array:
    out: Array = np.zeros((*hw, *plane.shape[2:]), plane.dtype)
    out[area.slices] = plane
    return out


def _scaled(box: Box, hw: HW, small: HW) -> Box:
    """A box of a picture in the same picture scaled down; at least one pixel."""
    down, across = small[0] / hw[0], small[1] / hw[1]
    top, left = min(round(box.top * down), small[0] - 1), min(round(box.left * across), small[1] - 1)
    bottom, right = round((box.top + box.height) * down), round((box.left + box.width) * across)
    return Box(top, left, max(1, bottom - top), max(1, right - left))
