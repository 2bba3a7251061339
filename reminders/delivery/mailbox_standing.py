"""How a clinic's mailbox stands, as its reader left it, and whether an e-mail may say that answers are read."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from reminders.channels.imap_mail import Place
from reminders.models import Instance

TROUBLES = frozenset({"connection", "timeout", "certificate", "login", "folder"})
"""The problems that staff, or whoever set the mailbox up, can do something about."""

MUTE_AFTER = timedelta(minutes=10)
"""How long a mailbox may be out of reach before e-mails stop saying that answers are read: it is looked into twice a
minute, and what waits there for less than this is still read in time."""

PREFIX = "imap:"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a mailbox stands: read up to `place`, by a reader until `until` ("" by nobody), and since when it cannot be
    read, now for the reason `problem` (times ISO 8601, UTC)."""

    validity: int = 0
    uid: int = 0
    reader: str = ""
    until: str = ""
    problem: str = ""
    since: str = ""

    @property
    def muted_at(self) -> datetime | None:
        """Since when it cannot be read (UTC); None if it can."""
        return datetime.fromisoformat(self.since) if self.since else None

    def is_mute(self, now: datetime) -> bool:
        """Whether it could not be read for longer than a moment."""
        return self.muted_at is not None and now - self.muted_at >= MUTE_AFTER

    @property
    def trouble(self) -> str:
        """The problem, or "other" for one that staff cannot be told more about."""
        return self.problem if self.problem in TROUBLES else "other"

    @property
    def place(self) -> Place | None:
        """How far it has been read; None before the first mail."""
        return Place(self.validity, self.uid) if self.uid else None

    def to_text(self) -> str:
        """The same as one value of `instance`: what `read_standing` reads back."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, sort_keys=True)


def read_standing(value: str) -> Standing:
    """What stands there; what this version does not know of is left out."""
    return Standing(**{name: word for name, word in json.loads(value).items() if name in Standing.__slots__})


def key_of(sender_id: uuid.UUID) -> str:
    """Where a sender's mailbox stands in `instance`."""
    return f"{PREFIX}{sender_id}"


def is_mute(session: Session, sender_id: uuid.UUID, now: datetime) -> bool:
    """Whether the sender's mailbox is known to be out of reach for longer than a moment. One statement."""
    value = session.connection().execute(_VALUE, {"key": key_of(sender_id)}).scalar()
    return value is not None and read_standing(value).is_mute(now)


_VALUE = select(Instance.value).where(Instance.key == bindparam("key"))
