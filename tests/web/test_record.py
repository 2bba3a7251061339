"""Recording a treatment: finding, adding, the preview, saving, duplicates."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select, update

from benchmarks.counting import counted
from reminders.models import Consent, Message, Patient, Reminder, Treatment
from reminders.models.kinds import Language
from reminders.web.forms import Form
from reminders.web.pages.record_form import Ask, asked_for
from reminders.web.pages.record_typed import typed_patient
from tests.web.conftest import TODAY, Browser, NewBrowser

NEW = {
    "patient_id": "new",
    "given_name": "Élodie",
    "family_name": "Roy",
    "language": "fr",
    "phone": "514 555-0134",
    "protocol_key": "microneedling",
    "treated_on": "2026-03-10",
    "treated_time": "10:30",
    "provider": "Dre Beaulieu",
    "consent_sms": "yes",
}

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def carried_on(html: str) -> dict[str, str]:
    """The fields that the preview carries to the next step."""
    return {name: unescape(value) for name, value in _HIDDEN.findall(html)}


def test_the_preview_shows_the_calendar_and_saves_nothing(browser: Browser) -> None:
    answer = browser.post("/treatments/new", NEW | {"action": "preview"})
    assert answer.status_code == 200
    shown = answer.text
    for moment in ("Wednesday, March 11, 2026", "Friday, March 13, 2026", "Tuesday, March 17, 2026"):
        assert moment in shown
    assert 'lang="fr">Clinique Lumière' in shown
    with browser.database.read() as session:
        assert session.scalars(select(Patient)).all() == []


def test_what_the_preview_carries_on_is_what_is_saved(browser: Browser) -> None:
    preview = browser.post("/treatments/new", NEW | {"action": "preview"})
    answer = browser.post("/treatments/new", carried_on(preview.text) | {"action": "save"})
    assert answer.status_code == 303
    with browser.database.read() as session:
        patient = session.scalars(select(Patient)).one()
        treatment = session.scalars(select(Treatment)).one()
        consent = session.scalars(select(Consent)).one()
        assert answer.headers["location"] == f"/patients/{patient.id}?done=recorded"
        assert (patient.name, patient.phone, patient.language) == ("Élodie Roy", "+15145550134", Language.FR)
        assert treatment.treated_at.isoformat() == "2026-03-10T14:30:00+00:00"
        assert treatment.recorded_by == browser.staff.id
        assert (consent.staff_id, consent.language) == (browser.staff.id, Language.FR)
        assert "J’accepte" in consent.wording
        assert len(session.scalars(select(Message)).all()) == 3


def test_editing_from_the_preview_keeps_everything(browser: Browser) -> None:
    preview = browser.post("/treatments/new", NEW | {"action": "preview", "details.device": "Pen 3"})
    answer = browser.post("/treatments/new", carried_on(preview.text) | {"action": "edit"})
    assert answer.status_code == 200
    for value in ("Élodie", "514 555-0134", "10:30", "Dre Beaulieu", "Pen 3"):
        assert f'value="{value}"' in answer.text
    assert re.search(r'name="consent_sms"[^>]*checked', answer.text)
    assert "<details open>" in answer.text


def test_steps_that_are_over_are_shown_as_skipped_with_their_reason(browser: Browser) -> None:
    answer = browser.post("/treatments/new", NEW | {"action": "preview", "treated_on": "2026-03-05"})
    assert answer.status_code == 200
    assert answer.text.count("too late for it to be useful") == 1
    assert "not sent" in answer.text


def test_without_consent_the_preview_says_that_nothing_will_go(browser: Browser) -> None:
    answer = browser.post("/treatments/new", {k: v for k, v in NEW.items() if k != "consent_sms"} | {"action": "save"})
    assert answer.status_code == 303
    preview = browser.post("/treatments/new", NEW | {"action": "preview", "consent_sms": "", "somebody_else": "yes"})
    assert "nothing will be sent" in preview.text
    assert preview.text.count("there is no consent for it") == 3
    with browser.database.read() as session:
        assert session.scalars(select(Message)).all() == []
        assert len(session.scalars(select(Reminder)).all()) == 3


@pytest.mark.parametrize("q", ["mar", "tremb mar", "514-555-0134", "TREMBLAY", "marie@example.com"])
def test_a_patient_is_found(browser: Browser, q: str) -> None:
    patient = browser.add_patient(email="marie@example.com")
    answer = browser.post("/treatments/new", {"action": "continue", "asked": "", "q": q, "provider": "typed before"})
    assert answer.status_code == 200
    assert f'value="{patient.id}"' in answer.text
    assert "typed before" in answer.text


def test_a_known_patient_needs_no_new_consent(browser: Browser) -> None:
    patient = browser.add_patient()
    fields = {key: value for key, value in NEW.items() if key not in {"consent_sms", "phone"}}
    answer = browser.post("/treatments/new", fields | {"patient_id": str(patient.id), "action": "preview"})
    assert answer.status_code == 200
    assert "nothing will be sent" not in answer.text
    assert "Marie Tremblay" in answer.text


def test_a_patient_of_the_same_address_is_offered_first(browser: Browser) -> None:
    patient = browser.add_patient()
    answer = browser.post("/treatments/new", NEW | {"action": "save"})
    assert answer.status_code == 422
    assert f'name="patient_id" value="{patient.id}"' in answer.text
    assert "Somebody with this phone" in answer.text
    sister = browser.post("/treatments/new", NEW | {"action": "save", "somebody_else": "yes"})
    assert sister.status_code == 303


def test_the_same_treatment_twice_is_refused_with_a_link_unless_confirmed(browser: Browser) -> None:
    patient = browser.add_patient()
    treatment = browser.add_treatment(patient)
    fields = NEW | {"patient_id": str(patient.id)}
    preview = browser.post("/treatments/new", fields | {"action": "preview"})
    assert preview.status_code == 200
    assert f"/patients/{patient.id}#treatment-{treatment.id}" in preview.text
    refused = browser.post("/treatments/new", fields | {"action": "save"})
    assert refused.status_code == 409
    assert f"/patients/{patient.id}#treatment-{treatment.id}" in refused.text
    assert 'name="confirmed"' in refused.text
    answer = browser.post("/treatments/new", fields | {"action": "save", "confirmed": "yes"})
    assert answer.status_code == 303
    with browser.database.read() as session:
        assert sorted(session.scalars(select(Treatment.ordinal))) == [1, 2]


def test_a_refused_save_leaves_nothing_behind(browser: Browser) -> None:
    """The patient would be stored before the treatment is found wrong: both or neither."""
    browser.post("/treatments/new", NEW | {"action": "save", "protocol_key": "nothing"})
    with browser.database.read() as session:
        assert session.scalars(select(Patient)).all() == []


def test_a_file_number_that_is_taken(browser: Browser) -> None:
    browser.add_patient(external_id="D-17", phone="514-555-0199")
    answer = browser.post("/treatments/new", NEW | {"action": "save", "external_id": "D-17"})
    assert answer.status_code == 422
    assert "Another patient has this file number" in answer.text


def test_the_form_starts_with_now_in_the_clinics_zone(browser: Browser) -> None:
    shown = browser.get("/treatments/new").text
    assert 'value="2026-03-10"' in shown
    assert re.search(r'name="treated_time"[^>]*value="11:0\d"', shown)


def test_the_form_begins_with_what_its_recorder_chose_last_today(browser: Browser) -> None:
    """Seen to fail with the clinic's latest for everybody."""
    marie = browser.add_patient()
    assert _begins_with(browser) == ("", "")
    theirs = NEW | {"provider": "Dr Roy", "somebody_else": "yes", "action": "save"}
    assert browser.post("/treatments/new", theirs | {"phone": "514 555-0177"}).status_code == 303
    browser.add_treatment(marie)  # by somebody else, and later
    assert _begins_with(browser) == ("Dr Roy", "microneedling")
    with browser.database.begin() as session:
        own = update(Treatment).where(Treatment.recorded_by.is_not(None))
        session.execute(own.values(created_at=TODAY - timedelta(days=1)))
    assert _begins_with(browser) == ("Dre Beaulieu", "microneedling"), "nothing of theirs today: the clinic's latest"
    with browser.database.begin() as session:
        session.execute(update(Treatment).where(Treatment.recorded_by.is_(None)).values(import_key="a line"))
    assert _begins_with(browser) == ("Dr Roy", "microneedling"), "what was imported says nothing of today"


