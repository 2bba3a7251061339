"""Text that people type: made regular, and refused when no person would have typed it."""

import re
import unicodedata

from reminders.errors import Problem

_BLANKS = re.compile("[ \u00a0\u202f\u2009]+")
_REFUSED = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Invisible marks that make a name read differently from what is stored."""


def one_line(raw: str) -> str:
    """`raw` composed (NFC), each run of blanks one space, none at the ends. Line breaks stay, to be refused."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", raw)).strip(" ")


def text_problem(text: str, limit: int) -> Problem | None:
    """What is wrong with one line of text: control characters, or more than `limit` characters."""
    # Whatever is refused is unprintable, too; so is a little that is not.
    if not text.isprintable() and any(map(_is_refused, text)):
        return Problem("control_characters")
    return Problem("too_long", limit=str(limit)) if len(text) > limit else None


def _is_refused(char: str) -> bool:
    return unicodedata.category(char) in _REFUSED or char in _DIRECTION_MARKS
