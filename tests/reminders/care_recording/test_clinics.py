"""A clinic's beginning, on both databases."""

from datetime import time
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reminders.care import clinics, protocols
from reminders.care.clinics import NewClinic
from reminders.care.reach import senders
from reminders.database import Database
from reminders.errors import InvalidInputError
from reminders.models import Clinic, Sender
from reminders.models.kinds import Channel, Language
from reminders.outbox import sending_channels
from reminders.settings import SANDBOX_ACCOUNT, SANDBOX_MAIL_FROM, SANDBOX_NUMBER, Settings, load
from schedules import library
from tests.conftest import NOW


def _new(name: str, **more: str) -> NewClinic:
    return NewClinic(name, **{"phone": "+15145550123", "address": "4970, rue Sherbrooke Ouest", **more})


def test_starts_ready_to_send(database: Database, settings: Settings) -> None:
    with database.begin() as session:
        clinic = clinics.create_clinic(session, _new("Clinique Étoile"), settings, NOW)
        hours = clinics.hours(clinic)
        assert (clinic.language, clinic.short_name) == (Language.FR, "Clinique Étoile")
        assert (hours.opens, hours.closes, hours.closed_weekdays) == (time(9), time(20), frozenset({7}))
        senders = session.execute(select(Sender.channel, Sender.account, Sender.address, Sender.rate)).all()
        assert set(map(tuple, senders)) == {
            ("sms", SANDBOX_ACCOUNT, SANDBOX_NUMBER, 100.0),
            ("email", "", SANDBOX_MAIL_FROM, 10.0),
        }
        published = protocols.published(session, clinic.id)
        assert [protocol.key for protocol, _ in published] == ["microneedling"], "the other waits for approval"
        assert all(version.published_at == NOW and version.number == 1 for _, version in published)
        assert protocols.parse(published[0][1]).steps == library.load(published[0][0].key).protocol.steps


def test_a_number_belongs_to_the_first_clinic(database: Database, settings: Settings) -> None:
    with database.begin() as session:
        first = clinics.create_clinic(session, _new("One"), settings, NOW)
        second = clinics.create_clinic(session, _new("Two"), settings, NOW)
        assert clinics.seed_senders(session, second, settings, NOW) == []
        owners = session.scalars(select(Sender.clinic_id)).all()
        assert owners == [first.id, first.id]
        assert len(protocols.published(session, second.id)) == 1


def real(tmp_path: Path) -> Settings:
    given = {
        "REMINDERS_DATA_DIR": str(tmp_path),
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "t" * 32,
        "TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32,
        "SMTP_URL": "smtp://mail.example:25",
        "MAIL_FROM": "soins@clinique.example",
    }
    return load(given, tmp_path / "none")


def test_real_credentials_make_real_senders(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        clinics.create_clinic(session, _new("One"), real(tmp_path), NOW)
        sms, email = session.scalars(select(Sender).order_by(Sender.channel.desc())).all()
        assert (sms.account, sms.address, sms.service) == ("AC" + "0" * 32, "MG" + "0" * 32, "MG" + "0" * 32)
        assert (sms.rate, sms.credentials) == (1.0, None)
        assert email.address == "soins@clinique.example"


NUMBER = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "t" * 32, "TWILIO_FROM_NUMBER": "+15145550111"}
MAIL = {"SMTP_URL": "smtp://mail.example:25", "MAIL_FROM": "soins@clinique.example"}


def _with(tmp_path: Path, given: dict[str, str]) -> Settings:
    return load({"REMINDERS_DATA_DIR": str(tmp_path), **given}, tmp_path / "none")


def _served(database: Database) -> dict[str, str]:
    with database.read() as session:
        return {sender.channel.value: sender.address for sender in session.scalars(select(Sender))}


@pytest.mark.parametrize(
    ("given", "channel", "address"),
    [(NUMBER, Channel.SMS, NUMBER["TWILIO_FROM_NUMBER"]), (MAIL, Channel.EMAIL, MAIL["MAIL_FROM"])],
)
def test_what_is_not_connected_beside_what_is_has_no_sender(
    database: Database, settings: Settings, tmp_path: Path, given: dict[str, str], channel: Channel, address: str
) -> None:
    """Whether the clinic began so, or in the sandbox; and it goes on once the other is connected too."""
    for begun_with in (settings, _with(tmp_path, given)):
        with database.begin() as session:
            session.execute(delete(Sender))
            clinic = clinics.create_clinic(session, _new("One"), begun_with, NOW)
            clinics.follow_environment(session, _with(tmp_path, given))
            assert senders(session, clinic.id) == sending_channels(session, clinic.id) == {channel}
        assert _served(database)[channel] == address
        with database.begin() as session:
            clinics.follow_environment(session, _with(tmp_path, {**NUMBER, **MAIL}))
            assert senders(session, clinic.id) == (set(Channel) if begun_with is settings else {channel})
        with database.begin() as session:
            session.execute(delete(Sender).where(Sender.channel != channel))
            clinics.follow_environment(session, _with(tmp_path, {**NUMBER, **MAIL}))
        assert _served(database) == {"sms": NUMBER["TWILIO_FROM_NUMBER"], "email": MAIL["MAIL_FROM"]}


