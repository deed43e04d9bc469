"""multipart/form-data as it arrives, into memory alone; a body that breaks off is noticed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from mattelier.errors import InputError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

LONGEST_HEADER = 4096  # of one line before a part: names of fields and files stand there


@dataclass
class Part:
    """One part: its field's name, its file's name and type (None: a field without a file), its content."""

    name: str = ""
    filename: str | None = None
    type: str = ""
    data: bytearray = field(default_factory=bytearray)


async def read_parts(content_type: str, body: AsyncIterator[bytes], most: int) -> list[Part]:
    """All parts of a body, at most `most` of them.

    content_type: the request's header, which names the boundary.
    Raises InputError for a body that is damaged, breaks off or has too many parts.
    """
    _, options = parse_options_header(content_type)
    if not options.get(b"boundary"):
        raise _damaged("its Content-Type names no boundary")
    collector = _Collector(most)
    try:
        parser = MultipartParser(options[b"boundary"], collector.callbacks(), max_header_size=LONGEST_HEADER)
        async for piece in body:
            parser.write(piece)
    except FormParserError as error:
        raise _damaged("a boundary or a header is not where it belongs") from error
    if not collector.is_complete:
        raise _damaged("it breaks off before its end")
    return collector.parts


class _Collector:
    """What the parser found so far."""

    def __init__(self, most: int) -> None:
        self.parts: list[Part] = []
        self.is_complete = False
        self._most = most
        self._header = bytearray()
        self._value = bytearray()

    def callbacks(self) -> "MultipartCallbacks":
        """For the parser, which knows bytes and where in them something stands."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._take_header,
            "on_headers_finished": self._check_name,
            "on_part_data": lambda data, start, end: self.parts[-1].data.extend(data[start:end]),
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.parts) == self._most:
            raise _damaged(f"it has more than {self._most} parts")
        self.parts.append(Part())

    def _take_header(self) -> None:
        header, value = bytes(self._header).lower(), bytes(self._value)
        self._header.clear()
        self._value.clear()
        part = self.parts[-1]
        if header == b"content-type":
            part.type = value.decode("latin-1")
        if header == b"content-disposition":
            _, options = parse_options_header(value)
            part.name = _text(options.get(b"name", b""))
            part.filename = _text(options[b"filename"]) if b"filename" in options else None

    def _check_name(self) -> None:
        if not self.parts[-1].name:
            raise _damaged("a part has no name")

    def _end(self) -> None:
        self.is_complete = True


def _text(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise _damaged("a name is not UTF-8") from None


def _damaged(what: str) -> InputError:
    return InputError(f"the multipart body is damaged: {what}; whole parts with names were expected; send it again")
