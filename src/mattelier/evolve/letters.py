"""Words on a picture, in the page's own two faces (SIL Open Font Licence, see serve/page/fonts)."""

import io
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from mattelier.errors import InputError

Face = Literal["bricolage", "source-serif"]
Ink = tuple[int, int, int]
_ABSENT = "\u4e00"  # a letter that neither face has: what is drawn for it stands for all that are missing
_LINE = 1.3  # from one line to the next, in heights of a letter


@dataclass(frozen=True)
class Style:
    """size_px: of a letter.  weight: 400 to 700, of the display face; the text face has one."""

    size_px: int
    ink: Ink
    face: Face = "bricolage"
    weight: int = 400

    @property
    def line_px(self) -> int:
        """From one line to the next."""
        return round(self.size_px * _LINE)


def face_data(face: Face) -> bytes:
    """The font's file, WOFF2."""
    return (files("mattelier.serve") / "page" / "fonts" / f"{face}.woff2").read_bytes()


@lru_cache(maxsize=32)
def font(face: Face, size_px: int, weight: int) -> ImageFont.FreeTypeFont:
    """The face at a size.  Raises InputError where Pillow was built without FreeType or without WOFF2."""
    try:
        # basic layout: the words need no more, and it is the same on every machine
        made = ImageFont.truetype(io.BytesIO(face_data(face)), size_px, layout_engine=ImageFont.Layout.BASIC)
    except (OSError, ImportError) as error:
        raise InputError(
            f"this Pillow cannot draw the sheet's letters ({error}); expected one with FreeType and WOFF2, as Pillow's "
            "own wheels have; install such a wheel, or write an .html sheet, which needs neither"
        ) from error
    if face == "bricolage":
        made.set_variation_by_axes([weight])
    return made


def write(pen: ImageDraw.ImageDraw, at: tuple[int, int], words: str, style: Style, width_px: int, most: int = 9) -> int:
    """Draw words from their upper left corner, in lines of at most width_px; returns where the next line begins.

    most: lines; what does not fit into them ends in "…".
    """
    letters = font(style.face, style.size_px, style.weight)
    left, top = at
    for line in broken(plain(words, style), letters, width_px, most):
        pen.text((left, top), line, style.ink, letters)
        top += style.line_px
    return top


def broken(words: str, letters: ImageFont.FreeTypeFont, width_px: int, most: int) -> list[str]:
    """Lines of at most width_px; a word that is too long for one is cut."""
    lines, line = [], ""
    for word in words.split():
        longer = f"{line} {word}".lstrip()
        if line and letters.getlength(longer) > width_px:
            lines.append(line)
            longer = word
        line = longer
    lines.append(line)
    kept = lines[:most]
    if len(lines) > most:
        kept[-1] += "…"
    return [shortened(line, letters, width_px) for line in kept]


def shortened(line: str, letters: ImageFont.FreeTypeFont, width_px: int) -> str:
    """The line, or its beginning and "…"."""
    if letters.getlength(line) <= width_px:
        return line
    stem = line.rstrip("…")
    while stem and letters.getlength(f"{stem}…") > width_px:
        stem = stem[:-1]
    return f"{stem.rstrip()}…"


def plain(words: str, style: Style) -> str:
    """The words in letters that the face has: others lose their accents, or become "?"."""
    return "".join(_plain(letter, style.face) for letter in words)


@lru_cache(maxsize=1024)
def _plain(letter: str, face: Face) -> str:
    if letter.isascii() or _is_drawn(letter, face):
        return letter
    base = "".join(part for part in unicodedata.normalize("NFKD", letter) if part.isascii())
    return base or "?"


def _is_drawn(letter: str, face: Face) -> bool:
    letters = font(face, 24, 400)
    drawn, absent = (letters.getmask(sign) for sign in (letter, _ABSENT))
    return (drawn.size, bytes(drawn)) != (absent.size, bytes(absent))


def width_of(words: str, style: Style) -> int:
    """In px, on one line."""
    return round(font(style.face, style.size_px, style.weight).getlength(plain(words, style)))


def canvas(width_px: int, height_px: int, paper: Ink) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty sheet and a pen for it."""
    sheet = Image.new("RGB", (width_px, height_px), paper)
    return sheet, ImageDraw.Draw(sheet)
