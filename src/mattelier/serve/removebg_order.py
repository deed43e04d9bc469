"""One request of the remove.bg protocol, taken apart: every field checked, and every field without effect named."""

from dataclasses import dataclass, replace
from typing import Literal, cast

from mattelier.serve import removebg_values as values
from mattelier.serve.fields import Fields, invalid
from mattelier.serve.layout import HW, Box, Margins
from mattelier.serve.problems import Problem
from mattelier.serve.removebg_values import Colour, Four, Length
from mattelier.serve.uploads import Form

Wanted = Literal["auto", "png", "jpg", "webp", "zip"]
Channels = Literal["rgba", "alpha"]
Source = Literal["image_file", "image_file_b64", "image_url"]
Behind = Literal["bg_color", "bg_image_file", "bg_image_url"]

SOURCES: tuple[Source, ...] = ("image_file", "image_file_b64", "image_url")
BEHIND: tuple[Behind, ...] = ("bg_color", "bg_image_file", "bg_image_url")
FILES = frozenset({"image_file", "bg_image_file"})
FORMATS = ("auto", "png", "jpg", "webp", "zip")
TYPES = ("auto", "person", "product", "car", "animal", "graphic", "graphics", "transportation", "other")
LEVELS = ("none", "1", "2", "latest")
SHADOWS = ("auto", "drop", "3D", "car", "none")
DROPS = ("auto", "drop")  # the shadows that are drawn as named; the others become a drop shadow
SHADOW_FIELDS = frozenset({"add_shadow", "shadow_type", "shadow_opacity"})
FIELDS = (
    frozenset({*SOURCES, *BEHIND, "size", "type", "type_level", "format", "roi", "crop", "crop_margin"})
    | {"scale", "position", "channels", "semitransparency"}
    | SHADOW_FIELDS
)
SHADOW_OPACITY = 0.5  # when none is given  # ours
NO_MARGIN = Length(0, is_share=False)


@dataclass(frozen=True)
class Order:
    """What a request asks for; nothing in it needs the picture.

    source, behind: the fields that hold the picture and the background.  size_px: the most pixels of the result.
    scale: share of the canvas.  position: horizontal, vertical.  shadow: its opacity; None of these: not asked for.
    ignored: names of fields that were given and have no effect.
    """

    source: Source
    behind: Behind | None
    colour: Colour | None
    size_px: int
    format: Wanted
    channels: Channels
    shows_type: bool
    roi: Four | None
    crop: bool
    margins: Four
    scale: float | None
    position: tuple[float, float] | None
    shadow: float | None
    semitransparency: bool
    ignored: tuple[str, ...] = ()

    def region(self, hw: HW) -> Box | None:
        """The region of interest in a picture of that size; None: all of it.

        Raises Problem 400 `roi_exceeds_bounds` and `roi_region_empty`.
        """
        if self.roi is None:
            return None
        height, width = hw
        left, right = self.roi[0].px(width), self.roi[2].px(width)
        top, bottom = self.roi[1].px(height), self.roi[3].px(height)
        if right > width or bottom > height:
            raise Problem(
                400,
                "roi_exceeds_bounds",
                f"roi reaches to {right} x {bottom} px; at most {width} x {height} was expected; stay in the picture",
            )
        if left >= right or top >= bottom:
            raise Problem(
                400, "roi_region_empty", "roi holds no pixel; x1 under x2 and y1 under y2 was expected; correct it"
            )
        return Box(top, left, bottom - top, right - left)

    def margins_px(self, subject: HW) -> Margins:
        """The margins of a crop around a subject of that size."""
        height, width = subject
        top, right, bottom, left = self.margins
        return Margins(top.margin_px(height), right.margin_px(width), bottom.margin_px(height), left.margin_px(width))


