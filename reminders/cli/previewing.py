"""The command that shows what a protocol sends, before anybody is treated by it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from babel.dates import format_datetime

from reminders import demo
from reminders.care import clinics, mailboxes, protocols
from reminders.care.explain import Explanation, sentence
from reminders.care.zones import is_zone
from reminders.cli.common import LANGUAGES, clear_errors, find_clinic, open_database, start
from reminders.clock import require_aware
from reminders.errors import SettingsError
from reminders.models import Clinic
from reminders.models.kinds import Channel, Language
from reminders.models.options import content_rules_of, rules_of
from reminders.settings import Settings
from reminders.web.i18n import locale_of
from reminders.wording.answers import ANSWERS, about_answers
from reminders.wording.fitting import Room, fitting
from reminders.wording.samples import FIRST_NAME, NOTHING, links, without_samples
from reminders.wording.texts import find
from reminders.wording.values import clinic_values
from schedules import library
from schedules.hours import NonexistentTimeError, localize
from schedules.plan import PlannedStep, SkippedStep, plan
from schedules.protocol import protocol_from_data

_YEARS = range(2000, 2100)
_MOMENT = "EEEE d MMMM yyyy, HH:mm zzz"


@dataclass(frozen=True)
class Shown:
    """Whose texts are shown, and to whom: a clinic (stored or made up), a protocol's content, a zone, a language; and
    whether somebody reads what is answered to its e-mails."""

    clinic: Clinic
    content: Mapping[str, Any]
    zone: ZoneInfo
    language: Language
    reads_answers: bool


@click.command()
@click.argument("protocol", type=click.Choice(library.available()))
@click.option("--treated-at", required=True, help="Local time, 2026-03-10T14:30.")
@click.option("--recorded-at", default="", help="When it is recorded; on the spot by default.")
@click.option("--timezone", default="", help="The patient's; the clinic's by default, America/Toronto for the sample.")
@click.option("--language", type=LANGUAGES, default="fr", show_default=True)
@click.option("--clinic", "clinic_name", default="", help="One of the database's, by name; a sample one by default.")
@clear_errors
def preview(protocol: str, treated_at: str, recorded_at: str, **whose: str) -> None:
    """Show what a patient receives after a treatment.

    Every step with its due time and its texts as they are read; what is not sent, with the reason.
    """
    shown = _shown(protocol, **whose)
    treated = _local("--treated-at", treated_at, shown.zone)
    recorded = _local("--recorded-at", recorded_at, shown.zone) if recorded_at else treated
    hours = replace(clinics.hours(shown.clinic), zone=shown.zone)
    planned = plan(protocol_from_data({"key": protocol, **shown.content}), treated, hours, recorded)
    steps: list[PlannedStep | SkippedStep] = [*planned.planned, *planned.skipped]
    for step in sorted(steps, key=lambda step: (step.due_at, step.step.day)):
        click.echo("\n".join(["", *_lines(step, shown)]))


def _shown(protocol: str, timezone: str, language: str, clinic_name: str) -> Shown:
    if timezone and not is_zone(timezone):
        raise SettingsError([f"--timezone: there is no zone {timezone!r}; an example is America/Toronto"])
    settings = start()
    clinic, content, reads = (
        _stored(settings, protocol, clinic_name)
        if clinic_name
        else (*_sample(protocol), bool(settings.effective_imap_url))
    )
    return Shown(clinic, content, ZoneInfo(timezone or clinic.timezone), Language(language), reads)


def _sample(protocol: str) -> tuple[Clinic, Mapping[str, Any]]:
    """The demo's clinic with the hours of a new one, and the starter protocol."""
    new = demo.CLINIC
    clinic = Clinic(
        name=new.name,
        short_name=new.short_name,
        timezone=new.timezone,
        phone=new.phone,
        address=new.address,
        booking_url=new.booking_url,
        opens=clinics.DEFAULT_WINDOW[0],
        closes=clinics.DEFAULT_WINDOW[1],
        closed_weekdays=list(clinics.DEFAULT_CLOSED_WEEKDAYS),
        closed_dates=[],
        options={},
    )
    return clinic, library.content(library.load(protocol))


def _stored(settings: Settings, key: str, clinic_name: str) -> tuple[Clinic, Mapping[str, Any], bool]:
    with open_database(settings).read() as session:
        clinic = find_clinic(session, clinic_name)
        for protocol, version in protocols.published(session, clinic.id):
            if protocol.key == key:
                reads = clinic.id in {one.clinic_id for one in mailboxes.mailboxes(session, settings)}
                return clinic, version.content, reads
    raise SettingsError([f"PROTOCOL: the clinic has no {key}"])


def _local(option: str, written: str, zone: ZoneInfo) -> datetime:
    try:
        given = datetime.fromisoformat(written)
    except ValueError:
        raise SettingsError([f"{option}: write it like 2026-03-10T14:30"]) from None
    if given.year not in _YEARS:
        raise SettingsError([f"{option}: choose a date of the years {_YEARS[0]} to {_YEARS[-1]}"])
    try:
        return require_aware(given) if given.tzinfo else localize(given, zone)
    except NonexistentTimeError:
        raise SettingsError([f"{option}: {written} does not exist there: the clocks jump over it"]) from None


def _lines(planned: PlannedStep | SkippedStep, shown: Shown) -> list[str]:
    at = format_datetime(planned.due_at, _MOMENT, tzinfo=shown.zone, locale=locale_of(shown.language))
    heading = f"{planned.step.key}  {at}"
    if isinstance(planned, SkippedStep):
        why = Explanation("reminder_skipped", {"reason": planned.reason})
        return [heading, f"  {sentence(why, shown.language, shown.zone)}"]
    return [heading, *(line for channel in Channel for line in _text(planned.step.key, channel, shown))]


def _text(key: str, channel: Channel, shown: Shown) -> list[str]:
    """One text as the patient reads it, its lines indented under the channel's name."""
    own = {"first_name": FIRST_NAME[shown.language], ANSWERS: about_answers(shown.language, reads=shown.reads_answers)}
    template = find(f"step:{key}", shown.language, channel, shown.content)
    samples = links(template, channel, in_texts=rules_of(shown.clinic.options).link_in_texts)
    room = Room(channel, content_rules_of(shown.clinic.options).most_segments)
    text, segments = fitting(template, {**NOTHING, **clinic_values(shown.clinic, channel), **samples, **own}, room)
    note = f", {segments} segment{'s' if segments > 1 else ''}" if channel is Channel.SMS else f", {text.subject}"
    body = without_samples(text.body)
    return [f"  [{channel}{note}]", *(f"    {line}".rstrip() for line in body.splitlines())]


COMMANDS = (preview,)
