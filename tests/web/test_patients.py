"""The patient's page, and what can be changed from it."""

import pytest
from sqlalchemy import select

from reminders.care import optouts
from reminders.care.optouts import OptOutRequest
from reminders.models import Audit, Consent, Message, Patient, Treatment
from reminders.models.kinds import Channel, ConsentAction, TreatmentState
from schedules.lifecycle import State
from tests.web.conftest import TODAY, Browser


def states(browser: Browser) -> list[State]:
    """The states of all messages, by due time."""
    with browser.database.read() as session:
        return list(session.scalars(select(Message.state).order_by(Message.due_at)))


def test_the_page_tells_what_is_planned_and_why(browser: Browser) -> None:
    patient = browser.add_patient()
    browser.add_treatment(patient, day="2026-03-09")
    shown = browser.get(f"/patients/{patient.id}").text
    assert "Coming up" in shown
    assert shown.count("It will go by text at") >= 2
    assert "Dre Beaulieu" in shown
    assert "514 555-0134" in shown


def test_the_list_shows_the_newest_and_searches(browser: Browser) -> None:
    browser.add_patient()
    browser.add_patient(given_name="Olivia", family_name="Marchetti", phone="514-555-0142")
    assert "Marie Tremblay" in browser.get("/patients").text
    found = browser.post("/patients", {"q": "oli"}).text
    assert "Olivia Marchetti" in found
    assert "Marie Tremblay" not in found
    assert "1 patient found" in found
    assert "Nobody found" in browser.post("/patients", {"q": "zzz"}).text


def test_an_edit_is_saved(browser: Browser) -> None:
    patient = browser.add_patient()
    fields = {"given_name": "Marie-Ève", "family_name": "Tremblay", "phone": "438 555-0177", "language": "en"}
    answer = browser.post(f"/patients/{patient.id}/edit", fields)
    assert answer.headers["location"] == f"/patients/{patient.id}?done=saved"
    with browser.database.read() as session:
        changed = session.scalars(select(Patient)).one()
        assert (changed.given_name, changed.phone) == ("Marie-Ève", "+14385550177")
    assert "Marie-Ève" in browser.post("/patients", {"q": "eve"}).text


def test_the_edit_form_holds_what_is_on_file(browser: Browser) -> None:
    patient = browser.add_patient(email="m@example.com", guardian="Paul Tremblay", birth_date="2012-02-29")
    shown = browser.get(f"/patients/{patient.id}/edit").text
    for value in ("Marie", "+15145550134", "m@example.com", "Paul Tremblay", "2012-02-29"):
        assert f'value="{value}"' in shown
    unchanged = {"given_name": "Marie", "family_name": "Tremblay", "language": "fr", "phone": "+15145550134"}
    assert browser.post(f"/patients/{patient.id}/edit", unchanged).status_code == 303


def test_withdrawing_calls_off_what_is_planned_and_granting_plans_again(browser: Browser) -> None:
    patient = browser.add_patient()
    browser.add_treatment(patient)
    path = f"/patients/{patient.id}/consents/sms"
    assert browser.post(f"{path}/withdraw").status_code == 303
    assert set(states(browser)) == {State.CANCELLED}
    shown = browser.get(f"/patients/{patient.id}").text
    assert "J’accepte de recevoir par texto" in shown
    assert browser.post(f"{path}/grant").headers["location"].endswith("?done=granted")
    assert states(browser).count(State.PLANNED) == 3
    with browser.database.read() as session:
        entries = session.scalars(select(Consent).order_by(Consent.at)).all()
        assert [entry.action for entry in entries] == [
            ConsentAction.GRANTED,
            ConsentAction.WITHDRAWN,
            ConsentAction.GRANTED,
        ]
        assert "Clinique Lumière" in entries[-1].wording


def test_consent_for_a_channel_without_address_is_refused(browser: Browser) -> None:
    patient = browser.add_patient()
    answer = browser.post(f"/patients/{patient.id}/consents/email/grant")
    assert answer.status_code == 422
    assert "There is no address for this" in answer.text


def test_staff_are_told_that_an_opt_out_still_stands(browser: Browser) -> None:
    patient = browser.add_patient()
    with browser.database.begin() as session:
        request = OptOutRequest(browser.clinic.id, Channel.SMS, patient.phone_index or "", "page")
        optouts.opt_out(session, request, TODAY)
    assert "Opted out on" in browser.get(f"/patients/{patient.id}").text
    answer = browser.post(f"/patients/{patient.id}/consents/sms/grant")
    assert answer.headers["location"].endswith("granted_opted_out")
    assert "START" in browser.get(answer.headers["location"]).text


def test_an_unknown_channel_is_nowhere(browser: Browser) -> None:
    patient = browser.add_patient()
    assert browser.post(f"/patients/{patient.id}/consents/fax/withdraw").status_code == 404


def test_moving_a_treatment_says_what_it_did(browser: Browser) -> None:
    patient = browser.add_patient()
    treatment = browser.add_treatment(patient)
    assert 'value="2026-03-10"' in browser.get(f"/treatments/{treatment.id}/move").text
    answer = browser.post(f"/treatments/{treatment.id}/move", {"treated_on": "2026-03-09", "treated_time": "10:00"})
    assert answer.status_code == 303
    shown = browser.get(answer.headers["location"]).text
    assert "Kept: 0. Moved: 3. Added: 0. Cancelled: 0." in shown
    with browser.database.read() as session:
        assert session.scalars(select(Treatment)).one().local_date.isoformat() == "2026-03-09"


def test_moving_onto_another_treatment_is_refused(browser: Browser) -> None:
    patient = browser.add_patient()
    browser.add_treatment(patient, day="2026-03-09")
    treatment = browser.add_treatment(patient)
    answer = browser.post(f"/treatments/{treatment.id}/move", {"treated_on": "2026-03-09", "treated_time": "10:00"})
    assert answer.status_code == 422
    assert "Another treatment with this protocol" in answer.text


def test_cancelling_a_treatment(browser: Browser) -> None:
    patient = browser.add_patient()
    treatment = browser.add_treatment(patient)
    assert browser.get(f"/treatments/{treatment.id}/cancel").status_code == 200
    answer = browser.post(f"/treatments/{treatment.id}/cancel", {"reason": "Wrong patient"})
    assert answer.headers["location"] == f"/patients/{patient.id}?done=cancelled"
    assert set(states(browser)) == {State.CANCELLED}
    with browser.database.read() as session:
        assert session.scalars(select(Treatment)).one().state is TreatmentState.CANCELLED
    shown = browser.get(f"/patients/{patient.id}").text
    assert "Wrong patient" in shown
    assert f"/treatments/{treatment.id}/move" not in shown


@pytest.mark.parametrize("query", ["done=moved&keep=x", "done=moved", "done=nonsense", "done=moved&keep=²&move=1"])
def test_a_made_up_result_in_the_address_says_nothing(browser: Browser, query: str) -> None:
    patient = browser.add_patient()
    answer = browser.get(f"/patients/{patient.id}?{query}")
    assert answer.status_code == 200
    assert "Kept:" not in answer.text


def test_who_looked_is_noted(browser: Browser) -> None:
    patient = browser.add_patient()
    browser.get(f"/patients/{patient.id}")
    with browser.database.read() as session:
        seen = session.scalars(select(Audit).where(Audit.action == "patient.seen")).one()
        assert (seen.staff_id, seen.subject_id) == (browser.staff.id, patient.id)
