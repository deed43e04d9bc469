"""The page in a real browser, against a real server on this machine."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from mattelier.models.cards import Card
from mattelier.serve.settings import Settings
from page.visitor import DESKTOP, Draw, Server, Visit

CHROMIUM = Path("/usr/bin/chromium")  # the system's own; none is downloaded
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def server(installed: Card) -> Iterator[Server]:
    """A server whose only model keeps what is bright."""
    server = Server(Settings(workers=1))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Ends with its file: while it lasts an event loop runs in this thread, and no test could have its own."""
    if not CHROMIUM.exists():
        missing = f"{CHROMIUM} is not here; it was expected for the tests of the page; install Debian's chromium"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visit]:
    """visit() opens the page. At the end: no word in the console, and not one request to another host.

    refused=True: the test has the server refuse a picture or be silent, and the browser may say so.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def check_request(url: str) -> None:
        if not url.startswith((server.url, "blob:", "data:")):
            complaints.append(f"asked {url}")

    def listen(message: ConsoleMessage, refused: bool) -> None:
        if not (refused and message.text.startswith("Failed to load resource: ")):
            complaints.append(f"console: {message.text}")

    def open_page(
        size: dict[str, int] = DESKTOP,
        before: Callable[[Page], None] = lambda page: None,
        refused: bool = False,
        **options: object,
    ) -> Page:
        context = browser.new_context(viewport=size, reduced_motion="reduce", **options)
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda message: listen(message, refused))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("request", lambda request: check_request(request.url))
        before(page)
        page.goto(server.url)
        if options.get("java_script_enabled", True):
            page.locator("#models input").first.wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == [], complaints


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.exists():
        missing = "axe-core is not here; it was expected from npm; run npm ci --prefix tests/page"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    return AXE.read_text()


@pytest.fixture
def disc(tmp_path: Path) -> Draw:
    """disc("a.png") is a file with a picture: a bright disc of one colour on dark ground, 160 x 120."""

    def draw(name: str, colour: tuple[int, int, int] = (250, 200, 230), centre: tuple[int, int] = (80, 60)) -> Path:
        y, x = np.mgrid[:120, :160]
        inside = np.hypot(x - centre[0], y - centre[1]) < 40
        pixels = np.where(inside[..., None], np.array(colour), np.array([12, 20, 16])).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
        return tmp_path / name

    return draw
