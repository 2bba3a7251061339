"""Messages that do not simply leave: every twentieth of each kind, so that nearly every group has all kinds."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select

from benchmarks.carrier import INVALID, OPTED_OUT
from benchmarks.practice import TUESDAY, Practice, add_check_ins, phone
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Consent, OptOut, Patient
from reminders.models.kinds import Channel, ConsentAction, Purpose

MOST = 10_000
"""So many at most: their phones end with what the carrier refuses by."""

_EVERY = 20
_REFUSED: Mapping[int, int] = {0: INVALID, 1: OPTED_OUT}
_OPTED_OUT_HERE, _WITHDRAWN = 2, 3
KINDS = len(_REFUSED) + 2
"""Refused for good, opted out at the carrier; opted out here, and consent withdrawn. "Too fast" would end the run."""


def leaving(count: int) -> int:
    """How many of `count` are sent all the same."""
    return sum(number % _EVERY >= KINDS for number in range(count))


def add_troubled(database: Database, practice: Practice, count: int) -> None:
    """Check-ins that are due at TUESDAY.

    Raises:
        ValueError: more than MOST.
    """
    if count > MOST:
        raise ValueError(f"{count} phones, and only {MOST} can be told apart")
    add_check_ins(database, practice, count, phone_of=_phone)
    _opt_out(database, practice, range(_OPTED_OUT_HERE, count, _EVERY))
    _withdraw(database, practice, range(_WITHDRAWN, count, _EVERY))


def _phone(number: int) -> str:
    ending = _REFUSED.get(number % _EVERY)
    return phone(number) if ending is None else f"+1555{number:04d}{ending}"


def _index(database: Database, number: int) -> str:
    return database.keyring.index("phone", _phone(number))


def _opt_out(database: Database, practice: Practice, numbers: range) -> None:
    same = {"clinic_id": practice.clinic_id, "channel": Channel.SMS, "at": TUESDAY, "source": "reply"}
    with database.begin() as session:
        rows = [{**same, "id": new_id(), "address_index": _index(database, number)} for number in numbers]
        session.execute(insert(OptOut), rows)


def _withdraw(database: Database, practice: Practice, numbers: range) -> None:
    same: dict[str, Any] = {"channel": Channel.SMS, "purpose": Purpose.AFTERCARE, "action": ConsentAction.WITHDRAWN}
    same |= {"clinic_id": practice.clinic_id, "at": TUESDAY, "source": "reply"}
    indexes = [_index(database, number) for number in numbers]
    with database.begin() as session:
        patients = session.scalars(select(Patient.id).where(Patient.phone_index.in_(indexes))).all()
        session.execute(insert(Consent), [{**same, "id": new_id(), "patient_id": one} for one in patients])
