"""Somebody else answers from a patient's number: it is stopped, and only staff have it written to again.

Seen to fail when: START lifted whatever stood; a wrong number after a STOP left the STOP's source; the confirmation was
that of a STOP; a grant of the same wording changed nothing; nobody was told of the START.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from reminders.database import Database
from reminders.models import Message, OptOut, Patient, Reply, Ticket
from reminders.models.kinds import MessageKind, TicketKind
from reminders.settings import Settings
from schedules.lifecycle import State
from tests.promises.practice import MARIE, Practice, open_practice
from tests.promises.world import open_world


@pytest.fixture
def practice(database: Database, settings: Settings) -> Iterator[Practice]:
    with open_practice(open_world(database, settings), settings) as opened:
        yield opened


def treat(practice: Practice, language: str) -> Patient:
    marie = practice.world.patient(phone=MARIE, language=language)
    practice.world.treat(marie, days_ago=1)
    practice.sweep()
    return marie


def planned(practice: Practice) -> list[str]:
    owed = (Message.kind == MessageKind.REMINDER, Message.state == State.PLANNED)
    return list(practice.rows(select(Message.template).where(*owed).order_by(Message.due_at)))


@pytest.mark.parametrize(
    ("language", "said", "again", "sorry"),
    [("en", "wrong number", "START", "Sorry about that"), ("fr", "mauvais numéro", "DEBUT", "Toutes nos excuses")],
)
def test_start_from_it_lifts_nothing_and_goes_to_a_person(
    practice: Practice, language: str, said: str, again: str, sorry: str
) -> None:
    treat(practice, language)
    practice.text(said)
    practice.sweep()
    confirmed = practice.got(MARIE)[-1]
    assert sorry in confirmed
    assert not {"START", "DEBUT"} & set(confirmed.split())
    practice.text(again)
    practice.sweep()
    assert planned(practice) == []
    assert practice.got(MARIE)[-1] == confirmed
    assert practice.tickets() == [TicketKind.WRONG_NUMBER, TicketKind.WRONG_NUMBER]
    assert practice.rows(select(Ticket.reason).order_by(Ticket.id)) == ["", "start_refused"]
    assert practice.rows(select(Reply.handled_at)) == [None, None]


def test_also_after_a_stop(practice: Practice) -> None:
    treat(practice, "en")
    for body in ("STOP", "wrong number", "START"):
        practice.text(body)
        practice.sweep()
    assert planned(practice) == []
    assert practice.rows(select(OptOut.lifted_at)) == [None]


def test_staff_lift_it_by_recording_the_consent_again(practice: Practice) -> None:
    marie = treat(practice, "en")
    browser = practice.browser(practice.hire())
    browser.post(f"/patients/{marie.id}/consents/sms/grant")
    before = planned(practice)
    practice.text("wrong number")
    practice.sweep()
    assert "Somebody else’s number" in browser.get(f"/patients/{marie.id}").text
    assert planned(practice) == []
    browser.post(f"/patients/{marie.id}/consents/sms/grant")
    assert planned(practice) == before
    assert "Somebody else’s number" not in browser.get(f"/patients/{marie.id}").text


def test_a_stop_is_the_patients_own_and_staff_do_not_lift_it(practice: Practice) -> None:
    marie = treat(practice, "en")
    practice.text("STOP")
    practice.browser(practice.hire()).post(f"/patients/{marie.id}/consents/sms/grant")
    assert planned(practice) == []
