"""Recording a treatment: finding, adding, the preview, saving, duplicates."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from reminders.models import Consent, Message, Patient, Reminder, Treatment
from reminders.models.kinds import Language
from reminders.web.forms import Form
from reminders.web.pages.record_form import Ask, asked_for
from tests.web.conftest import Browser, NewBrowser

NEW = {
    "patient_id": "new",
    "given_name": "Élodie",
    "family_name": "Roy",
    "language": "fr",
    "phone": "514 555-0134",
    "protocol_key": "microneedling",
    "treated_on": "2026-03-10",
    "treated_time": "10:30",
    "provider": "Dre Beaulieu",
    "consent_sms": "yes",
}

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def carried_on(html: str) -> dict[str, str]:
    """The fields that the preview carries to the next step."""
    return {name: unescape(value) for name, value in _HIDDEN.findall(html)}


def test_the_preview_shows_the_calendar_and_saves_nothing(browser: Browser) -> None:
    answer = browser.post("/treatments/new", NEW | {"action": "preview"})
    assert answer.status_code == 200
    shown = answer.text
    for moment in ("Wednesday, March 11, 2026", "Friday, March 13, 2026", "Tuesday, March 17, 2026"):
        assert moment in shown
    assert 'lang="fr">Clinique Lumière' in shown
    with browser.database.read() as session:
        assert session.scalars(select(Patient)).all() == []


def test_what_the_preview_carries_on_is_what_is_saved(browser: Browser) -> None:
    preview = browser.post("/treatments/new", NEW | {"action": "preview"})
    answer = browser.post("/treatments/new", carried_on(preview.text) | {"action": "save"})
    assert answer.status_code == 303
    with browser.database.read() as session:
        patient = session.scalars(select(Patient)).one()
        treatment = session.scalars(select(Treatment)).one()
        consent = session.scalars(select(Consent)).one()
        assert answer.headers["location"] == f"/patients/{patient.id}?done=recorded"
        assert (patient.name, patient.phone, patient.language) == ("Élodie Roy", "+15145550134", Language.FR)
        assert treatment.treated_at.isoformat() == "2026-03-10T14:30:00+00:00"
        assert treatment.recorded_by == browser.staff.id
        assert (consent.staff_id, consent.language) == (browser.staff.id, Language.FR)
        assert "J’accepte" in consent.wording
        assert len(session.scalars(select(Message)).all()) == 3


def test_editing_from_the_preview_keeps_everything(browser: Browser) -> None:
    preview = browser.post("/treatments/new", NEW | {"action": "preview", "details.device": "Pen 3"})
    answer = browser.post("/treatments/new", carried_on(preview.text) | {"action": "edit"})
    assert answer.status_code == 200
    for value in ("Élodie", "514 555-0134", "10:30", "Dre Beaulieu", "Pen 3"):
        assert f'value="{value}"' in answer.text
    assert re.search(r'name="consent_sms"[^>]*checked', answer.text)
    assert "<details open>" in answer.text


def test_steps_that_are_over_are_shown_as_skipped_with_their_reason(browser: Browser) -> None:
    answer = browser.post("/treatments/new", NEW | {"action": "preview", "treated_on": "2026-03-05"})
    assert answer.status_code == 200
    assert answer.text.count("too late for it to be useful") == 1
    assert "not sent" in answer.text


def test_without_consent_the_preview_says_that_nothing_will_go(browser: Browser) -> None:
    answer = browser.post("/treatments/new", {k: v for k, v in NEW.items() if k != "consent_sms"} | {"action": "save"})
    assert answer.status_code == 303
    preview = browser.post("/treatments/new", NEW | {"action": "preview", "consent_sms": "", "somebody_else": "yes"})
    assert "nothing will be sent" in preview.text
    assert preview.text.count("there is no consent for it") == 3
    with browser.database.read() as session:
        assert session.scalars(select(Message)).all() == []
        assert len(session.scalars(select(Reminder)).all()) == 3


@pytest.mark.parametrize("q", ["mar", "tremb mar", "514-555-0134", "TREMBLAY", "marie@example.com"])
def test_a_patient_is_found(browser: Browser, q: str) -> None:
    patient = browser.add_patient(email="marie@example.com")
    answer = browser.post("/treatments/new", {"action": "continue", "asked": "", "q": q, "provider": "typed before"})
    assert answer.status_code == 200
    assert f'value="{patient.id}"' in answer.text
    assert "typed before" in answer.text


def test_a_known_patient_needs_no_new_consent(browser: Browser) -> None:
    patient = browser.add_patient()
    fields = {key: value for key, value in NEW.items() if key not in {"consent_sms", "phone"}}
    answer = browser.post("/treatments/new", fields | {"patient_id": str(patient.id), "action": "preview"})
    assert answer.status_code == 200
    assert "nothing will be sent" not in answer.text
    assert "Marie Tremblay" in answer.text


def test_a_patient_of_the_same_address_is_offered_first(browser: Browser) -> None:
    patient = browser.add_patient()
    answer = browser.post("/treatments/new", NEW | {"action": "save"})
    assert answer.status_code == 422
    assert f'name="patient_id" value="{patient.id}"' in answer.text
    assert "Somebody with this phone" in answer.text
    sister = browser.post("/treatments/new", NEW | {"action": "save", "somebody_else": "yes"})
    assert sister.status_code == 303


def test_the_same_treatment_twice_is_refused_with_a_link_unless_confirmed(browser: Browser) -> None:
    patient = browser.add_patient()
    treatment = browser.add_treatment(patient)
    fields = NEW | {"patient_id": str(patient.id)}
    preview = browser.post("/treatments/new", fields | {"action": "preview"})
    assert preview.status_code == 200
    assert f"/patients/{patient.id}#treatment-{treatment.id}" in preview.text
    refused = browser.post("/treatments/new", fields | {"action": "save"})
    assert refused.status_code == 409
    assert f"/patients/{patient.id}#treatment-{treatment.id}" in refused.text
    assert 'name="confirmed"' in refused.text
    answer = browser.post("/treatments/new", fields | {"action": "save", "confirmed": "yes"})
    assert answer.status_code == 303
    with browser.database.read() as session:
        assert sorted(session.scalars(select(Treatment.ordinal))) == [1, 2]


def test_a_refused_save_leaves_nothing_behind(browser: Browser) -> None:
    """The patient would be stored before the treatment is found wrong: both or neither."""
    browser.post("/treatments/new", NEW | {"action": "save", "protocol_key": "nothing"})
    with browser.database.read() as session:
        assert session.scalars(select(Patient)).all() == []


def test_a_file_number_that_is_taken(browser: Browser) -> None:
    browser.add_patient(external_id="D-17", phone="514-555-0199")
    answer = browser.post("/treatments/new", NEW | {"action": "save", "external_id": "D-17"})
    assert answer.status_code == 422
    assert "Another patient has this file number" in answer.text


def test_the_form_starts_with_now_in_the_clinics_zone(browser: Browser) -> None:
    shown = browser.get("/treatments/new").text
    assert 'value="2026-03-10"' in shown
    assert re.search(r'name="treated_time"[^>]*value="11:0\d"', shown)


def test_the_wording_is_there_in_both_languages(browser: Browser) -> None:
    shown = browser.get("/treatments/new").text
    assert 'lang="en">I agree to receive aftercare text messages' in shown
    assert 'lang="fr">J’accepte de recevoir par texto' in shown


def test_in_french(browser_for: NewBrowser) -> None:
    browser = browser_for(language=Language.FR)
    shown = browser.post("/treatments/new", NEW | {"action": "preview"}).text
    assert '<html lang="fr-CA">' in shown
    assert "mercredi 11 mars 2026, 10 h 00" in shown


@pytest.mark.parametrize(
    ("fields", "ask"),
    [
        ({"action": "find"}, Ask.FIND),
        ({"action": "save"}, Ask.SAVE),
        ({"action": "continue", "q": "mar", "asked": ""}, Ask.FIND),
        ({"action": "continue", "q": "mar", "asked": "mar"}, Ask.PREVIEW),
        ({"action": "continue", "q": "mar", "asked": "", "patient_id": "new"}, Ask.PREVIEW),
        ({"action": "nonsense"}, Ask.PREVIEW),
        ({}, Ask.PREVIEW),
    ],
)
def test_which_button(fields: dict[str, str], ask: Ask) -> None:
    assert asked_for(Form({name: (value,) for name, value in fields.items()})) is ask
