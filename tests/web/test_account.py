"""What a member of staff chooses for themselves: the language and the colours of the pages.

Seen to fail when: a choice was kept for the browser alone; a viewer was refused; the sign-in page forgot the language.
"""

import pytest
from starlette.testclient import TestClient

from reminders.models.kinds import Language, Role, Theme
from tests.web.conftest import Browser, NewBrowser


@pytest.mark.parametrize("role", list(Role))
def test_whoever_signs_in_chooses_language_and_colours(browser_for: NewBrowser, role: Role) -> None:
    browser = browser_for(role=role)
    assert "data-theme" not in browser.get("/").text
    answer = browser.post("/account", {"language": "fr", "theme": "dark"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=saved")
    shown = browser.get("/account").text
    assert '<html lang="fr-CA" data-theme="dark">' in shown
    assert 'value="fr" checked' in shown
    assert 'value="dark" checked' in shown


def test_one_persons_choice_is_nobody_elses(browser_for: NewBrowser) -> None:
    browser, other = browser_for(), browser_for()
    browser.post("/account", {"language": "fr", "theme": "light"})
    assert '<html lang="en-CA">' in other.get("/").text


@pytest.mark.parametrize("fields", [{"language": "de", "theme": "dark"}, {"language": "fr", "theme": ""}, {}])
def test_what_is_no_choice_changes_nothing(browser: Browser, fields: dict[str, str]) -> None:
    assert browser.post("/account", fields).status_code == 400
    assert '<html lang="en-CA">' in browser.get("/account").text


@pytest.mark.parametrize(("language", "title"), [(Language.EN, "Sign in"), (Language.FR, "Connexion")])
def test_the_sign_in_page_keeps_the_language_that_was_chosen(
    stranger: TestClient, language: Language, title: str
) -> None:
    answer = stranger.get(f"/sign-in?next=/patients&language={language}")
    assert answer.headers["location"] == "/sign-in?next=/patients"
    for accepted in ("fr", "en"):
        shown = stranger.get("/sign-in?next=/patients", headers={"accept-language": accepted}).text
        assert f"<h1>{title}</h1>" in shown
        assert 'value="/patients"' in shown


def test_an_unknown_language_is_not_kept(stranger: TestClient) -> None:
    answer = stranger.get("/sign-in?language=de")
    assert answer.status_code == 200
    assert "language=" not in answer.headers.get("set-cookie", "")


def test_every_theme_is_offered(browser: Browser) -> None:
    shown = browser.get("/account").text
    assert all(f'name="theme" value="{theme}"' in shown for theme in Theme)
