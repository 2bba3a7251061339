"""Every page asks the database the same number of questions, however much is on file.

Seen to fail when: a list asked for each of its lines (the patient of a ticket, what hangs on a reply).
"""

from collections.abc import Iterator, Mapping

import pytest

from benchmarks.counting import counted
from reminders.database import Database
from reminders.models.kinds import Role
from reminders.settings import Settings
from tests.promises.practice import Practice, open_practice
from tests.promises.test_08_own_clinic_only import _BLANK, a_week, routes
from tests.promises.world import address, number, open_world
from tests.web.conftest import Browser
from tests.web.test_access import OTHERS

FEW, MORE = 2, 10
"""Patients beside the first, each with a treatment, a question, a red flag, and an answer by e-mail."""

SAID = ("can I wear makeup?", "3 and there is pus, it hurts a lot")


@pytest.fixture
def practice(database: Database, settings: Settings) -> Iterator[Practice]:
    with open_practice(open_world(database, settings), settings) as opened:
        yield opened


def _questions(browser: Browser, pages: Mapping[str, str]) -> dict[str, int]:
    found = {}
    for name, path in pages.items():
        # The least of three: now and then a look also takes the pulse of sending, which is kept for some seconds.
        found[name] = min(_asked(browser, path) for _ in range(3))
    return found


def _asked(browser: Browser, path: str) -> int:
    with counted(browser.database.engine) as sql:
        assert browser.get(path).status_code < 500, path
    return sql.statements


def _grow(practice: Practice, first: int, last: int) -> None:
    for n in range(first, last):
        patient = practice.world.patient(phone=number(n + 10), email=address(n), given_name=f"Anne{n}")
        practice.world.treat(patient)
        practice.world.treat(patient, days_ago=30)
    practice.sweep()
    for n in range(first, last):
        for said in SAID:
            practice.text(said, sender=number(n + 10))
    practice.sweep()


def test_the_number_of_questions_does_not_grow(practice: Practice) -> None:
    ids = a_week(practice).ids
    browser = practice.browser(practice.hire(role=Role.OWNER))
    found = {path for method, path in routes(practice.app) if method == "GET" and not path.startswith(OTHERS)}
    pages = {
        path: _BLANK.sub(lambda blank: ids[blank[1]], path)
        for path in sorted(found - {"/static", "/healthz", "/readyz", "/metrics"})
    }
    _grow(practice, 0, FEW)
    few = _questions(browser, pages)
    _grow(practice, FEW, MORE)
    more = _questions(browser, pages)
    assert {path: (few[path], more[path]) for path in pages if more[path] != few[path]} == {}
    assert max(more.values()) < 40, more
