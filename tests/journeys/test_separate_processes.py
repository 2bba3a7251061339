"""The whole journey on separate web, worker, beat and sandbox processes, with PostgreSQL and Redis."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests import services
from tests.journeys.desk import Desk
from tests.processes import Stack, open_stack
from tests.promises.world import TUESDAY, number, set_clock

pytestmark = pytest.mark.timeout(300)

WITHIN = 60.0
PATIENT = number(1)
INBOX = "patient@example.org"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything running, started as an operator does, on a Tuesday at 11:00 in the clinic, whatever the time is."""
    folder = tmp_path_factory.mktemp("stack")
    with open_stack(folder, broker_url=services.given_redis_url()) as (stack, _, database):
        set_clock(database, TUESDAY)
        stack.forks = False
        stack.start("sandbox", "web", "worker", "beat")
        yield stack


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Iterator[Desk]:
    """The owner of a new clinic, signed in by the link that its creation printed."""
    printed = stack.run(
        *("create-clinic", "--name", "Clinique Lumière", "--language", "en", "--phone", "514-555-0119"),
        *("--address", "4970, rue Sherbrooke Ouest, Westmount"),
        *("--booking-url", "https://clinic.example/rdv", "--owner-name", "Camille Roy"),
        *("--owner-email", "camille@clinic.example"),
    )
    link = re.search(rf"{re.escape(stack.url)}(/sign-in/\S+)", printed)
    assert link, printed
    with Desk(stack.url) as desk:
        desk.open(link[1])
        desk.send()
        assert "Clinique Lumière" in desk.open("/")
        yield desk


def _record(desk: Desk, treated_on: str, **patient: str) -> None:
    """A new patient's treatment, previewed, then saved as the preview shows it."""
    desk.open("/treatments/new")
    treatment = {"protocol_key": "microneedling", "treated_on": treated_on, "treated_time": "10:00"}
    shown = desk.send(patient_id="new", action="preview", provider="Dre Beaulieu", **treatment, **patient)
    assert 'id="save"' in shown, "the calendar of what the patient will receive"
    desk.send(action="save")
    assert patient["family_name"] in desk.page


def _arrived(stack: Stack, recipient: str, count: int) -> list[dict[str, Any]]:
    """What lies on a phone or in a mailbox, once it is as much as this."""
    services.wait_until(lambda: len(stack.texts(recipient)) >= count, WITHIN, f"{count} message(s) arrive")
    found = stack.texts(recipient)
    assert len(found) == count
    return found


def _report(desk: Desk) -> dict[str, int]:
    """The report's check-in outcomes."""
    rows = re.findall(
        r'<th scope="row">(?:<a[^>]*>)?([^<]+)(?:</a>)?</th><td[^>]*>(\d+)', desk.open("/reports/replies")
    )
    return {outcome: int(count) for outcome, count in rows}


def _assert_no_log_names(stack: Stack, *words: str) -> None:
    logs = "".join(stack.log(name) for name in stack.running)
    assert "swept" in logs, "they do log"
    assert not [word for word in words if word in logs]


def test_a_check_in_that_ends_in_a_consult(stack: Stack, desk: Desk) -> None:
    assert _report(desk)["Persisting"] == 0
    patient = {"given_name": "Rosalie", "family_name": "Desjardins", "phone": PATIENT, "language": "fr"}
    _record(desk, "2026-03-03", **patient, consent_sms="yes")

    (asked,) = _arrived(stack, PATIENT, 1)
    assert "Répondez 1 = peau nette" in asked["body"]
    services.wait_until(lambda: stack.texts(PATIENT)[0]["status"] == "delivered", WITHIN, "the carrier delivers it")

    stack.reply(PATIENT, "3")
    _, answer = _arrived(stack, PATIENT, 2)
    assert "https://clinic.example/rdv" in answer["body"]

    inbox = desk.open("/")
    waiting = inbox[inbox.index('id="attention"') : inbox.index('id="replies"')]
    assert "Rosalie Desjardins" in waiting
    assert '<div class="ticket"' in waiting
    assert _report(desk)["Persisting"] == 1
    _assert_no_log_names(stack, "Rosalie", "Desjardins", PATIENT, PATIENT[2:], "peau nette")


def test_day_one_tips_by_email(stack: Stack, desk: Desk) -> None:
    patient = {"given_name": "Hannah", "family_name": "Rosenberg", "email": INBOX, "language": "en"}
    _record(desk, "2026-03-09", **patient, consent_email="yes")
    (mail,) = _arrived(stack, INBOX, 1)
    assert mail["subject"] == "Clinique Lumière: your day 1 aftercare tips"
    assert "Hello Hannah" in mail["body"]
    assert f"{stack.url}/u/" in mail["list_unsubscribe"]
    _assert_no_log_names(stack, "Hannah", "Rosenberg", INBOX)
