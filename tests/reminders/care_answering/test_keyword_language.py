"""A keyword is confirmed in the language that it belongs to; one that belongs to both, in the patient's.

What answers HELP is about no treatment, so that a protocol on hold does not keep it (seen to fail with the treatment).

Seen to fail when: what tells no language was read as English.
"""

from datetime import timedelta

import pytest

from reminders.database import Database
from reminders.models import Clinic
from reminders.models.kinds import Language
from tests.conftest import NOW
from tests.reminders.care_answering.arriving import messages, say
from tests.reminders.care_answering.builders import add_patient, add_treatment


@pytest.mark.parametrize(
    ("word", "to_french", "to_english"),
    [
        ("INFO", "fr", "en"),
        ("HELP", "en", "en"),
        ("AIDE", "fr", "fr"),
        ("STOP", "fr", "en"),
        ("ARRÊT", "fr", "fr"),
        ("désabonner", "fr", "fr"),
        ("unsubscribe", "en", "en"),
    ],
)
def test_the_language_of_what_answers_a_keyword(
    database: Database, clinic: Clinic, word: str, to_french: str, to_english: str
) -> None:
    for language, phone, expected in (("fr", "+15145550171", to_french), ("en", "+15145550172", to_english)):
        with database.begin() as session:
            add_treatment(session, add_patient(session, clinic, language=Language(language), phone=phone), NOW)
        reply = say(database, clinic, word, from_address=phone)
        sent = [message for message in messages(database) if message.reply_id == reply.id]
        assert [message.language for message in sent] == [expected]


@pytest.mark.parametrize(("word", "expected"), [("DEBUT", "fr"), ("DÉBUT", "fr"), ("START", "fr")])
def test_a_french_patient_who_starts_again_reads_french(
    database: Database, clinic: Clinic, word: str, expected: str
) -> None:
    with database.begin() as session:
        add_treatment(session, add_patient(session, clinic, phone="+15145550171"), NOW)
    say(database, clinic, "ARRET", from_address="+15145550171")
    reply = say(database, clinic, word, NOW + timedelta(hours=1), from_address="+15145550171")
    sent = [message for message in messages(database) if message.reply_id == reply.id]
    assert [(message.template, message.language) for message in sent] == [("confirmation:start", expected)]


def test_a_reply_that_tells_no_language_is_kept_without_one(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        add_patient(session, clinic, phone="+15145550171")
    assert say(database, clinic, "3", from_address="+15145550171").language is None


def test_help_is_answered_whatever_the_protocol_does(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        add_treatment(session, add_patient(session, clinic, phone="+15145550171"), NOW)
    reply = say(database, clinic, "HELP", from_address="+15145550171")
    (sent,) = [message for message in messages(database) if message.reply_id == reply.id]
    assert (sent.template, sent.treatment_id) == ("answer:help", None)
