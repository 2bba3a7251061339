"""A form that carries files, read into memory and never onto a disk, where what a patient sends would lie unsealed.

What is too much of a file is read and dropped, so that one large picture does not cost the rest of what was filled in.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request

from reminders.web.forms import Form

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MULTIPART = "multipart/form-data"
_MOST_PARTS = 100
_MOST_OF_FIELDS = 256 * 1024
"""Bytes of all that is not a file."""

_MOST_OF_HEADERS = 4096

LONGEST_SILENCE = 30.0
"""Seconds without a byte after which nobody sends any more: a phone that lost its network says nothing of it."""


@dataclass(frozen=True)
class Limits:
    """How many files are kept, and how many bytes of each."""

    files: int
    bytes_each: int


@dataclass(frozen=True)
class File:
    """A file as it was sent, by its `number` among the form's files, chosen or not, from 1. `cut`: it has more bytes
    than are kept, so none are."""

    number: int
    content_type: str
    data: bytes = field(repr=False)
    cut: bool


@dataclass(frozen=True)
class Sent:
    """A form's fields, and the files that were chosen, in their order. What is beyond their number is cut."""

    form: Form
    files: tuple[File, ...] = ()


async def received(request: Request, limits: Limits) -> Sent:
    """The form in a multipart body.

    Raises:
        HTTPException: 400 for what is no such form, or holds what is not text; 413 for too much that is no file; 408
            when its sender has fallen silent.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != MULTIPART.encode() or not boundary:
        raise HTTPException(400)
    reader = _Reader(limits)
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        async for chunk in _unbroken(request):
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise HTTPException(400) from error
    return reader.sent()


async def _unbroken(request: Request) -> AsyncIterator[bytes]:
    stream = request.stream()
    try:
        while True:
            yield await asyncio.wait_for(anext(stream), LONGEST_SILENCE)
    except StopAsyncIteration:
        return
    except TimeoutError:
        raise HTTPException(408) from None


@dataclass
class _Part:
    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    filename: bytes | None = None
    data: bytearray = field(default_factory=bytearray)
    cut: bool = False


class _Reader:
    """Puts parts together from what the parser finds."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._parts: list[_Part] = []
        self._header = (bytearray(), bytearray())
        self._of_headers = 0
        self._of_fields = 0
        self._ended = False

    def callbacks(self) -> "MultipartCallbacks":
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_begin": self._begin_header,
            "on_header_field": lambda data, start, end: self._head(0, data[start:end]),
            "on_header_value": lambda data, start, end: self._head(1, data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._named,
            "on_part_data": lambda data, start, end: self._add(data[start:end]),
            "on_end": self._end,
        }

    def sent(self) -> Sent:
        """All of it."""
        if not self._ended:
            raise HTTPException(400)
        fields: dict[str, tuple[str, ...]] = {}
        for part in self._parts:
            if part.filename is None:
                fields[part.name] = (*fields.get(part.name, ()), _text(part.data))
        offered = [part for part in self._parts if part.filename is not None]
        # A field for a file that nobody chose comes without a name.
        chosen = [_file(number, part) for number, part in enumerate(offered, 1) if part.filename]
        return Sent(Form(fields), tuple(chosen[: 2 * self._limits.files]))

    def _begin(self) -> None:
        self._parts.append(_Part())
        self._of_headers = 0
        if len(self._parts) > _MOST_PARTS:
            raise HTTPException(400)

    def _begin_header(self) -> None:
        self._header = (bytearray(), bytearray())

    def _head(self, side: int, data: bytes) -> None:
        self._of_headers += len(data)
        if self._of_headers > _MOST_OF_HEADERS:
            raise HTTPException(400)
        self._header[side].extend(data)

    def _end_header(self) -> None:
        name, value = self._header
        self._parts[-1].headers[bytes(name).lower()] = bytes(value)

    def _named(self) -> None:
        part = self._parts[-1]
        _, options = parse_options_header(part.headers.get(b"content-disposition", b""))
        part.name, part.filename = _text(options.get(b"name", b"")), options.get(b"filename")

    def _add(self, data: bytes) -> None:
        part = self._parts[-1]
        if part.filename is None:
            self._of_fields += len(data)
            if self._of_fields > _MOST_OF_FIELDS:
                raise HTTPException(413)
            part.data += data
        elif self._has_room(part, data):
            part.data += data
        else:
            part.cut, part.data = True, bytearray()

    def _has_room(self, part: _Part, data: bytes) -> bool:
        before = sum(bool(one.filename) for one in self._parts[:-1])
        return not part.cut and before < self._limits.files and len(part.data) + len(data) <= self._limits.bytes_each

    def _end(self) -> None:
        self._ended = True


def _file(number: int, part: _Part) -> File:
    declared = part.headers.get(b"content-type", b"").decode("latin-1")
    return File(number, declared, bytes(part.data), part.cut)


def _text(data: bytes | bytearray) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise HTTPException(400) from error
    # No database column and no text message holds a NUL; PostgreSQL refuses it with an error.
    if "\0" in text:
        raise HTTPException(400)
    return text.replace("\r\n", "\n")
