"""The weekly test alert: it proves, before somebody needs it, that an alarm reaches a person who answers.

Its ticket is what is acknowledged, on the page or by text, like a red flag's; nobody else's alarm is touched by it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reminders.care import rounds
from reminders.care.alerts import Cause, draft, staff_of
from reminders.care.rounds import Call, Round
from reminders.care.ticket_keys import ALARM_TEST, key_for_alarm_test
from reminders.care.tickets import ALARM_SILENT, ALARM_TESTS, ALERT_LOST, NewTicket, row_of
from reminders.database import Database, insert_missing
from reminders.delivery.windows import window_of
from reminders.ids import new_id
from reminders.models import Clinic, Ticket
from reminders.models.instance import now as clock
from reminders.models.kinds import TicketKind, TicketState
from reminders.outbox import enqueue
from reminders.outbox.enqueue import senders_of

ANSWER_WITHIN = timedelta(days=1)
"""A test that nobody has answered by then says that the chain does not work; who is off one day is back the next."""

_SETTLED_AFTER = timedelta(days=1)
"""A clinic so new may have nobody on call yet, and its owner is still reading the invitation."""

_ASKED = Round(1, timedelta(), ANSWER_WITHIN)
_MISSED = Round(2, ANSWER_WITHIN, 2 * ANSWER_WITHIN)


def run_tests(database: Database) -> int:
    """Send the tests that are due, and say of which nobody has answered. How many were sent.

    Due is one for each clinic and ISO week, as soon as the clinic is open in it: it wakes nobody. Not on a clinic's
    first day.
    """
    with database.begin() as session:
        now = clock(session)
        _miss(session, now)
        _put_away(session, now)
        clinics = _due(session, now)
    return sum(_send(database, clinic, now) for clinic in clinics)


def silent_clinics(session: Session) -> list[str]:
    """The names of the clinics whose test alert nobody has answered in time, nor since."""
    silent = (Ticket.reason == ALARM_SILENT, Ticket.state == TicketState.OPEN)
    asked = select(Clinic.name).join(Ticket, Ticket.clinic_id == Clinic.id).where(*silent)
    return list(session.scalars(asked.distinct().order_by(Clinic.name)))


def _due(session: Session, now: datetime) -> Sequence[Clinic]:
    """The clinics that are open now and have had no test this week."""
    settled = select(Clinic).where(Clinic.created_at <= now - _SETTLED_AFTER).order_by(Clinic.id)
    there = [clinic for clinic in session.scalars(settled) if _is_open(clinic, now)]
    keys = [_key(clinic, now) for clinic in there]
    sent = set(session.scalars(select(Ticket.dedupe_key).where(Ticket.dedupe_key.in_(keys))))
    due = [clinic for clinic, key in zip(there, keys, strict=True) if key not in sent]
    session.expunge_all()
    return due


def _is_open(clinic: Clinic, now: datetime) -> bool:
    return window_of(clinic, None, now).is_open(waits_for_open_day=True)


def _key(clinic: Clinic, now: datetime) -> str:
    return key_for_alarm_test(clinic.id, now.astimezone(ZoneInfo(clinic.timezone)).date())


def _send(database: Database, clinic: Clinic, now: datetime) -> bool:
    """The ticket, the alerts, and what the owners hear tomorrow unless somebody answers: in one commit, once."""
    new = NewTicket(clinic.id, TicketKind.DELIVERY, _key(clinic, now), reason=ALARM_TEST)
    row = row_of(new, now) | {"id": new_id()}
    with database.begin(clinic.id) as session:
        if not insert_missing(session, Ticket, row):
            return False
        cause, senders = Cause(clinic.id, row["id"]), senders_of(session, clinic.id)
        staff = staff_of(session, clinic.id)
        asked = [Call(contact, _ASKED) for contact in rounds.first_called(staff, senders.keys())]
        missed = [Call(contact, _MISSED) for contact in rounds.owners(staff, senders.keys())]
        drafts = [draft(cause, call, now, "alert:test") for call in asked]
        drafts += [draft(cause, call, now, "alert:silent") for call in missed]
        by_clinic = {(clinic.id, channel): sender for channel, sender in senders.items()}
        enqueue(session, drafts, now, by_clinic)
    return True


def _miss(session: Session, now: datetime) -> None:
    """What nobody has answered stands right under the red flags from now on: until it is mended they are nobody's."""
    unanswered = (Ticket.reason == ALARM_TEST, Ticket.state == TicketState.OPEN)
    session.execute(
        update(Ticket)
        .where(*unanswered, Ticket.opened_at <= now - ANSWER_WITHIN)
        .values(reason=ALARM_SILENT, priority=ALERT_LOST)
    )


def _put_away(session: Session, now: datetime) -> None:
    """What somebody has answered is done, and need not be closed by hand."""
    answered = (Ticket.reason.in_(ALARM_TESTS), Ticket.state == TicketState.ACKNOWLEDGED)
    session.execute(
        update(Ticket)
        .where(*answered, Ticket.acknowledged_at <= now - ANSWER_WITHIN)
        .values(state=TicketState.CLOSED, closed_at=now, outcome="done")
    )