def _begins_with(browser: Browser) -> tuple[str, str]:
    shown = browser.get("/treatments/new").text
    provider = re.search(r'name="provider"[^>]*value="([^"]*)"', shown)
    chosen = re.search(r'<option value="([^"]+)" selected', shown)
    assert provider
    return provider[1], chosen[1] if chosen else ""


def test_one_who_is_found_is_chosen_and_nobody_begins_a_new_patient(browser: Browser) -> None:
    """The way without a script. Seen to fail with a search that only lists."""
    marie = browser.add_patient()
    shown = browser.post("/treatments/new", {"action": "continue", "asked": "", "q": "trem"}).text
    assert re.search(rf'value="{marie.id}"[^>]* checked', shown)
    shown = browser.post("/treatments/new", {"action": "find", "q": "chloé gagnon 438-555-0199 C@x.ca"}).text
    assert re.search(r'id="patient_id-new"[^>]* checked', shown)
    for name, value in (
        ("given_name", "Chloé"),
        ("family_name", "Gagnon"),
        ("phone", "438-555-0199"),
        ("email", "C@x.ca"),
    ):
        assert re.search(rf'name="{name}" +value="{value}"', shown), name
    browser.add_patient(given_name="Marc", phone="514-555-0142")
    assert " checked" not in _who(browser.post("/treatments/new", {"action": "find", "q": "trem"}).text)


