"""The evolution as one picture: seven columns that every system keeps, so that answers can be compared downwards.

    1 to 3  what the network says on its way     5  alpha, at the photo's size
    4       its alpha, at the network's size     6  the cut-out over a colour
                                                 7  a place of the edge, at the photo's own pixels

It is drawn 2400 px wide and stays readable at 1600.
"""

import numpy as np
from PIL import Image

from mattelier.evolve.letters import Style, canvas, width_of, write
from mattelier.evolve.perform import Shown
from mattelier.evolve.run import Evolution, Row
from mattelier.evolve.view import CELL_PX, cell_of, marked, shaped
from mattelier.evolve.wording import (
    HEADLINE,
    HOW,
    OVER,
    SILENT,
    alpha_words,
    asked,
    edge_words,
    facts,
    layer_words,
)
from mattelier.image import Array
from mattelier.image.io import encode
from mattelier.runtime.look import Layer

WIDTH_PX = 2400
_GAP_PX, _COLUMNS, _WAY = 22, 7, 3
_MARGIN_PX = (WIDTH_PX - _COLUMNS * CELL_PX - (_COLUMNS - 1) * _GAP_PX) // 2
_ROOM_PX = 56  # above and below a system
_CHECK_PX = 12

_PAPER, _INK, _SOFT, _LINE = (242, 244, 241), (17, 23, 22), (71, 81, 80), (203, 210, 205)
_MAT, _KEY, _ALARM = (221, 225, 221), (0, 107, 42), (163, 25, 10)
_CHECKS = (255, 211)
_HEAD = Style(76, _INK, weight=700)
_NAME, _YEAR = Style(46, _INK, weight=700), Style(46, _SOFT)
_FIGURE, _TITLE, _BODY = Style(28, _INK, weight=600), Style(26, _INK), Style(24, _SOFT, "source-serif")
_CAPTION, _SMALL = Style(22, _INK, weight=600), Style(21, _SOFT)
_WHY_NOT, _WRONG = Style(27, _INK), Style(27, _ALARM)
_MADE = Style(22, _KEY, weight=600)


def left_of(column: int) -> int:
    """Where a column begins; the first is 0."""
    return _MARGIN_PX + column * (CELL_PX + _GAP_PX)


def width_over(columns: int) -> int:
    """The width of so many columns and what is between them."""
    return columns * (CELL_PX + _GAP_PX) - _GAP_PX


def require_letters() -> None:
    """Raises InputError where Pillow cannot draw with the sheet's faces."""
    for style in (_HEAD, _BODY):
        width_of("a", style)


def png(evolution: Evolution) -> bytes:
    """The sheet as a PNG file."""
    return encode(drawn(evolution), None, "png")


def drawn(evolution: Evolution) -> Array:
    """(H, WIDTH_PX, 3) uint8: the photo and what it came with on top, a band a system below."""
    cell = cell_of(evolution.hw)
    page = Page(cell)
    page.head(evolution)
    for row in evolution.rows:
        page.band(row)
    return page.finished()


