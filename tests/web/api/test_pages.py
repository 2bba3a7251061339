"""Cursor pages: every row once, whatever is added meanwhile."""

import base64
from datetime import timedelta

from sqlalchemy import select

from reminders.care import ticket_keys, tickets
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Patient
from reminders.models.kinds import TicketKind
from tests.web.api.conftest import System
from tests.web.conftest import TODAY


def _walk(system: System, path: str) -> list[list[str]]:
    pages: list[list[str]] = []
    cursor = ""
    while len(pages) < 20:
        found = system.get(f"{path}&cursor={cursor}").json()
        pages.append([item["id"] for item in found["items"]])
        cursor = found["next"]
        if cursor is None:
            return pages
    raise AssertionError("the pages do not end")


def _patients(system: System, many: int) -> list[str]:
    return [system.patient(external_id=f"P-{n}", given_name=f"Marie{'abcdefgh'[n]}")["id"] for n in range(many)]


def test_each_patient_comes_once_the_newest_first(system: System) -> None:
    """Five in pages of two, by list and by search."""
    ids = _patients(system, 5)
    for path in ("/patients?limit=2", "/patients?limit=2&search=tremblay"):
        pages = _walk(system, path)
        assert [len(page) for page in pages] == [2, 2, 1]
        assert [id_ for page in pages for id_ in page] == ids[::-1]


def test_a_full_last_page_has_no_next(system: System) -> None:
    """Four in pages of two are two pages."""
    _patients(system, 4)
    assert [len(page) for page in _walk(system, "/patients?limit=2")] == [2, 2]


def test_rows_of_one_instant_are_kept_apart(system: System, database: Database) -> None:
    """The id decides."""
    _patients(system, 4)
    with database.begin() as session:
        for patient in session.scalars(select(Patient)):
            patient.created_at = TODAY
    found = [id_ for page in _walk(system, "/patients?limit=1") for id_ in page]
    assert len(set(found)) == len(found) == 4


def test_what_is_added_meanwhile_shifts_nothing(system: System) -> None:
    """A new patient stands before the first page, not in the second."""
    ids = _patients(system, 3)
    first = system.get("/patients?limit=2").json()
    system.patient(external_id="P-9", given_name="Zoé")
    second = system.get(f"/patients?limit=2&cursor={first['next']}").json()
    assert [item["id"] for item in second["items"]] == [ids[0]]


def test_tickets_come_by_urgency_then_by_age(system: System, database: Database) -> None:
    """Across pages, with three columns in the order."""
    wanted = []
    kinds = (TicketKind.RED_FLAG, TicketKind.QUESTION, TicketKind.OPTED_OUT)
    with database.begin() as session:
        for kind in kinds:
            for age in (3, 2, 1):
                cause = new_id()
                new = tickets.NewTicket(
                    clinic_id=system.clinic.id, kind=kind, dedupe_key=ticket_keys.key_for(kind, cause)
                )
                wanted.append(str(tickets.open_ticket(session, new, TODAY - timedelta(hours=age)).id))
    assert [id_ for page in _walk(system, "/tickets?limit=2") for id_ in page] == wanted


def test_a_cursor_fits_its_own_list_and_clinic_only(system: System, other: System) -> None:
    """Elsewhere it is 422, as is one that somebody bent."""
    for each in (system, other):
        _patients(each, 2)
    cursor = system.get("/patients?limit=1").json()["next"]
    bent = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    for each, path in ((system, "/replies"), (other, "/patients"), (system, f"/patients?cursor={bent}")):
        joined = "&" if "?" in path else "?"
        answer = each.get(path if "cursor" in path else f"{path}{joined}cursor={cursor}")
        assert (answer.status_code, answer.json()["errors"][0]["key"]) == (422, "cursor_unreadable")


def test_nobody_is_named_in_a_cursor(system: System) -> None:
    """It holds a time and an id."""
    _patients(system, 2)
    cursor = system.get("/patients?limit=1").json()["next"]
    readable = base64.urlsafe_b64decode(cursor + "==")
    assert b"Tremblay" not in readable
