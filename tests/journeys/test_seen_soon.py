"""What is back or new, and no red flag: an answer of its own, and a ticket that presses more than any consult.

Seen to fail when: the ticket had a consult's priority; the answer was that of a question.
"""

import pytest
from sqlalchemy import select

from reminders.care.tickets import PRIORITY
from reminders.database import Database
from reminders.models import Ticket
from reminders.models.kinds import TicketKind
from reminders.settings import Settings
from tests.promises.practice import MARIE, open_practice
from tests.promises.world import open_world

WITHIN = {"en": "within 24 to 48 hours", "fr": "d'ici 24 à 48 heures"}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "the redness had gone but it came back this morning"),
        ("en", "I have new dark patches on my cheeks"),
        ("fr", "la rougeur était partie pis là elle est revenue"),
        ("fr", "j'ai des nouvelles taches brunes sur la joue"),
    ],
)
@pytest.mark.parametrize("days_ago", [5, 12])
def test_on_any_day(database: Database, settings: Settings, language: str, text: str, days_ago: int) -> None:
    with open_practice(open_world(database, settings), settings) as practice:
        practice.world.treat(practice.world.patient(phone=MARIE, language=language), days_ago=days_ago)
        practice.text(text)
        practice.sweep()
        assert any(WITHIN[language] in got for got in practice.got(MARIE))
        (ticket,) = practice.rows(select(Ticket))
        assert (ticket.kind, ticket.reason) == (TicketKind.CONSULT, "soon")
        assert PRIORITY[TicketKind.RED_FLAG] < ticket.priority < PRIORITY[TicketKind.CONSULT]
        shown = practice.browser(practice.hire()).get("/").text
        assert "To be seen within 24 to 48 hours" in shown
        assert "see by" in shown
