"""A version's calendar as a page shows it: what a patient receives, and when."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from reminders.care.explain import Explanation, sentence
from reminders.care.rehearsal import Rehearsed
from reminders.models.kinds import Channel
from reminders.web.visitors import Member
from reminders.wording.findings import Place
from reminders.wording.render import Rendered
from reminders.wording.samples import without_samples
from reminders.wording.segments import Segments, count


@dataclass(frozen=True)
class ShownText:
    """A text as it would be read."""

    at: Place
    text: Rendered
    cost: Segments | None


@dataclass(frozen=True)
class CalendarLine:
    """One step of the calendar."""

    key: str
    kind: str
    due_at: datetime
    skipped: str
    texts: tuple[ShownText, ...]


def calendar(found: Iterable[Rehearsed], member: Member) -> list[CalendarLine]:
    """The calendar in words."""
    return [
        CalendarLine(
            one.step.key,
            one.step.kind.value,
            one.due_at,
            sentence(Explanation("reminder_skipped", {"reason": one.skipped}), member.language, member.zone)
            if one.skipped
            else "",
            tuple(_shown(at, text) for at, text in one.texts.items()),
        )
        for one in found
    ]


def _shown(at: Place, text: Rendered) -> ShownText:
    return ShownText(at, replace(text, body=without_samples(text.body)), cost_of(at, text.body))


def cost_of(at: Place, body: str) -> Segments | None:
    """What a text costs; None for an e-mail, which costs nothing."""
    return count(body) if at.channel is Channel.SMS and body else None
