"""The configuration doctor."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import click
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from reminders import migrate
from reminders.care import clinics, hand_overs
from reminders.care.alarm_tests import silent_clinics
from reminders.care.alerts import clinics_without, owners_without_phone
from reminders.channels.imap_address import MailboxError
from reminders.channels.imap_mail import ImapMailbox
from reminders.cli.common import clear_errors, connect, start
from reminders.local_keys import fresh_keys
from reminders.models import Clinic
from reminders.models.kinds import Channel, Language
from reminders.setting_rules import is_in_memory, redis_url
from reminders.settings import Settings
from reminders.web.moments import Words
from reminders.web.rota_words import rota_lines


@dataclass(frozen=True)
class Finding:
    """What one probe found: something to mend, or at most something to know."""

    words: str = ""
    is_wrong: bool = False


_FINE = Finding()
_NOT_SEEN = Finding("not looked at, for want of a database that answers and is current")
_MEND_ALERTS = "put somebody on call with `reminders invite --on-call --phone ...`, or connect the owner's e-mail"
_MEND_SILENCE = "see who is on call and by what numbers, then acknowledge the ticket on Today"


@click.command()
@click.option("--new-key", is_flag=True, help="Print fresh keys for the environment and stop.")
@clear_errors
def check(*, new_key: bool) -> None:
    """Say what is wrong with the configuration.

    A line for each thing looked at; a NO says how to mend it. Ends with 0 if it can work, 1 if something does not
    answer or fit, 2 if a setting is wrong or missing.
    """
    if new_key:
        click.echo(fresh_keys(), nl=False)
        return
    settings = start()
    found = {name: probe(settings) for name, probe in _PROBES.items()}
    for name, finding in found.items():
        words = f": {finding.words}" if finding.words else ""
        click.echo(f"{'NO ' if finding.is_wrong else 'ok '} {name}{words}")
    sys.exit(1 if any(finding.is_wrong for finding in found.values()) else 0)


def _settings(_settings: Settings) -> Finding:
    return _FINE


def _database(settings: Settings) -> Finding:
    database = connect(settings)
    try:
        if migrate.is_current(database):
            return _FINE
    except SQLAlchemyError as error:
        return Finding(f"does not answer ({type(error).__name__}); look at REMINDERS_DATABASE_URL", is_wrong=True)
    finally:
        database.close()
    return Finding("the schema is not current; run `reminders migrate`", is_wrong=True)


def _broker(settings: Settings) -> Finding:
    if is_in_memory(settings.broker_url):
        return Finding("in memory, which is enough for `reminders up` and for nothing else")
    try:
        Redis.from_url(redis_url(settings.broker_url), socket_connect_timeout=3, socket_timeout=3).ping()
    except (RedisError, ValueError) as error:
        return Finding(f"does not answer ({type(error).__name__}); look at REMINDERS_BROKER_URL", is_wrong=True)
    return _FINE


def _alerts(settings: Settings) -> Finding:
    """Whether every clinic has somebody whom a red flag's alert reaches by what is really connected."""

    def unheard(session: Session) -> list[str]:
        # As every start does: what was connected since the last one counts.
        clinics.follow_environment(session, settings)
        return clinics_without(session, _really(settings))

    return _at_clinics(settings, unheard, ("nobody would hear of a red flag", _MEND_ALERTS))


def _owners(settings: Settings) -> Finding:
    """Whether every owner, whom an alarm calls that nobody else takes, has a phone: to know, since e-mail may do."""
    words = ("an owner has no phone number, so no text would wake them", "e-mail alone is easily missed at night")
    return replace(_at_clinics(settings, owners_without_phone, words), is_wrong=False)


def _on_call(settings: Settings) -> Finding:
    """Who is on call at each clinic, and who takes over when: to know, not to mend."""
    database = connect(settings)
    try:
        if not migrate.is_current(database):
            return _NOT_SEEN
        with database.read() as session:
            clinics_of_it = session.scalars(select(Clinic).order_by(Clinic.name)).all()
            said = [f"{one.name}: {' '.join(_rota(session, one))}" for one in clinics_of_it]
    except SQLAlchemyError:
        return _NOT_SEEN
    finally:
        database.close()
    return Finding("; ".join(said))


def _rota(session: Session, clinic: Clinic) -> list[str]:
    return rota_lines(hand_overs.rota(session, clinic.id), Words(Language.EN, ZoneInfo(clinic.timezone)))


def _alarm_tests(settings: Settings) -> Finding:
    """Whether somebody has answered the weekly test alerts."""
    return _at_clinics(settings, silent_clinics, ("nobody answered the test alert", _MEND_SILENCE))


def _at_clinics(settings: Settings, which: Callable[[Session], list[str]], words: tuple[str, str]) -> Finding:
    """What is wrong at the clinics that `which` names, and how to mend it; nothing is seen of a database that is away
    or of another schema."""
    database = connect(settings)
    try:
        if not migrate.is_current(database):
            return _NOT_SEEN
        with database.begin() as session:
            names = which(session)
    except SQLAlchemyError:
        return _NOT_SEEN
    finally:
        database.close()
    fault, mend = words
    return Finding(f"{fault} at {', '.join(names)}; {mend}", is_wrong=True) if names else _FINE


def _really(settings: Settings) -> frozenset[Channel]:
    """The channels that lead to somebody; in the sandbox, which is for trying out, all do."""
    connected = {Channel.SMS: settings.sms_connected, Channel.EMAIL: settings.email_connected}
    return frozenset(channel for channel in Channel if settings.sandboxed or connected[channel])


def _webhooks(settings: Settings) -> Finding:
    if not settings.sms_connected or settings.public_url.startswith("https://"):
        return _FINE
    return Finding(
        "REMINDERS_PUBLIC_URL is not https, so Twilio's receipts and replies would not reach us safely", is_wrong=True
    )


def _channels(settings: Settings) -> Finding:
    if settings.sandboxed:
        return Finding("nothing is connected, so texts and e-mails go to the sandbox")
    if not settings.sms_connected:
        return Finding("texts are not connected (TWILIO_*): none is sent, and there is no sandbox beside real e-mail")
    if not settings.email_connected:
        return Finding("e-mail is not connected (SMTP_URL): none is sent, and there is no sandbox beside real texts")
    return _FINE


def _mailbox(settings: Settings) -> Finding:
    """Whether answers to e-mails can be read, if they are to be."""
    if settings.imap_url.get_secret_value() and not settings.email_connected:
        return Finding("IMAP_URL is not used while e-mail is not connected (SMTP_URL)")
    if settings.sandboxed:
        return _FINE
    if not settings.effective_imap_url:
        return Finding("answers to e-mails are read by nobody, and each e-mail says so (IMAP_URL)")
    try:
        with ImapMailbox(settings.effective_imap_url, patience=5, at_most=15):
            return _FINE
    except MailboxError as error:
        return Finding(
            f"{_MAILBOX.get(error.word, 'cannot be understood')} ({error.word}); look at IMAP_URL", is_wrong=True
        )


_MAILBOX = {
    "connection": "does not answer",
    "timeout": "does not answer in time",
    "certificate": "has a certificate that is not valid",
    "login": "refuses the name or password",
    "folder": "has no such folder",
}


_PROBES: dict[str, Callable[[Settings], Finding]] = {
    "settings": _settings,
    "database": _database,
    "broker": _broker,
    "channels": _channels,
    "alerts": _alerts,
    "owners": _owners,
    "on-call": _on_call,
    "alarm-tests": _alarm_tests,
    "webhooks": _webhooks,
    "mailbox": _mailbox,
}

COMMANDS = (check,)
