"""The pages on protocols: the list, a version with its calendar, a draft with its findings, publishing, moving.

Seen to fail when: staff could publish (the route asked for a writer only); the redirect after saving forgot the text.
"""

import re
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import select

from reminders.models import Audit, Message, Protocol, ProtocolVersion
from reminders.models.kinds import Language, Role
from reminders.web.i18n import catalogue
from tests.web.conftest import Browser, NewBrowser

WHICH = "day-3-fr-sms"
GOOD = "{clinic} : Nouveau texte. 911. ARRET, AIDE."
FORMS = ("draft", "draft/texts", "draft/steps", "draft/discard", "draft/publish", "move")


def words(body: str, which: str = WHICH, subject: str = "") -> dict[str, str]:
    """One text as the draft's form sends it."""
    typed = {f"body-{which}": body}
    return typed | {f"subject-{which}": subject} if subject else typed


def path_of(browser: Browser, key: str = "microneedling") -> str:
    with browser.database.read(clinic=browser.clinic.id) as session:
        return f"/protocols/{session.scalars(select(Protocol.id).where(Protocol.key == key)).one()}"


def versions(browser: Browser) -> list[tuple[int, bool, UUID | None]]:
    """Each version: number, whether published, by whom."""
    with browser.database.read(clinic=browser.clinic.id) as session:
        found = session.scalars(select(ProtocolVersion).order_by(ProtocolVersion.number)).all()
        return [(one.number, one.published_at is not None, one.approved_by) for one in found]


def text_of(browser: Browser, number: int) -> str:
    """The French day-3 text of a version."""
    with browser.database.read(clinic=browser.clinic.id) as session:
        version = session.scalars(select(ProtocolVersion).where(ProtocolVersion.number == number)).one()
        return str(version.content["texts"]["fr"]["day-3"]["sms"]["body"])


def published_anew(browser: Browser) -> str:
    """A second version with another French day-3 text; the protocol's path."""
    path = path_of(browser)
    browser.post(f"{path}/draft")
    browser.post(f"{path}/draft/texts", words(GOOD))
    assert browser.post(f"{path}/draft/publish").headers["location"] == f"{path}?done=published"
    return path


@pytest.mark.parametrize("language", list(Language))
def test_a_draft_is_started_edited_published_and_seen(browser_for: NewBrowser, language: Language) -> None:
    browser, texts = browser_for(language=language), catalogue(language)
    path = path_of(browser)
    assert f'href="{path}"' in browser.get("/protocols").text
    assert browser.post(f"{path}/draft").headers["location"] == f"{path}/draft"
    assert versions(browser) == [(1, True, None), (2, False, None)]
    assert texts.text("protocols.clean") in unescape(browser.get(f"{path}/draft").text)
    saved = browser.post(f"{path}/draft/texts", words(GOOD))
    assert saved.headers["location"] == f"{path}/draft?done=text_saved#day-3-fr-sms"
    assert GOOD in unescape(browser.get(f"{path}/draft").text)
    browser.post(f"{path}/draft/publish")
    assert versions(browser) == [(1, True, None), (2, True, browser.staff.id)]
    listed = unescape(browser.get("/protocols").text)
    assert texts.text("protocols.newest") in listed
    assert browser.staff.name in listed
    assert browser.get(f"{path}/draft").headers["location"] == path


def test_the_calendar_says_what_a_patient_receives_and_when(browser: Browser) -> None:
    path = path_of(browser)
    shown = unescape(browser.get(f"{path}?on=2026-03-09").text)
    assert "Thursday, March 12, 2026, 10:00" in shown.replace("\u202f", " ")
    assert "the patient receives" in shown
    assert "Hello Olivia" in shown
    assert "Bonjour Geneviève" in shown
    assert shown.count("<blockquote") == 12, "three steps, two languages, two channels"
    assert "Clinique Lumière : Du 3e au 5e jour" in shown
    assert len(re.findall(r"3 segments, GSM-7", shown)) >= 2
    assert "UCS-2" not in shown


