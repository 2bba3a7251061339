"""The command for a clinic's sending rules: seeing and changing them."""

import shlex
from dataclasses import asdict

import click

from reminders.care.actors import Actor
from reminders.care.follow_up_settings import set_follow_up
from reminders.care.sending_rules import NO_LIMIT, YES_OR_NO, TypedRules, set_rules
from reminders.cli.common import LANGUAGES, clear_errors, find_clinic, open_database, say, start
from reminders.models.instance import now
from reminders.models.options import OnUnknown

_CHOICES = click.Choice([choice.value.replace("_", "-") for choice in OnUnknown])


@click.command("clinic-rules")
@click.argument("clinic")
@click.option("--unknown", type=_CHOICES, help="What becomes of a text of which nobody can say whether it was taken.")
@click.option("--monthly-segments", metavar="N|none", help="The most text segments of a calendar month.")
@click.option("--hours-en", metavar="WORDS", help="When somebody is there, for patients: Mon-Fri 9:00-17:00.")
@click.option("--hours-fr", metavar="WORDS", help="The same in French: lun-ven 9 h-17 h.")
@click.option(
    "--link-in-texts", type=click.Choice(YES_OR_NO), help="Whether a check-in's text has the link to its page."
)
@click.option("--language", type=LANGUAGES, default="en", help="The language of what is wrong.")
@clear_errors
def clinic_rules(clinic: str, language: str, **given: str | None) -> None:
    """Show and change a clinic's sending rules.

    CLINIC is its name; what is not given stays as it is. Patients read the hours where nobody is on call.
    """
    unknown = given.pop("unknown")
    typed = TypedRules(unknown.replace("-", "_") if unknown else None, **given)
    with open_database(start()).begin() as session:
        found = find_clinic(session, clinic)
        rules = set_rules(session, Actor(found.id, "command"), found, typed, now(session))
        say(f"The rules of {found.name}")
    click.echo(f"    --unknown {rules.unknown.value.replace('_', '-')}")
    most = NO_LIMIT if rules.monthly_segments is None else rules.monthly_segments
    click.echo(f"    --monthly-segments {most}")
    click.echo(f"    --hours-en {shlex.quote(rules.hours_en)}")
    click.echo(f"    --hours-fr {shlex.quote(rules.hours_fr)}")
    click.echo(f"    --link-in-texts {YES_OR_NO[0 if rules.link_in_texts else 1]}")


@click.command("clinic-follow-up")
@click.argument("clinic")
@click.option("--nudge-hours", metavar="N", help="From a check-in that nobody answers to the reminder to answer.")
@click.option("--call-hours", metavar="N", help="From that reminder to the ticket to telephone.")
@click.option("--second-look-days", metavar="N", help='From the answer "improving" to being asked once more; 0: never.')
@click.option("--answer-minutes", metavar="N", help="Between two automatic answers to one patient.")
@click.option("--language", type=LANGUAGES, default="en", help="The language of what is wrong.")
@clear_errors
def clinic_follow_up(clinic: str, language: str, **typed: str | None) -> None:
    """Show and change a clinic's follow-up of silence.

    Of check-ins that nobody answers, and of patients who are getting better. CLINIC is its name; what is not given
    stays as it is.
    """
    with open_database(start()).begin() as session:
        found = find_clinic(session, clinic)
        rules = set_follow_up(session, Actor(found.id, "command"), found, typed, now(session))
        say(f"The follow-up of {found.name}")
    for name, value in asdict(rules).items():
        click.echo(f"    --{name.replace('_', '-')} {value}")


COMMANDS = (clinic_rules, clinic_follow_up)
