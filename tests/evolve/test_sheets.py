"""Both kinds of sheet, from answers made here: what they show, say, and how large they become."""

import base64
import io
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattelier.evolve import sheet
from mattelier.evolve.document import document
from mattelier.evolve.perform import Shown
from mattelier.evolve.run import Evolution, Hints, Row, Trimap
from mattelier.evolve.sheet import WIDTH_PX, drawn, fitted, left_of, placed
from mattelier.evolve.story import STORY
from mattelier.evolve.view import CELL_PX, Place, cell_of, find_place
from mattelier.image import Array
from mattelier.models import list_models
from mattelier.runtime.look import Layer
from mattelier.weights import pin

VOID = {"meta", "img", "link", "br", "hr", "input"}
HOSTILE = '<script src="http://evil.example/x.js">'
GREEN = (0, 177, 64)


def grey(hw: tuple[int, int], value: int = 200) -> Array:
    return np.full(hw, value, np.uint8)


def answer(hw: tuple[int, int], *layers: str, peak: float | None = 123.4) -> Shown:
    place = find_place(grey(hw))
    return Shown(
        alpha=grey(hw),
        colours=None,
        seconds=1.234,
        cpu_seconds=2.5,
        peak_mib=peak,
        hw=hw,
        over=np.broadcast_to(np.array(GREEN, np.uint8), (*hw, 3)).copy(),
        place=place,
        edge=np.zeros((place.height, place.width, 4), np.uint8),
        layers=tuple(Layer(name, f"{name}: what {name} is", grey((24, 32), 50)) for name in layers),
        notes=(),
    )


