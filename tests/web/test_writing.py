"""Writing to a patient, of oneself or as an answer: whether it can go is said before anything is typed, and one press
sends once.

Seen to fail when: the form stood there for somebody who had opted out; the hours or a hold were not said; a second
press sent again, or dropped another text without a word; a message went by a channel that was not chosen; an
answer from the inbox went to, closed and marked as read what had come in since its form was drawn.
"""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from reminders.care import consents, optouts
from reminders.care.actors import Actor
from reminders.care.understanding import UNREAD
from reminders.ids import new_id
from reminders.models import Clinic, Instance, Message, OptOut, Patient, Ticket
from reminders.models.instance import CLOCK_OFFSET
from reminders.models.kinds import Channel, Language, MessageKind, TicketKind
from reminders.outbox import keys
from tests.web.conftest import TODAY, Browser, NewBrowser
from tests.web.test_conversations import say, stored

FORM = "<textarea"


@pytest.fixture
def marie(browser: Browser) -> Patient:
    """She has agreed to both channels."""
    return browser.add_patient(email="marie@patient.example")


@pytest.fixture
def path(marie: Patient) -> str:
    """Where she is written to from scratch."""
    return f"/patients/{marie.id}/write"


def sent(browser: Browser) -> list[Message]:
    """What staff have written, in order."""
    with browser.database.read() as session:
        mine = select(Message).where(Message.kind == MessageKind.STAFF).order_by(Message.created_at, Message.id)
        return list(session.scalars(mine))


def stop(browser: Browser, patient: Patient, channel: Channel, source: str = "reply") -> None:
    """Nothing goes to this address any more."""
    index = patient.phone_index if channel is Channel.SMS else patient.email_index
    assert index
    with browser.database.begin(clinic=browser.clinic.id) as session:
        optouts.opt_out(session, optouts.OptOutRequest(browser.clinic.id, channel, index, source), TODAY)


def test_two_presses_are_one_message(browser: Browser, marie: Patient, path: str) -> None:
    form = {"text": "Your cream is here.", "nonce": "n1", "channel": "sms"}
    for _ in range(2):
        assert browser.post(path, form).headers["location"] == f"/patients/{marie.id}?done=answered"
    (message,) = sent(browser)
    assert (message.channel, message.reply_id, message.urgent) == (Channel.SMS, None, False)
    assert message.dedupe_key == f"staff:{marie.id}:n1"


def test_what_is_changed_after_it_was_sent_is_no_second_press(browser: Browser, marie: Patient, path: str) -> None:
    """Back in the browser, and another text: it must neither vanish nor go by itself."""
    browser.post(path, {"text": "Come on Monday.", "nonce": "n1"})
    again = browser.post(path, {"text": "Come on Tuesday.", "nonce": "n1"})
    assert again.status_code == 422
    assert "has been sent already" in again.text
    assert "Come on Tuesday." in again.text
    assert 'name="nonce" value="n1"' not in again.text
    assert len(sent(browser)) == 1


def test_an_answer_sent_under_its_old_key_is_not_sent_again(browser: Browser, marie: Patient) -> None:
    reply = say(browser, marie, "can I swim?")
    browser.post(f"/replies/{reply.id}/answer", {"text": "Yes.", "nonce": "n1"})
    with browser.database.begin() as session:
        session.execute(update(Message).values(dedupe_key=keys.staff_key(reply.id, "n1")))
    assert browser.post(f"/replies/{reply.id}/answer", {"text": "Yes.", "nonce": "n1"}).status_code == 303
    assert len(sent(browser)) == 1


@pytest.mark.parametrize("channel", list(Channel))
def test_it_goes_by_the_channel_that_was_chosen(browser: Browser, marie: Patient, path: str, channel: Channel) -> None:
    browser.post(path, {"text": "Hello.", "nonce": "n1", "channel": channel.value})
    assert [one.channel for one in sent(browser)] == [channel]


def test_who_wrote_by_mail_is_answered_by_mail(browser: Browser, marie: Patient) -> None:
    reply = say(browser, marie, "can I swim?", channel=Channel.EMAIL, kind="email")
    shown = browser.get(f"/inbox/patients/{marie.id}").text
    assert 'value="email" data-before' in shown
    browser.post(f"/inbox/patients/{marie.id}", {"text": "Yes.", "nonce": "n1", "reply": str(reply.id)})
    (message,) = sent(browser)
    assert (message.channel, message.reply_id) == (Channel.EMAIL, reply.id)


