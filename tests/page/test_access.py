"""The page for everybody: axe's rules in light and dark, on a desk and on a phone; narrow windows; no JavaScript."""

import pytest

from page.visitor import DESKTOP, PHONE, Draw, Visit, bring, violations


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(visit: Visit, axe: str, disc: Draw, size: dict[str, int], scheme: str) -> None:
    page = visit(size, color_scheme=scheme)
    assert violations(page, axe) == []
    bring(page, disc("cat.png"))
    page.locator(".commands summary").click()
    assert violations(page, axe) == [], "with a result"


def test_the_switch_of_the_theme(visit: Visit, axe: str) -> None:
    page = visit(color_scheme="light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert violations(page, axe) == []
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark", "the choice stays"


def test_nothing_is_wider_than_the_window(visit: Visit, disc: Draw) -> None:
    page = visit()
    bring(page, disc("a-name-that-is-much-longer-than-any-phone-is-wide-and-never-breaks.png"))
    page.locator(".commands summary").click()
    for width in (320, 360, 600, 768, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width


def test_readable_without_javascript(visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    text = page.inner_text("main")
    for words in ("Deep Image Matting", "Composition-1k", "RefMatte", "e-ASPP", "The tool needs JavaScript"):
        assert words in text
    assert page.locator("#bench").is_hidden() and page.locator("#theme").is_hidden()


def test_drawings_and_fields_have_names(visit: Visit) -> None:
    page = visit()
    drawings = page.locator(".drawing svg")
    assert drawings.count() == 6
    for drawing in drawings.all():
        title, text = (part.text_content() for part in drawing.locator("> title, > desc").all())
        assert title and text and len(text) > 100
    assert page.locator("[role=status]").count() == 1
