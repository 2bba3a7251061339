"""Commands for a clinic's own matters: adding one, inviting people and systems, importing treatments."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click
from sqlalchemy.orm import Session

from reminders.care import clinics, imports, staff
from reminders.care.staff.api_keys import new_api_key
from reminders.cli.common import LANGUAGES, clear_errors, find_clinic, open_database, say, start
from reminders.errors import InvalidInputError, SettingsError
from reminders.models.instance import now
from reminders.models.kinds import Language, Role


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
@click.option("--phone", required=True, help="The number that patients call.")
@click.option("--address", required=True, help="The postal address, which each e-mail names.")
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
        token = _invite_owner(session, clinic.id, owner, moment)
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


def _invite_owner(session: Session, clinic_id: UUID, owner: staff.NewStaff, moment: datetime) -> str:
    try:
        return staff.invite(session, clinic_id, owner, moment)
    except InvalidInputError as error:
        # The clinic has a name, too: say whose it is.
        raise InvalidInputError({f"owner-{field}": problem for field, problem in error.problems.items()}) from None


@click.command()
@click.option("--name", required=True)
@click.option("--email", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), default="staff", show_default=True)
@click.option("--phone", default="", help="Where alerts reach them by text.")
@click.option("--on-call", is_flag=True, help="Alert them of red flags: by e-mail, and by text with a phone.")
@click.option("--language", type=LANGUAGES, default="fr", show_default=True)
@click.option("--clinic", "clinic_name", default="", help="Which clinic, by name, where there are several.")
@clear_errors
def invite(clinic_name: str, *, on_call: bool, **given: str) -> None:
    """Add somebody to a clinic and print their invitation."""
    settings = start()
    who, reach = (given["name"], given["email"], given["role"]), (given["language"], given["phone"])
    with open_database(settings).begin() as session:
        new = staff.NewStaff(*who, *reach, on_call=on_call)
        token = staff.invite(session, find_clinic(session, clinic_name).id, new, now(session))
    say("They sign in by this link, once, within 7 days:")
    click.echo(f"    {settings.public_url}/sign-in/{token}")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--clinic", "clinic_name", default="", help="Which clinic, by name, where there are several.")
@click.option("--language", type=LANGUAGES, default="en", show_default=True, help="The report's language.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and do nothing.")
@clear_errors
def import_file(file: Path, clinic_name: str, language: str, *, dry_run: bool) -> None:
    """Import a practice system's CSV.

    Each line is a patient and a treatment; importing twice adds nothing.
    """
    data = _bytes(file)
    database = open_database(start())
    with database.read() as session:
        clinic_id = find_clinic(session, clinic_name).id
        moment = now(session)
    with without_collecting():
        report = imports.import_csv(database, clinic_id, data, moment, dry_run=dry_run)
    for line in imports.report_lines(report, Language(language)):
        click.echo(line)
    if dry_run:
        say("Dry run: nothing was saved")


@contextmanager
def without_collecting() -> Iterator[None]:
    """Rows by the ten thousand, none in a ring: a collector that goes through all of them finds nothing, at a quarter
    of the time. It is the process's, so this is for a command alone, not for whoever serves others meanwhile."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingsError([f"FILE: cannot be read ({type(error).__name__})"]) from None


@click.command("create-api-key")
@click.option("--name", required=True, help="What will use it: shown to staff.")
@click.option("--clinic", "clinic_name", default="", help="Which clinic, by name, where there are several.")
@clear_errors
def create_api_key(name: str, clinic_name: str) -> None:
    """Make a key for the JSON API and print it, this once."""
    with open_database(start()).begin() as session:
        key = new_api_key(session, find_clinic(session, clinic_name).id, name, now(session))
    say("Send it as `Authorization: Bearer KEY`. It is shown only now:")
    click.echo(f"    {key}")


COMMANDS = (create_clinic, invite, create_api_key, import_file)
