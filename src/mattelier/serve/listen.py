"""From settings to a running server: the socket, uvicorn, and the end of it."""

import math
import socket
from collections.abc import Callable

import uvicorn

from mattelier.errors import InputError
from mattelier.serve import logs
from mattelier.serve.desk import Desk
from mattelier.serve.settings import Settings

GRACE_S = 5  # after the slowest picture, before a shutdown stops waiting


def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, then finish what was accepted.

    say: is told the address, once, when requests are answered there.
    Raises InputError when the address cannot be used or a setting cannot work, and what loading the model raises.
    """
    listener = bind(settings.host, settings.port)
    with listener:
        desk = Desk(settings)
        desk.warm()  # in a thread of its own, while the web framework is imported
        from mattelier.serve.app import create_app

        logs.to_stderr()
        config = uvicorn.Config(
            create_app(settings, desk),
            http="h11",  # httptools, faster by a millisecond, has no limit on the size of headers
            h11_max_incomplete_event_size=2 * settings.header_bytes,  # beyond what is answered with a sentence
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=30,  # seconds a client may think between two requests
            timeout_graceful_shutdown=math.ceil(settings.seconds) + GRACE_S,
        )
        _Server(config, lambda: say(address_of(listener))).run(sockets=[listener])


def bind(host: str, port: int) -> socket.socket:
    """A listening socket.  Raises InputError when the address is taken, or not one of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"port {port} of {host} cannot be used ({reason}); a free port of this machine was expected; "
            "pass --port or --host with another"
        ) from error


def address_of(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


class _Server(uvicorn.Server):
    """uvicorn, which tells when it has begun."""

    def __init__(self, config: uvicorn.Config, began: Callable[[], None]) -> None:
        super().__init__(config)
        self._began = began

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn's own, then one call."""
        await super().startup(sockets)
        if self.started:
            self._began()
