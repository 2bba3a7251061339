"""How each kind of row reads in a patient's timeline."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reminders.care.attachments import Attached
from reminders.care.explain.readings import ReadAs, read_as
from reminders.care.letters import is_quiet
from reminders.care.page_answers import from_data
from reminders.models import CheckIn, Consent, Consult, Reply, Severity, Ticket, Treatment
from reminders.models.kinds import Channel


@dataclass(frozen=True)
class ReceiptLine:
    """What a provider said of one call, and when."""

    at: datetime
    status: str
    code: str


@dataclass(frozen=True)
class Deed:
    """What somebody did about a ticket: `what` is taken, given or closed (then with its outcome).

    `who` is "" for a practice system, or for the software itself.
    """

    what: str
    at: datetime
    who: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a timeline.

    `kind` is treatment, reminder, message, reply, check_in, severity, consult, ticket, consent, alert or change;
    `subject_id` its row.
    `title_key` names the heading in the web's catalogue and `params` fill it; `text` is what was written, as it was.
    `treatments` are those that it belongs to. `why_key` and `why_params` are an `explain.Explanation`, empty where
    there is nothing to explain.
    """

    at: datetime
    kind: str
    title_key: str
    text: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    state: str = ""
    channel: Channel | None = None
    subject_id: uuid.UUID | None = None
    why_key: str = ""
    why_params: Mapping[str, str | datetime] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    treatments: tuple[uuid.UUID, ...] = ()
    receipts: tuple[ReceiptLine, ...] = ()
    attached: tuple[Attached, ...] = ()
    read_as: ReadAs | None = None
    """Why a reply has its labels."""
    deeds: tuple[Deed, ...] = ()
    """What became of a ticket."""


def _treatment(row: Treatment) -> TimelineEntry:
    return TimelineEntry(
        at=row.treated_at,
        kind="treatment",
        title_key="timeline_treatment",
        params={"date": row.local_date.isoformat(), "reason": row.state_reason},
        state=row.state.value,
        subject_id=row.id,
    )


def _reply(row: Reply) -> TimelineEntry:
    # A machine's mail that raised a red flag is anything but quiet.
    return TimelineEntry(
        at=row.received_at,
        kind="reply",
        title_key=f"timeline_reply_{'automatic' if is_quiet(row.kind, row.raw, row.labels) else row.kind.value}",
        text=row.body,
        params={"channel": row.channel.value, "attachments": str(len(row.media or ()))},
        channel=row.channel,
        subject_id=row.id,
        labels=tuple(row.labels),
        read_as=read_as(row),
    )


def _check_in(row: CheckIn) -> TimelineEntry:
    return TimelineEntry(
        at=row.answered_at,
        kind="check_in",
        title_key="timeline_check_in",
        params={"outcome": row.outcome.value, **_ticked(row)},
        state=row.outcome.value,
        subject_id=row.id,
    )


def _ticked(row: CheckIn) -> dict[str, str]:
    """What was ticked on the page; the severity has a line of its own."""
    page = from_data(row.answers or {})
    return {"breakouts": page.breakouts or "", "course": page.course or "", "flags": " ".join(page.flags)}


def _severity(row: Severity) -> TimelineEntry:
    return TimelineEntry(
        at=row.answered_at,
        kind="severity",
        title_key="timeline_severity",
        params={"value": str(row.value)},
        subject_id=row.id,
    )


def _consult(row: Consult) -> TimelineEntry:
    return TimelineEntry(
        at=row.offered_at, kind="consult", title_key="timeline_consult", state=row.state.value, subject_id=row.id
    )


def _ticket(row: Ticket) -> TimelineEntry:
    return TimelineEntry(
        at=row.opened_at,
        kind="ticket",
        title_key=f"timeline_ticket_{row.kind.value}",
        params={"reason": row.reason, "outcome": row.outcome},
        state=row.state.value,
        subject_id=row.id,
    )


def _consent(row: Consent) -> TimelineEntry:
    return TimelineEntry(
        at=row.at,
        kind="consent",
        title_key=f"timeline_consent_{row.action.value}",
        text=row.wording,
        params={"channel": row.channel.value, "source": row.source, "version": row.wording_version},
        state=row.action.value,
        channel=row.channel,
        subject_id=row.id,
    )


ENTRIES: Mapping[type[Any], Callable[[Any], TimelineEntry]] = {
    Treatment: _treatment,
    Reply: _reply,
    CheckIn: _check_in,
    Severity: _severity,
    Consult: _consult,
    Ticket: _ticket,
    Consent: _consent,
}
"""What makes a line of a row; messages and reminders need more than their own row."""