@pytest.mark.parametrize("query", ["on=2026-02-30", "on=x", "on=1026-03-09"])
def test_a_day_that_is_none_is_asked_again(browser: Browser, query: str) -> None:
    answer = browser.get(f"{path_of(browser)}?{query}")
    assert answer.status_code == 422
    assert "This is not a date" in answer.text


@pytest.mark.parametrize("query", ["version=7", "version=x"])
def test_a_version_that_is_none_is_not_found(browser: Browser, query: str) -> None:
    assert browser.get(f"{path_of(browser)}?{query}").status_code == 404


def test_findings_stand_beside_the_text_and_keep_it_from_being_published(browser: Browser) -> None:
    path = path_of(browser)
    browser.post(f"{path}/draft")
    browser.post(f"{path}/draft/texts", words("{clinic} : Microneedling, ça va? 911 ARRET"))
    shown = unescape(browser.get(f"{path}/draft").text)
    form = shown[shown.index('id="day-3-fr-sms"') :].partition("</fieldset>")[0]
    assert "It names a treatment (“microneedling”)" in form
    assert "ç. Nearest: ç → c" in form
    assert "2 things must be mended" in shown
    assert shown.count('<li><a href="#day-') == 1, "the way to the one text that is at fault"
    assert '<a href="#day-3-fr-sms">Day 3: Advice, Text, French</a>' in shown
    assert "draft/publish" not in shown
    refused = browser.post(f"{path}/draft/publish")
    assert refused.status_code == 422
    assert "This draft cannot be published: 2 things" in unescape(refused.text)
    assert versions(browser)[-1] == (2, False, None)


def test_dear_characters_are_replaced_by_a_button(browser: Browser) -> None:
    path = path_of(browser)
    browser.post(f"{path}/draft")
    body = "{clinic} : Tout va bien, n’est-ce pas… 911 ARRÊT"
    browser.post(f"{path}/draft/texts", words(body) | {"action": f"nearest:{WHICH}"})
    assert text_of(browser, 2) == "{clinic} : Tout va bien, n'est-ce pas... 911 ARRET"


def test_what_cannot_be_stored_is_said_and_stays_typed(browser: Browser) -> None:
    path = path_of(browser)
    browser.post(f"{path}/draft")
    email = words("<b>mine</b>", "day-3-fr-email", subject="s" * 151) | words("Other words. 911", "day-1-en-sms")
    answer = browser.post(f"{path}/draft/texts", email)
    assert answer.status_code == 422
    assert "This is too long: 150 characters at most." in answer.text
    assert 'href="#subject-day-3-fr-email"' in answer.text
    assert "&lt;b&gt;mine&lt;/b&gt;" in answer.text
    assert "Other words. 911" in answer.text, "what was typed elsewhere on the page stays, too"
    for nonsense in ("day-3-de-sms", "day-3-fr-fax", "day-99-fr-sms"):
        assert browser.post(f"{path}/draft/texts", {"action": f"test:{nonsense}"}).status_code == 404


def test_all_that_was_typed_is_saved_at_once(browser: Browser) -> None:
    """Seen to fail with a form for each text: saving one lost what was typed in another."""
    path = path_of(browser)
    browser.post(f"{path}/draft")
    saved = browser.post(f"{path}/draft/texts", words(GOOD) | words("{clinic}: New. 911. STOP, HELP.", "day-1-en-sms"))
    assert saved.headers["location"] == f"{path}/draft?done=text_saved#day-1-en-sms"
    shown = unescape(browser.get(f"{path}/draft").text)
    assert "What is new since version 1" in shown
    assert shown.count(GOOD) == 2, "in its field, and among what is new"
    assert shown.count("{clinic}: New. 911. STOP, HELP.") == 2
    with browser.database.read(clinic=browser.clinic.id) as session:
        noted = session.scalars(select(Audit).where(Audit.action == "protocol.draft_changed")).all()
        assert [entry.detail["fields"] for entry in noted] == [["day-1.en.sms", "day-3.fr.sms"]]


