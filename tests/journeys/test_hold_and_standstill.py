"""Holds and the dead man on separate web, worker, beat and sandbox processes, with PostgreSQL and Redis.

Seen to fail when: neither claim nor last look knew of holds; the age of the last sweep was never too old.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from reminders.database import Database
from reminders.models import Instance
from reminders.models.instance import LAST_SWEEP
from tests import services
from tests.journeys.desk import Desk
from tests.processes import Stack, open_stack
from tests.promises.world import TUESDAY, number, set_clock

pytestmark = pytest.mark.timeout(300)

WITHIN = 60.0
STANDS_STILL, HELD = "Sending stands still:", "All sending is on hold"


@dataclass
class Clinic:
    """The processes, their database, and the owner at the desk."""

    stack: Stack
    database: Database
    desk: Desk

    def ready(self) -> bool:
        """What /readyz says."""
        return httpx.get(f"{self.stack.url}/readyz", trust_env=False, timeout=30).status_code == httpx.codes.OK

    def figure(self, name: str) -> float:
        """One of the figures of /metrics."""
        text = httpx.get(f"{self.stack.url}/metrics", trust_env=False, timeout=30).text
        return float(dict(line.split() for line in text.splitlines() if not line.startswith("#"))[f"reminders_{name}"])

    def record(self, name: str, phone: str) -> None:
        """A treatment a week ago: the check-in is due at once."""
        self.desk.open("/treatments/new")
        treatment = {"protocol_key": "microneedling", "treated_on": "2026-03-03", "treated_time": "10:00"}
        patient = {"given_name": name, "family_name": "Desjardins", "phone": phone, "language": "en"}
        self.desk.send(patient_id="new", action="preview", **treatment, **patient, consent_sms="yes")
        self.desk.send(action="save")
        assert "Desjardins" in self.desk.page

    def swept(self) -> None:
        """Wait until two more sweeps have begun: the first of them is over."""
        for _ in range(2):
            before = self._last_sweep()
            services.wait_until(lambda known=before: self._last_sweep() != known, WITHIN, "another sweep")  # type: ignore[misc]

    def _last_sweep(self) -> str | None:
        with self.database.read() as session:
            return session.scalar(select(Instance.value).where(Instance.key == LAST_SWEEP))


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """Everything running, on a Tuesday at 11:00, and the owner signed in."""
    folder = tmp_path_factory.mktemp("stack")
    with open_stack(folder, broker_url=services.given_redis_url()) as (stack, _, database):
        set_clock(database, TUESDAY)
        stack.start("sandbox", "web", "worker", "beat")
        printed = stack.run(
            *("create-clinic", "--name", "Clinique Lumière", "--language", "en", "--phone", "514-555-0119"),
            *("--address", "1, rue A", "--owner-name", "Camille Roy", "--owner-email", "camille@clinic.example"),
        )
        link = re.search(rf"{re.escape(stack.url)}(/sign-in/\S+)", printed)
        assert link, printed
        with Desk(stack.url) as desk:
            desk.open(link[1])
            desk.send()
            yield Clinic(stack, database, desk)


def test_everything_on_hold_by_command_and_released(clinic: Clinic) -> None:
    stack, desk = clinic.stack, clinic.desk
    clinic.swept()
    assert "Everything is on hold" in stack.run("hold", "all", "--reason", "the wrong text")
    clinic.record("Rosalie", number(1))
    assert HELD in desk.open("/")
    clinic.swept()
    assert stack.texts(number(1)) == []
    assert "waits because all sending is on hold" in _patient_page(desk)
    assert clinic.figure("everything_on_hold") == 1
    stack.run("release", "all")
    services.wait_until(lambda: stack.texts(number(1)), WITHIN, "what waited arrives")
    assert HELD not in desk.open("/")
    assert stack.once_each([number(1)])


def test_the_clinic_on_hold_by_the_page_and_released(clinic: Clinic) -> None:
    stack, desk = clinic.stack, clinic.desk
    desk.open("/sending/hold")
    assert "Nothing leaves until somebody lifts that" in desk.send(reason="Moving to new rooms")
    clinic.record("Béatrice", number(2))
    clinic.swept()
    assert stack.texts(number(2)) == []
    assert "clinic Clinique Lumière, since" in stack.run("holds")
    desk.open("/sending/release")
    assert "The hold is lifted" in desk.send()
    services.wait_until(lambda: stack.texts(number(2)), WITHIN, "what waited arrives")
    assert stack.run("holds") == "Nothing is on hold.\n"


def test_without_beat_the_alarm_goes_up_and_with_it_down(clinic: Clinic) -> None:
    stack, desk = clinic.stack, clinic.desk
    clinic.swept()
    set_clock(clinic.database, TUESDAY + timedelta(minutes=30))
    services.wait_until(clinic.ready, WITHIN, "a clock that jumps alarms nobody while sweeps run")
    services.wait_until(lambda: STANDS_STILL not in desk.open("/"), WITHIN, "no banner")
    stack.stop("beat")
    set_clock(clinic.database, TUESDAY + timedelta(minutes=60))
    services.wait_until(lambda: not clinic.ready(), WITHIN, "/readyz turns red")
    services.wait_until(lambda: STANDS_STILL in desk.open("/"), WITHIN, "the banner")
    assert "11:3" in desk.page, "since when"
    assert clinic.figure("last_sweep_age_seconds") > 1000
    stack.start("beat")
    services.wait_until(clinic.ready, WITHIN, "/readyz turns green")
    services.wait_until(lambda: STANDS_STILL not in desk.open("/"), WITHIN, "the banner goes away")


def _patient_page(desk: Desk) -> str:
    link = re.search(r'href="(/patients/[0-9a-f-]{36})"', desk.open("/patients"))
    assert link
    return desk.open(link[1])