def _who(html: str) -> str:
    return html[html.index('id="choices"') : html.index("new-patient card")]


def test_a_form_is_saved_once_however_often_it_is_sent(browser: Browser) -> None:
    """Enter pressed twice, by a new patient with nothing to tell them by. Seen to fail without the form's key."""
    nameless = {name: value for name, value in NEW.items() if name not in {"phone", "consent_sms"}}
    fields = nameless | {"form_key": "0190", "action": "save"}
    answers = [browser.post("/treatments/new", fields) for _ in range(3)]
    assert {(one.status_code, one.headers["location"]) for one in answers} == {(303, answers[0].headers["location"])}
    with browser.database.read() as session:
        assert len(session.scalars(select(Patient)).all()) == len(session.scalars(select(Treatment)).all()) == 1
    other = browser.post("/treatments/new", fields | {"given_name": "Chloé"})
    assert other.headers["location"] not in {one.headers["location"] for one in answers}, "another form of the same key"


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize(
    "settled",
    [
        {"action": "record"},
        {"action": "record", "somebody_else": "yes"},
        {"action": "save", "confirmed": "yes"},
        {"action": "save", "supersedes": "no"},
    ],
)
def test_a_form_sent_again_is_no_doubt_about_itself(
    browser: Browser, settled: dict[str, str], *, is_known: bool
) -> None:
    """The page did not come, so the button is pressed again. Seen to fail when only `_save` looked for the form's key,
    and when how the doubt was settled made it another form: the second press doubled the treatment."""
    who = {"patient_id": str(browser.add_patient().id)} if is_known else {}
    fields = NEW | who | {"phone": "514 555-0177", "form_key": "0192", "action": "record"}
    first = browser.post("/treatments/new", fields)
    again = browser.post("/treatments/new", fields | settled)
    assert (first.status_code, again.status_code) == (303, 303)
    assert again.headers["location"] == first.headers["location"]
    with browser.database.read() as session:
        assert len(session.scalars(select(Treatment)).all()) == len(session.scalars(select(Patient)).all()) == 1
    other = browser.post("/treatments/new", fields | {"form_key": "0193"})
    assert other.status_code in {200, 422}, "another form is in doubt"


