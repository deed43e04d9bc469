"""The client `removebg` from PyPI against a real server, nothing of it changed but the address it calls."""

import base64
import io
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mattelier.models.cards import Card
from mattelier.serve.app import create_app
from mattelier.serve.keys import new_key
from mattelier.serve.settings import Settings

requests = pytest.importorskip("requests")
client_module = pytest.importorskip("removebg.removebg")
uvicorn = pytest.importorskip("uvicorn")


@contextmanager
def running(settings: Settings) -> Iterator[str]:
    """The address of a server in a thread of its own."""
    config = uvicorn.Config(create_app(settings), port=0, log_level="error", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def removebg(installed: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """removebg(key) is the client, pointed at a server whose one key is "good"."""
    key, hashed = new_key()
    settings = Settings(workers=1, keys=(("shop", hashed),), allow_url=True, allow_private_urls=True)
    # the client logs through the root logger; basicConfig would open a file that nobody closes
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    with running(settings) as address:
        monkeypatch.setattr(client_module, "API_ENDPOINT", f"{address}/v1.0/removebg")
        yield lambda name: client_module.RemoveBg(key if name == "good" else name, str(tmp_path / "error.log"))


@pytest.fixture
def photo_file(photo: bytes, tmp_path: Path) -> Path:
    file = tmp_path / "cat.png"
    file.write_bytes(photo)
    return file


@pytest.fixture
def photo_url(photo: bytes) -> Iterator[str]:
    """A site with one picture."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(photo)

        def log_message(self, *_: object) -> None:
            pass

    class Site(ThreadingHTTPServer):
        daemon_threads = False

    with Site(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/cat.png"
        server.shutdown()
        thread.join()


def check(file: Path, corner: list[int]) -> None:
    result = np.asarray(Image.open(io.BytesIO(file.read_bytes())))
    assert result.shape[:2] == (60, 80)
    assert np.abs(result[2, 2].astype(int) - corner).max() <= 3
    assert (result[30, 40, :3] > 200).all()


def test_a_file(removebg: Any, photo_file: Path) -> None:
    removebg("good").remove_background_from_img_file(str(photo_file))
    check(photo_file.with_name("cat.png_no_bg.png"), [0, 0, 0, 0])


def test_a_url(removebg: Any, photo_url: str, tmp_path: Path) -> None:
    out = tmp_path / "url.png"
    removebg("good").remove_background_from_img_url(photo_url, size="hd", new_file_name=str(out))
    check(out, [0, 0, 0, 0])


def test_base64_over_a_colour(removebg: Any, photo: bytes, tmp_path: Path) -> None:
    out = tmp_path / "base64.jpg"
    text = base64.b64encode(photo).decode()
    removebg("good").remove_background_from_base64_img(text, new_file_name=str(out), bg_color="ff0000")
    check(out, [255, 0, 0])


def test_errors_arrive_as_such(removebg: Any, photo: bytes, tmp_path: Path) -> None:
    out, flat = io.BytesIO(), tmp_path / "out.png"
    Image.new("RGB", (40, 40), "grey").save(out, "PNG")
    # as base64: after an error the client leaves a file that it opened open
    for key, picture, status, code in (
        ("wrong", photo, 403, "auth_failed"),
        ("good", out.getvalue(), 400, "unknown_foreground"),
    ):
        with pytest.raises(requests.HTTPError) as caught:
            removebg(key).remove_background_from_base64_img(base64.b64encode(picture).decode(), new_file_name=str(flat))
        assert caught.value.response.status_code == status
        assert caught.value.response.json()["errors"][0]["code"] == code
    assert not flat.exists()


def test_a_url_that_is_not_there(removebg: Any, tmp_path: Path) -> None:
    with pytest.raises(requests.HTTPError) as caught:
        removebg("good").remove_background_from_img_url("http://127.0.0.1:9/", new_file_name=str(tmp_path / "x.png"))
    assert caught.value.response.json()["errors"][0]["code"] == "failed_image_download"