def _own_number(session: Session, clinic: Clinic, address: str) -> Sender:
    sender = Sender(clinic_id=clinic.id, channel=Channel.SMS, account=NUMBER["TWILIO_ACCOUNT_SID"], address=address)
    sender.next_free_at = sender.created_at = NOW
    session.add(sender)
    session.flush()
    return sender


def test_a_second_clinics_number_on_the_environments_account_stays(database: Database, tmp_path: Path) -> None:
    """Also when the environment's number changes: whose it then is, nobody can say."""
    with database.begin() as session:
        clinics.create_clinic(session, _new("One"), _with(tmp_path, NUMBER), NOW)
        second = clinics.create_clinic(session, _new("Two"), _with(tmp_path, NUMBER), NOW)
        _own_number(session, second, "+15145550122")
    for number in (NUMBER["TWILIO_FROM_NUMBER"], "+15145550133", "+15145550122"):
        with database.begin() as session:
            clinics.follow_environment(session, _with(tmp_path, {**NUMBER, "TWILIO_FROM_NUMBER": number}))
            found = session.scalars(select(Sender.address).where(Sender.channel == Channel.SMS))
            assert set(found) == {NUMBER["TWILIO_FROM_NUMBER"], "+15145550122"}


def test_the_only_number_follows_the_environment(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        clinics.create_clinic(session, _new("One"), _with(tmp_path, NUMBER), NOW)
        other = {"TWILIO_ACCOUNT_SID": "AC" + "2" * 32, "TWILIO_FROM_NUMBER": "+15145550144"}
        assert clinics.follow_environment(session, _with(tmp_path, {**NUMBER, **other})) == 1
        assert session.execute(select(Sender.account, Sender.address)).one() == tuple(other.values())


def test_a_clinic_that_began_in_the_sandbox_goes_on_with_its_own_number(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    with database.begin() as session:
        clinics.create_clinic(session, _new("One"), settings, NOW)
        before = {sender.channel: sender.id for sender in session.scalars(select(Sender))}
        own = Sender(clinic_id=session.scalars(select(Sender.clinic_id)).first(), channel="sms", account="AC1")
        own.address, own.credentials, own.next_free_at, own.created_at = "+15145550199", {"token": "t"}, NOW, NOW
        session.add(own)
        session.flush()
        assert clinics.follow_environment(session, settings) == 0
        assert clinics.follow_environment(session, real(tmp_path)) == 2
    with database.read() as session:
        sms = session.get_one(Sender, before["sms"])
        assert (sms.account, sms.address, sms.rate) == ("AC" + "0" * 32, "MG" + "0" * 32, 1.0)
        assert session.get_one(Sender, before["email"]).address == "soins@clinique.example"
        assert session.get_one(Sender, own.id).address == "+15145550199"


@pytest.mark.parametrize(
    ("new", "field", "problem"),
    [
        (_new(" "), "name", "name_missing"),
        (_new("C" * 121), "name", "too_long"),
        (_new("C", short_name="C" * 41), "short_name", "too_long"),
        (_new("C\x00"), "name", "control_characters"),
        (_new("C", timezone="Montreal"), "timezone", "timezone_unknown"),
        (_new("C", language="es"), "language", "language_unknown"),
        (_new("C", phone="123"), "phone", "phone_impossible"),
        (_new("C", phone=" "), "phone", "phone_missing"),
        (_new("C", address=" "), "address", "address_missing"),
        (_new("C", booking_url="javascript:alert(1)"), "booking_url", "url_unreadable"),
        (_new("C", booking_url="https://[oops"), "booking_url", "url_unreadable"),
    ],
)
def test_refuses(database: Database, settings: Settings, new: NewClinic, field: str, problem: str) -> None:
    with database.begin() as session:
        with pytest.raises(InvalidInputError) as error:
            clinics.create_clinic(session, new, settings, NOW)
        assert {name: found.key for name, found in error.value.problems.items()} == {field: problem}
