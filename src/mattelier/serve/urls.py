"""A URL from a client, taken apart, and found harmless as a text; where its name leads is not known here."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from mattelier.serve.addresses import literal, looks_numeric
from mattelier.serve.problems import Problem

PORTS = {"http": 80, "https": 443}
LONGEST_URL = 4096


@dataclass(frozen=True)
class Target:
    """One hop, taken apart. host: ASCII, lower case, no brackets, no final dot."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What goes into the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def parse(url: str, any_port: bool) -> Target:
    """A URL, taken apart and found harmless as a text; where its name leads is checked later.

    Raises Problem `url_refused` for everything but plain http and https.
    """
    if len(url) > LONGEST_URL or re.search(r"[\x00-\x20\x7f\\]", url):
        raise refused("the URL is very long, or holds blanks, control characters or backslashes; a plain one was")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise refused("the URL cannot be read; one such as https://example.org/cat.jpg was") from None
    if parts.scheme not in PORTS:
        raise refused("the URL does not begin with http:// or https://; one of these was")
    if "@" in parts.netloc:
        raise refused("the URL holds a user name or a password; one without was")
    if port is None:
        port = PORTS[parts.scheme]
    if not any_port and port not in PORTS.values():
        raise refused(f"the URL names port {port}; 80 or 443 was")
    return Target(parts.scheme, _host(parts.hostname or ""), port, _path(parts.path, parts.query))


def refused(text: str) -> Problem:
    """The refusal of a URL that this server will not ask for; text: what was found and what was."""
    sentence = text if "; send" in text else f"{text} expected; send the picture itself"
    return Problem(400, "url_refused", sentence)


def _host(host: str) -> str:
    """Lower case ASCII, as it will be resolved."""
    # nameprep turns full-width digits and ideographic dots into plain ones, so that the checks below see them
    try:
        plain = (host if host.isascii() else host.encode("idna").decode()).lower().removesuffix(".")
    except UnicodeError:
        raise refused("the URL's host cannot be read; a plain name was") from None
    if literal(plain) is not None and "%" not in plain:
        return plain
    if looks_numeric(plain):
        raise refused("the URL's host is a number in an unusual form; a name was")
    if not re.fullmatch(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", plain) or len(plain) > 253:
        raise refused("the URL's host is no name; one such as example.org was")
    return plain


def _path(path: str, query: str) -> str:
    """The request target; what is not ASCII becomes percent signs, those that are there stay."""
    safe = "!#$%&'()*+,/:;=?@[]~"
    return quote(path or "/", safe=safe) + (f"?{quote(query, safe=safe)}" if query else "")
