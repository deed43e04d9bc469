"""How a remove.bg order becomes a file: the subject laid out, something laid under it, all of it packed."""

import io
import zipfile
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mattelier.image.io import encode
from mattelier.runtime.background import render
from mattelier.runtime.cutout import timed
from mattelier.serve.desk import Desk
from mattelier.serve.layers import drop_shadow, shadow_margins, solid, under
from mattelier.serve.layout import HW, Margins, Sheet, arranged, cropped, shrunk, within
from mattelier.serve.removal import Removal, read_image, remove
from mattelier.serve.removebg_order import Order
from mattelier.serve.removebg_values import LARGEST
from mattelier.serve.settings import Settings
from mattelier.serve.uploads import Form, from_base64

Written = Literal["png", "jpg", "webp"]
Packed = Written | Literal["zip"]

BLACK = np.zeros(3, np.uint8)
WHITE = np.full(3, 255, np.uint8)


@dataclass(frozen=True, eq=False)
class Made:
    """A finished result, and what its headers tell of it."""

    data: bytes
    format: Packed
    sheet: Sheet
    removal: Removal

    @property
    def largest(self) -> HW:
        """The size that the whole photo would have at the largest size there is."""
        return within(self.removal.photo_hw, LARGEST)


def make(desk: Desk, order: Order, form: Form, fetched: dict[str, bytes]) -> Made:
    """The work itself, in a worker thread.  Raises Problem and what `remove` raises."""
    photo = _picture(order.source, form, fetched, desk.settings)
    removal = remove(desk, photo, most_px=order.size_px, region_of=order.region)
    with timed(removal.seconds, "compose"):
        sheet = lay_out(order, removal.sheet)
        sheet = lay_under(order, sheet, removal.profile, form, fetched, desk.settings)
    with timed(removal.seconds, "encode"):
        data, format = pack(order, sheet, removal.profile)
    return Made(data, format, sheet, removal)


def lay_out(order: Order, sheet: Sheet) -> Sheet:
    """Transparency, crop, scale, position and size, in this order."""
    if not order.semitransparency:
        sheet = solid(sheet)
    if order.crop:
        sheet = _cropped(order, sheet)
    return shrunk(arranged(sheet, order.scale, order.position), order.size_px)


def _cropped(order: Order, sheet: Sheet) -> Sheet:
    """The subject with its margins, wide enough for its shadow, and no more pixels than the size allows."""
    margins = _margins(order, sheet)
    height, width = sheet.subject.hw
    canvas_px = (height + margins.top + margins.bottom) * (width + margins.left + margins.right)
    if canvas_px > order.size_px:
        # shrunk before the canvas is made, so that no margin costs the memory of four photos
        sheet = shrunk(sheet, max(1, sheet.alpha.size * order.size_px // canvas_px))
        margins = _margins(order, sheet)
    return cropped(sheet, margins)


def _margins(order: Order, sheet: Sheet) -> Margins:
    margins = order.margins_px(sheet.subject.hw)
    return margins if order.shadow is None else margins.at_least(shadow_margins(sheet.subject))


def lay_under(
    order: Order, sheet: Sheet, profile: bytes | None, form: Form, fetched: dict[str, bytes], settings: Settings
) -> Sheet:
    """Shadow and background.  Raises Problem and InputError for a background that is no picture."""
    if order.shadow is not None:
        sheet = under(sheet, BLACK, drop_shadow(sheet, order.shadow))
    if order.colour is not None:
        red, green, blue, opacity = order.colour
        colour = render(f"#{red:02x}{green:02x}{blue:02x}", sheet.colours, sheet.alpha, profile)
        return under(sheet, colour, opacity)
    if order.behind is not None:
        # a Pillow image, never a client's text: `render` would open a path
        image = read_image(_picture(order.behind, form, fetched, settings), settings.limits)
        return under(sheet, render(image, sheet.colours, sheet.alpha, profile, settings.limits), 255)
    return sheet


def pack(order: Order, sheet: Sheet, profile: bytes | None) -> tuple[bytes, Packed]:
    """The bytes of a result and their format; "auto" is decided here."""
    if order.format == "zip":
        return _zipped(sheet, profile), "zip"
    if order.channels == "alpha":
        format: Written = "png" if order.format == "auto" else order.format
        return encode(sheet.alpha, None, format, 8), format
    is_opaque = bool(sheet.alpha.min() == 255)
    format = ("jpg" if is_opaque else "png") if order.format == "auto" else order.format
    if format == "jpg" and not is_opaque:
        sheet, is_opaque = under(sheet, WHITE, 255), True
    return encode(sheet.colours, None if is_opaque else sheet.alpha, format, 8, profile), format


def _picture(name: str, form: Form, fetched: dict[str, bytes], settings: Settings) -> bytes:
    """The bytes that a field holds or points to."""
    if name in fetched:
        return fetched[name]
    return form.files[name].data if name in form.files else from_base64(form.fields[name], name, settings)


def _zipped(sheet: Sheet, profile: bytes | None) -> bytes:
    """color.jpg and alpha.png; both are compressed already, and the same sheet always gives the same bytes."""
    parts = {
        "color.jpg": encode(sheet.colours, None, "jpg", 8, profile),
        "alpha.png": encode(sheet.alpha, None, "png", 8),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()
