"""What a visitor of the page needs: a server in a thread, and hands."""

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import uvicorn
from fastapi import FastAPI, Request, Response
from PIL import Image
from playwright.sync_api import Page
from starlette.types import ASGIApp, Receive, Scope, Send

from mattelier.serve.app import create_app
from mattelier.serve.settings import Settings

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 740}

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

Visit = Callable[..., Page]
Draw = Callable[..., Path]


class Drawn:
    """In front of the server: a stand-in for a system that takes trimaps. Its alpha is the trimap that it was sent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.trimaps: list[np.ndarray] = []
        self.words: list[str] = []
        self.own = FastAPI()
        self.own.post("/api/cut")(self._cut)
        self.is_asked = False  # until then the server answers itself

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_cut = self.is_asked and scope["type"] == "http" and scope["path"] == "/api/cut"
        await (self.own if is_cut else self.app)(scope, receive, send)

    async def _cut(self, request: Request) -> Response:
        async with request.form() as form:
            photo = Image.open(io.BytesIO(await form["image"].read())).convert("RGB")
            trimap = await form["trimap"].read() if "trimap" in form else None
            if "prompt" in form:
                self.words.append(str(form["prompt"]))
        if trimap:
            self.trimaps.append(np.asarray(Image.open(io.BytesIO(trimap)).convert("L")))
            photo.putalpha(Image.fromarray(self.trimaps[-1]))
        return Response(png(photo), headers={"X-Mattelier-Model": "drawn@0", "X-Mattelier-Seconds": '{"network": 0.1}'})


class Server:
    """A server in a thread, on a free port of this machine."""

    def __init__(self, settings: Settings) -> None:
        self.drawn = Drawn(create_app(settings))
        config = uvicorn.Config(self.drawn, host="127.0.0.1", port=0, log_level="critical", lifespan="on")
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._uvicorn.run)
        self._thread.start()
        while not self._uvicorn.started:
            assert self._thread.is_alive(), "the server did not start"
            time.sleep(0.02)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._uvicorn.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self._uvicorn.should_exit = True
        self._thread.join()


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def bring(page: Page, *files: Path) -> None:
    """Choose files, and wait until each is done or failed."""
    held = page.locator("#queue li").count()
    page.set_input_files("#files", list(files))
    settled(page, held + len(files))


def settled(page: Page, pictures: int = 1) -> None:
    """Wait until the queue holds so many pictures at least and none is under way."""
    page.wait_for_function(
        """(pictures) => {
          const rows = [...document.querySelectorAll("#queue li")];
          return rows.length >= pictures && rows.every((row) => ["done", "failed"].includes(row.dataset.state));
        }""",
        arg=pictures,
    )


def saved(page: Page, press: Callable[[], None]) -> tuple[str, bytes]:
    """The name and the bytes of what a press of a button downloads."""
    with page.expect_download() as waiting:
        press()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def centre(page: Page, selector: str) -> dict[str, float]:
    """Bring an element into the middle of the window; where it is then, for the mouse."""
    page.locator(selector).evaluate("element => element.scrollIntoView({ block: 'center' })")
    box = page.locator(selector).bounding_box()
    assert box is not None
    return dict(box)


def violations(page: Page, axe: str) -> list[str]:
    """What axe finds, each with the elements it means."""
    page.evaluate(axe)
    found = page.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)["violations"]
    return [f"{one['impact']} {one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]