def read_order(form: Form) -> Order:
    """The order in a request's fields and files; an empty field counts as not given.

    Raises Problem 400 `missing_source`, `multiple_sources`, `multiple_bg_sources` and `invalid_parameter`.
    """
    given = names_given(form)
    fields = Fields(form, given)
    scale = fields.read("scale", values.scale, None)
    order = Order(
        source=one_source(given),
        behind=_one_background(given),
        colour=fields.read("bg_color", values.colour, None),
        size_px=fields.read("size", values.size, values.SIZES["preview"]),
        format=cast(Wanted, fields.word("format", FORMATS, "auto")),
        channels=cast(Channels, fields.word("channels", ("rgba", "alpha"), "rgba")),
        shows_type=fields.word("type_level", LEVELS, "1") != "none",
        roi=fields.read("roi", values.region, None),
        crop=fields.read("crop", values.flag, False),
        margins=fields.read("crop_margin", values.margins, (NO_MARGIN,) * 4),
        scale=scale,
        position=fields.read("position", values.position, None if scale is None else (0.5, 0.5)),
        shadow=_shadow(fields),
        semitransparency=fields.read("semitransparency", values.flag, True),
    )
    ignored = _ignored(order, given, fields)
    if order.channels == "alpha" and order.format != "zip":  # a mask has nothing under it
        return replace(order, behind=None, colour=None, shadow=None, ignored=ignored)
    return replace(order, ignored=ignored)


def names_given(form: Form) -> frozenset[str]:
    """Names of fields and files that hold something.  Raises Problem 400 for a picture as text, and text as a file."""
    texts = {name for name, value in form.fields.items() if value.strip()}
    files = {name for name, upload in form.files.items() if upload.data or upload.name}
    for name in sorted(texts & FILES):
        raise invalid(name, "text; an uploaded file was expected; send it as multipart")
    for name in sorted(files & FIELDS - FILES):
        raise invalid(name, "a file; text was expected; send it as a plain field")
    return frozenset(texts | files)


def one_source(given: frozenset[str]) -> Source:
    """The field that holds the picture.  Raises Problem 400 `missing_source` and `multiple_sources`."""
    found = [name for name in SOURCES if name in given]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Problem(
            400,
            "missing_source",
            "no picture came with the request; one was expected; send image_file, image_file_b64 or image_url",
        )
    raise Problem(
        400, "multiple_sources", f"{' and '.join(found)} were given; one picture was expected; leave the others out"
    )


def _one_background(given: frozenset[str]) -> Behind | None:
    found = [name for name in BEHIND if name in given]
    if len(found) > 1:
        both = " and ".join(found)
        text = f"{both} were given; one background was expected; leave the others out"
        raise Problem(400, "multiple_bg_sources", text)
    return found[0] if found else None


def _shadow(fields: Fields) -> float | None:
    """The opacity of the shadow asked for: by add_shadow, or by the younger shadow_type alone."""
    kind = fields.word("shadow_type", SHADOWS, "")
    opacity = fields.read("shadow_opacity", values.opacity, SHADOW_OPACITY)
    wanted = fields.read("add_shadow", values.flag, bool(kind))
    return opacity if wanted and kind != "none" else None


def _ignored(order: Order, given: frozenset[str], fields: Fields) -> tuple[str, ...]:
    """Which of the fields that were given change nothing."""
    ignored = set(given - FIELDS)
    # the network does not tell kinds of subjects apart: it can neither look for one nor name it
    if fields.word("type", TYPES, "auto") != "auto":
        ignored.add("type")
    if fields.word("type_level", LEVELS, "none") != "none":
        ignored.add("type_level")
    if not order.crop:
        ignored |= given & {"crop_margin"}
    if order.channels == "alpha":
        ignored |= given & {"channels"} if order.format == "zip" else given & {*BEHIND, *SHADOW_FIELDS}
    if order.shadow is None:
        ignored |= given & {"shadow_opacity"}
    elif fields.word("shadow_type", SHADOWS, "auto") not in DROPS:
        ignored.add("shadow_type")
    return tuple(sorted(ignored))
