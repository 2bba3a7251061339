"""Reading a kept reply, deciding what follows, and doing it, once."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care.applying import Act, apply
from reminders.care.decisions import as_meant, decide_effects
from reminders.care.effects import OpenTicket
from reminders.care.situation import context_of, situation_of
from reminders.care.tickets import NewTicket, key_for, open_ticket
from reminders.database import Database
from reminders.models import Reply
from reminders.models.instance import now as clock
from reminders.models.kinds import Language, TicketKind
from reminders.triage import Asked, Reading, read

_log = logs.get(__name__)

_AT_ONCE = 200


def understand(session: Session, reply_id: uuid.UUID, now: datetime) -> None:
    """Read a reply and do all that follows: nothing if somebody has read it before.

    The webhook calls it right after `receive`, in a second transaction: a red flag's alert is queued with it.
    """
    reply = session.scalars(
        update(Reply).where(Reply.id == reply_id, Reply.read_at.is_(None)).values(read_at=now).returning(Reply)
    ).first()
    if reply is None:
        return
    context = context_of(session, reply, now)
    situation = situation_of(session, context, now)
    read_as = read(reply.body, context.day, Asked.CHECK_IN if context.check_in else Asked.NONE)
    reading = as_meant(read_as, situation)
    effects = decide_effects(reading, situation)
    _keep(reply, reading)
    if not any(isinstance(effect, OpenTicket) for effect in effects):
        reply.handled_at = now
    session.flush()
    apply(session, Act(context, reading, now), effects)


def understand_pending(database: Database) -> int:
    """Read what was received and not understood, newest first: a process died in between. How many were read.

    One that cannot be understood goes to staff as it is, and is tried again; it never holds up the others.
    """
    with database.read() as session:
        waiting = session.scalars(
            select(Reply.id).where(Reply.read_at.is_(None)).order_by(Reply.received_at.desc()).limit(_AT_ONCE)
        ).all()
    return sum(_try(database, reply_id) for reply_id in waiting)


def _try(database: Database, reply_id: uuid.UUID) -> bool:
    try:
        with database.begin() as session:
            understand(session, reply_id, clock(session))
    except Exception as error:  # whatever is wrong with one reply, the next may be a red flag
        _log.error("reply not understood", reply_id=str(reply_id), exc_info=error)
        _give_to_staff(database, reply_id)
        return False
    return True


def _give_to_staff(database: Database, reply_id: uuid.UUID) -> None:
    with database.begin() as session:
        # Not the whole row: what could not be read may be a value in it that no key opens.
        owners = select(Reply.clinic_id, Reply.patient_id).where(Reply.id == reply_id)
        clinic_id, patient_id = session.execute(owners).one()
        ticket = NewTicket(
            clinic_id=clinic_id,
            kind=TicketKind.UNCLEAR,
            dedupe_key=key_for(TicketKind.UNCLEAR, reply_id),
            patient_id=patient_id,
            reply_id=reply_id,
            reason="unreadable",
        )
        open_ticket(session, ticket, clock(session))


def _keep(reply: Reply, reading: Reading) -> None:
    """What the reply was read as, and the words that decided."""
    reply.labels = sorted(label.value for label in reading.labels)
    reply.confidence = reading.confidence
    reply.language = _language(reading.language)
    evidence: list[Any] = [[found.label.value, found.words] for found in reading.evidence]
    reply.evidence = evidence


def _language(found: str) -> Language | None:
    return Language(found) if found in set(Language) else None
