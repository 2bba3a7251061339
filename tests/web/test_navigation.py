"""Which place the bar and the menu say one is in, and that all of them lead somewhere.

Seen to fail when: places were compared by their whole path, so that a patient's page was nowhere.
"""

import re

import pytest

from reminders.models.kinds import Role
from reminders.web.navigation import BAR, MENU, RECORD
from tests.web.conftest import Browser, NewBrowser

_CURRENT = re.compile(r'href="([^"]+)" aria-current="page"')


def _current(shown: str) -> list[str]:
    return _CURRENT.findall(shown.partition("<main")[0])


@pytest.mark.parametrize("path", sorted({place.path for place in (*BAR, *MENU, RECORD)}))
def test_a_place_leads_to_its_page_and_says_so(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 200
    assert _current(answer.text) == [path]


def test_a_patient_is_among_the_patients(browser: Browser) -> None:
    patient = browser.add_patient()
    treatment = browser.add_treatment(patient)
    for path in (f"/patients/{patient.id}", f"/patients/{patient.id}/edit", f"/treatments/{treatment.id}/move"):
        assert _current(browser.get(path).text) == ["/patients"], path


@pytest.mark.parametrize(("path", "place"), [("/on-call", "/sending"), ("/account/password", "/account")])
def test_a_page_of_the_menu_is_below_its_place(browser: Browser, path: str, place: str) -> None:
    assert _current(browser.get(path).text) == [place]


def test_who_may_only_look_is_offered_no_recording(browser_for: NewBrowser) -> None:
    assert RECORD.path not in browser_for(role=Role.VIEWER).get("/").text.partition("<main")[0]
