"""The trimap panel: the brush, and where a trimap comes from. A stand-in answers whose alpha is the trimap itself."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from page.visitor import Draw, Server, Visit, centre, png, saved, settled

# As the server would list a system that takes trimaps and words, beside one that takes neither.
DRAWN = {"name": "drawn.test", "system": "fba", "pinned": "drawn.test@0", "ready": True, "licence": "Apache-2.0",
         "size_bytes": 1_000_000, "limits": [], "needs": ["image", "trimap"]}  # fmt: skip
TOLD = {**DRAWN, "name": "told.test", "system": "clipmat", "needs": ["image", "words"]}
BRIGHT = {**DRAWN, "name": "modnet-bright.test", "system": "modnet", "needs": ["image"]}
ABSENT = {**DRAWN, "name": "absent.test", "system": "dim", "ready": False}


@pytest.fixture
def page(visit: Visit, server: Server) -> Page:
    """The page, told of four models."""

    def tell(page: Page) -> None:
        page.route(
            "**/api/models", lambda route: route.fulfill(json={"models": [DRAWN, TOLD, BRIGHT, ABSENT], "systems": []})
        )

    return visit(before=tell)


def choose(page: Page, server: Server, name: str) -> None:
    page.check(f"[name=model][value='{name}']")
    server.drawn.is_asked = name in ("drawn.test", "told.test")


def paint_across(page: Page, row: float) -> None:
    """A stroke of the mouse over the middle half of the picture, at this share of its height."""
    box = centre(page, "#trimap-canvas")
    y = box["y"] + box["height"] * row
    page.mouse.move(box["x"] + box["width"] * 0.25, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, y, steps=8)
    page.mouse.up()


def test_paint_undo_redo_and_cut(page: Page, server: Server, disc: Draw) -> None:
    choose(page, server, "drawn.test")
    page.set_input_files("#files", disc("cat.png"))
    page.wait_for_selector("#queue li[data-state=new]")
    assert page.locator("#go").is_disabled() and "needs a trimap" in page.inner_text("#go-why")
    assert page.inner_text("#trimap-origin") == "there is none yet"
    page.click("#paint")
    page.fill("#brush-size", "20")
    paint_across(page, 0.5)
    assert page.inner_text("#trimap-origin") == "painted by you"
    page.locator("label:has([name=brush][value=remove])").click()
    paint_across(page, 0.1)
    paint_across(page, 0.9)
    page.click("#undo")
    page.click("#undo")
    assert page.locator("#redo").is_enabled()
    page.keyboard.press("Tab")
    page.locator("#stage").focus()
    page.keyboard.press("Control+Shift+z")
    page.click("#go")
    settled(page)
    trimap = server.drawn.trimaps[-1]
    assert trimap.shape == (120, 160) and set(np.unique(trimap)) == {0, 128, 255}
    assert trimap[60, 80] == 255 and trimap[12, 80] == 0 and trimap[108, 80] == 128, "the third stroke stayed undone"
    assert trimap[60, 10] == 128
    _, data = saved(page, lambda: page.click("[data-save=png]"))
    alpha = np.asarray(Image.open(io.BytesIO(data)))[..., 3]
    assert alpha[60, 80] == 255 and alpha[12, 80] == 0 and alpha[108, 80] == 128


def test_the_brush_by_keyboard(page: Page, server: Server, disc: Draw) -> None:
    choose(page, server, "drawn.test")
    page.set_input_files("#files", disc("cat.png"))
    page.locator("#paint").press("Enter")
    assert page.evaluate("document.activeElement.id") == "stage"
    for key in ("[", "[", "1", "Space", "ArrowRight", "ArrowRight", "Space", "2", *["ArrowDown"] * 3, "Space", "Space"):
        page.keyboard.press(key)
    assert page.is_checked("[name=brush][value=remove]")
    page.locator("#go").press("Enter")
    settled(page)
    trimap = server.drawn.trimaps[-1]
    assert trimap[60, 80] == 255 and trimap[60, 100] == 255, (
        "from the middle, two steps of half a brush (26 px) to the right"
    )
    assert trimap[60 + 38, 106] == 0


def test_made_from_another_system_then_painted(page: Page, server: Server, disc: Draw) -> None:
    choose(page, server, "drawn.test")
    page.set_input_files("#files", disc("cat.png"))
    server.drawn.is_asked = False
    page.click("#trimap-made")
    page.wait_for_function("() => document.getElementById('trimap-origin').textContent.startsWith('made from')")
    assert page.inner_text("#trimap-origin").startswith("made from another system, modnet-bright.test@")
    paint_across(page, 0.5)
    assert page.inner_text("#trimap-origin").endswith("then painted by you")
    server.drawn.is_asked = True
    page.click("#go")
    settled(page)
    trimap = server.drawn.trimaps[-1]
    assert trimap[60, 80] == 255 and trimap[2, 2] == 0, "the bright system knows the corner is background"


def test_uploaded_and_sample(page: Page, server: Server, disc: Draw, tmp_path: Path) -> None:
    choose(page, server, "drawn.test")
    page.set_input_files("#files", disc("cat.png"))
    page.wait_for_selector("#queue li")
    assert page.locator("#trimap-sample").is_hidden()
    mine = tmp_path / "mine.png"
    mine.write_bytes(png(Image.fromarray(np.full((120, 160), 255, np.uint8))))
    page.set_input_files("#trimap-file", mine)
    page.wait_for_function("() => document.getElementById('trimap-origin').textContent === 'your file mine.png'")
    page.click("[data-sample=astronaut]")
    page.wait_for_function("() => document.querySelectorAll('#queue li').length === 2")
    assert page.inner_text("#trimap-origin") == "there is none yet", "a trimap belongs to its picture"
    page.click("#trimap-sample")
    page.wait_for_function("() => document.getElementById('trimap-origin').textContent.startsWith('a sample')")
    page.click("#go")
    settled(page)
    assert page.locator("#queue li[data-state=done]").count() == 2
    shapes = sorted(trimap.shape for trimap in server.drawn.trimaps)
    assert shapes == [(120, 160), (512, 512)], "each with its own"


def test_words(page: Page, server: Server, disc: Draw) -> None:
    assert page.locator("#words-field").is_hidden()
    assert "absent.test" in page.inner_text("#models"), "known, and not here"
    choose(page, server, "told.test")
    page.set_input_files("#files", disc("cat.png"))
    page.wait_for_selector("#queue li")
    assert "needs words" in page.inner_text("#go-why")
    page.fill("#words", "the disc")
    page.click("#go")
    settled(page)
    assert server.drawn.words == ["the disc"]
