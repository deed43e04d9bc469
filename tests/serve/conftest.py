"""A server in process: a client that speaks to the application itself, without a socket."""

import asyncio
import io
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image

from mattelier.models.cards import Card
from mattelier.serve.app import create_app
from mattelier.serve.settings import Settings


class Client:
    """Requests to an application, one after the other, in an event loop that lives as long as the client."""

    def __init__(self, app: FastAPI, address: str = "127.0.0.1") -> None:
        self.app = app
        self._loop = asyncio.new_event_loop()
        transport = httpx.ASGITransport(app=app, client=(address, 40000), raise_app_exceptions=False)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=60)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._loop.run_until_complete(self._http.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def run(self, coroutine: Any) -> Any:
        """Something else that wants the client's event loop."""
        return self._loop.run_until_complete(coroutine)

    def close(self) -> None:
        self.run(self.app.state.desk.drain())
        self.run(self._http.aclose())
        self._loop.close()


Serving = Callable[..., Client]


@pytest.fixture
def serving(installed: Card) -> Iterator[Serving]:
    """serving(queue=1, ...) is a client of a server with those settings, whose only model keeps what is bright."""
    clients: list[Client] = []

    def start(address: str = "127.0.0.1", **settings: Any) -> Client:
        clients.append(Client(create_app(Settings(**{"workers": 1, **settings})), address))
        return clients[-1]

    yield start
    for client in clients:
        client.close()


@pytest.fixture
def client(serving: Serving) -> Client:
    """A server with default settings."""
    return serving()


Draw = Callable[..., bytes]


@pytest.fixture
def draw() -> Draw:
    """draw(height, width, format) is a file of a bright disc in the middle of dark ground, neither of them even."""

    def picture(height: int = 60, width: int = 80, format: str = "PNG") -> bytes:
        y, x = np.mgrid[:height, :width]
        inside = np.hypot(y - height / 2, x - width / 2) < min(height, width) / 3
        noise = np.random.default_rng(0).integers(0, 20, (height, width, 3))
        out = io.BytesIO()
        Image.fromarray((np.where(inside[..., None], 220, 10) + noise).astype(np.uint8)).save(out, format)
        return out.getvalue()

    return picture


@pytest.fixture
def photo(draw: Draw) -> bytes:
    """The disc, 60 x 80, as a PNG file."""
    return draw()
