"""What an operator may set, and the JSON file that holds it; free of the web framework."""

import difflib
import json
import math
import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mattelier.errors import InputError
from mattelier.image.output import write

if TYPE_CHECKING:
    from mattelier.image.limits import Limits

MIB = 1 << 20


@dataclass(frozen=True)
class Settings:
    """How a server behaves; every field can stand in the settings file under the same name.

    Raises InputError for values that cannot work, each with its name.
    """

    host: str = "127.0.0.1"
    port: int = 7411  # 0: any free one
    model: str | None = None  # the card used when a request names none; None: the first that ships
    workers: int = min(4, os.cpu_count() or 1)  # pictures worked on at once
    threads: int | None = None  # inside one network run; None: the cores, shared out among the workers
    queue: int = 64  # requests that may wait for a worker; one more is answered 503
    seconds: float = 60.0  # from accepted to answered; longer is answered 504
    body_seconds: float = 60.0  # for a request's body to arrive; longer is answered 408
    file_bytes: int = 64 * MIB  # one picture
    body_bytes: int = 128 * MIB  # one request: a picture, a background, a trimap, base64
    held_bytes: int = 512 * MIB  # bodies of all requests together
    header_bytes: int = 16 * 1024  # one request's headers, query string included
    pixels: int = 50_000_000  # one picture, counted before it is decoded
    rate_per_minute: int = 6000  # pictures asked for by one key, or by one address without keys
    keys: tuple[tuple[str, str], ...] = ()  # (name, hash) pairs, see keys.py
    credits: float | None = None  # pictures that a key may have; None: no quota
    ledger: str | None = None  # the file that remembers used credits; None: forgotten at the end
    origins: tuple[str, ...] = ()  # web sites whose pages may call the API (CORS), as scheme://host
    allow_url: bool = False  # whether pictures may be named by URL
    allow_private_urls: bool = False  # for tests alone: loopback and private addresses may be fetched
    url_seconds: float = 10.0  # one download, redirects included
    url_bytes: int = 32 * MIB  # one download
    redirects: int = 3  # followed at most, each checked like the first address

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and not least <= value < math.inf:  # not a number is refused too
                raise InputError(f"the setting {name} is {value}; at least {least} was expected; correct it")
        if self.port > 65535:
            raise InputError(f"the setting port is {self.port}; at most 65535 was expected; choose another")
        if self.credits is not None and not self.keys:
            raise InputError("credits are set, and no API key; a quota belongs to a key; add one, or leave credits out")
        if len({name for name, _ in self.keys}) < len(self.keys):
            raise InputError("two API keys have the same name; every key needs its own; rename one")
        for origin in self.origins:
            _check_origin(origin)

    @property
    def limits(self) -> "Limits":
        """What one picture may weigh."""
        from mattelier.image.limits import Limits

        return Limits(file_bytes=self.file_bytes, pixels=self.pixels)

    @property
    def run_threads(self) -> int:
        """Threads inside one network run: the cores shared out, so that workers do not fight over them."""
        return self.threads or max(1, (os.cpu_count() or 1) // self.workers)


_LEAST: dict[str, float] = {
    "port": 0,
    "workers": 1,
    "threads": 1,
    "queue": 0,
    "seconds": 0.001,
    "body_seconds": 0.001,
    "file_bytes": 1,
    "body_bytes": 1,
    "held_bytes": 1,
    "header_bytes": 256,
    "pixels": 1,
    "rate_per_minute": 1,
    "credits": 0,
    "url_seconds": 0.001,
    "url_bytes": 1,
    "redirects": 0,
}


def read(path: Path) -> Settings:
    """The settings in a JSON file; what it does not name keeps its default.

    Raises InputError when the file cannot be read, names something unknown, or holds a value of another type.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise InputError(f"{path}: {reason}; a settings file was expected; check the path") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON ({error}); one object of settings was expected; correct it") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} holds a {type(found).__name__}; one object of settings was expected; correct it")
    return Settings(**{name: _value(path, name, value) for name, value in found.items()})


def save(path: Path, settings: Settings) -> None:
    """Write what differs from the defaults, whole or not at all, for the owner's eyes only.  Raises InputError."""
    default = asdict(Settings())
    chosen = {name: value for name, value in asdict(settings).items() if value != default[name]}
    if settings.keys:
        chosen["keys"] = dict(settings.keys)
    write(path, (json.dumps(chosen, indent=2) + "\n").encode(), overwrite=True)
    path.chmod(0o600)


def with_key(settings: Settings, name: str, hashed: str) -> Settings:
    """The same settings with one API key more.  Raises InputError when the name is taken or empty."""
    if not name.strip() or not name.isprintable():
        raise InputError(f"the key's name is {name!r}; a word that logs can show was expected; choose one")
    if name in dict(settings.keys):
        raise InputError(f"there is a key called {name!r} already; a new name was expected; remove the old key first")
    return replace(settings, keys=(*settings.keys, (name, hashed)))


def _value(path: Path, name: str, value: Any) -> Any:
    """A JSON value as the field wants it."""
    known = {field.name: _words(field.type) for field in fields(Settings)}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3) or sorted(known)
        raise InputError(f"{path} names {name!r}; expected one of {', '.join(near)}; correct the name")
    if name == "keys":
        if not isinstance(value, dict) or not all(isinstance(hashed, str) for hashed in value.values()):
            raise InputError(f'{path}: keys must be an object of "name": "hash"; make keys with matte serve --new-key')
        return tuple(value.items())
    if name == "origins":
        if not isinstance(value, list) or not all(isinstance(origin, str) for origin in value):
            raise InputError(f'{path}: origins must be a list such as ["https://example.org"]; correct it')
        return tuple(value)
    if not _fits(value, known[name]):
        raise InputError(f"{path}: {name} is {json.dumps(value)}; {known[name]} was expected; correct it")
    return value


def _fits(value: Any, wanted: str) -> bool:
    """Whether a JSON value has the type an annotation names; true is no number here."""
    kinds: dict[str, tuple[type, ...]] = {
        "str": (str,),
        "int": (int,),
        "float": (int, float),
        "bool": (bool,),
        "None": (type(None),),
    }
    named = [kinds[word] for word in wanted.split(" | ")]
    if isinstance(value, bool):
        return (bool,) in named
    return any(isinstance(value, kind) for kind in named)


def _words(annotation: Any) -> str:
    """A field's type as words: int, or float | None."""
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _check_origin(origin: str) -> None:
    scheme, _, host = origin.partition("://")
    if scheme not in ("http", "https") or not host or any(sign in host for sign in "/?# *"):
        raise InputError(
            f"the origin is {origin!r}; a scheme and a host were expected, as in https://example.org; correct it"
        )