def test_two_presses_at_one_moment_save_once(browser: Browser) -> None:
    """Seen to fail without the claim that the second waits for: both would store a patient."""
    fields = {
        "csrf_token": browser.csrf_token,
        **NEW,
        "phone": "",
        "consent_sms": "",
        "form_key": "0191",
        "action": "save",
    }
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: browser.client.post("/treatments/new", data=fields), range(2)))
    assert {one.status_code for one in answers} == {303}
    with browser.database.read() as session:
        assert len(session.scalars(select(Patient)).all()) == 1


def test_one_press_saves_where_nothing_is_in_doubt(browser: Browser) -> None:
    answer = browser.post("/treatments/new", NEW | {"action": "record"})
    assert answer.headers["location"].endswith("?done=recorded")


@pytest.mark.parametrize(
    ("changed", "status", "says"),
    [
        ({"treated_on": "2026-03-09"}, 200, "nothing is saved yet"),
        ({"treated_on": "2026-03-05"}, 200, "too late for it to be useful"),
        ({"consent_sms": ""}, 200, "nothing will be sent"),
        ({"phone": "", "consent_sms": ""}, 200, "nothing will be sent"),
        ({"phone": "514-555-0134"}, 422, "Somebody with this phone"),
        ({"patient_id": "marie"}, 200, "on record already"),
        ({"patient_id": "olivia"}, 200, "Does this treatment replace"),
    ],
)
def test_what_is_in_doubt_is_shown_first(browser: Browser, changed: dict[str, str], status: int, says: str) -> None:
    """Seen to fail with `_save` for "record"."""
    marie = browser.add_patient()
    olivia = browser.add_patient(given_name="Olivia", phone="514-555-0142")
    browser.add_treatment(marie)
    browser.add_treatment(olivia, day="2026-03-08")
    who = {"marie": str(marie.id), "olivia": str(olivia.id)}
    new = NEW | {"phone": "514 555-0177"} | changed
    answer = browser.post(
        "/treatments/new", new | {"patient_id": who.get(new["patient_id"], "new"), "action": "record"}
    )
    assert (answer.status_code, says in answer.text) == (status, True)
    with browser.database.read() as session:
        assert len(session.scalars(select(Treatment)).all()) == 2


def test_only_what_is_not_agreed_to_is_asked(browser: Browser) -> None:
    """Seen to fail with every box for everybody."""
    marie = browser.add_patient(email="marie@example.com")
    shown = browser.post("/treatments/new/patients", {"q": "marie"}).text
    assert (
        f'value="{marie.id}" data-language="fr" data-agreed="sms email" data-asks="marketing_sms marketing_email"'
        in shown
    )
    browser.post(f"/patients/{marie.id}/consents/email/withdraw")
    assert (
        'data-agreed="sms" data-asks="consent_email ' in browser.post("/treatments/new/patients", {"q": "marie"}).text
    )
    browser.add_patient(given_name="Olivia", phone="514-555-0142")
    olivia = browser.post("/treatments/new/patients", {"q": "olivia"}).text
    assert 'data-agreed="sms" data-asks="marketing_sms"' in olivia, "there is no address for the rest"


def test_the_search_offers_eight_and_whoever_is_new(browser: Browser) -> None:
    for n in range(9):
        browser.add_patient(given_name=f"Anne{n}", phone="", birth_date=f"199{n}-01-01", external_id=f"D-{n}")
    shown = browser.post("/treatments/new/patients", {"q": "tremb"}).text
    assert shown.count("data-hit ") == 8
    assert "There are more" in shown
    assert "1998-01-01 · D-8" in shown
    assert 'data-given_name="Tremb" data-family_name=""' in shown
    assert "<html" not in shown
    nobody = browser.post("/treatments/new/patients", {"q": "<b>x"}).text
    assert "data-hit " not in nobody
    assert "&lt;b&gt;x" in nobody


def test_the_search_asks_as_often_for_many(browser: Browser) -> None:
    def asked() -> int:
        with counted(browser.database.engine) as sql:
            browser.post("/treatments/new/patients", {"q": "trem"})
        return sql.statements

    browser.add_patient()
    asked()
    few = asked()
    for n in range(9):
        browser.add_patient(given_name=f"Anne{n}", phone=f"514-555-01{n + 40}")
    assert asked() == few


