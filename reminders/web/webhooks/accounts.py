"""What is known of the account that a webhook names: one statement, which also reads the clock."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from reminders.models import Sender
from reminders.models.instance import CLOCK, moment
from reminders.models.kinds import Channel


@dataclass(frozen=True, slots=True)
class AccountSender:
    """One number of the account, or its Messaging Service, and whose it is."""

    id: uuid.UUID
    clinic_id: uuid.UUID
    address: str
    service: str


@dataclass(frozen=True, slots=True)
class Account:
    """The database's clock, and an account's senders, oldest first: none for an account that is not ours."""

    sid: str
    now: datetime
    senders: Sequence[AccountSender]
    tokens: Sequence[str] = field(repr=False)
    """Those that clinics gave; the environment's are the settings'."""


_COLUMNS = (Sender.id, Sender.clinic_id, Sender.address, Sender.service, Sender.credentials)
_CLOCK = select(*CLOCK).subquery("clock")
_ACCOUNT = (
    # The clock is there for an account without senders, too.
    select(_CLOCK, *_COLUMNS)
    .outerjoin_from(_CLOCK, Sender, (Sender.channel == Channel.SMS) & (Sender.account == bindparam("sid")))
    .order_by(Sender.created_at, Sender.id)
)


def account_of(connection: Connection, sid: str) -> Account:
    """The account that calls itself `sid`."""
    rows = connection.execute(_ACCOUNT, {"sid": sid}).all()
    own = [row for row in rows if row.id is not None]
    return Account(
        sid=sid,
        now=moment(rows[0].database_clock, rows[0].database_clock_offset),
        senders=[AccountSender(row.id, row.clinic_id, row.address, row.service) for row in own],
        tokens=[str(row.credentials.get("token", "")) for row in own if row.credentials is not None],
    )
