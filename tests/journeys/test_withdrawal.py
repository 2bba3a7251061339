"""Every way to withdraw, in both languages: what is pending ends at once, it is said once, START brings back the same.

And a number or a language that changes on the way takes effect on everything still planned.

Seen to fail when: an opt-out called nothing off; START restored what staff had withdrawn; a new language or number did
not plan again.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from reminders.channels.base import ChannelError, Fault
from reminders.consent import consented
from reminders.database import Database
from reminders.models import Consent, Message, Patient
from reminders.models.kinds import Channel, ConsentAction, MessageKind
from reminders.settings import Settings
from schedules.lifecycle import State
from tests.promises.practice import MARIE, Practice, open_practice
from tests.promises.world import address, number, open_world

ANNE = address(1)
LANGUAGES = ("en", "fr")


@pytest.fixture
def practice(database: Database, settings: Settings) -> Iterator[Practice]:
    with open_practice(open_world(database, settings), settings) as opened:
        yield opened


def treated(practice: Practice, language: str, by: Channel, days_ago: int = 1) -> Patient:
    """Somebody who agreed to one channel, and got the first message of a treatment by it."""
    given = {"phone": MARIE} if by is Channel.SMS else {"email": ANNE}
    patient = practice.world.patient(language=language, **given)
    practice.world.treat(patient, days_ago=days_ago)
    practice.sweep()
    return patient


def pending(practice: Practice) -> list[str]:
    owed = (Message.kind == MessageKind.REMINDER, Message.state == State.PLANNED)
    return list(practice.rows(select(Message.template).where(*owed).order_by(Message.due_at)))


def by_staff(practice: Practice, patient: Patient) -> None:
    practice.browser(practice.hire()).post(f"/patients/{patient.id}/consents/sms/withdraw")


WORDS: Mapping[str, tuple[str, ...]] = {
    "en": ("STOP", "please stop texting me", "Unsubscribe", "take me off your list"),
    "fr": ("ARRET", "arrêtez de m'écrire svp", "désabonnez-moi", "je ne veux plus recevoir vos textos"),
}


def one_click(practice: Practice, _patient: Patient) -> None:
    link = re.findall(r"<(http[^>]+)>", practice.received(ANNE)[-1].headers["List-Unsubscribe"])[0]
    TestClient(practice.app).post(urlsplit(link).path, data={"List-Unsubscribe": "One-Click"})


def on_the_check_in_page(practice: Practice, _patient: Patient) -> None:
    found = re.findall(r"http\S+(/c/\w+)", practice.got(ANNE)[-1])
    TestClient(practice.app).post(found[0], data={"stop": "1"})


def by_opt_out_type(practice: Practice, _patient: Patient) -> None:
    practice.text("STOP", OptOutType="STOP")


def by_refusal(practice: Practice, patient: Patient) -> None:
    """The carrier refuses the next text, since the patient told it to stop."""
    practice.phones.deeds.append(ChannelError("stop", Fault.OPTED_OUT, "21610"))
    practice.world.treat(patient, days_ago=3)
    practice.sweep()


WAYS: Mapping[str, tuple[Channel, Callable[[Practice, Patient], None], str]] = {
    "staff": (Channel.SMS, by_staff, "form"),
    "one-click": (Channel.EMAIL, one_click, "email"),
    "check-in page": (Channel.EMAIL, on_the_check_in_page, "page"),
    "OptOutType": (Channel.SMS, by_opt_out_type, "reply"),
    "21610": (Channel.SMS, by_refusal, "carrier"),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("way", WAYS)
def test_each_way_ends_what_is_pending_and_needs_no_message_of_ours(
    practice: Practice, language: str, way: str
) -> None:
    channel, withdraw, source = WAYS[way]
    patient = treated(practice, language, channel, days_ago=7 if way == "check-in page" else 1)
    got = len(practice.got())
    withdraw(practice, patient)
    practice.sweep()
    assert pending(practice) == []
    assert len(practice.got()) == got, "a page, a person or the carrier has said it already"
    newest = practice.rows(select(Consent).order_by(Consent.at.desc(), Consent.id.desc()))[0]
    assert (newest.action, newest.channel, newest.source) == (ConsentAction.WITHDRAWN, channel, source)
    shown = practice.browser(practice.hire(language=language)).get(f"/patients/{patient.id}/consents").text
    assert {"en": "consent withdrawn", "fr": "consentement retiré"}[language] in shown


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("wording", range(4))
def test_a_reply_in_any_wording_is_confirmed_once_and_start_brings_back_the_same(
    practice: Practice, language: str, wording: int
) -> None:
    patient = treated(practice, language, Channel.SMS)
    before = pending(practice)
    for words in (WORDS[language][wording], *WORDS[language]):
        practice.text(words)
        practice.sweep()
    assert pending(practice) == []
    (confirmed,) = practice.got(MARIE)[1:]
    assert {"en": "Reply START", "fr": "Répondez START"}[language] in confirmed
    practice.text({"en": "START", "fr": "DEBUT"}[language])
    practice.sweep()
    assert pending(practice) == before
    assert len(practice.got(MARIE)) == 3
    shown = practice.browser(practice.hire(language=language)).get(f"/patients/{patient.id}/consents").text
    assert WORDS[language][wording].replace("'", "&#39;") in shown, "the patient's own words are the evidence"
    assert confirmed.splitlines()[0] in shown.replace("&#39;", "'")


@pytest.mark.parametrize("language", LANGUAGES)
def test_start_restores_no_channel_that_was_not_agreed_to(practice: Practice, language: str) -> None:
    patient = practice.world.patient(language=language, phone=MARIE, email=ANNE)
    practice.browser(practice.hire()).post(f"/patients/{patient.id}/consents/email/withdraw")
    practice.world.treat(patient, days_ago=1)
    for words in ("STOP", "START"):
        practice.text(words)
        practice.sweep()
    planned = practice.rows(select(Message.channel).where(Message.state == State.PLANNED))
    assert set(planned) == {Channel.SMS}
    with practice.database.read() as session:
        assert consented(session, [patient.id]) == {(patient.id, Channel.SMS)}


@pytest.mark.parametrize(("before", "after"), [("en", "fr"), ("fr", "en")])
def test_a_new_number_and_language_hold_for_all_that_is_still_planned(
    practice: Practice, before: str, after: str
) -> None:
    patient = treated(practice, before, Channel.SMS)
    fields = {"given_name": "Marie", "family_name": "Tremblay", "language": after, "phone": number(7)}
    practice.browser(practice.hire()).post(f"/patients/{patient.id}/edit", fields)
    planned = practice.rows(select(Message).where(Message.state == State.PLANNED))
    assert planned
    assert {message.language.value for message in planned} == {after}
    practice.world.set_clock(planned[0].due_at.replace(hour=15))
    practice.sweep()
    assert len(practice.got(MARIE)) == 1, "nothing more goes to the old number"
    (text,) = practice.got(number(7))
    assert {"en": "Dryness", "fr": "la peau"}[after] in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_agreeing_to_offers_alone_brings_no_message_ever(practice: Practice, language: str) -> None:
    patient = practice.world.patient(language=language, phone=MARIE, email=ANNE)
    desk = practice.browser(practice.hire())
    for channel in Channel:
        desk.post(f"/patients/{patient.id}/marketing/{channel}/grant")
    practice.world.treat(patient, days_ago=1)
    for channel in Channel:
        desk.post(f"/patients/{patient.id}/consents/{channel}/withdraw")
    for _ in range(8):
        practice.sweep()
        practice.world.pass_time(timedelta(days=1))
    assert practice.got() == []
    granted = practice.rows(select(Consent.channel).where(Consent.purpose == "marketing"))
    assert set(granted) == set(Channel)
