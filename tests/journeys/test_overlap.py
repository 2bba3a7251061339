"""Two treatments of one patient, in both languages, from the desk to the telephone: the question is asked, one takes
the other's place or both go on, the same advice comes once, and each answer counts for the treatment it is about.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from reminders.care import follow_ups, treatments
from reminders.care.actors import Actor
from reminders.database import Database
from reminders.models import CheckIn, Consult, Message, Patient, Reminder, Reply, Ticket, Treatment
from reminders.models.kinds import CheckInOutcome, Language, TicketKind, TreatmentState
from reminders.settings import Settings
from reminders.web.i18n import catalogue
from schedules.lifecycle import State
from tests.promises.practice import MARIE, Practice, open_practice
from tests.promises.world import open_world
from tests.web.conftest import Browser
from tests.web.test_record import carried_on

DAY = timedelta(days=1)
TIPS = {"en": "Redness", "fr": "Rougeur"}
ASKS = {"en": "over the last 7 days", "fr": "votre peau depuis 7 jours"}
LANGUAGES = pytest.mark.parametrize("language", ["en", "fr"])


@pytest.fixture
def practice(database: Database, settings: Settings) -> Iterator[Practice]:
    with open_practice(open_world(database, settings), settings) as opened:
        yield opened


def desk(practice: Practice, language: str) -> Browser:
    return practice.browser(practice.hire(language=language))


def record(practice: Practice, browser: Browser, patient: Patient, **said: str) -> int:
    """Staff record a treatment of this morning, through the preview; the status that follows."""
    today = practice.world.now.date().isoformat()
    typed = {
        "patient_id": str(patient.id),
        "protocol_key": "microneedling",
        "treated_on": today,
        "treated_time": "9:30",
    }
    shown = browser.post("/treatments/new", typed | {"action": "preview"})
    assert shown.status_code == 200
    answer: int = browser.post("/treatments/new", carried_on(shown.text) | said | {"action": "save"}).status_code
    return answer


def live(practice: Practice, days: int) -> None:
    """Days go by, an hour at a time where anything can come."""
    for _ in range(days * 24):
        practice.world.pass_time(timedelta(hours=1))
        follow_ups.follow_up(practice.database)
        practice.sweep()


def outcomes(practice: Practice) -> list[tuple[object, CheckInOutcome]]:
    return [(row.treatment_id, row.outcome) for row in practice.rows(select(CheckIn).order_by(CheckIn.answered_at))]


@LANGUAGES
def test_the_new_one_replaces_the_earlier(practice: Practice, language: str) -> None:
    patient = practice.world.patient(phone=MARIE, language=language)
    first = practice.world.treat(patient, days_ago=6)
    live(practice, 2)  # day 7 of the first is asked; nobody answers
    assert ASKS[language] in practice.got(MARIE)[0]
    asked = len(practice.got(MARIE))
    practice.world.treat(patient, days_ago=4)  # one more in between, whose day 7 is still to come
    browser, texts = desk(practice, language), catalogue(Language(language))
    assert record(practice, browser, patient) == 409
    assert record(practice, browser, patient, supersedes="yes") == 303
    states = practice.rows(select(Treatment.state).order_by(Treatment.treated_at))
    assert states == [TreatmentState.ACTIVE, TreatmentState.SUPERSEDED, TreatmentState.ACTIVE]
    live(practice, 8)
    came = practice.got(MARIE)[asked:]
    assert sum(ASKS[language] in one for one in came) == 1, "one check-in: the new treatment's"
    shown = desk(practice, language).get(f"/patients/{patient.id}").text
    assert texts.text("overlap.superseded") in shown
    assert str(first.id) in shown


@LANGUAGES
def test_an_answer_to_a_replaced_treatment_still_counts_for_it(practice: Practice, language: str) -> None:
    patient = practice.world.patient(phone=MARIE, language=language)
    first = practice.world.treat(patient, days_ago=7)
    practice.sweep()
    with practice.database.begin(clinic=practice.clinic.id) as session:
        later = treatments.record(
            session,
            Actor(practice.clinic.id, "form"),
            practice.clinic,
            session.merge(patient, load=False),
            treatments.TreatmentInput("microneedling", practice.world.now.date().isoformat(), "09:00"),
            practice.world.now,
            supersedes=True,
        )
    stored = practice.rows(select(Treatment).where(Treatment.id == first.id))[0]
    assert stored.state is TreatmentState.ACTIVE, "it had nothing left to call off"
    practice.text("3")
    assert outcomes(practice) == [(first.id, CheckInOutcome.PERSISTING)]
    assert practice.rows(select(Ticket.treatment_id).where(Ticket.kind == TicketKind.CONSULT)) == [first.id]
    assert later.id != first.id


@LANGUAGES
def test_both_go_on_and_the_same_advice_comes_once(practice: Practice, language: str) -> None:
    patient = practice.world.patient(phone=MARIE, language=language)
    practice.world.treat(patient, days_ago=0, at="09:00")
    browser = desk(practice, language)
    assert record(practice, browser, patient) == 409
    assert record(practice, browser, patient, confirmed="yes") == 303
    live(practice, 3)
    came = practice.got(MARIE)
    assert len(came) == 2, "one text a day for both"
    assert TIPS[language] in came[0]
    shown = desk(practice, language).get(f"/patients/{patient.id}").text
    assert shown.count(" + Microneedling") >= 2, "the line names both treatments"
    live(practice, 5)
    assert sum(ASKS[language] in one for one in practice.got(MARIE)) >= 2, "each is asked about by itself"
    owed = practice.rows(select(Reminder))
    assert {row.state.value for row in owed} == {"owed"}


@LANGUAGES
def test_one_of_the_two_is_cancelled_and_the_other_keeps_its_advice(practice: Practice, language: str) -> None:
    patient = practice.world.patient(phone=MARIE, language=language)
    first = practice.world.treat(patient, days_ago=0, at="09:00")
    browser = desk(practice, language)
    assert record(practice, browser, patient, confirmed="yes") == 303
    assert browser.post(f"/treatments/{first.id}/cancel", {"reason": "by mistake"}).status_code == 303
    live(practice, 8)
    assert [TIPS[language] in practice.got(MARIE)[0], len(practice.got(MARIE)) >= 3] == [True, True]
    assert sum(ASKS[language] in one for one in practice.got(MARIE)) == 1


@LANGUAGES
def test_a_digit_counts_for_the_newest_check_in_and_staff_can_move_it(practice: Practice, language: str) -> None:
    patient = practice.world.patient(phone=MARIE, language=language)
    first = practice.world.treat(patient, days_ago=9)
    practice.sweep()
    second = practice.world.treat(patient, days_ago=7)
    practice.sweep()
    assert sum(ASKS[language] in one for one in practice.got(MARIE)) == 2
    practice.text("3")
    assert outcomes(practice) == [(second.id, CheckInOutcome.PERSISTING)]
    (reply_id,) = practice.rows(select(Reply.id))
    browser, texts = desk(practice, language), catalogue(Language(language))
    assert texts.text("overlap.about") in browser.get(f"/replies/{reply_id}/answer").text
    moved = browser.post(f"/replies/{reply_id}/retie", {"treatment_id": str(first.id)})
    assert moved.status_code == 303
    assert outcomes(practice) == [(first.id, CheckInOutcome.PERSISTING)]
    assert practice.rows(select(Consult.treatment_id)) == [first.id]
    assert practice.rows(select(Ticket.treatment_id).where(Ticket.kind == TicketKind.CONSULT)) == [first.id]
    assert practice.rows(select(Reply.answers_id)) == practice.rows(
        select(Message.id).where(Message.treatment_id == first.id, Message.state == State.SENT)
    )
    assert browser.post(f"/replies/{reply_id}/retie", {"treatment_id": str(first.id)}).status_code == 422
    # The second was not answered after all: its patient is asked once more, and that answer counts for it.
    practice.world.pass_time(DAY)
    follow_ups.follow_up(practice.database)
    practice.sweep()
    practice.text("1")
    assert outcomes(practice)[-1] == (second.id, CheckInOutcome.CLEAR)


@LANGUAGES
def test_an_answer_after_a_joined_text_belongs_to_both_treatments_line(practice: Practice, language: str) -> None:
    patient = practice.world.patient(phone=MARIE, language=language)
    practice.world.treat(patient, days_ago=0, at="09:00")
    browser = desk(practice, language)
    assert record(practice, browser, patient, confirmed="yes") == 303
    live(practice, 1)
    practice.text("3")
    assert outcomes(practice) == [], "a digit answers nothing but a check-in"
    practice.text({"en": "can I swim?", "fr": "est-ce que je peux me baigner?"}[language])
    assert TicketKind.QUESTION in practice.tickets()
    said = desk(practice, language).get(f"/patients/{patient.id}").text
    assert " + Microneedling" in said
