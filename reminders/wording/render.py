"""Fills a text's placeholders: `{name}` always, and `[[...{name}...]]` only where there is something to fill in.

`[[ at {phone}]]` is left out, brackets and all, when the clinic has no phone; so a text reads well with little known.
Such parts do not nest. What is filled in is never read as a placeholder or a part again, and is put on one line, so a
name cannot add lines to a text or headers to an e-mail; but for what staff wrote, which is a text itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reminders.wording.texts import Text, WordingError

__all__ = ["PLACEHOLDERS", "Rendered", "Text", "WordingError", "is_optional", "placeholders", "render"]

PLACEHOLDERS: frozenset[str] = frozenset(
    {"clinic", "first_name", "phone", "hours", "address", "booking_url", "unsubscribe_url", "check_in_url", "url"}
    | {"subject", "body", "text", "answers", "taking"}
)
"""All that a text may name. `url` is where staff open what an alert is about; `body` and `subject` are another text,
rendered before, that is passed on; `text` is what staff wrote. Body and text alone keep their lines. `answers`
says whether somebody reads what is answered to an e-mail, `taking` that an alert is taken by it."""

_KEEPS_LINES = frozenset({"body", "text"})

_OPTIONAL = re.compile(r"\[\[((?:(?!\[\[).)*?)\]\]", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_STRAY = re.compile(r"[{}]|\[\[|\]\]")
_TIDY = ((re.compile(r"[ \t]+(?=\n|$)"), ""), (re.compile(r"[ \t]{2,}"), " "), (re.compile(r"\n{3,}"), "\n\n"))


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as a person will read it; `subject` is one line."""

    subject: str | None
    body: str


def render(text: Text, values: Mapping[str, str]) -> Rendered:
    """`text` with `values` filled in. An empty value drops the `[[...]]` parts that name it, and is nothing elsewhere.

    Raises:
        WordingError: the text names something outside PLACEHOLDERS, or something that `values` lacks, or has a brace
            or a double bracket without its partner.
    """
    subject = None if text.subject is None else " ".join(_fill(text.subject, values).split())
    return Rendered(subject, _fill(text.body, values))


def placeholders(text: Text) -> frozenset[str]:
    """The names that `text` has placeholders for, known or not."""
    return frozenset(_PLACEHOLDER.findall(f"{text.subject or ''}\n{text.body}"))


def is_optional(text: Text, name: str) -> bool:
    """Whether `text` reads well without a value for `name`: it stands in `[[...]]` parts alone, or nowhere."""
    return name not in _PLACEHOLDER.findall(_OPTIONAL.sub("", text.body))


def _fill(template: str, values: Mapping[str, str]) -> str:
    _check(template, values)
    lines = {name: _in_lines(name, values[name]) for name in _PLACEHOLDER.findall(template)}
    kept = _OPTIONAL.sub(lambda part: part[1] if _is_complete(part[1], lines) else "", template)
    filled = _PLACEHOLDER.sub(lambda found: lines[found[1]], kept)
    for pattern, instead in _TIDY:
        filled = pattern.sub(instead, filled)
    return filled.strip()


def _in_lines(name: str, value: str) -> str:
    return value.strip() if name in _KEEPS_LINES else " ".join(value.split())


def _check(template: str, values: Mapping[str, str]) -> None:
    for name in _PLACEHOLDER.findall(template):
        if name not in PLACEHOLDERS:
            raise WordingError(f"unknown placeholder {{{name}}}")
        if name not in values:
            raise WordingError(f"nothing given for {{{name}}}")
    stray = _STRAY.search(_PLACEHOLDER.sub("", _OPTIONAL.sub(r"\1", template)))
    if stray:
        raise WordingError(f"{stray[0]} without its partner")


def _is_complete(part: str, lines: Mapping[str, str]) -> bool:
    return all(lines[name] for name in _PLACEHOLDER.findall(part))
