"""How the remove.bg protocol writes its values. Each reader raises ValueError with what it expected, in words."""

import re
from dataclasses import dataclass

from PIL import ImageColor

Colour = tuple[int, int, int, int]  # red, green, blue, opacity; 0 to 255

MEGAPIXEL = 1_000_000
LARGEST = 50 * MEGAPIXEL
SIZES: dict[str, int] = {
    "preview": MEGAPIXEL // 4,
    "small": MEGAPIXEL // 4,
    "regular": MEGAPIXEL // 4,
    "medium": MEGAPIXEL * 3 // 2,
    "hd": 4 * MEGAPIXEL,
    "full": 25 * MEGAPIXEL,
    "4k": 25 * MEGAPIXEL,
    "50MP": LARGEST,
    "auto": LARGEST,
}
MARGIN_SHARE, MARGIN_PX = 0.5, 500  # the widest margin: of the subject's side, or in pixels
LEAST_SCALE = 0.1


@dataclass(frozen=True)
class Length:
    """A number of pixels, or a share of something."""

    value: float
    is_share: bool

    def px(self, whole: int) -> int:
        """As whole pixels."""
        return round(self.value * whole) if self.is_share else round(self.value)

    def margin_px(self, side: int) -> int:
        """As a margin beside a subject of that side, no wider than the protocol allows."""
        most = MARGIN_SHARE if self.is_share else MARGIN_PX
        return Length(min(self.value, most), self.is_share).px(side)


Four = tuple[Length, Length, Length, Length]


def choice(text: str, known: tuple[str, ...]) -> str:
    """One of the known words, however it is written."""
    for word in known:
        if text.lower() == word.lower():
            return word
    raise ValueError(" or ".join(known))


def size(text: str) -> int:
    """The most pixels that a result of that size may have."""
    return SIZES[choice(text, tuple(SIZES))]


def flag(text: str) -> bool:
    """A yes or a no."""
    return choice(text, ("true", "false", "1", "0", "yes", "no", "on", "off")) in ("true", "1", "yes", "on")


def colour(text: str) -> Colour:
    """3, 4, 6 or 8 hex digits with or without #, the last of 4 and 8 the opacity; or a name as in CSS."""
    word = text.lower()
    digits = word.removeprefix("#")
    if re.fullmatch(r"[0-9a-f]{3,4}", digits):
        digits = "".join(2 * digit for digit in digits)
    if re.fullmatch(r"[0-9a-f]{6}([0-9a-f]{2})?", digits):
        red, green, blue, *rest = bytes.fromhex(digits)
        return red, green, blue, rest[0] if rest else 255
    if word in ImageColor.colormap:
        red, green, blue = ImageColor.getrgb(word)[:3]
        return red, green, blue, 255
    raise ValueError("3, 4, 6 or 8 hex digits, or the name of a colour,")


def length(text: str) -> Length:
    """A length: "30px", "10%", or a bare number of pixels; not negative."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(px|%)?", text.lower())
    if found is None:
        raise ValueError("a length such as 30px or 10%")
    is_share = found[2] == "%"
    return Length(float(found[1]) / (100 if is_share else 1), is_share)


def region(text: str) -> Four:
    """Two corners, "x1 y1 x2 y2", each in px or %."""
    found = [length(word) for word in text.split()]
    if len(found) != 4 or any(edge.is_share and edge.value > 1 for edge in found):
        raise ValueError('two corners such as "10% 20% 90% 80%" or "0px 0px 200px 100px"')
    return found[0], found[1], found[2], found[3]


def margins(text: str) -> Four:
    """Top, right, bottom and left from one value (all), two (top and bottom, left and right) or four."""
    found = [length(word) for word in text.split()]
    if len(found) not in (1, 2, 4):
        raise ValueError("one, two or four lengths such as 30px or 10%")
    top, right, bottom, left = (found * (4 // len(found)))[:4]
    return top, right, bottom, left


def scale(text: str) -> float | None:
    """A share of the canvas from 10% to 100%; None for "original"."""
    share = None if text.lower() == "original" else _percent(text)
    if share is not None and share < LEAST_SCALE:
        raise ValueError("10% to 100%, or original,")
    return share


def position(text: str) -> tuple[float, float] | None:
    """Horizontal and vertical shares: one percentage for both, two, or "center"; None for "original"."""
    if text.lower() == "original":
        return None
    if text.lower() == "center":
        return 0.5, 0.5
    found = [_percent(word) for word in text.split()]
    if len(found) not in (1, 2):
        raise ValueError("center, original, or one or two percentages")
    return found[0], found[-1]


def opacity(text: str) -> float:
    """0 to 100, with or without %, as a share."""
    return _percent(text.removesuffix("%") + "%")


def _percent(text: str) -> float:
    """A percentage of at most 100, as a share."""
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%", text)
    if found is None or float(found[1]) > 100:
        raise ValueError("a percentage from 0% to 100%")
    return float(found[1]) / 100
