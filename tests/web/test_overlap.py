"""Two treatments of one patient: the question when the second is recorded, and each line's own treatment."""

import re

import pytest
from sqlalchemy import select

from reminders.models import Message, Patient, Treatment
from tests.web.conftest import Browser
from tests.web.test_record import carried_on

RECORD = {"protocol_key": "microneedling", "treated_on": "2026-03-10", "treated_time": "10:00"}
QUESTION = {"en": "Does this treatment replace the earlier one?", "fr": "Ce soin remplace-t-il le précédent?"}
DAY_3 = {"en": "day 3, advice: March 11, 2026, 10:00", "fr": "jour 3, conseils : 11 mars 2026, 10 h 00"}


@pytest.fixture
def marie(browser: Browser) -> Patient:
    """Treated two days ago."""
    patient = browser.add_patient()
    browser.add_treatment(patient, "2026-03-08")
    return patient


def asked(browser: Browser, patient: Patient) -> dict[str, str]:
    """What the preview carries on, having asked."""
    answer = browser.post("/treatments/new", RECORD | {"patient_id": str(patient.id), "action": "preview"})
    assert answer.status_code == 200
    assert QUESTION["en"] in answer.text
    assert DAY_3["en"] in answer.text.replace("\u202f", " ").replace(" a.m.", "")
    return carried_on(answer.text) | {"action": "save"}


def states(browser: Browser) -> list[str]:
    with browser.database.read() as session:
        return [one.value for one in session.scalars(select(Treatment.state).order_by(Treatment.treated_at))]


def test_nothing_is_saved_until_somebody_says(browser: Browser, marie: Patient) -> None:
    answer = browser.post("/treatments/new", asked(browser, marie))
    assert answer.status_code == 409
    assert "Say whether the new treatment replaces the earlier one." in answer.text
    assert states(browser) == ["active"]


@pytest.mark.parametrize(("said", "expected"), [("yes", "superseded"), ("no", "active")])
def test_what_was_said_is_done_and_shown(browser: Browser, marie: Patient, said: str, expected: str) -> None:
    answer = browser.post("/treatments/new", asked(browser, marie) | {"supersedes": said})
    assert answer.status_code == 303
    assert states(browser) == [expected, "active"]
    shown = browser.get(f"/patients/{marie.id}").text
    assert ("The treatment of March 10, 2026 took its place." in shown) is (said == "yes")
    assert ("because a later treatment took the place of this one" in shown) is (said == "yes")
    assert ("/replace" in shown) is (said == "no")
    assert ("/take-back" in shown) is (said == "yes")


def test_a_line_says_its_treatment_and_the_page_can_show_one(browser: Browser, marie: Patient) -> None:
    alone = browser.get(f"/patients/{marie.id}").text
    assert "tag episode" not in alone
    browser.add_treatment(marie)
    both = browser.get(f"/patients/{marie.id}").text
    names = re.findall(r'tag episode">([^<]+)<', both)
    assert set(names) == {"Microneedling, March 8, 2026", "Microneedling, March 10, 2026"}
    with browser.database.read() as session:
        first = session.scalars(select(Treatment.id).order_by(Treatment.treated_at)).first()
        owed = session.scalars(select(Message.id).where(Message.treatment_id == first)).all()
    one = browser.get(f"/patients/{marie.id}?treatment={first}").text
    assert set(re.findall(r'tag episode">([^<]+)<', one)) == {"Microneedling, March 8, 2026"}
    assert len(re.findall(r'tag episode">', one)) == len(owed) + 1


def test_replacing_and_taking_back_afterwards(browser: Browser, marie: Patient) -> None:
    browser.add_treatment(marie)
    with browser.database.read() as session:
        first = session.scalars(select(Treatment.id).order_by(Treatment.treated_at)).first()
    assert DAY_3["en"] in browser.get(f"/treatments/{first}/replace").text.replace("\u202f", " ").replace(" a.m.", "")
    assert browser.post(f"/treatments/{first}/replace").status_code == 303
    assert states(browser) == ["superseded", "active"]
    assert browser.post(f"/treatments/{first}/replace").status_code == 422
    assert "runs again" in browser.get(f"/treatments/{first}/take-back").text
    assert browser.post(f"/treatments/{first}/take-back").status_code == 303
    assert states(browser) == ["active", "active"]
    assert browser.post(f"/treatments/{first}/take-back").status_code == 422