@pytest.mark.parametrize(
    ("fields", "says", "has_calendar"),
    [
        ({}, "Nobody is chosen yet", True),
        ({"patient_id": "new"}, "Enter a name", True),
        ({"patient_id": "new", "given_name": "Chloé", "phone": "514"}, "phone", True),
        ({"patient_id": "new", "given_name": "Chloé", "language": "en"}, "Chloé: treated", True),
        ({"treated_on": "2026-0"}, "is still shown", False),
        ({"protocol_key": ""}, "is still shown", False),
        (
            {
                "given_name": "Léa",
                "birth_date": "2020-01-01",
                "patient_id": "new",
                "phone": "514 555-0177",
                "consent_sms": "yes",
            },
            "given_by",
            True,
        ),
    ],
)
def test_a_half_typed_form_says_what_is_missing(
    browser: Browser, fields: dict[str, str], says: str, has_calendar: bool
) -> None:
    """Nothing is saved by looking. Seen to fail with the strict reading of the preview page: 422 without a calendar."""
    begun = {"protocol_key": "microneedling", "treated_on": "2026-03-10", "treated_time": "10:30"}
    answer = browser.post("/treatments/new/look", begun | fields)
    assert answer.status_code == 200
    assert says in answer.text
    assert ('data-part="calendar"' in answer.text) is has_calendar
    with browser.database.read() as session:
        assert session.scalars(select(Patient)).all() == []


def test_the_look_says_what_it_costs_and_what_is_in_doubt(browser: Browser) -> None:
    olivia = browser.add_patient(given_name="Olivia", phone="514-555-0142")
    browser.add_treatment(olivia, day="2026-03-08")
    fields = NEW | {"patient_id": str(olivia.id), "consent_sms": ""}
    shown = browser.post("/treatments/new/look", fields).text
    assert shown.count("<blockquote") == 3
    assert "9 segments in all" in shown
    assert "An earlier treatment by the same protocol" in shown
    assert "You" not in browser.post("/treatments/new/look", NEW).text


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("marie tremblay", ("Marie", "Tremblay", "", "")),
        ("McGill", ("McGill", "", "", "")),
        ("jean-françois o'neil 514.555.0134", ("Jean-François", "O'Neil", "514.555.0134", "")),
        ("+1 (514) 555-0134", ("", "", "+1 (514) 555-0134", "")),
        ("Anne de la Tour a.t@x.ca", ("Anne", "de la Tour", "", "a.t@x.ca")),
        ("D-17", ("", "", "", "")),
        ("514 555", ("", "", "", "")),
    ],
)
def test_what_is_typed_goes_into_its_own_field(text: str, typed: tuple[str, ...]) -> None:
    found = typed_patient(text)
    assert (found.given_name, found.family_name, found.phone, found.email) == typed


def test_the_wording_is_there_in_both_languages(browser: Browser) -> None:
    shown = browser.get("/treatments/new").text
    assert 'lang="en">I agree to receive aftercare text messages' in shown
    assert 'lang="fr">J’accepte de recevoir par texto' in shown


def test_in_french(browser_for: NewBrowser) -> None:
    browser = browser_for(language=Language.FR)
    shown = browser.post("/treatments/new", NEW | {"action": "preview"}).text
    assert '<html lang="fr-CA">' in shown
    assert "mercredi 11 mars 2026, 10 h 00" in shown


@pytest.mark.parametrize(
    ("fields", "ask"),
    [
        ({"action": "find"}, Ask.FIND),
        ({"action": "save"}, Ask.SAVE),
        ({"action": "record"}, Ask.RECORD),
        ({"action": "continue", "q": "mar", "asked": ""}, Ask.FIND),
        ({"action": "continue", "q": "mar", "asked": "mar"}, Ask.PREVIEW),
        ({"action": "continue", "q": "mar", "asked": "", "patient_id": "new"}, Ask.PREVIEW),
        ({"action": "nonsense"}, Ask.PREVIEW),
        ({}, Ask.PREVIEW),
    ],
)
def test_which_button(fields: dict[str, str], ask: Ask) -> None:
    assert asked_for(Form({name: (value,) for name, value in fields.items()})) is ask