class Page:
    """A sheet that grows downwards; `top` is where the next thing begins."""

    def __init__(self, cell: tuple[int, int]) -> None:
        self._cell = cell
        # two lines of layers are the most that a network has; what is not used is cut away
        self._sheet, self._pen = canvas(WIDTH_PX, 7 * (2 * (cell[0] + 150) + 4 * _ROOM_PX), _PAPER)
        self.top = _ROOM_PX

    def finished(self) -> Array:
        """(H, W, 3) uint8, as tall as it was used."""
        return np.asarray(self._sheet.crop((0, 0, WIDTH_PX, self.top + _ROOM_PX // 2)))

    def head(self, evolution: Evolution) -> None:
        """What was asked on the left; trimap, photo and its edge above the columns that answer them."""
        bottom = self._words(evolution)
        hints, place = evolution.hints, evolution.place
        photo = marked(fitted(evolution.photo, self._cell, 1), evolution.hw, place)
        bottoms = [self._picture(5, self.top, np.asarray(photo), "photo", evolution.name)]
        if hints.trimap:
            style = _MADE if hints.trimap.is_made else _SMALL
            bottoms.append(self._picture(4, self.top, hints.trimap.grey, "trimap", hints.trimap.origin, style))
        if place and evolution.edge is not None:
            caption = edge_words(place, f"photo, {place.zoom}:1")
            bottoms.append(self._picture(6, self.top, evolution.edge, *caption, zoom=place.zoom))
        self.top = max(bottom, *bottoms) + _ROOM_PX

    def _words(self, evolution: Evolution) -> int:
        left, width = left_of(0), width_over(4)
        top = write(self._pen, (left, self.top - 12), HEADLINE, _HEAD, width) + 14
        top = write(self._pen, (left, top), asked(evolution), _TITLE, width, 2) + 10
        for line in (*evolution.notes, HOW, f"Measured on {evolution.machine}."):
            top = write(self._pen, (left, top), line, _BODY, width - CELL_PX // 2) + 6
        return top

    def band(self, row: Row) -> None:
        """One system: who it is and what it cost, then its pictures or the sentence that says why there are none."""
        self._pen.line((_MARGIN_PX, self.top, WIDTH_PX - _MARGIN_PX, self.top), _LINE, 2)
        self.top += _ROOM_PX - 16
        self._title(row)
        if row.shown is None:
            style = _WRONG if row.has_failed else _WHY_NOT
            self.top = write(self._pen, (left_of(0), self.top), row.why_not, style, width_over(5)) + _ROOM_PX - 16
            return
        self.top = max(self._way(row.shown), self._answer(row.shown)) + _ROOM_PX - 16

    def _way(self, shown: Shown) -> int:
        """What the network said, in the first four columns; returns where that ends."""
        layers = placed(shown.layers, self._cell[0] + 90)
        if all(layer.name == "alpha" for layer, _, _ in layers):
            write(self._pen, (left_of(0), self.top), SILENT, _SMALL, CELL_PX)
        bottoms = (
            self._picture(column, self.top + down, shaped(layer.pixels, shown.hw), *layer_words(layer))
            for layer, column, down in layers
        )
        return max(bottoms, default=self.top)

    def _answer(self, shown: Shown) -> int:
        """What came out of it, in the last three."""
        zoom = shown.place.zoom
        pictures = ((4, shown.alpha, 1), (5, shown.over, 1), (6, shown.edge, zoom))
        captions = (
            alpha_words(shown),
            OVER,
            edge_words(shown.place, f"cut-out, {zoom}:1"),
        )
        return max(
            self._picture(column, self.top, pixels, *caption, zoom=zoom)
            for (column, pixels, zoom), caption in zip(pictures, captions, strict=True)
        )

    def _title(self, row: Row) -> None:
        chapter, left = row.chapter, left_of(0)
        write(self._pen, (left, self.top), chapter.name, _NAME, width_over(4))
        after = left + width_of(chapter.name, _NAME) + 18
        write(self._pen, (after, self.top), str(chapter.year), _YEAR, 200)
        if row.shown and row.card:
            for column, (fact, more) in zip((4, 5, 6), facts(row.shown, row.card), strict=True):
                after = write(self._pen, (left_of(column), self.top + 14), fact, _FIGURE, CELL_PX, 1)
                write(self._pen, (left_of(column), after), more, _SMALL, CELL_PX, 1)
        top = write(self._pen, (left, self.top + 62), chapter.title, _TITLE, width_over(4), 1)
        self.top = write(self._pen, (left, top), f"{chapter.needs} {chapter.idea}", _BODY, width_over(4), 2) + 18

    def _picture(
        self,
        column: int,
        top: int,
        pixels: Array,
        caption: str,
        words: str,
        style: Style = _SMALL,
        zoom: int = 1,
    ) -> int:
        """A picture in the middle of its frame, its caption below; returns where that ends."""
        left, (height, width) = left_of(column), self._cell
        picture = fitted(pixels, self._cell, zoom)
        corner = (left + (width - picture.width) // 2, top + (height - picture.height) // 2)
        self._pen.rectangle((left, top, left + width - 1, top + height - 1), _MAT)
        self._sheet.paste(picture, corner)
        bottom = write(self._pen, (left, top + height + 12), caption, _CAPTION, width, 1)
        return write(self._pen, (left, bottom), words, style, width, 3)


def placed(layers: tuple[Layer, ...], step_px: int) -> list[tuple[Layer, int, int]]:
    """Each layer with its column and how far below the band's top: alpha in the fourth, the others before it."""
    before = [layer for layer in layers if layer.name != "alpha"]
    found = [(layer, place % _WAY, place // _WAY * step_px) for place, layer in enumerate(before)]
    return [*found, *((layer, _WAY, 0) for layer in layers if layer.name == "alpha")]


def fitted(pixels: Array, cell: tuple[int, int], zoom: int) -> Image.Image:
    """An RGB picture no larger than the cell: enlarged zoom times in squares, or shrunk, over checks if transparent."""
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    if zoom > 1:
        picture = picture.resize((picture.width * zoom, picture.height * zoom), Image.Resampling.NEAREST)
    scale = min(cell[0] / picture.height, cell[1] / picture.width)
    if zoom == 1 and scale != 1:
        how = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
        width, height = (max(1, round(side * scale)) for side in picture.size)
        picture = picture.resize((width, height), how)
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    under = Image.fromarray(checks(picture.height, picture.width)).convert("RGB")
    under.paste(picture, mask=picture.getchannel("A"))
    return under


def checks(height: int, width: int) -> Array:
    """(height, width) uint8: the squares that mean transparent."""
    y, x = np.mgrid[:height, :width] // _CHECK_PX
    return np.where((x + y) % 2, _CHECKS[1], _CHECKS[0]).astype(np.uint8)
