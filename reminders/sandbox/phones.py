"""What the phone pages show, made from records: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reminders.sandbox.records import INBOUND, Record

_SHORTEST_NUMBER = 10


@dataclass(frozen=True, slots=True)
class Bubble:
    """One text or e-mail on the screen; `note` says what went wrong or where it stands, for people."""

    ours: bool
    body: str
    at: datetime
    subject: str
    unsubscribe: str
    attachments: int
    pictures: tuple[str, ...]
    note: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Phone:
    """One line of the list: a number or a mailbox and the last thing it got or wrote."""

    id: str
    address: str
    is_email: bool
    last: str
    at: datetime


def pretty(address: str) -> str:
    """A North American number with its parts set apart; anything else as it is."""
    digits = address.removeprefix("+1")
    if address.startswith("+1") and len(digits) == _SHORTEST_NUMBER:
        return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"
    return address


def phone(phone_id: str, newest: Record) -> Phone:
    """The list's line for a phone."""
    last = newest.subject or newest.body
    return Phone(phone_id, pretty(newest.phone), newest.channel == "email", last, newest.created_at)


def bubble(record: Record) -> Bubble:
    """A record on the screen, seen from the patient's side."""
    ours = record.direction == INBOUND
    failed = record.error_code is not None
    return Bubble(
        ours=ours,
        body=record.body,
        at=record.created_at,
        subject=record.subject,
        unsubscribe=record.unsubscribe,
        attachments=sum(not one.data for one in record.media),
        pictures=tuple(f"/sandbox/store/{record.sid}/{one.sid}" for one in record.media if one.data),
        note=_note(record, ours=ours, failed=failed),
        failed=failed,
    )


def clinics(records: Sequence[Record]) -> list[str]:
    """The clinic numbers that a phone talks with, the latest first."""
    return list(dict.fromkeys(record.clinic for record in reversed(records)))


def _note(record: Record, *, ours: bool, failed: bool) -> str:
    if ours:
        return "Not taken by the clinic’s software" if failed else ""
    return f"{record.status.capitalize()} ({record.error_code})" if failed else record.status.capitalize()
