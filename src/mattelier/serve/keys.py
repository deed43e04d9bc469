"""API keys: made at random, kept as hashes, compared in constant time."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from starlette.datastructures import Headers

from mattelier.serve.problems import Problem

PREFIX = "matte_"
SCHEME = "sha256:"  # a key has 256 random bits, so no slow hash is needed to keep guesses away
OPEN_API = {("GET", "/api/models"), ("HEAD", "/api/models")}  # what the page shows before it has a key


def new_key() -> tuple[str, str]:
    """A key and its hash; the key is shown once and kept nowhere."""
    key = PREFIX + secrets.token_urlsafe(32)
    return key, hash_of(key)


def hash_of(key: str) -> str:
    """What the settings file holds of a key."""
    return SCHEME + hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def given(headers: Headers) -> str | None:
    """The key that a request brings, in X-Api-Key or as a Bearer token."""
    if key := headers.get("x-api-key"):
        return key
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def name_of(key: str, keys: Sequence[tuple[str, str]]) -> str | None:
    """The name of a key, or None when it is none of ours; takes the same time either way."""
    hashed = hash_of(key).encode()
    found = None
    for name, known in keys:  # all of them, also after a match
        if hmac.compare_digest(hashed, known.encode()):
            found = name
    return found


def needs_key(method: str, path: str) -> bool:
    """Whether a path is behind the keys: all that makes or fetches pictures; not the page, its list and the health."""
    return path.startswith(("/api/", "/v1.0/")) and (method, path) not in OPEN_API


def admit(method: str, path: str, headers: Headers, keys: Sequence[tuple[str, str]]) -> str | None:
    """The name of the key a request may use, or None where none is needed.

    A wrong key is refused where keys are needed. A server without keys takes requests with and without: old clients
    always send one.  Raises Problem 401.
    """
    if not keys:
        return None
    key = given(headers)
    name = name_of(key, keys) if key else None
    if name is None and needs_key(method, path):
        says = "no API key came with the request" if key is None else "the API key is not one of this server's"
        raise Problem(
            401,
            "unauthorised",
            f"{says}; a valid one was expected in X-Api-Key or as a Bearer token; ask the server's operator",
            {"WWW-Authenticate": "Bearer"},
        )
    return name
