"""A practice system's CSV: from bytes to cells, whatever the encoding and the delimiter."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from reminders.errors import InvalidInputError, Problem

LARGEST = 10 * 1024 * 1024
"""No file is larger than this, in bytes."""

MOST_ROWS = 5_000

Numbered = tuple[int, tuple[str, ...]]
"""A row with the number of its line in the file, from 1."""

_DELIMITERS = ";,\t"
_UTF8_LETTER = re.compile(rb"[\xc3\xc5][\x80-\xbf]")
"""An accented letter in UTF-8. In Windows-1252 it would read as "Ã" or "Å" and a symbol, which no name has."""


@dataclass(frozen=True, slots=True)
class Table:
    """The header's cells, and each row that is not blank with its line number in the file (from 1)."""

    header: tuple[str, ...]
    rows: tuple[Numbered, ...]


def read_table(data: bytes) -> Table:
    """The cells of a CSV in UTF-8, UTF-16 (both with or without its mark) or Windows-1252, by semicolon, comma or tab.

    Raises:
        InvalidInputError: on file, file_empty, file_too_big, file_not_text, file_encoding (with the line),
            csv_unreadable (with the line), too_many_rows.
    """
    text = _decode(data)
    header, *rows = _cells(text) or [(1, ())]
    if not any(header[1]):
        raise _wrong("file_empty")
    if len(rows) > MOST_ROWS:
        raise _wrong("too_many_rows", limit=str(MOST_ROWS))
    return Table(header[1], tuple(rows))


def _decode(data: bytes) -> str:
    if len(data) > LARGEST:
        raise _wrong("file_too_big", limit=str(LARGEST // 1024 // 1024))
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _checked(_decode_as("utf-16", data))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if _UTF8_LETTER.search(data):
            # Mostly UTF-8 with damage: read as Windows-1252 it would import names like "HÃ©lÃ¨ne".
            line = data.count(b"\n", 0, error.start) + 1
            raise _wrong("file_encoding", line=str(line)) from None
        text = _decode_as("cp1252", data)
    return _checked(text)


def _decode_as(encoding: str, data: bytes) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _wrong("file_encoding", line=str(data.count(b"\n", 0, error.start) + 1)) from None


def _checked(text: str) -> str:
    if "\0" in text:
        raise _wrong("file_not_text")
    return text


def _cells(text: str) -> list[Numbered]:
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first_line.count)
    return [(line, row) for line, row in _numbered(text, delimiter) if any(cell.strip() for cell in row)]


def _numbered(text: str, delimiter: str) -> Iterator[Numbered]:
    """Each row with the number of the line on which it starts: a quoted cell may span several."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for row in reader:
            yield start, tuple(cell.strip() for cell in row)
            start = reader.line_num + 1
    except csv.Error:
        raise _wrong("csv_unreadable", line=str(start)) from None


def _wrong(key: str, **params: str) -> InvalidInputError:
    return InvalidInputError({"file": Problem(key, **params)})
