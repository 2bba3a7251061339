"""A patient's link that leads nowhere is a page for patients, whoever opens it.

Each has been seen to fail with the staff's page in its place: its way in to Today, in one language alone.
"""

import pytest
from starlette.testclient import TestClient

from reminders.models.kinds import Language
from reminders.web.i18n import catalogue
from tests.web.conftest import Browser

SAID = [catalogue(language).text(f"lost_link.{key}") for language in Language for key in ("text", "emergency")]


@pytest.mark.parametrize("path", ["/c/x", "/c/" + "A" * 40, "/c/", "/c/abc/def", "/c/%ff", "/c/abcdefgh)."])
def test_it_tells_whom_to_call_in_both_languages(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path, headers={"accept-language": "fr"})
    assert answer.status_code == (400 if "%" in path else 404)
    assert all(words in answer.text for words in SAID)
    assert 'href="/"' not in answer.text
    assert "sign-in" not in answer.text
    assert answer.text.index(SAID[2]) < answer.text.index(SAID[0]), "their language first"


def test_an_answer_to_it_is_told_the_same(stranger: TestClient) -> None:
    assert SAID[1] in stranger.post("/c/x", data={"words": "fever"}).text


def test_staff_who_try_a_link_see_what_a_patient_would(browser: Browser) -> None:
    shown = browser.get("/c/x").text
    assert SAID[1] in shown
    assert "<nav" not in shown


def test_a_lost_page_of_staffs_stays_theirs(browser: Browser) -> None:
    assert SAID[1] not in browser.get("/nowhere").text