def test_what_somebody_else_changed_meanwhile_is_not_lost(browser: Browser) -> None:
    """Seen to fail without the fingerprint: an old page saved over what a colleague had just written."""
    path = path_of(browser)
    browser.post(f"{path}/draft")
    old = _as_shown(browser.get(f"{path}/draft").text)
    browser.post(f"{path}/draft/texts", old | words(GOOD))
    untouched = browser.post(f"{path}/draft/texts", old | words("{clinic}: Mine. 911. STOP, HELP.", "day-1-en-sms"))
    assert untouched.status_code == 303
    assert text_of(browser, 2) == GOOD, "a text that this page did not change stays as the other left it"
    answer = browser.post(f"{path}/draft/texts", old | words("{clinic} : Le mien. 911. ARRET, AIDE."))
    assert answer.status_code == 422
    assert "Somebody else has changed this text meanwhile" in answer.text
    assert GOOD in unescape(answer.text)
    assert "Le mien" in answer.text
    assert text_of(browser, 2) == GOOD
    again = _as_shown(answer.text)
    assert browser.post(f"{path}/draft/texts", again).status_code == 303
    assert text_of(browser, 2) == "{clinic} : Le mien. 911. ARRET, AIDE."


def _as_shown(html: str) -> dict[str, str]:
    """The form of texts as a browser would send it back."""
    areas = re.findall(r'<textarea id="(body-[^"]+)"[^>]*>\n(.*?)</textarea>', html, re.DOTALL)
    hidden = re.findall(r'name="(shown-[^"]+)" value="([^"]*)"', html)
    subjects = re.findall(r'name="(subject-[^"]+)" lang="\w+" value="([^"]*)"', html)
    return {name: unescape(value) for name, value in (*areas, *hidden, *subjects)}


def schedule(*rows: tuple[str, str, str, str, str]) -> dict[str, str]:
    """The schedule's form: key, day, time, hours, and "yes" for a check-in."""
    return {
        f"{name}-{number}": value
        for number, row in enumerate(rows)
        for name, value in zip(("key", "day", "at", "hours", "asks"), row, strict=True)
        if value
    }


START = (("day-1", "1", "10:00", "34", ""), ("day-3", "3", "10:00", "58", ""), ("day-7", "7", "10:00", "72", "yes"))


def test_the_schedule_is_edited(browser: Browser) -> None:
    path = path_of(browser)
    browser.post(f"{path}/draft")
    fields = schedule(*START, ("", "14", "09:30", "48", "")) | {"remove-1": "yes"}
    assert browser.post(f"{path}/draft/steps", fields).headers["location"] == f"{path}/draft?done=steps_saved"
    shown = unescape(browser.get(f"{path}/draft").text)
    assert 'id="day-14-en-sms"' in shown
    assert 'id="day-3-en-sms"' not in shown
    assert shown.count("This text is missing") == 6, "two texts, and two e-mails with subject and body"
    wrong = browser.post(f"{path}/draft/steps", schedule(("day-1", "0", "22:00", "34", "")))
    assert wrong.status_code == 422
    assert "This must be within the limit, 365." in wrong.text
    assert 'value="22:00"' in wrong.text, "what was typed stays"


def test_another_starter_is_begun_from_the_library(browser: Browser) -> None:
    assert "Microneedling with radiofrequency" in browser.get("/protocols").text
    begun = browser.post("/protocols/library", {"key": "rf-microneedling"})
    path = path_of(browser, "rf-microneedling")
    assert begun.headers["location"] == f"{path}/draft"
    assert "Nothing must be mended" in browser.get(f"{path}/draft").text
    assert browser.get(path).status_code == 200, "a protocol with nothing but a draft"
    assert browser.get(f"{path}/move").headers["location"] == path
    assert "rf-microneedling" not in browser.get("/treatments/new").text
    browser.post(f"{path}/draft/publish")
    assert "rf-microneedling" in browser.get("/treatments/new").text
    assert browser.post("/protocols/library", {"key": "botox"}).status_code == 404


