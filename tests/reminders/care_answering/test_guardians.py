"""A relative's red flag: the patient's own where a parent or another at the same address may be writing."""

from datetime import date
from typing import Any

import pytest

from reminders.care.guardians import is_minor
from reminders.database import Database
from reminders.models import Clinic
from reminders.models.kinds import TicketKind
from tests.reminders.care_answering.arriving import say, templates, tickets
from tests.reminders.care_answering.builders import add_case, add_patient, add_staff

RELATIVES = (
    "ma fille a de la fièvre et du pus",
    "my daughter's face is swollen and she has a fever",
    "mon fils respire mal",
)
HARMLESS = (
    "My son had a fever last month, gone now",
    "ma fille n'a pas de fièvre",
    "what if my daughter gets a fever?",
)

WRITTEN_FOR: tuple[dict[str, Any], ...] = (
    {"guardian": {"name": "Marie Tremblay"}},
    {"birth_date": "2009-03-11"},
)


@pytest.fixture
def _nurse(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        add_staff(session, clinic, "n@clinic.example", on_call=True, phone="+15145550150")


@pytest.mark.usefixtures("_nurse")
@pytest.mark.parametrize("body", RELATIVES)
@pytest.mark.parametrize("person", WRITTEN_FOR, ids=["guardian", "minor"])
def test_a_parent_writes(database: Database, clinic: Clinic, person: dict[str, Any], body: str) -> None:
    with database.begin() as session:
        add_case(session, clinic, **person)
    reply = say(database, clinic, body)
    assert templates(database) == ["safety:cautious", "alert:red_flag"]
    assert tickets(database) == [(TicketKind.RED_FLAG, "")]
    assert reply.labels == ["urgent"]


@pytest.mark.usefixtures("_nurse")
@pytest.mark.parametrize("body", RELATIVES)
def test_a_shared_address(database: Database, clinic: Clinic, body: str) -> None:
    with database.begin() as session:
        add_case(session, clinic)
        add_patient(session, clinic, given_name="Zoé")
    say(database, clinic, body)
    assert templates(database) == ["safety:cautious", "alert:red_flag"]


@pytest.mark.usefixtures("_nurse")
@pytest.mark.parametrize("body", RELATIVES)
@pytest.mark.parametrize("person", [{}, {"birth_date": "2008-03-10"}], ids=["no birth date", "18 today"])
def test_an_adult_on_their_own_number(database: Database, clinic: Clinic, person: dict[str, Any], body: str) -> None:
    with database.begin() as session:
        add_case(session, clinic, **person)
    say(database, clinic, body)
    assert TicketKind.RED_FLAG not in {kind for kind, _ in tickets(database)}


@pytest.mark.usefixtures("_nurse")
def test_who_says_to_write_for_the_patient_is_heard_on_any_number(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        add_case(session, clinic)
    say(database, clinic, "Hi its her mom, my daughter's face is swollen and she has a fever")
    assert templates(database) == ["safety:urgent", "alert:red_flag"]


@pytest.mark.usefixtures("_nurse")
@pytest.mark.parametrize("body", HARMLESS)
def test_what_a_relative_confidently_has_not(database: Database, clinic: Clinic, body: str) -> None:
    with database.begin() as session:
        add_case(session, clinic, **WRITTEN_FOR[0])
    say(database, clinic, body)
    assert TicketKind.RED_FLAG not in {kind for kind, _ in tickets(database)}


@pytest.mark.parametrize(
    ("born", "minor"), [("2008-03-11", True), ("2008-03-10", False), ("2026-03-10", True), ("", False), (None, False)]
)
def test_minor(born: str | None, *, minor: bool) -> None:
    assert is_minor(born, date(2026, 3, 10)) is minor
