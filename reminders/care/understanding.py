"""Reading a kept reply, deciding what follows, and doing it, once."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care.applying import Act, NewRows, rows_of
from reminders.care.decisions import decide_effects
from reminders.care.deeds import carry_out, deeds_among, is_red_flag
from reminders.care.effects import Effect
from reminders.care.explain.readings import to_data
from reminders.care.letters import as_proven, as_sent, from_machine, letter_of
from reminders.care.page_answers import as_text, as_ticked, ticked
from reminders.care.red_flags import as_meant
from reminders.care.situation import Kept, situation_of
from reminders.care.surroundings import Surroundings, context_of, find_kept, look_around
from reminders.care.ticket_keys import key_for
from reminders.care.tickets import ALERT_LOST, NewTicket, open_ticket
from reminders.crypto import Keyring
from reminders.database import Database, keyring_of, refuse_other_clinics
from reminders.inserting import Change, write_after
from reminders.models import Reply, Ticket
from reminders.models.instance import now as clock
from reminders.models.kinds import TicketKind
from reminders.triage import Asked, read

_log = logs.get(__name__)

UNREAD = ALERT_LOST + 1
"""The priority of a reply that could not be read: after what is known to be a red flag, before all else."""

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Received:
    """A reply that has just been kept, with what was read around it."""

    reply: Kept
    around: Surroundings


def understand(session: Session, reply_id: uuid.UUID, now: datetime) -> None:
    """Read a reply and do all that follows: nothing if somebody has read it before.

    It follows `receive` in a second transaction: a red flag's alert is queued with it.
    """
    session.flush()
    connection = session.connection()
    found = find_kept(connection, reply_id)
    if found is None:
        return
    reply, origin = found
    refuse_other_clinics(session, {reply.clinic_id})
    received = Received(reply, look_around(connection, origin, now))
    _act_upon(session, _decide(received, keyring_of(connection), now))


def understand_again(session: Session, reply_id: uuid.UUID, now: datetime) -> None:
    """As `understand`, for a reply whose patient is known since, and which counts as unread again. Rows that it has led
    to stay; a red flag that people were alerted of is not raised again."""
    found = find_kept(session.connection(), reply_id)
    if found is None:
        return
    reply, origin = found
    refuse_other_clinics(session, {reply.clinic_id})
    decided = _decide(Received(reply, look_around(session.connection(), origin, now)), keyring_of(session), now)
    raised = session.scalar(select(Ticket.id).where(Ticket.dedupe_key == key_for(TicketKind.RED_FLAG, reply_id)))
    deeds = [deed for deed in decided.deeds if raised is None or not is_red_flag(deed)]
    _act_upon(session, replace(decided, deeds=deeds))


def understand_received(database: Database, apart: Connection, received: Received, now: datetime) -> None:
    """As `understand`, for a reply just kept, in a transaction of its own: on the connection that it was kept on, which
    is given back where that is not enough."""
    decided = _decide(received, database.keyring, now)
    if not (database.is_sqlite or decided.deeds):
        write_after(apart, _as_read(decided), list(decided.rows.items()))
        return
    # Whoever holds one connection and waits for another may wait for somebody who does the same.
    apart.close()
    with database.begin() as session:
        _act_upon(session, decided)


@dataclass(frozen=True, slots=True)
class _Decided:
    """What follows from a reply: rows to write, and what takes more than that."""

    act: Act
    rows: NewRows
    deeds: Sequence[Effect]


def _decide(received: Received, keyring: Keyring, now: datetime) -> _Decided:
    context = as_proven(context_of(received.reply, received.around, keyring))
    situation, letter = situation_of(context), letter_of(context.reply.kind, context.reply.raw)
    page, asked = ticked(context.reply.kind, context.reply.raw), Asked.CHECK_IN if context.check_in else Asked.NONE
    read_as = read(as_text(context.reply.body, page), context.day, asked)
    reading = as_ticked(as_meant(read_as, situation), page)
    reading = as_sent(reading, letter)
    act = Act(context, reading, now)
    effects = from_machine(reading, situation) if letter.is_machines else decide_effects(reading, situation)
    return _Decided(act, rows_of(act, effects), deeds_among(effects))


def _act_upon(session: Session, decided: _Decided) -> None:
    if write_after(session.connection(), _as_read(decided), list(decided.rows.items())):
        carry_out(session, decided.act, decided.deeds, decided.rows)


def understand_pending(database: Database) -> int:
    """Read what was received and not understood, newest first: a process died in between. How many were read.

    One that cannot be understood goes to staff as it is, and is tried again; it never holds up the others.
    """
    with database.read() as session:
        waiting = session.scalars(
            select(Reply.id).where(Reply.read_at.is_(None)).order_by(Reply.received_at.desc()).limit(_AT_ONCE)
        ).all()
    return sum(understand_now(database, reply_id) for reply_id in waiting)


def understand_now(database: Database, reply_id: uuid.UUID) -> bool:
    """As `understand`, in a transaction of its own. False if that fails: staff have the reply then, and it is tried
    again."""
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
            # Nobody knows what it says: a red flag, perhaps.
            priority=UNREAD,
        )
        open_ticket(session, ticket, clock(session))


def _as_read(decided: _Decided) -> Change:
    """What the reply was read as, and the words that decided; not if somebody else has read it meanwhile."""
    act, reading = decided.act, decided.act.reading
    values: dict[str, Any] = {
        "read_at": act.now,
        "labels": sorted(label.value for label in reading.labels),
        "confidence": reading.confidence,
        "language": act.said_in,
        "evidence": to_data(reading.evidence),
    }
    if not decided.rows[Ticket]:
        # What nobody must act on is handled; what staff have handled already, while it could not be read, stays so.
        values["handled_at"] = act.now
    return Change(Reply, act.context.reply.id, "read_at", values)
