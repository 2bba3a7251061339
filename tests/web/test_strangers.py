"""Clinic A can neither see nor change what is clinic B's, whatever id it asks for."""

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from reminders.care import attachments, consults
from reminders.care.staff.api_keys import new_api_key
from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, open_ticket
from reminders.ids import new_id
from reminders.models import (
    ApiKey,
    Attachment,
    Consent,
    Consult,
    HandOver,
    Message,
    Patient,
    Protocol,
    Reply,
    SavedAnswer,
    Sender,
    Ticket,
    Treatment,
)
from reminders.models.kinds import (
    Channel,
    ConsentAction,
    ConsultState,
    MessageKind,
    ReplyKind,
    TicketKind,
    TicketState,
    TreatmentState,
)
from tests.reminders import pictures
from tests.web.conftest import TODAY, Browser, NewBrowser
from tests.web.test_access import staff_routes

_BLANK = re.compile(r"\{(\w+)\}")


@pytest.fixture
def here(browser_for: NewBrowser) -> Browser:
    """The one who asks."""
    return browser_for()


@pytest.fixture
def there(browser_for: NewBrowser) -> Browser:
    """The clinic that is asked about."""
    return browser_for()


@pytest.fixture
def ids(there: Browser) -> Mapping[str, str]:
    """What the other clinic has, by the names of the blanks in paths."""
    patient = there.add_patient(given_name="Zénobie", family_name="Secrète")
    treatment = there.add_treatment(patient)
    with there.database.begin(clinic=there.clinic.id) as session:
        key = key_for(TicketKind.QUESTION, patient.id)
        new = NewTicket(there.clinic.id, TicketKind.QUESTION, key, patient.id, reason="unreadable")
        ticket = open_ticket(session, new, TODAY - timedelta(hours=1))
        consult = consults.offer(session, treatment.id, TODAY)
        later = TODAY + timedelta(days=1)
        planned = HandOver(id=new_id(), clinic_id=there.clinic.id, staff_id=there.staff.id, at=later, created_at=TODAY)
        session.add(planned)
        two = {"en": "Secrète", "fr": "Secrète"}
        saved = SavedAnswer(clinic_id=there.clinic.id, title=two, body=two, created_at=TODAY, changed_at=TODAY)
        session.add(saved)
        new_api_key(session, there.clinic.id, "system", TODAY)
        key_id = session.scalars(select(ApiKey.id)).one()
    with there.database.begin() as session:
        reply = Reply(
            clinic_id=there.clinic.id,
            sender_id=session.scalars(select(Sender.id)).first(),
            patient_id=patient.id,
            kind=ReplyKind.TEXT,
            channel=Channel.SMS,
            provider_id="SM1",
            sender_address="+14385550177",
            from_index="there",
            body="Secrète",
            received_at=TODAY,
        )
        session.add(reply)
        attachments.take(session, reply, pictures.photo(), "image/jpeg", TODAY)
        attachment = session.scalars(select(Attachment.id)).one()
    return {
        "staff_id": str(there.staff.id),
        "key_id": str(key_id),
        "patient_id": str(patient.id),
        "treatment_id": str(treatment.id),
        "protocol_id": str(treatment.protocol_id),
        "ticket_id": str(ticket.id),
        "reply_id": str(reply.id),
        "consult_id": str(consult.id),
        "hand_over_id": str(planned.id),
        "attachment_id": str(attachment),
        "saved_answer_id": str(saved.id),
        "channel": "sms",
    }


FORM = {
    "given_name": "Changed",
    "treated_on": "2026-03-09",
    "treated_time": "09:00",
    "reason": "changed",
    "outcome": "done",
    "text": "Changed.",
    "state": "booked",
    "action": "save",
    "protocol_key": "microneedling",
}


def _has_id(path: str) -> bool:
    return "_id}" in path


def test_every_route_with_an_id_is_a_404_for_another_clinic(
    app: FastAPI, here: Browser, ids: Mapping[str, str]
) -> None:
    walked = 0
    for method, path in staff_routes(app):
        if not _has_id(path):
            continue
        address = _BLANK.sub(lambda blank: ids[blank[1]], path)
        answer = here.get(address) if method == "GET" else here.post(address, FORM)
        assert answer.status_code == 404, (method, path)
        assert "Secrète" not in answer.text
        walked += 1
    assert walked >= 19


def test_the_owner_of_these_ids_does_reach_them(app: FastAPI, there: Browser, ids: Mapping[str, str]) -> None:
    """The walk above would also pass on a path that is wrong."""
    for method, path in staff_routes(app):
        if method == "GET" and _has_id(path):
            assert there.get(_BLANK.sub(lambda blank: ids[blank[1]], path)).status_code in {200, 303}, path


def test_nothing_of_the_other_clinic_has_changed(app: FastAPI, here: Browser, ids: Mapping[str, str]) -> None:
    for method, path in staff_routes(app):
        if method == "POST" and _has_id(path):
            here.post(_BLANK.sub(lambda blank: ids[blank[1]], path), FORM)
    here.post("/treatments/new", FORM | {"patient_id": ids["patient_id"], "consent_email": "yes"})
    with here.database.read() as session:
        patient = session.scalars(select(Patient)).one()
        assert (patient.given_name, patient.held_at) == ("Zénobie", None)
        assert set(session.scalars(select(Protocol.held_at))) == {None}
        treatment = session.scalars(select(Treatment)).one()
        assert (treatment.state, treatment.local_date.isoformat()) == (TreatmentState.ACTIVE, "2026-03-10")
        assert session.scalars(select(Ticket)).one().state is TicketState.OPEN
        assert session.scalars(select(Consult)).one().state is ConsultState.OFFERED
        assert session.scalars(select(Reply)).one().seen_at is None
        answer = session.scalars(select(SavedAnswer)).one()
        assert (answer.body["en"], answer.archived_at) == ("Secrète", None)
        assert MessageKind.STAFF not in set(session.scalars(select(Message.kind)))
        assert [entry.action for entry in session.scalars(select(Consent))] == [ConsentAction.GRANTED]


@pytest.mark.parametrize("q", ["zen", "secrete", "514-555-0134", "+15145550134"])
def test_a_search_finds_nobody_of_another_clinic(here: Browser, there: Browser, ids: Mapping[str, str], q: str) -> None:
    for path in ("/patients", "/inbox"):
        assert "Secrète" in there.post(path, {"q": q}).text
        assert "Secrète" not in here.post(path, {"q": q}).text.replace('value="Secrète"', "")
    assert "Secrète" not in here.post("/treatments/new", {"action": "find", "q": q}).text


@pytest.mark.usefixtures("ids")
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/patients",
        "/treatments/new",
        "/reports/replies",
        "/sending",
        "/protocols",
        "/consults",
        "/inbox",
        "/saved-answers",
    ],
)
def test_no_list_shows_the_other_clinic(here: Browser, path: str) -> None:
    answer = here.get(path)
    assert answer.status_code == 200
    assert "Secrète" not in answer.text
    assert "Dre Beaulieu" not in answer.text


def test_another_clinics_patient_cannot_be_preselected(here: Browser, ids: Mapping[str, str]) -> None:
    answer = here.get(f"/treatments/new?patient={ids['patient_id']}")
    assert answer.status_code == 200
    assert "Secrète" not in answer.text
