"""From a patient to what they will receive: what a practice system does."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select

from reminders.care import tickets
from reminders.database import Database
from reminders.models import Audit, Message, Reply, Sender, Ticket
from reminders.models.kinds import Channel, MessageKind, ReplyKind, TicketKind
from schedules.lifecycle import State
from tests.web.api.conftest import PATIENT, System
from tests.web.conftest import TODAY


def test_a_recorded_treatment_owes_its_reminders_and_says_why(system: System) -> None:
    """Three steps, each with its message and a sentence."""
    patient = system.patient()
    treatment = system.treatment(patient["id"], provider="Dre Roy", external_id="T-1", details={"device": "Pen"})
    assert treatment["provider"] == "Dre Roy"
    assert treatment["treated_at"] == "2026-03-10T14:00:00Z"
    assert treatment["local_date"] == "2026-03-10"
    owed = system.get(f"/reminders?treatment_id={treatment['id']}").json()["items"]
    assert [item["step"] for item in owed] == ["day-1", "day-3", "day-7"]
    assert [item["is_check_in"] for item in owed] == [False, False, True]
    assert {item["messages"][0]["channel"] for item in owed} == {"sms"}
    assert {item["messages"][0]["state"] for item in owed} == {"planned"}
    assert owed[0]["explanation"].startswith("It will go by text on March 11, 2026")
    french = system.get(f"/reminders?patient_id={patient['id']}", language="fr").json()["items"]
    assert french[0]["explanation"].startswith("Il partira par texto le 11 mars 2026")


def test_a_treatment_with_its_patient_in_one_request(system: System) -> None:
    """Also with the clinic's local time."""
    body = {"patient": PATIENT, "treated_on": "2026-03-09", "treated_time": "09:30", "protocol": "microneedling"}
    answer = system.post("/treatments", body)
    assert answer.status_code == 201
    done = answer.json()
    assert answer.headers["location"] == f"/api/v1/treatments/{done['id']}"
    assert done["treated_at"] == "2026-03-09T13:30:00Z"
    patient = system.get(f"/patients/{done['patient_id']}").json()
    assert (patient["phone"], patient["consents"]) == ("+15145550142", ["sms", "email"])
    assert system.get(answer.headers["location"].removeprefix("/api/v1")).json() == done


def test_a_preview_saves_nothing(system: System) -> None:
    """It shows the steps, their texts, and the duplicate that would stand against it."""
    body = {"patient": PATIENT, "treated_at": "2026-03-10T10:00:00-04:00", "protocol": "microneedling"}
    seen = system.post("/treatments/preview", body).json()
    assert [step["step"] for step in seen["steps"]] == ["day-1", "day-3", "day-7"]
    assert seen["steps"][0]["channels"] == ["sms"]
    assert seen["steps"][0]["texts"]["sms"]["body"]
    assert seen["duplicate_of"] is None
    assert system.get("/patients").json()["items"] == []
    patient = system.patient()
    done = system.treatment(patient["id"])
    again = body | {"patient": None, "patient_id": patient["id"]}
    assert system.post("/treatments/preview", again).json()["duplicate_of"] == f"/api/v1/treatments/{done['id']}"


def test_moving_and_cancelling_change_what_is_owed(system: System) -> None:
    """The messages follow the date, and end with the treatment."""
    treatment = system.treatment(system.patient()["id"])
    path = f"/treatments/{treatment['id']}"
    moved = system.patch(path, {"treated_on": "2026-03-08", "treated_time": "10:00"})
    assert moved.json()["local_date"] == "2026-03-08"
    owed = system.get(f"/reminders?treatment_id={treatment['id']}").json()["items"]
    check_in = next(item for item in owed if item["is_check_in"])
    assert datetime.fromisoformat(check_in["due_at"]) < TODAY + timedelta(days=7)
    assert system.patch(path, {"state": "cancelled", "reason": "Recorded by mistake"}).json()["state"] == "cancelled"
    after = system.get(f"/reminders?treatment_id={treatment['id']}").json()["items"]
    assert {item["state"] for item in after} <= {"cancelled", "skipped"}
    assert system.patch(path, {"treated_on": "2026-03-07"}).status_code == 422


def test_a_consent_decides_whether_anything_is_sent(system: System) -> None:
    """Withdrawn by one request, given by the next."""
    patient = system.patient(consents=["sms"])
    treatment = system.treatment(patient["id"])
    path = f"/patients/{patient['id']}/consents"
    owed = f"/reminders?treatment_id={treatment['id']}&state=owed"
    said = system.post(path, {"channel": "sms", "granted": False}).json()
    assert (said["granted"], said["channel"]) == (False, "sms")
    assert system.get(owed).json()["items"] == []
    said = system.post(path, {"channel": "sms", "granted": True}).json()
    assert said["granted"]
    assert "ARRET" in said["wording"]
    assert len(system.get(owed).json()["items"]) == 3
    never = system.post(path, {"channel": "email", "granted": False}).json()
    assert (never["granted"], never["at"]) == (False, None)


