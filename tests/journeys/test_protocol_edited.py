"""An owner writes a new text, reads it on her own phone and in her own mailbox, publishes it, and a patient gets it.

Seen to fail when: the text passed on was put on one line; two tests within a minute were two messages.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from httpx import Response
from sqlalchemy import select

from reminders.database import Database
from reminders.models import Protocol
from reminders.models.kinds import Role
from reminders.settings import Settings
from tests.promises.practice import MARIE, NURSE, Practice, open_practice
from tests.promises.world import open_world
from tests.web.conftest import Browser

DAY_7, DAY_7_MAIL = "day-7-fr-sms", "day-7-fr-email"
FIRST = "{clinic} : Premier jet. Répondez 1, 2 ou 3. 911. ARRET, AIDE."
SECOND = "{clinic} : Second jet. Répondez 1, 2 ou 3. 911. ARRET, AIDE."


@pytest.fixture
def practice(database: Database, settings: Settings) -> Iterator[Practice]:
    """A clinic with phones and browsers around it."""
    with open_practice(open_world(database, settings), settings) as opened:
        yield opened


def at_a_draft(practice: Practice, **owner: str) -> tuple[Browser, str]:
    """An owner with a draft before her, and where that is."""
    browser = practice.browser(practice.hire(role=Role.OWNER, email="anne@clinic.example", **owner))
    path = f"/protocols/{practice.rows(select(Protocol.id).where(Protocol.key == 'microneedling'))[0]}/draft"
    browser.post(path)
    return browser, path


def tried(browser: Browser, path: str, which: str, **parts: str) -> Response:
    """A text written on the draft's page, and sent to whoever wrote it."""
    return browser.post(f"{path}/texts", {f"{part}-{which}": text for part, text in parts.items()} | _test(which))


def _test(which: str) -> dict[str, str]:
    return {"action": f"test:{which}"}


def test_she_tries_it_publishes_it_and_the_patient_reads_the_same(practice: Practice) -> None:
    browser, path = at_a_draft(practice, phone=NURSE)
    for words in (FIRST, SECOND):
        sent = tried(browser, path, DAY_7, body=words)
        assert sent.headers["location"] == f"{path}?done=test_sent#day-7-fr-sms"
        practice.sweep()
        practice.world.pass_time(timedelta(minutes=1))
    read = [text.split("\n", 1) for text in practice.got(NURSE)]
    assert all("test d'une ébauche" in head for head, _ in read)
    assert [jet.split(" : ", 1)[1] for _, jet in read] == [words.split(" : ", 1)[1] for words in (FIRST, SECOND)]
    browser.post(f"{path}/publish")
    patient = practice.world.patient(phone=MARIE, language="fr")
    practice.world.treat(patient)
    practice.sweep()
    assert practice.got(MARIE) == [read[1][1]]


def test_an_e_mail_keeps_its_lines_and_has_no_way_to_unsubscribe_her(practice: Practice) -> None:
    browser, path = at_a_draft(practice)
    body = "Hello {first_name},\n\nOne.\n\nTwo. 911\n\n{clinic}\n{address}\n{unsubscribe_url}"
    tried(browser, path, "day-1-en-email", subject="{clinic}: mine", body=body)
    practice.sweep()
    (sent,) = practice.received("anne@clinic.example")
    assert sent.subject.startswith("Test: ")
    assert "Hello Olivia,\n\nOne.\n\nTwo. 911" in sent.body
    assert "/u/" not in sent.body, "the link of a patient that is none"


@pytest.mark.parametrize(
    ("which", "parts", "problem"),
    [
        (DAY_7, {"body": SECOND}, "There is no phone number of yours on file"),
        (DAY_7_MAIL, {"subject": "s", "body": "{nobody}"}, "This text cannot be read yet"),
        (DAY_7_MAIL, {"subject": "", "body": ""}, "This text cannot be read yet"),
    ],
)
def test_what_cannot_be_sent_is_said(practice: Practice, which: str, parts: dict[str, str], problem: str) -> None:
    browser, path = at_a_draft(practice)
    answer = tried(browser, path, which, **parts)
    assert (answer.status_code, problem in answer.text) == (422, True)
    practice.sweep()
    assert practice.got() == []


def test_pressing_twice_sends_once(practice: Practice) -> None:
    browser, path = at_a_draft(practice, phone=NURSE)
    for _ in range(3):
        tried(browser, path, DAY_7, body=FIRST)
    practice.sweep()
    assert len(practice.got(NURSE)) == 1


def test_a_treatment_that_is_moved_gets_each_step_once_and_the_rest_in_the_new_words(practice: Practice) -> None:
    browser, path = at_a_draft(practice)
    practice.world.treat(practice.world.patient(phone=MARIE, language="fr"), days_ago=1)
    practice.sweep()
    (first,) = practice.got(MARIE)
    steps = [("day-1", "2"), ("day-3", "3"), ("day-7", "7")]
    rows = {
        f"{name}-{number}": value
        for number, (key, day) in enumerate(steps)
        for name, value in (("key", key), ("day", day), ("at", "10:00"), ("hours", "58"))
    }
    browser.post(f"{path}/steps", rows | {"asks-2": "yes"})
    bodies = {step: SECOND.replace("Second jet", f"Second jet, {step}") for step in ("day-1", "day-3", "day-7")}
    browser.post(f"{path}/texts", {f"body-{step}-fr-sms": body for step, body in bodies.items()})
    protocol = path.removesuffix("/draft")
    assert browser.post(f"{path}/publish").headers["location"] == f"{protocol}?done=published"
    assert browser.post(f"{protocol}/move").headers["location"].endswith("keep=2&move=0&add=0&cancel=0")
    for _ in range(8):
        practice.sweep()
        practice.world.pass_time(timedelta(days=1))
    got = practice.got(MARIE)
    assert got[0] == first
    assert ["Second jet, day-3" in got[1], "Second jet, day-7" in got[2], len(got)] == [True, True, 3]
