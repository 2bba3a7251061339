"""Commands that put sending on hold, lift holds, and list them."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import holds
from reminders.care.actors import Actor
from reminders.cli.common import clear_errors, find_clinic, open_database, say, start
from reminders.errors import NotFoundError
from reminders.models import Clinic, Patient, Protocol
from reminders.models.instance import now

_ALL = "nothing leaves, safety texts and alerts included"
_ALL_BUT = "nothing leaves but safety texts and alerts"
_WHICH = click.option("--clinic", "clinic_name", default="", help="Which clinic, by name, where there are several.")
_REASON = click.option("--reason", required=True, help="Why, for staff to read. No health details.")
_MOMENT = "%Y-%m-%d %H:%M %Z"


@click.group()
def hold() -> None:
    """Put all, a clinic, a protocol or a patient on hold.

    At once: what a worker has prepared and not begun to hand over stays, too.
    """


@click.group()
def release() -> None:
    """Lift a hold.

    What waited and is still useful goes out at the senders' pace; what is too late ends, and says that it was on hold.
    """


@hold.command("all")
@click.option("--reason", required=True, help="Why; the staff of every clinic read it.")
@clear_errors
def hold_all(reason: str) -> None:
    """The kill switch: hold everything, of every clinic."""
    with open_database(start()).begin() as session:
        done = holds.put_everything(session, reason, now(session))
    say(f"Everything is on hold: {_ALL}." if done else "Everything was on hold already.")


@release.command("all")
@clear_errors
def release_all() -> None:
    """Lift the kill switch; other holds stay."""
    with open_database(start()).begin() as session:
        done = holds.lift_everything(session, now(session))
    say("Sending goes on, but for what is on hold by itself." if done else "Not everything was on hold.")


@hold.command("clinic")
@_WHICH
@_REASON
@clear_errors
def hold_clinic(clinic_name: str, reason: str) -> None:
    """Hold everything of a clinic."""
    _put(lambda session: find_clinic(session, clinic_name), reason, _ALL)


@release.command("clinic")
@_WHICH
@clear_errors
def release_clinic(clinic_name: str) -> None:
    """Lift a clinic's hold."""
    _lift(lambda session: find_clinic(session, clinic_name))


@hold.command("protocol")
@click.argument("key")
@_WHICH
@_REASON
@clear_errors
def hold_protocol(key: str, clinic_name: str, reason: str) -> None:
    """Hold what a clinic's protocol owes, by its key, as in `preview`."""
    _put(lambda session: _protocol(session, clinic_name, key), reason, _ALL_BUT)


@release.command("protocol")
@click.argument("key")
@_WHICH
@clear_errors
def release_protocol(key: str, clinic_name: str) -> None:
    """Lift a protocol's hold."""
    _lift(lambda session: _protocol(session, clinic_name, key))


@hold.command("patient")
@click.argument("patient_id", type=click.UUID)
@_REASON
@clear_errors
def hold_patient(patient_id: UUID, reason: str) -> None:
    """Hold what goes to a patient, by the id in their page's address."""
    _put(lambda session: _patient(session, patient_id), reason, _ALL_BUT)


@release.command("patient")
@click.argument("patient_id", type=click.UUID)
@clear_errors
def release_patient(patient_id: UUID) -> None:
    """Lift a patient's hold."""
    _lift(lambda session: _patient(session, patient_id))


@click.command("holds")
@clear_errors
def list_holds() -> None:
    """List what is on hold, patients by their ids."""
    with open_database(start()).read() as session:
        lines = _lines(session)
    for line in lines or ["Nothing is on hold."]:
        click.echo(line)


def _lines(session: Session) -> list[str]:
    clinics = {clinic.id: clinic for clinic in session.scalars(select(Clinic))}
    switch = holds.everything(session)
    return [
        *([f"everything, {_since(switch.since, 'UTC')}"] if switch else []),
        *(f"clinic {one.name}, {_since(one.held_at, one.timezone)}" for one in holds.held_clinics(session)),
        *(_line(f"protocol {one.key}", one, clinics[one.clinic_id]) for one in holds.held_protocols(session)),
        *(_line(f"patient {one.id}", one, clinics[one.clinic_id]) for one in holds.held_patients(session)),
    ]


def _line(what: str, held: Protocol | Patient, clinic: Clinic) -> str:
    return f"{what} of {clinic.name}, {_since(held.held_at, clinic.timezone)}"


def _since(moment: datetime | None, zone: str) -> str:
    """By the clinic's own clock, as its pages say it."""
    return f"since {moment.astimezone(ZoneInfo(zone)):{_MOMENT}}" if moment else "since when is unknown"


def _put(find: Callable[[Session], holds.Holdable], reason: str, means: str) -> None:
    with open_database(start()).begin() as session:
        target = find(session)
        done = holds.put(session, _operator(target), target, reason, now(session))
    say(f"It is on hold: {means}." if done else "It was on hold already.")


def _lift(find: Callable[[Session], holds.Holdable]) -> None:
    with open_database(start()).begin() as session:
        target = find(session)
        done = holds.lift(session, _operator(target), target, now(session))
    say("The hold is lifted." if done else "It was not on hold.")


def _operator(target: holds.Holdable) -> Actor:
    return Actor(target.id if isinstance(target, Clinic) else target.clinic_id, "command")


def _protocol(session: Session, clinic_name: str, key: str) -> Protocol:
    clinic = find_clinic(session, clinic_name)
    found = session.scalar(select(Protocol).where(Protocol.clinic_id == clinic.id, Protocol.key == key))
    if found is None:
        raise NotFoundError("this clinic has no protocol of this key")
    return found


def _patient(session: Session, patient_id: UUID) -> Patient:
    found = session.scalar(select(Patient).where(Patient.id == patient_id, Patient.erased_at.is_(None)))
    if found is None:
        raise NotFoundError("there is no patient of this id")
    return found


COMMANDS = (hold, release, list_holds)