def test_a_childs_consent_names_who_gave_it_and_offers_stand_apart(system: System) -> None:
    given_by = {"name": "Anne Roy", "relation": "parent"}
    child = PATIENT | {"birth_date": "2013-05-05", "external_id": None}
    for language, said in (("en", "The patient is under 14"), ("fr", "La personne a moins de 14 ans")):
        refused = system.post("/patients", child, language=language).json()["errors"][0]
        assert (refused["field"], refused["key"]) == ("consents_given_by", "guardian_needed")
        assert refused["message"].startswith(said)
    seen = {"protocol": "microneedling", "treated_at": "2026-03-10T10:00:00-04:00", "patient": child}
    refused = system.post("/treatments/preview", seen).json()["errors"][0]
    assert (refused["field"], refused["key"]) == ("patient.consents_given_by", "guardian_needed")
    patient = system.patient(**child, consents_given_by=given_by)
    path = f"/patients/{patient['id']}/consents"
    offers = {"channel": "sms", "granted": True, "purpose": "marketing"}
    assert system.post(path, offers).json()["errors"][0]["field"] == "given_by"
    assert system.post(path, offers | {"given_by": given_by}).json()["given_by"] == given_by
    shown = system.get(f"/patients/{patient['id']}").json()
    assert (shown["consents"], shown["marketing"]) == (["sms", "email"], ["sms"])
    told = system.get(path).json()["items"]
    assert [(one["purpose"], one["event"], one["given_by"]) for one in told] == [
        ("aftercare", "granted", given_by),
        ("aftercare", "granted", given_by),
        ("marketing", "granted", given_by),
    ]
    assert {one["by"] for one in told} == {"Practice system"}
    assert system.post(path, offers | {"granted": False}).json()["granted"] is False
    assert system.get(f"/patients/{patient['id']}").json()["marketing"] == []


def test_a_change_keeps_what_it_does_not_name(system: System) -> None:
    """null empties, an absent field stays."""
    patient = system.patient(guardian="Luc Tremblay", birth_date="2010-05-06")
    changed = system.patch(f"/patients/{patient['id']}", {"phone": "438 555 0177", "email": None}).json()
    assert (changed["phone"], changed["email"], changed["guardian"]) == ("+14385550177", None, "Luc Tremblay")
    assert changed["birth_date"] == "2010-05-06"
    assert system.get("/patients?search=438-555-0177").json()["items"] == [changed]
    assert system.get("/patients?search=mar tre").json()["items"] == [changed]
    assert system.get("/patients?search=nobody").json()["items"] == []


def _reply(database: Database, system: System, patient_id: str) -> uuid.UUID:
    with database.begin() as session:
        sender = session.scalars(
            select(Sender).where(Sender.clinic_id == system.clinic.id, Sender.channel == Channel.SMS)
        ).one()
        reply = Reply(
            clinic_id=system.clinic.id,
            sender_id=sender.id,
            patient_id=uuid.UUID(patient_id),
            kind=ReplyKind.TEXT,
            channel=Channel.SMS,
            provider_id=f"SM{uuid.uuid4().hex}",
            sender_address="+15145550142",
            from_index="",
            body="Est-ce que je peux me maquiller?",
            received_at=TODAY,
        )
        session.add(reply)
        session.flush()
        return reply.id


def test_replies_tickets_and_the_report(system: System, database: Database) -> None:
    """What a patient wrote is listed; its ticket is taken in hand and closed; the report answers."""
    patient = system.patient()
    reply_id = _reply(database, system, patient["id"])
    listed = system.get(f"/replies?patient_id={patient['id']}").json()["items"]
    assert [(item["id"], item["sender"]) for item in listed] == [(str(reply_id), "+15145550142")]
    with database.begin() as session:
        new = tickets.NewTicket(
            clinic_id=system.clinic.id, kind=TicketKind.QUESTION, dedupe_key="t:1", reply_id=reply_id
        )
        tickets.open_ticket(session, new, TODAY)
    found = system.get("/tickets").json()["items"]
    assert [item["kind"] for item in found] == ["question"]
    path = f"/tickets/{found[0]['id']}"
    assert system.post(f"{path}/acknowledge").json()["state"] == "acknowledged"
    assert system.post(f"{path}/acknowledge").json()["state"] == "acknowledged"
    closed = system.post(f"{path}/close", {"outcome": "called"}).json()
    assert (closed["state"], closed["outcome"]) == ("closed", "called")
    assert system.post(f"{path}/close", {"outcome": "called"}).status_code == 409
    assert system.post(f"{path}/acknowledge").status_code == 409
    assert system.get("/tickets").json()["items"] == []
    assert len(system.get("/tickets?state=closed").json()["items"]) == 1
    assert system.post(f"{path}/reopen").json()["state"] == "acknowledged"
    assert system.post(f"{path}/reopen").status_code == 409
    assert system.post(f"{path}/close", {"outcome": "called"}).json()["closed_by"] is None
    assert system.get(path).json()["outcome"] == "called"
    report = system.get("/reports/replies?from=2026-03-01&to=2026-03-31").json()
    assert (report["sent"], report["start"]) == (0, "2026-03-01")


def test_what_a_key_does_is_in_the_trail(system: System, database: Database) -> None:
    """By its id."""
    system.patient()
    with database.read() as session:
        assert {entry.detail["source"] for entry in session.scalars(select(Audit))} == {"api"}
        assert all(entry.api_key_id for entry in session.scalars(select(Audit)))
        planned = session.scalars(select(Message).where(Message.kind == MessageKind.REMINDER)).all()
        assert all(message.state is State.PLANNED for message in planned)
        assert session.scalars(select(Ticket)).all() == []
