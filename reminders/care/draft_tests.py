"""A text of a draft sent to the one who writes it, to see it on their own phone or in their own mailbox."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.care.mailboxes import is_read
from reminders.care.protocol_versions import draft_of
from reminders.care.rehearsal import read_as
from reminders.errors import InvalidInputError, Problem
from reminders.models import Clinic, Protocol, Staff
from reminders.models.kinds import Channel, MessageKind
from reminders.outbox import Draft, enqueue, keys, sending_channels
from reminders.wording.findings import Place
from reminders.wording.samples import without_samples

_USEFUL_FOR = timedelta(hours=1)


def send_test(session: Session, actor: Actor, clinic: Clinic, protocol: Protocol, at: Place, now: datetime) -> None:
    """Queue one text of the draft, as a patient would read it, to the member of staff who acts.

    It is rendered here and goes as it is: delivery reads a version's content once, since a published one is frozen,
    and so must never be given a draft to read.

    Raises:
        NotFoundError: there is no draft.
        InvalidInputError: on body test_unreadable, test_no_phone or test_no_sender.
    """
    staff = session.scalars(select(Staff).where(Staff.id == actor.staff_id)).one()
    draft = draft_of(session, protocol)
    text = read_as(clinic, draft.content, at, reads_answers=is_read(session, clinic.id, now))
    problem = _problem(at.channel, staff, sending_channels(session, clinic.id), is_readable=text is not None)
    if text is None or problem:
        raise InvalidInputError({"body": Problem(problem)})
    message = Draft(
        clinic_id=clinic.id,
        kind=MessageKind.ALERT,
        channel=at.channel,
        template="alert:draft",
        language=at.language,
        dedupe_key=keys.draft_test_key(staff.id, draft.id, f"{at.step}:{at.language}:{at.channel}", now),
        due_at=now,
        useful_until=now + _USEFUL_FOR,
        staff_id=staff.id,
        params={"subject": text.subject or "", "body": without_samples(text.body)},
    )
    enqueue(session, [message], now)
    detail = {"number": draft.number, "fields": [f"{at.step}.{at.language}.{at.channel}"]}
    audit.note(session, actor, "protocol.draft_tested", "protocol_version", draft.id, now, detail)


def _problem(channel: Channel, staff: Staff, channels: frozenset[Channel], *, is_readable: bool) -> str:
    problems = {
        "test_unreadable": not is_readable,
        "test_no_phone": channel is Channel.SMS and not staff.phone,
        "test_no_sender": channel not in channels,
    }
    return next((key for key, holds in problems.items() if holds), "")
