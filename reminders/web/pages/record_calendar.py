"""A preview of what a patient will receive, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from reminders.care.explain import Explanation, sentence
from reminders.care.preview import Preview, PreviewEntry
from reminders.models.kinds import Channel, Language
from reminders.web.moments import Words
from reminders.wording.samples import without_samples
from reminders.wording.segments import Segments, count


@dataclass(frozen=True)
class CalendarText:
    """What goes out by one channel; an e-mail has no cost."""

    channel: str
    subject: str | None
    body: str
    cost: Segments | None


@dataclass(frozen=True)
class CalendarEntry:
    """One line of the preview: when, in words, and what, or why nothing."""

    when: str
    kind: str
    language: str
    texts: tuple[CalendarText, ...]
    skipped: str


def calendar(found: Preview, reader: Language) -> list[CalendarEntry]:
    """The preview in words: dates in the reader's language and the patient's zone, texts in the patient's."""
    words = Words(reader, found.zone)
    return [_entry(entry, words, found.language) for entry in found.entries]


def segments_in(shown: Sequence[CalendarEntry]) -> int:
    """What all texts of a calendar cost together."""
    return sum(text.cost.count for entry in shown for text in entry.texts if text.cost)


def _entry(entry: PreviewEntry, words: Words, language: Language) -> CalendarEntry:
    return CalendarEntry(
        when=words.full(entry.due_at),
        kind=entry.step.kind.value,
        language=language.value,
        texts=tuple(_text(entry, channel) for channel in entry.channels),
        skipped=_why_not(entry, words),
    )


def _text(entry: PreviewEntry, channel: Channel) -> CalendarText:
    text = entry.texts[channel]
    cost = count(text.body) if channel is Channel.SMS else None
    return CalendarText(channel.value, text.subject, without_samples(text.body), cost)


def _why_not(entry: PreviewEntry, words: Words) -> str:
    if entry.skipped_reason is None:
        return ""
    return sentence(Explanation("reminder_skipped", {"reason": entry.skipped_reason}), words.language, words.zone)
