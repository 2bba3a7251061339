"""Commands that say who is on call, and hand over."""

from zoneinfo import ZoneInfo

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import hand_overs
from reminders.care.actors import Actor
from reminders.care.addresses import email_key
from reminders.care.hand_over_input import when
from reminders.cli.common import LANGUAGES, clear_errors, find_clinic, open_database, say, start
from reminders.database import keyring_of
from reminders.models import Clinic, Staff
from reminders.models.instance import now
from reminders.models.kinds import Language
from reminders.web.i18n import catalogue
from reminders.web.moments import Words
from reminders.web.rota_words import rota_lines

_WHICH = click.option("--clinic", "clinic_name", default="", help="Which clinic, by name, where there are several.")
_LANGUAGE = click.option("--language", type=LANGUAGES, default="en", show_default=True)


@click.command("on-call")
@_WHICH
@_LANGUAGE
@clear_errors
def on_call(clinic_name: str, language: str) -> None:
    """Say who is on call now, and who takes over when."""
    with open_database(start()).read() as session:
        clinic = find_clinic(session, clinic_name)
        lines = rota_lines(hand_overs.rota(session, clinic.id), Words(Language(language), ZoneInfo(clinic.timezone)))
    for line in lines:
        click.echo(line)


@click.command("hand-over")
@click.argument("email")
@click.option(
    "--at", "at", default="", help="When, by the clinic's clocks: 18:00, or '2026-03-10 18:00'; now if absent."
)
@_WHICH
@_LANGUAGE
@clear_errors
def hand_over(email: str, at: str, clinic_name: str, language: str) -> None:
    """Put somebody on call in place of whoever is.

    EMAIL is by what they sign in. Alarms that ring call them from the next round on.
    """
    texts = catalogue(Language(language))
    with open_database(start()).begin() as session:
        clinic, moment = find_clinic(session, clinic_name), now(session)
        day, _, clock = at.strip().rpartition(" ")
        begins = when(day, clock, ZoneInfo(clinic.timezone), moment)
        person = _person(session, clinic, email)
        row = hand_overs.hand_over(session, Actor(clinic.id, "command"), person.id if person else None, begins, moment)
        done = "handed_over" if row.at <= moment else "hand_over_planned"
    say(texts.text(f"done.{done}"))


def _person(session: Session, clinic: Clinic, email: str) -> Staff | None:
    index = keyring_of(session).index("email", email_key(email.strip()))
    return session.scalar(select(Staff).where(Staff.clinic_id == clinic.id, Staff.email_index == index))


COMMANDS = (on_call, hand_over)
