"""On a patient's timeline staff read whom their red flag has alerted, when and by what, and who took it in hand.

Seen to fail when: alerts of every patient's tickets were found; what was called off showed as sent.
"""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import event, text

from reminders.database import Database
from reminders.settings import Settings
from tests.promises.practice import MARIE, NURSE, Practice, open_practice
from tests.promises.world import number, open_world

RED = {"en": "I have a fever and there is pus", "fr": "J'ai de la fièvre et il y a du pus"}


@pytest.fixture
def practice(database: Database, settings: Settings) -> Iterator[Practice]:
    with open_practice(open_world(database, settings), settings) as opened:
        yield opened


@pytest.mark.parametrize(
    ("language", "alerted", "taken"),
    [
        ("en", ["Alert to Priya Shah (Text)", "Alert to Priya Shah (E-mail)"], "Taken in hand by Priya Shah"),
        ("fr", ["Alerte à Priya Shah (Texto)", "Alerte à Priya Shah (Courriel)"], "Pris en charge par Priya Shah"),
    ],
)
def test_who_was_alerted_and_who_took_it(practice: Practice, language: str, alerted: list[str], taken: str) -> None:
    nurse = practice.nurse(name="Priya Shah", language=language)
    marie = practice.world.patient(phone=MARIE, language=language)
    other = practice.world.patient(phone=number(3), language=language)
    for patient in (marie, other):
        practice.world.treat(patient, days_ago=1)
    practice.sweep()
    practice.text(RED[language])
    practice.sweep()
    desk = practice.browser(nurse)
    shown = desk.get(f"/patients/{marie.id}").text
    for line in alerted:
        assert shown.count(line) == 1, "later rounds are not sent yet"
    assert taken not in shown
    practice.text("OK", sender=NURSE)
    practice.sweep()
    shown = desk.get(f"/patients/{marie.id}").text
    assert shown.count(taken) == 1
    assert [shown.count(line) for line in alerted] == [1, 1]
    assert not re.search("Priya Shah \\(", desk.get(f"/patients/{other.id}").text)


def test_the_alerts_about_a_ticket_are_found_by_an_index(practice: Practice) -> None:
    """Without it, acknowledging a ticket and opening a timeline read through every message that was ever sent."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    practice.nurse()
    practice.world.treat(practice.world.patient(phone=MARIE), days_ago=1)
    practice.text(RED["en"])
    practice.sweep()
    event.listen(practice.database.engine, "before_cursor_execute", note)
    practice.text("OK", sender=NURSE)
    event.remove(practice.database.engine, "before_cursor_execute", note)
    assert any("message.ticket_id = " in statement for statement in seen)
    with practice.database.begin() as session:
        if practice.database.is_sqlite:
            explain = "EXPLAIN QUERY PLAN SELECT id FROM message WHERE ticket_id = x'00'"
        else:
            session.execute(text("SET LOCAL enable_seqscan = off"))
            explain = "EXPLAIN SELECT id FROM message WHERE ticket_id = '00000000-0000-7000-8000-000000000000'"
        plan = " ".join(str(row) for row in session.execute(text(explain)))
    assert "ix_message_ticket_id" in plan