def evolution(hw: tuple[int, int] = (120, 160), **changes: object) -> Evolution:
    """GFM and MODNet worked, CLIPMat failed, the others are not here."""
    card = list_models()[0]
    shows = {"gfm": answer(hw, "glance", "focus", "alpha"), "modnet": answer(hw, "alpha", peak=None)}
    rows = [
        Row(chapter, card, shows[chapter.system]) if chapter.system in shows else Row(chapter, None, None, "Not here.")
        for chapter in STORY
    ]
    rows[-1] = Row(STORY[-1], card, None, "No subject found: <none>.", has_failed=True)
    trimap = Trimap(
        Path("x"),
        grey(hw, 128),
        find_place(grey(hw)),
        "Made from gfm-lite's glance in 0.10 s; nobody painted it.",
        True,
    )
    place = trimap.place
    made = Evolution(
        name="cat.png",
        hw=hw,
        photo=np.zeros((*hw, 3), np.uint8),
        place=place,
        edge=np.zeros((place.height, place.width, 3), np.uint8),
        hints=Hints("the cat", trimap),
        rows=tuple(rows),
        notes=("The file holds several pictures; the first was used.",),
        machine="2 cores, a processor",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


class Reader(HTMLParser):
    """Every tag closed in its order, ids once, and what is said and loaded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert not self.open
        assert len(set(self.ids)) == len(self.ids)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attrs for name, attrs in self.tags if name == tag)


@pytest.mark.parametrize("hw", [(120, 160), (160, 120), (30, 900), (900, 30), (1, 1)])
def test_sheets_keep_their_width_and_are_as_tall_as_needed(hw: tuple[int, int]) -> None:
    picture = drawn(evolution(hw))
    cell = cell_of(hw)
    assert picture.shape[1:] == (WIDTH_PX, 3)
    # a row of pictures in the head and one in each of the two systems; words of six
    assert 3 * cell[0] + 6 * 200 < picture.shape[0] < 3 * cell[0] + 6 * 400
    # and then a margin of paper
    assert (picture[-20:] == picture[0, 0]).all() and (picture[-120:] != picture[0, 0]).any()


def test_columns_are_kept_by_every_system() -> None:
    picture = drawn(evolution())
    green = np.argwhere((picture == GREEN).all(-1))
    # only cut-outs are of that colour, all in the sixth column, which they fill
    assert green[:, 1].min() == left_of(5) and green[:, 1].max() == left_of(5) + CELL_PX - 1
    lines = np.unique(green[:, 0])
    tops = [int(y) for y in lines[np.diff(lines, prepend=-9) > 1]]
    assert len(tops) == 2
    alpha = picture[tops[0] + 10, left_of(4) + 10]
    assert alpha.tolist() == [200] * 3
    assert picture[tops[0] + 10, left_of(3) + 10].tolist() == [50] * 3  # the network's own
    assert picture[tops[0] + 10, left_of(1) + 10].tolist() == [50] * 3  # focus
    assert picture[tops[0] + 10, left_of(2) + 10].tolist() == picture[0, 0].tolist()  # no third layer: paper


def test_more_layers_than_columns_go_below() -> None:
    names = ("a", "b", "c", "d", "alpha")
    found = placed(answer((10, 10), *names).layers, 100)
    assert [(layer.name, column, down) for layer, column, down in found] == [
        ("a", 0, 0), ("b", 1, 0), ("c", 2, 0), ("d", 0, 100), ("alpha", 3, 0)
    ]  # fmt: skip
    rows = tuple(replace(row, shown=answer((10, 10), *names)) for row in evolution().rows)
    assert drawn(evolution(rows=rows)).shape[0] > drawn(evolution()).shape[0]


def test_what_is_transparent_lies_over_checks() -> None:
    clear = np.zeros((60, 60, 4), np.uint8)
    clear[30:] = 255
    picture = np.asarray(fitted(clear, (60, 60), 1))
    assert sorted(np.unique(picture[:30])) == [211, 255] and (picture[30:] == 255).all()


def test_pixels_are_enlarged_as_squares_and_photos_are_shrunk_whole() -> None:
    pixels = np.array([[0, 255], [255, 0]], np.uint8)
    assert np.array_equal(np.asarray(fitted(pixels, (6, 6), 3))[..., 0], pixels.repeat(3, 0).repeat(3, 1))
    assert fitted(grey((10, 400)), (150, 306), 1).size == (306, 8)
    assert fitted(grey((400, 10)), (408, 306), 1).size == (10, 408)


def test_the_place_is_framed_on_the_photo() -> None:
    place = Place(top=40, left=100, height=20, width=30, zoom=5)
    with_place = drawn(evolution(place=place, edge=np.zeros((20, 30, 3), np.uint8)))
    without = drawn(evolution(place=None, edge=None))
    height = min(len(with_place), len(without))
    box = (slice(0, height), slice(left_of(5), left_of(5) + CELL_PX))
    changed = np.argwhere((with_place[box] != without[box]).any(-1))
    top, left = 56 + round(40 * CELL_PX / 160), round(100 * CELL_PX / 160)
    assert abs(int(changed[:, 0].min()) - top) <= 4 and abs(int(changed[:, 1].min()) - left) <= 4
    read = Reader(document(evolution(place=place)))
    source = next(str(attrs["src"]) for attrs in read.all("img") if str(attrs["alt"]).startswith("photo"))
    with Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))) as photo:
        bright = np.argwhere(np.asarray(photo.convert("L")) > 128)
    assert abs(bright.min(0) - (40, 100)).max() <= 2 and abs(bright.max(0) - (60, 130)).max() <= 2


def test_a_png_sheet_is_a_png() -> None:
    with Image.open(io.BytesIO(sheet.png(evolution()))) as picture:
        assert (picture.format, picture.mode, picture.width) == ("PNG", "RGB", WIDTH_PX)


def test_the_document_is_whole_and_loads_nothing() -> None:
    text = document(evolution())
    read = Reader(text)
    assert text.startswith("<!doctype html>") and "color-scheme: light dark" in text
    for attrs in (attrs for _, attrs in read.tags):
        for name in ("src", "href", "srcset", "action"):
            assert (attrs.get(name) or "#").startswith(("data:", "#"))
    assert not list(read.all("script")) and not any(name.startswith("on") for _, attrs in read.tags for name in attrs)
    assert "://" not in text and "url(//" not in text
    policy = next(attrs for attrs in read.all("meta") if attrs.get("http-equiv") == "Content-Security-Policy")
    assert (policy["content"] or "").startswith("default-src 'none'")
    assert {attrs["href"] for attrs in read.all("a")} <= {f"#{name}" for name in read.ids}
    assert all(attrs["alt"] for attrs in read.all("img"))
    assert all(attrs.get("aria-label") for attrs in read.all("a") if attrs["class"] == "close")


def test_the_document_says_what_the_sheet_says() -> None:
    words = Reader(document(evolution())).words
    for said in (
        "cat.png, 160 x 120. Words: “the cat”.",
        "Made from gfm-lite's glance in 0.10 s; nobody painted it.",
        "Needs a photo and a trimap.",
        "Needs a photo and words.",
        "1.23 s warm",
        "2.50 s",
        "123 MiB at most",
        "memory not told here",
        "Not here.",
        "No subject found: <none>.",
        "This weight file tells nothing on its way to alpha.",
        "The file holds several pictures; the first was used.",
        "Measured on 2 cores, a processor.",
        f"mattelier, sha256 {list_models()[0].weights.sha256[:8]}…",
        pin(list_models()[0]),
    ):
        assert said in words, said
    order = [words.rindex(chapter.idea) for chapter in STORY]
    assert order == sorted(order)


def test_pictures_in_the_document_are_the_answers() -> None:
    read = Reader(document(evolution()))
    data = {attrs["alt"]: str(attrs["src"]).partition(",")[2] for attrs in read.all("img")}
    with Image.open(io.BytesIO(base64.b64decode(data["alpha: photo's size, 160 x 120"]))) as alpha:
        assert (alpha.format, alpha.size, alpha.getpixel((5, 5))) == ("PNG", (160, 120), 200)
    edge = next(source for alt, source in data.items() if alt and "cut-out, enlarged" in alt)
    with Image.open(io.BytesIO(base64.b64decode(edge))) as transparent:
        assert (transparent.format, transparent.mode) == ("WEBP", "RGBA")


def test_names_and_words_are_text_whatever_they_hold() -> None:
    hostile = evolution(name=HOSTILE, hints=replace(evolution().hints, prompt=HOSTILE), notes=(HOSTILE,))
    read = Reader(document(hostile))
    assert not list(read.all("script")) and read.words.count(HOSTILE) >= 4
    assert drawn(hostile).shape[1] == WIDTH_PX


def test_without_words_and_trimap_both_say_so() -> None:
    bare = evolution(hints=Hints(None, None, "none"), place=None, edge=None)
    assert "No words were given." in Reader(document(bare)).words
    assert drawn(bare).shape[1] == WIDTH_PX
