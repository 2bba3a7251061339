"""The commands for a clinic's protocols: what is wrong with the texts, and publishing a draft."""

import sys

import click
from sqlalchemy.orm import Session

from reminders.care.actors import Actor
from reminders.care.protocol_versions import BlockedError, Versions, all_versions, publish, rules_for
from reminders.care.staff.accounts import find_owner
from reminders.cli.common import LANGUAGES, clear_errors, find_clinic, open_database, say, start
from reminders.errors import SettingsError
from reminders.models import Clinic
from reminders.models.instance import now
from reminders.models.kinds import Channel, Language
from reminders.web.findings import finding_text
from reminders.web.i18n import catalogue
from reminders.wording.findings import Finding, blocking
from reminders.wording.linter import lint


@click.group("protocol")
def protocol() -> None:
    """Judge a protocol, or publish its draft."""


_KEY = click.argument("key")
_CLINIC = click.option("--clinic", "clinic_name", default="", help="By name; not needed where there is only one.")
_LANGUAGE = click.option("--language", type=LANGUAGES, default="en", help="The language of what is said.")


@protocol.command("lint")
@_KEY
@_CLINIC
@_LANGUAGE
@clear_errors
def lint_one(key: str, clinic_name: str, language: str) -> None:
    """Say what is wrong with a protocol's draft, or else with its newest version.

    KEY is the protocol's, as in `reminders preview`. The exit code is 1 if something keeps it from being published.
    """
    with open_database(start()).read() as session:
        clinic = find_clinic(session, clinic_name)
        found = _find(session, clinic, key)
    judged = found.draft or found.versions[0]
    findings = lint(judged.content, rules_for(clinic, found.protocol))
    say(f"{key}, version {judged.number}: {len(findings)} found, {len(blocking(findings))} of them must be mended")
    _tell(findings, Language(language))
    sys.exit(1 if blocking(findings) else 0)


@protocol.command("publish")
@_KEY
@_CLINIC
@click.option("--approved-by", required=True, metavar="EMAIL", help="The owner of the clinic who has read every text.")
@_LANGUAGE
@clear_errors
def publish_one(key: str, clinic_name: str, approved_by: str, language: str) -> None:
    """Publish a protocol's draft, in the name of an owner.

    New treatments follow it from then on; running ones stay on their version until somebody moves them on the page.
    """
    try:
        with open_database(start()).begin() as session:
            clinic = find_clinic(session, clinic_name)
            actor = Actor(clinic.id, "command", find_owner(session, clinic.id, approved_by).id)
            version = publish(session, actor, clinic, _find(session, clinic, key).protocol, now(session))
            say(f"{key}: version {version.number} is published")
    except BlockedError as error:
        say(f"{key} is NOT published: {len(error.findings)} found that must be mended first")
        _tell(error.findings, Language(language))
        sys.exit(1)


def _find(session: Session, clinic: Clinic, key: str) -> Versions:
    found = next((one for one in all_versions(session, clinic.id) if one.protocol.key == key), None)
    if found is None:
        raise SettingsError([f"KEY: the clinic has no {key}"])
    return found


def _tell(findings: tuple[Finding, ...], language: Language) -> None:
    texts = catalogue(language)
    for finding in findings:
        at = finding.place
        part = f" {at.part}" if at.channel is Channel.EMAIL else ""
        severity = texts.text(f"severity.{finding.severity}")
        click.echo(f"    {at.step} {at.language} {at.channel}{part}: {severity}: {finding_text(texts, finding)}")


COMMANDS = (protocol,)
