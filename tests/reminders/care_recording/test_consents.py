"""The consent ledger, on both databases."""

import pytest

from reminders import consent
from reminders.care import consents
from reminders.care.actors import Actor
from reminders.care.consents import CURRENT, WORDING, Grant
from reminders.care.patients import PatientInput
from reminders.errors import InvalidInputError, NotFoundError
from reminders.models.kinds import Channel, ConsentAction, Language
from tests.conftest import NOW
from tests.reminders.care_recording.conftest import Desk


def test_every_wording_is_there_in_both_languages_with_the_clinics_name() -> None:
    for version in WORDING:
        for channel in Channel:
            texts = {consents.wording(version, channel, language, "Clinique Lumière") for language in Language}
            assert len(texts) == len(Language)
            assert all("Clinique Lumière" in text and "{" not in text for text in texts)
    assert CURRENT in WORDING


def test_a_grant_keeps_who_when_how_and_which_words(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session)
        entry = desk.agree(session, marie, Channel.SMS).consent
        assert (entry.at, entry.source, entry.wording_version, entry.language) == (NOW, "form", CURRENT, Language.FR)
        assert entry.wording == consents.wording(CURRENT, Channel.SMS, Language.FR, desk.clinic.name)
        assert consents.current(session, marie.id) == {Channel.SMS: entry}
        assert consent.consented(session, [marie.id]) == {(marie.id, Channel.SMS)}


def test_the_newest_entry_holds_even_within_one_instant(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session)
        for _ in range(3):
            desk.agree(session, marie, Channel.SMS)
            consents.withdraw(session, desk.actor, marie.id, Channel.SMS, NOW)
            assert consents.current(session, marie.id) == {}
            assert consent.consented(session, [marie.id]) == set()
        desk.agree(session, marie, Channel.SMS)
        assert consent.consented(session, [marie.id]) == {(marie.id, Channel.SMS)}
        actions = [entry.action for entry in consents.history(session, marie.id)]
        assert actions == [ConsentAction.GRANTED, ConsentAction.WITHDRAWN] * 3 + [ConsentAction.GRANTED]


def test_the_same_grant_again_adds_nothing(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session)
        assert desk.agree(session, marie, Channel.SMS).consent is desk.agree(session, marie, Channel.SMS).consent
        assert len(consents.history(session, marie.id)) == 1


def test_withdrawing_what_was_never_given_writes_nothing(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session)
        assert consents.withdraw(session, desk.actor, marie.id, Channel.SMS, NOW) is None
        assert consents.history(session, marie.id) == []


@pytest.mark.parametrize(
    ("channel", "wording", "problem"),
    [(Channel.EMAIL, "words", "consent_without_address"), (Channel.SMS, "  ", "wording_missing")],
)
def test_refuses(desk: Desk, channel: Channel, wording: str, problem: str) -> None:
    with desk.database.begin() as session:
        paul = desk.add(session, PatientInput("Paul", phone="514 555 0112"))
        with pytest.raises(InvalidInputError) as error:
            consents.grant(session, desk.actor, Grant(paul.id, channel, CURRENT, wording, Language.FR), NOW)
        assert error.value.problems[f"consent_{channel}"].key == problem


def test_another_clinics_patient_is_not_there(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session)
        stranger = Actor(marie.id, "form")
        with pytest.raises(NotFoundError):
            consents.grant(session, stranger, Grant(marie.id, Channel.SMS, CURRENT, "x", Language.FR), NOW)
        with pytest.raises(NotFoundError):
            consents.withdraw(session, stranger, marie.id, Channel.SMS, NOW)
