"""The clinics' mailboxes: which are read, how far each has been, who reads it now, and what is wrong with it.

All of one mailbox stands in one row of `instance`, which is changed only by whoever knows what it says: so of two
readers one waits, and one that was given up for dead moves nothing any more.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parseaddr

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from reminders import logs
from reminders.channels.imap_mail import Place
from reminders.channels.opening import mailbox_url
from reminders.database import insert_missing
from reminders.delivery.housekeeping import identity_of
from reminders.delivery.mailbox_standing import PREFIX, Standing, key_of, read_standing
from reminders.errors import CryptoError
from reminders.ids import new_id
from reminders.models import Instance, Sender
from reminders.models.clinic import NOT_CONNECTED
from reminders.models.kinds import Channel
from reminders.settings import Settings

_log = logs.get(__name__)

LEASE = timedelta(seconds=90)
"""How long a mailbox is its reader's, who gives it up after half of that."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A sender's mailbox that answers come to, and the address that it is known by."""

    sender_id: uuid.UUID
    clinic_id: uuid.UUID
    address: str
    url: str

    @property
    def own_address(self) -> str:
        """The bare address, in small letters."""
        return parseaddr(self.address)[1].lower()


def mailboxes(session: Session, settings: Settings) -> list[Mailbox]:
    """Every mailbox that is to be read. One whose credentials do not open is left out, with a line in the log."""
    wanted = select(Sender.id).where(Sender.channel == Channel.EMAIL, Sender.address != NOT_CONNECTED)
    found = (_mailbox(session, sender_id, settings) for sender_id in session.scalars(wanted.order_by(Sender.id)))
    return [mailbox for mailbox in found if mailbox is not None]


def _mailbox(session: Session, sender_id: uuid.UUID, settings: Settings) -> Mailbox | None:
    try:
        sender = session.get_one(Sender, sender_id)
        url = mailbox_url(identity_of(sender), settings)
    except CryptoError as error:
        _log.error("a sender's credentials do not open", sender_id=str(sender_id), reason=type(error).__name__)
        return None
    return Mailbox(sender.id, sender.clinic_id, sender.address, url) if url else None


def forget_others(session: Session, read: Sequence[Mailbox]) -> None:
    """Of mailboxes that nobody is to read any more nothing is said."""
    stale = (Instance.key.startswith(PREFIX), Instance.key.not_in([key_of(one.sender_id) for one in read]))
    if session.scalar(select(exists().where(*stale))):
        session.execute(delete(Instance).where(*stale))


def is_read(session: Session, clinic_id: uuid.UUID, now: datetime) -> bool:
    """Whether answers to the clinic's e-mails are read: a reader has looked, and got in not long ago."""
    senders = session.scalars(select(Sender.id).where(Sender.clinic_id == clinic_id, Sender.channel == Channel.EMAIL))
    values = session.scalars(select(Instance.value).where(Instance.key.in_([key_of(one) for one in senders])))
    return any(not read_standing(value).is_mute(now) for value in values)


def troubles(session: Session, sender_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Standing]:
    """Of these senders' mailboxes those that could not be read the last time."""
    keys = {key_of(sender_id): sender_id for sender_id in sender_ids}
    rows = session.execute(select(Instance.key, Instance.value).where(Instance.key.in_(keys)))
    found = {keys[key]: read_standing(value) for key, value in rows}
    return {sender_id: standing for sender_id, standing in found.items() if standing.problem}


@dataclass(slots=True)
class Turn:
    """A reader's turn at a mailbox. Each change takes effect only while nobody else has taken it over."""

    sender_id: uuid.UUID
    standing: Standing

    def keep(self, session: Session, standing: Standing) -> bool:
        """Put `standing` in the place of what was there; False, and nothing done, if the turn is lost."""
        changed = session.connection().execute(
            update(Instance)
            .where(Instance.key == key_of(self.sender_id), Instance.value == self.standing.to_text())
            .values(value=standing.to_text())
        )
        if changed.rowcount == 1:
            self.standing = standing
        return changed.rowcount == 1

    def advance(self, session: Session, place: Place) -> bool:
        """As `keep`, for a mail that is kept in the same transaction."""
        return self.keep(session, replace(self.standing, validity=place.validity, uid=place.uid))

    def end(self, session: Session, problem: str, now: datetime) -> None:
        """Leave the mailbox to the next reader, saying what went wrong ("" for nothing) and since when."""
        # The fault may change while it goes on: nothing has been read since the first.
        since = (self.standing.since or now.isoformat()) if problem else ""
        self.keep(session, replace(self.standing, reader="", until="", problem=problem, since=since))


def take_turn(session: Session, sender_id: uuid.UUID, now: datetime) -> Turn | None:
    """The turn at a mailbox, for `LEASE`; None while it is somebody else's."""
    insert_missing(session, Instance, {"key": key_of(sender_id), "value": Standing().to_text()})
    standing = read_standing(session.scalars(select(Instance.value).where(Instance.key == key_of(sender_id))).one())
    if standing.until and datetime.fromisoformat(standing.until) > now:
        return None
    turn = Turn(sender_id, standing)
    mine = replace(standing, reader=new_id().hex, until=(now + LEASE).isoformat())
    return turn if turn.keep(session, mine) else None