@pytest.mark.parametrize(("language", "why"), [(Language.EN, "opted out"), (Language.FR, "désabonné")])
def test_who_opted_out_is_not_offered_a_form(browser_for: NewBrowser, language: Language, why: str) -> None:
    browser = browser_for(language=language)
    marie = browser.add_patient()
    reply = say(browser, marie, "STOP")
    stop(browser, marie, Channel.SMS)
    for path in (f"/patients/{marie.id}/write", f"/inbox/patients/{marie.id}", f"/replies/{reply.id}/answer"):
        shown = browser.get(path).text
        assert FORM not in shown
        assert why in shown
        assert "tel:+15145550134" in shown


def test_one_way_shut_leaves_the_other(browser: Browser, marie: Patient, path: str) -> None:
    stop(browser, marie, Channel.SMS, "page")
    shown = browser.get(path).text
    assert FORM in shown
    assert "Your e-mail (French)" in shown
    assert "opted out" in shown
    assert 'value="sms"' not in shown


def test_somebody_elses_number_is_said_to_be(browser: Browser) -> None:
    marie = browser.add_patient()
    with browser.database.begin() as session:
        wrong = {"channel": Channel.SMS, "address_index": marie.phone_index, "source": "wrong_number", "at": TODAY}
        session.add(OptOut(id=new_id(), clinic_id=browser.clinic.id, **wrong))
    shown = browser.get(f"/patients/{marie.id}/write").text
    assert "Somebody else answered from this number" in shown
    assert FORM not in shown


def test_without_consent_it_says_so(browser: Browser) -> None:
    marie = browser.add_patient()
    with browser.database.begin(clinic=browser.clinic.id) as session:
        consents.withdraw(
            session, Actor(browser.clinic.id, "form"), marie.id, Channel.SMS, TODAY + timedelta(seconds=1)
        )
    shown = browser.get(f"/patients/{marie.id}/write").text
    assert "no consent on record" in shown
    assert FORM not in shown


def test_at_night_it_says_when_it_leaves(browser: Browser, path: str) -> None:
    assert "sending hours are over" not in browser.get(path).text
    with browser.database.begin() as session:
        offset = session.get_one(Instance, CLOCK_OFFSET)
        offset.value = str(float(offset.value) + 11 * 3600)
    shown = browser.get(path).text
    assert "The sending hours are over. It leaves on" in shown
    assert "9:00" in shown


def test_a_hold_is_said_and_what_it_means(browser: Browser, marie: Patient, path: str) -> None:
    assert "on hold" not in browser.get(path).text
    browser.post(f"/patients/{marie.id}/hold", {"reason": "travels"})
    assert "Sending to this patient is on hold. It waits" in browser.get(path).text
    with browser.database.begin() as session:
        session.execute(update(Clinic).values(held_at=TODAY, held_reason="x"))
    assert "sending is on hold. It waits until" in browser.get(path).text


def test_a_saved_answer_is_put_in_without_a_script(browser: Browser, marie: Patient, path: str) -> None:
    saved = {
        "title_en": "Hours", "title_fr": "Heures", "body_en": "We are open, {first_name}.",
        "body_fr": "Nous sommes là, {first_name}.",
    }  # fmt: skip
    assert browser.post("/saved-answers", saved).status_code == 303
    shown = browser.get(path).text
    assert 'data-text="Nous sommes là, Marie."' in shown
    chosen = shown.split('data-text="Nous')[0].rsplit('value="', 1)[1].split('"')[0]
    filled = browser.post(path, {"text": "Bonjour!", "action": "insert", "saved": chosen, "nonce": "n1"})
    assert "Bonjour!\nNous sommes là, Marie.</textarea>" in filled.text
    assert sent(browser) == []


def ticked(page: str) -> list[str]:
    """The tickets that the form would close if nobody touched it."""
    return re.findall(r'name="closes" value="([^"]+)" checked', page)


def held(page: str, name: str) -> str:
    """What the form holds in a hidden field."""
    return re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)[-1]


SOMETHING_NEW = [
    (Language.EN, "Something new has come in from this person"),
    (Language.FR, "Cette personne a écrit autre chose"),
]


