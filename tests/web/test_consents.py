"""What a patient agrees to, on the record form and on their page; and the evidence of it, in both languages."""

import pytest
from sqlalchemy import select

from reminders.models import Audit, Consent, Patient
from reminders.models.kinds import Language, Purpose
from reminders.web.i18n import catalogue
from tests.web.conftest import Browser, NewBrowser

CHILD = {
    "patient_id": "new",
    "given_name": "Léo",
    "family_name": "Roy",
    "language": "fr",
    "phone": "514-555-0142",
    "birth_date": "2013-05-05",
    "protocol_key": "microneedling",
    "treated_on": "2026-03-10",
    "treated_time": "10:00",
    "consent_sms": "yes",
}
PARENT = {"given_by": "Anne Roy", "given_by_relation": "parent"}


def entries(browser: Browser) -> list[tuple[str, str, str]]:
    with browser.database.read() as session:
        rows = session.scalars(select(Consent).order_by(Consent.at, Consent.id)).all()
        return [(row.channel.value, row.purpose.value, row.action.value) for row in rows]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("action", ["preview", "save"])
def test_a_childs_consent_needs_a_guardian_beside_the_field(
    browser_for: NewBrowser, language: Language, action: str
) -> None:
    browser = browser_for(language=language)
    refused = browser.post("/treatments/new", CHILD | {"action": action})
    assert refused.status_code == 422
    said = catalogue(language).text("problem.guardian_needed", age="14")
    assert 'id="given_by-error"' in refused.text
    assert said in refused.text
    assert entries(browser) == []
    assert browser.post("/treatments/new", CHILD | PARENT | {"action": "preview"}).status_code == 200
    assert browser.post("/treatments/new", CHILD | PARENT | {"action": "save"}).status_code == 303
    with browser.database.read() as session:
        assert session.scalars(select(Consent.given_by)).one() == {"name": "Anne Roy", "relation": "parent"}
        patient = session.scalars(select(Patient)).one()
    shown = browser.get(f"/patients/{patient.id}").text
    assert catalogue(language).text("consents.given_by", name="Anne Roy", relation="parent") in shown
    assert catalogue(language).text("consents.under_age") in shown


@pytest.mark.parametrize("language", Language)
def test_on_a_childs_page_the_guardian_is_asked_for(browser_for: NewBrowser, language: Language) -> None:
    browser = browser_for(language=language)
    patient = browser.add_patient(phone="")
    child = {"given_name": "Léo", "family_name": "Roy", "email": "leo@example.org", "birth_date": "2013-05-05"}
    assert browser.post(f"/patients/{patient.id}/edit", child | {"language": "fr"}).status_code == 303
    path = f"/patients/{patient.id}/consents/email/grant"
    refused = browser.post(path)
    assert refused.status_code == 422
    assert 'id="consent_email-given_by-error"' in refused.text
    half = browser.post(path, {"consent_email-given_by": "Anne Zed"})
    assert 'id="consent_email-given_by_relation-error"' in half.text
    assert 'value="Anne Zed"' in half.text
    full = {"consent_email-given_by": "Anne Zed", "consent_email-given_by_relation": "tutor"}
    assert browser.post(path, full).status_code == 303
    assert ("email", "aftercare", "granted") in entries(browser)


def test_a_birth_date_that_makes_a_child_ends_their_own_consents_and_says_so(browser: Browser) -> None:
    patient = browser.add_patient()
    fields = {"given_name": "Marie", "family_name": "Tremblay", "language": "fr", "phone": patient.phone or ""}
    answer = browser.post(f"/patients/{patient.id}/edit", fields | {"birth_date": "2013-05-05"})
    assert answer.headers["location"].endswith("done=saved_under_age")
    assert entries(browser)[-1] == ("sms", "aftercare", "withdrawn")


def test_offers_are_never_ticked_beforehand_and_are_agreed_to_apart(browser: Browser) -> None:
    form = browser.get("/treatments/new").text
    assert 'name="marketing_sms"' in form
    assert "checked" not in form.split('name="marketing_sms"')[1].split(">")[0]
    grown = {name: value for name, value in CHILD.items() if name not in {"birth_date", "consent_sms"}}
    assert browser.post("/treatments/new", grown | {"marketing_sms": "yes", "action": "save"}).status_code == 303
    assert entries(browser) == [("sms", "marketing", "granted")]
    with browser.database.read() as session:
        entry = session.scalars(select(Consent)).one()
    assert entry.wording_version == "marketing-2026-11"
    assert "offres" in entry.wording


@pytest.mark.parametrize("language", Language)
def test_offers_are_granted_and_withdrawn_on_the_page(browser_for: NewBrowser, language: Language) -> None:
    browser = browser_for(language=language)
    patient = browser.add_patient()
    for deed in ("grant", "withdraw"):
        assert browser.post(f"/patients/{patient.id}/marketing/sms/{deed}").status_code == 303
    assert [one for one in entries(browser) if one[1] == Purpose.MARKETING] == [
        ("sms", "marketing", "granted"),
        ("sms", "marketing", "withdrawn"),
    ]
    assert ("sms", "aftercare", "withdrawn") not in entries(browser)
    assert catalogue(language).text("consents.offers_no") in browser.get(f"/patients/{patient.id}").text


@pytest.mark.parametrize("language", Language)
def test_the_evidence_reads_in_either_language_whoever_looks(browser: Browser, language: Language) -> None:
    patient = browser.add_patient()
    shown = browser.get(f"/patients/{patient.id}/consents?language={language}").text
    texts = catalogue(language)
    assert f'<html lang="{language}-CA"' in shown
    for key in ("evidence.event_granted", "evidence.purpose_aftercare", "evidence.the_patient", "evidence.csv"):
        assert texts.text(key) in shown
    table = browser.get(f"/patients/{patient.id}/consents.csv?language={language}")
    assert table.headers["content-type"].startswith("text/csv")
    assert str(patient.id) in table.headers["content-disposition"]
    assert texts.text("evidence.wording") in table.text


def test_that_the_evidence_was_taken_out_is_noted(browser: Browser) -> None:
    patient = browser.add_patient()
    for suffix in ("consents", "consents.csv"):
        browser.get(f"/patients/{patient.id}/{suffix}")
    with browser.database.read() as session:
        noted = session.scalars(select(Audit).where(Audit.action == "consent.exported").order_by(Audit.at, Audit.id))
        assert [(one.subject_id, one.staff_id, one.detail["as"]) for one in noted] == [
            (patient.id, browser.staff.id, "page"),
            (patient.id, browser.staff.id, "csv"),
        ]
