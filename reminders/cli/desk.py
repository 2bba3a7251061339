"""Commands for a clinic's own matters: adding one, importing treatments, previewing a protocol."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import clinics, imports, staff
from reminders.care.api_keys import new_api_key
from reminders.cli.common import clear_errors, open_database, say, start
from reminders.clock import require_aware
from reminders.errors import SettingsError
from reminders.models import Clinic
from reminders.models.instance import now
from reminders.models.kinds import Channel, Language, Role
from reminders.wording.segments import count
from schedules import library
from schedules.hours import Hours, NonexistentTimeError, localize
from schedules.plan import PlannedStep, plan

LANGUAGES = click.Choice([language.value for language in Language])


@dataclass(frozen=True)
class ClinicOptions:
    """What `create-clinic` is given."""

    name: str
    short_name: str
    timezone: str
    language: str
    phone: str
    address: str
    booking_url: str


@click.command("create-clinic")
@click.option("--name", required=True)
@click.option("--short-name", default="", help="How texts name it; the name by default.")
@click.option("--timezone", default="America/Toronto", show_default=True)
@click.option("--language", type=LANGUAGES, default="fr", show_default=True)
@click.option("--phone", default="")
@click.option("--address", default="")
@click.option("--booking-url", default="")
@click.option("--owner-name", required=True)
@click.option("--owner-email", required=True)
@clear_errors
def create_clinic(owner_name: str, owner_email: str, **given: str) -> None:
    """Add a clinic and print its owner's invitation."""
    settings = start()
    options = ClinicOptions(**given)
    language = Language(options.language)
    with open_database(settings).begin() as session:
        moment = now(session)
        clinic = clinics.create_clinic(session, _new(options, language), settings, moment)
        owner = staff.NewStaff(owner_name, owner_email, Role.OWNER, language)
        token = staff.invite(session, clinic.id, owner, moment)
    say("The clinic is there. Its owner signs in by this link, once, within 7 days:")
    click.echo(f"    {settings.public_url}/sign-in/{token}")


def _new(options: ClinicOptions, language: Language) -> clinics.NewClinic:
    return clinics.NewClinic(
        name=options.name,
        short_name=options.short_name or options.name,
        timezone=options.timezone,
        language=language,
        phone=options.phone,
        address=options.address,
        booking_url=options.booking_url,
    )


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--clinic", "clinic_name", default="", help="Which clinic, by name, where there are several.")
@click.option("--language", type=LANGUAGES, default="en", show_default=True, help="The report's language.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and do nothing.")
@clear_errors
def import_file(file: Path, clinic_name: str, language: str, *, dry_run: bool) -> None:
    """Import patients and treatments from a practice system's CSV; importing twice adds nothing."""
    database = open_database(start())
    with database.read() as session:
        clinic_id = _clinic(session, clinic_name)
        moment = now(session)
    report = imports.import_csv(database, clinic_id, file.read_bytes(), moment, dry_run=dry_run)
    for line in imports.report_lines(report, Language(language)):
        click.echo(line)
    if dry_run:
        say("Dry run: nothing was saved")


@click.command("create-api-key")
@click.option("--name", required=True, help="What will use it: shown to staff.")
@click.option("--clinic", "clinic_name", default="", help="Which clinic, by name, where there are several.")
@clear_errors
def create_api_key(name: str, clinic_name: str) -> None:
    """Make a key for the JSON API and print it, this once."""
    with open_database(start()).begin() as session:
        key = new_api_key(session, _clinic(session, clinic_name), name, now(session))
    say("Send it as `Authorization: Bearer KEY`. It is shown only now:")
    click.echo(f"    {key}")


def _clinic(session: Session, name: str) -> UUID:
    found = [row for row in session.execute(select(Clinic.id, Clinic.name)) if name in {"", row.name}]
    if len(found) != 1:
        raise SettingsError(["--clinic: there is no such clinic" if name else "--clinic: say which one, by name"])
    clinic_id: UUID = found[0].id
    return clinic_id


@click.command()
@click.argument("protocol", type=click.Choice(library.available()))
@click.option("--treated-at", required=True, help="Local time, 2026-03-10T14:30.")
@click.option("--timezone", default="America/Toronto", show_default=True)
@click.option("--language", type=LANGUAGES, default="fr", show_default=True)
@clear_errors
def preview(protocol: str, treated_at: str, timezone: str, language: str) -> None:
    """Show what a patient receives after a treatment, as if it were recorded on the spot."""
    treated, zone = _local(treated_at, timezone)
    found = library.load(protocol)
    planned = plan(found.protocol, treated, Hours(zone), treated)
    for entry in planned.planned:
        _show(entry, zone, found.texts[language][entry.step.key])


def _local(treated_at: str, timezone: str) -> tuple[datetime, ZoneInfo]:
    try:
        zone = ZoneInfo(timezone)
        given = datetime.fromisoformat(treated_at)
        return (require_aware(given) if given.tzinfo else localize(given, zone)), zone
    except (ZoneInfoNotFoundError, IsADirectoryError):
        raise SettingsError([f"--timezone: there is no zone {timezone!r}; an example is America/Toronto"]) from None
    except NonexistentTimeError:
        raise SettingsError([f"--treated-at: {treated_at} does not exist there: the clocks jump over it"]) from None
    except ValueError:
        raise SettingsError(["--treated-at: write it like 2026-03-10T14:30"]) from None


def _show(entry: PlannedStep, zone: ZoneInfo, texts: dict[str, dict[str, str]]) -> None:
    local = entry.due_at.astimezone(zone)
    click.echo(f"\n{entry.step.key}  {local:%A %d %B %Y, %H:%M %Z}")
    for channel in Channel:
        body = texts[channel]["body"]
        note = f" ({count(body).count} segments)" if channel is Channel.SMS else ""
        click.echo(f"  [{channel}{note}] {body}")


COMMANDS = (create_clinic, create_api_key, import_file, preview)