@pytest.mark.parametrize(("language", "why"), SOMETHING_NEW)
def test_what_came_in_since_is_neither_answered_nor_read(browser_for: NewBrowser, language: Language, why: str) -> None:
    browser = browser_for(language=language)
    marie = browser.add_patient()
    say(browser, marie, "can I swim?", 20, ticket=TicketKind.QUESTION)
    path = f"/inbox/patients/{marie.id}"
    opened = browser.get(path).text
    worse = say(browser, marie, "they gave me antibiotics in the hospital", 1, ticket=TicketKind.QUESTION)
    form = {"text": "Yes, you may.", "nonce": "n1", "channel": "sms", "reply": held(opened, "reply")}
    refused = browser.post(path, form)
    assert refused.status_code == 422
    assert why in refused.text
    assert "Yes, you may.</textarea>" in refused.text
    assert "antibiotics" in refused.text
    assert sent(browser) == []
    assert stored(browser, worse).seen_at is None
    assert browser.post(path, form | {"reply": held(refused.text, "reply")}).status_code == 303
    (message,) = sent(browser)
    assert message.reply_id == worse.id
    assert stored(browser, worse).seen_at is not None


def test_a_look_at_how_it_would_read_is_no_look_at_what_has_come(browser: Browser, marie: Patient) -> None:
    first = say(browser, marie, "can I swim?", 20)
    path, form = f"/inbox/patients/{marie.id}", {"text": "Yes.", "nonce": "n1", "reply": str(first.id)}
    say(browser, marie, "it is swollen", 1)
    shown = browser.post(path, form | {"action": "preview"})
    assert held(shown.text, "reply") == str(first.id)
    assert browser.post(path, form | {"text": ""}).status_code == 422
    assert browser.post(path, form).status_code == 422
    assert sent(browser) == []


@pytest.mark.parametrize("reply", ["", "no id"])
def test_a_form_that_does_not_say_what_it_answers_answers_nothing(browser: Browser, marie: Patient, reply: str) -> None:
    """As one drawn before the patient had ever written."""
    path = f"/inbox/patients/{marie.id}"
    assert held(browser.get(path).text, "reply") == ""
    say(browser, marie, "it burns")
    assert browser.post(path, {"text": "Hello.", "nonce": "n1", "reply": reply}).status_code == 422
    assert sent(browser) == []


def test_who_never_wrote_can_be_written_to_from_the_inbox(browser: Browser, marie: Patient) -> None:
    assert (
        browser.post(f"/inbox/patients/{marie.id}", {"text": "Hello.", "nonce": "n1", "reply": ""}).status_code == 303
    )
    assert [one.reply_id for one in sent(browser)] == [None]


def test_a_second_press_after_something_came_is_still_the_first_message(browser: Browser, marie: Patient) -> None:
    """It was sent: to say that it was not would have it sent again."""
    first = say(browser, marie, "can I swim?", 20)
    path, form = f"/inbox/patients/{marie.id}", {"text": "Yes.", "nonce": "n1", "reply": str(first.id)}
    assert browser.post(path, form).status_code == 303
    later = say(browser, marie, "thanks, but it is swollen", 1)
    assert browser.post(path, form).status_code == 303
    assert [one.reply_id for one in sent(browser)] == [first.id]
    assert stored(browser, later).seen_at is None


def ticket_of(browser: Browser, reply_id: object) -> str:
    with browser.database.read() as session:
        return str(session.scalars(select(Ticket.id).where(Ticket.reply_id == reply_id)).one())


def test_only_the_question_that_is_answered_is_ticked(browser: Browser, marie: Patient) -> None:
    """Seen to fail when every ticket but a red flag was."""
    for minutes, kind in enumerate((TicketKind.RED_FLAG, TicketKind.CONSULT, TicketKind.QUESTION), 10):
        say(browser, marie, "before", minutes, ticket=kind)
    newest = say(browser, marie, "can I swim?", 1, ticket=TicketKind.QUESTION)
    assert ticked(browser.get(f"/inbox/patients/{marie.id}").text) == [ticket_of(browser, newest.id)]


@pytest.mark.parametrize(
    ("kind", "priority"),
    [
        (TicketKind.RED_FLAG, None),
        (TicketKind.CONSULT, None),
        (TicketKind.QUESTION, UNREAD),
        (TicketKind.UNCLEAR, UNREAD),
    ],
)
def test_what_presses_is_closed_by_a_choice_of_its_own(
    browser: Browser, marie: Patient, kind: TicketKind, priority: int | None
) -> None:
    newest = say(browser, marie, "the bumps are getting worse", 1, ticket=kind)
    if priority is not None:
        with browser.database.begin() as session:
            session.execute(update(Ticket).values(priority=priority))
    for path in (f"/inbox/patients/{marie.id}", f"/replies/{newest.id}/answer", f"/patients/{marie.id}/write"):
        shown = browser.get(path).text
        assert f'name="closes" value="{ticket_of(browser, newest.id)}"' in shown
        assert ticked(shown) == []
