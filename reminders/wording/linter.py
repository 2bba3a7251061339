"""Whether a protocol's texts may go to patients, and what is wrong with those that may not. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reminders.models.kinds import Channel, Language
from reminders.models.options import ContentRules
from reminders.wording.findings import Code, Finding, Part, Place
from reminders.wording.samples import any_clinic
from reminders.wording.text_rules import Subject, check_text
from reminders.wording.texts import Text
from schedules.protocol import Protocol, Step, protocol_from_data

PARTS: Mapping[Channel, tuple[Part, ...]] = {Channel.SMS: (Part.BODY,), Channel.EMAIL: (Part.SUBJECT, Part.BODY)}
"""What a text consists of."""


@dataclass(frozen=True, slots=True)
class Rules:
    """By what a clinic's texts are judged.

    `values` are the longest realistic ones by channel (see `samples`), `names` the protocol's own names, which no
    text may give away while the clinic forbids it.
    """

    content: ContentRules = field(default_factory=ContentRules)
    values: Mapping[Channel, Mapping[str, str]] = field(
        default_factory=lambda: {channel: any_clinic(channel) for channel in Channel}
    )
    names: tuple[str, ...] = ()


def lint(content: Mapping[str, Any], rules: Rules) -> tuple[Finding, ...]:
    """Everything found in a protocol version's content, in the order of its steps, languages and channels.

    Raises:
        ValueError: its steps are no protocol; the text is fit to show staff.
    """
    protocol = protocol_from_data({"key": "linted", **content})
    return tuple(finding for at in places(protocol) for finding in lint_text(content, protocol, at, rules))


def lint_text(content: Mapping[str, Any], protocol: Protocol, at: Place, rules: Rules) -> tuple[Finding, ...]:
    """What is found in the text at `at` (whose part does not matter) of a content with these steps."""
    parts = parts_at(content, at)
    missing = [part for part in PARTS[at.channel] if not parts.get(part.value, "").strip()]
    if missing:
        return tuple(Finding(Code.TEXT_MISSING, Place(at.step, at.language, at.channel, part)) for part in missing)
    text = Text(parts.get("subject"), parts["body"])
    subject = Subject(text, at, _step(protocol, at.step), is_first=protocol.steps[0].key == at.step)
    return tuple(check_text(subject, rules.content, rules.values[at.channel], rules.names))


def parts_at(content: Mapping[str, Any], at: Place) -> Mapping[str, str]:
    """The subject and body at a place; what is not there is missing here too."""
    texts = content.get("texts", {})
    found: Mapping[str, str] = texts.get(at.language.value, {}).get(at.step, {}).get(at.channel.value, {})
    return found


def places(protocol: Protocol) -> Iterator[Place]:
    """Every text that a protocol needs."""
    return (
        Place(step.key, language, channel) for step in protocol.steps for language in Language for channel in Channel
    )


def _step(protocol: Protocol, key: str) -> Step:
    return next(step for step in protocol.steps if step.key == key)
