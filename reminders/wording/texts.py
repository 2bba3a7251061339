"""Which text a message has: its protocol version's own, or one that every protocol shares."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from reminders.errors import RemindersError
from reminders.models.kinds import Channel, Language

STEP = "step:"
"""Begins the name of a template that belongs to a protocol's step: `step:KEY`."""

FOR_STAFF = frozenset(
    {
        *("alert:red_flag", "alert:emergency", "alert:test", "alert:draft", "alert:sender", "alert:silent"),
        *("alert:taken", "alert:already", "alert:not_taken"),
    }
)
"""Templates whose reader is staff, so their e-mail has no footer with a way to unsubscribe."""


class WordingError(RemindersError):
    """A text is missing or cannot be rendered; the message names the template or placeholder, never a value."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text before its placeholders are filled; `subject` is None on channels that have none."""

    subject: str | None
    body: str


def find(template: str, language: Language, channel: Channel, content: Mapping[str, Any] | None) -> Text:
    """The text named `template`.

    `step:KEY` is looked up in `content`, a protocol version's (`{"texts": {language: {key: {channel: {...}}}}}`); every
    other name in `texts/{language}.toml` beside this module.

    Raises:
        WordingError: there is no such text.
    """
    if template.startswith(STEP):
        return _step_text(template.removeprefix(STEP), language, channel, content)
    shared = _shared(language)
    try:
        text = _text(shared[template][channel.value])
    except KeyError:
        raise WordingError(f"no text {template} in {language.value} for {channel.value}") from None
    if channel is Channel.EMAIL and template not in FOR_STAFF:
        return Text(text.subject, f"{text.body}\n\n{shared['footer'][channel.value]['body'].strip()}")
    return text


def templates() -> tuple[str, ...]:
    """The names of the shared texts, as the English file orders them."""
    return tuple(name for name in _shared(Language.EN) if name != "footer")


def _step_text(key: str, language: Language, channel: Channel, content: Mapping[str, Any] | None) -> Text:
    try:
        return _text((content or {})["texts"][language.value][key][channel.value])
    except KeyError:
        raise WordingError(f"no text for step {key} in {language.value} for {channel.value}") from None


def _text(entry: Mapping[str, str]) -> Text:
    return Text(entry.get("subject"), entry["body"].strip())


@cache
def _shared(language: Language) -> dict[str, Any]:
    file = resources.files("reminders.wording") / "texts" / f"{language.value}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