def test_a_draft_is_thrown_away(browser: Browser) -> None:
    path = path_of(browser)
    browser.post(f"{path}/draft")
    assert browser.post(f"{path}/draft/discard").headers["location"] == f"{path}?done=draft_discarded"
    assert versions(browser) == [(1, True, None)]
    assert browser.post(f"{path}/draft/discard").status_code == 404


def test_running_treatments_are_moved_after_a_look(browser: Browser) -> None:
    browser.add_treatment(browser.add_patient())
    path = published_anew(browser)
    seen = unescape(browser.get(f"{path}/move").text)
    assert "1 running treatment follows an older version." in seen
    assert GOOD in seen
    assert "FPS 30" in seen
    moved = browser.post(f"{path}/move").headers["location"]
    assert moved == f"{path}?done=protocol_moved&keep=3&move=0&add=0&cancel=0"
    assert "Kept: 3. Moved: 0. Added: 0. Cancelled: 0." in browser.get(moved).text
    with browser.database.read(clinic=browser.clinic.id) as session:
        asked = select(ProtocolVersion.number).join(Message, Message.protocol_version_id == ProtocolVersion.id)
        assert set(session.scalars(asked.where(Message.state == "planned"))) == {2}
        done = session.scalars(select(Audit.action).where(Audit.staff_id == browser.staff.id)).all()
        assert "protocol.treatments_moved" in done
    assert "Every running treatment follows the newest version" in browser.get(f"{path}/move").text


@pytest.mark.parametrize("role", [Role.STAFF, Role.VIEWER])
def test_others_than_owners_look_and_change_nothing(browser_for: NewBrowser, role: Role) -> None:
    browser = browser_for(role=role)
    path = path_of(browser)
    before = versions(browser)
    for form in FORMS:
        assert browser.post(f"{path}/{form}", words(GOOD)).status_code == 403, form
    assert browser.post("/protocols/library", {"key": "rf-microneedling"}).status_code == 403
    assert browser.post("/protocols/rules", {"most_segments": "9"}).status_code == 403
    assert versions(browser) == before
    for page in ("/protocols", path, f"{path}/move"):
        assert browser.get(page).status_code == 200
        assert '<form method="post" action="/protocols' not in browser.get(page).text or page.endswith("/move")


def test_staff_may_read_a_draft_that_an_owner_began(browser_for: NewBrowser) -> None:
    owner = browser_for()
    path = path_of(owner)
    owner.post(f"{path}/draft")
    shown = owner.get(f"{path}/draft").text
    assert "draft/publish" in shown
    with owner.database.begin() as session:
        session.merge(owner.staff).role = Role.STAFF
    shown = owner.get(f"{path}/draft").text
    assert "draft/publish" not in shown
    assert "readonly" in shown


def test_an_owner_sets_what_texts_may_be(browser: Browser) -> None:
    path = path_of(browser)
    browser.post(f"{path}/draft")
    browser.post(f"{path}/draft/texts", words(GOOD + " Microneedling."))
    assert browser.post("/protocols/rules", {"most_segments": "3", "may_name": "yes"}).status_code == 303
    assert "Nothing must be mended" in browser.get(f"{path}/draft").text
    assert browser.post("/protocols/rules", {"most_segments": "2"}).status_code == 303
    assert "things must be mended" in browser.get(f"{path}/draft").text
    for typed, problem in (
        ("many", "This must be a whole number."),
        ("0", "within the limit, 10"),
        ("11", "limit, 10"),
    ):
        answer = browser.post("/protocols/rules", {"most_segments": typed})
        assert (answer.status_code, problem in answer.text, f'value="{typed}"' in answer.text) == (422, True, True)
    with browser.database.read(clinic=browser.clinic.id) as session:
        noted = session.scalars(select(Audit).where(Audit.action == "clinic.content_rules_changed")).all()
        assert [entry.detail["most_segments"] for entry in noted] == [3, 2]
