"""A clinic after some years: ten thousand patients, a hundred thousand messages, answers and open tickets."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from benchmarks.growing import multiply
from benchmarks.practice import TUESDAY, Practice, add_check_ins, open_practice, phone
from reminders.care import staff
from reminders.database import Base, Database
from reminders.ids import new_id
from reminders.models import CheckIn, Message, Reply, Staff, Ticket
from reminders.models.kinds import Channel, CheckInOutcome, ReplyKind, TicketKind
from reminders.settings import Settings
from reminders.web.app import create_app

PATIENTS, MESSAGES_EACH = 10_000, 10
ANSWERS, OPEN_TICKETS = 3_000, 300

_SETTLED = "UPDATE message SET state = 'delivered', sent_at = due_at, delivered_at = due_at, body = NULL"
_KINDS = (
    TicketKind.RED_FLAG,
    TicketKind.CONSULT,
    TicketKind.QUESTION,
    TicketKind.UNREACHABLE,
    TicketKind.MISSED_CHECK_IN,
)
_OUTCOMES = tuple(CheckInOutcome)
_SAID = "3, il y a encore beaucoup de boutons sur le menton et les joues, est-ce que je peux venir vous voir?"
_AT_ONCE = 500
_SEED = 5


@dataclass(frozen=True, slots=True)
class Desk:
    """The application on such a database, an owner's session, and the pages that are looked at, by name."""

    client: TestClient
    token: str
    pages: dict[str, str]


def fill(database: Database, settings: Settings) -> None:
    """Write all of it."""
    practice = open_practice(database, settings)
    add_check_ins(database, practice, PATIENTS, due_at=TUESDAY - timedelta(days=360))
    multiply(database, MESSAGES_EACH, apart=timedelta(days=36))
    with database.begin() as session:
        session.execute(text(_SETTLED))
        asked = session.execute(select(Message.id, Message.patient_id, Message.treatment_id).limit(3 * PATIENTS)).all()
        chosen = random.Random(_SEED).sample(asked, ANSWERS)
        for table, rows in _rows(practice, chosen):
            for first in range(0, len(rows), _AT_ONCE):
                session.execute(insert(table), rows[first : first + _AT_ONCE])
        staff.invite(session, practice.clinic_id, staff.NewStaff("Camille Roy", "c@c.example", "owner", "fr"), TUESDAY)


def open_desk(database: Database, settings: Settings) -> Desk:
    """The pages, to an owner who is signed in."""
    with database.begin() as session:
        owner = session.scalars(select(Staff)).one()
        token = staff.open_session(session, owner, TUESDAY).token
        pages = _pages(session)
    app = create_app(settings, database)
    return Desk(TestClient(app, follow_redirects=False, cookies={"session": token}), token, pages)


def _pages(session: Session) -> dict[str, str]:
    patient = session.scalars(select(Ticket.patient_id).limit(1)).one()
    first = (TUESDAY - timedelta(days=30)).date()
    return {
        "today": "/",
        "patient": f"/patients/{patient}",
        "report": f"/reports/replies?from={first}&to={TUESDAY.date()}",
        "patients": "/patients",
        "record": "/treatments/new",
        "consults": "/consults",
    }


def _rows(practice: Practice, asked: Sequence[Any]) -> Iterator[tuple[type[Base], list[dict[str, Any]]]]:
    answers = [_answer(practice, number, *row) for number, row in enumerate(asked)]
    yield Reply, [reply for reply, _, _ in answers]
    yield CheckIn, [check_in for _, check_in, _ in answers]
    yield Ticket, [ticket for _, _, ticket in answers[:OPEN_TICKETS]]


def _answer(
    practice: Practice, number: int, message_id: Any, patient_id: Any, treatment_id: Any
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    at, reply_id = TUESDAY - timedelta(minutes=12 * number), new_id()
    outcome, kind = _OUTCOMES[number % len(_OUTCOMES)], _KINDS[number % len(_KINDS)]
    reply = {
        "id": reply_id, "clinic_id": practice.clinic_id, "sender_id": practice.sender_id, "patient_id": patient_id,
        "answers_id": message_id, "kind": ReplyKind.TEXT, "channel": Channel.SMS, "provider_id": f"SM{number}",
        "sender_address": phone(number), "from_index": str(number), "body": _SAID, "received_at": at, "read_at": at,
        "labels": [outcome.value],
    }  # fmt: skip
    check_in = {
        "id": new_id(), "clinic_id": practice.clinic_id, "treatment_id": treatment_id, "reply_id": reply_id,
        "outcome": outcome, "answered_at": at,
    }  # fmt: skip
    ticket = {
        "id": new_id(), "clinic_id": practice.clinic_id, "patient_id": patient_id, "treatment_id": treatment_id,
        "reply_id": reply_id, "kind": kind, "priority": 10 * _KINDS.index(kind), "dedupe_key": f"bench:{number}",
        "opened_at": at,
    }  # fmt: skip
    return reply, check_in, ticket
