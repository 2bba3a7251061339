"""Reading a kept reply, deciding what follows, and doing it, once."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care.applying import Act, apply
from reminders.care.decisions import as_meant, decide_effects
from reminders.care.effects import OpenTicket
from reminders.care.situation import situation_of
from reminders.care.surroundings import context_of
from reminders.care.tickets import NewTicket, key_for, open_ticket
from reminders.database import Database
from reminders.models import Reply
from reminders.models.instance import now as clock
from reminders.models.kinds import TicketKind
from reminders.triage import Asked, read

_log = logs.get(__name__)

_AT_ONCE = 200


def understand(session: Session, reply_id: uuid.UUID, now: datetime) -> None:
    """Read a reply and do all that follows: nothing if somebody has read it before.

    The webhook calls it right after `receive`, in a second transaction: a red flag's alert is queued with it.
    """
    context = context_of(session, reply_id, now)
    if context is None:
        return
    situation = situation_of(context)
    read_as = read(context.reply.body, context.day, Asked.CHECK_IN if context.check_in else Asked.NONE)
    reading = as_meant(read_as, situation)
    effects = decide_effects(reading, situation)
    act = Act(context, reading, now)
    if _keep(session, act, handled=not any(isinstance(effect, OpenTicket) for effect in effects)):
        apply(session, act, effects)


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


_KEEP = update(Reply.__table__).where(Reply.id == bindparam("reply"), Reply.read_at.is_(None))  # type: ignore[arg-type]


def _keep(session: Session, act: Act, *, handled: bool) -> bool:
    """What the reply was read as, and the words that decided. False if somebody else has read it meanwhile."""
    reading = act.reading
    values: dict[str, Any] = {
        "read_at": act.now,
        "labels": sorted(label.value for label in reading.labels),
        "confidence": reading.confidence,
        "language": act.said_in,
        "evidence": [[found.label.value, found.words] for found in reading.evidence],
        **({"handled_at": act.now} if handled else {}),
    }
    return session.connection().execute(_KEEP, {"reply": act.context.reply.id, **values}).rowcount == 1
