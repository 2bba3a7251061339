"""Fetching what hangs on texts and e-mails. The row is the job: whoever claims it fetches it, once at a time."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from sqlalchemy import bindparam, exists, literal_column, select, update
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care.attachments import look
from reminders.care.tickets import NewTicket, open_ticket
from reminders.channels.base import ChannelError
from reminders.channels.opening import SenderIdentity, open_media
from reminders.channels.twilio_media import MediaError
from reminders.columns import UtcDateTime
from reminders.database import Database
from reminders.models import Attachment, Reply, Sender, Ticket
from reminders.models.instance import now as clock
from reminders.models.kinds import AttachmentState, TicketKind, TicketState
from reminders.settings import Settings

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
"""How long after its n-th beginning a fetch is tried again, whether it failed or its worker died; then it is given up.
The first is longer than any fetch takes, so that nobody else begins meanwhile."""

MOST_BYTES = 12 * 1024 * 1024
"""The largest file that is looked at: a phone's picture in full. Twilio carries less, and no more of it is read."""

LOST = "attachment_lost"
"""The reason of the ticket for something that could not be fetched, where no other about its reply is open."""

_INTERRUPTED = "interrupted"
_AT_ONCE = 40
_THREADS = 4

_log = logs.get(__name__)


class Source(Protocol):
    """Where a sender's media are."""

    def fetch(self, address: str) -> bytes:
        """The bytes behind an address.

        Raises:
            MediaError: they cannot be had.
        """


Opener = Callable[[SenderIdentity, Settings], Source]


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A row that is ours until its next try: `attempt` is the token of that."""

    id: uuid.UUID
    attempt: int
    declared: str
    address: str = field(repr=False)
    sender: SenderIdentity


def fetch_waiting(database: Database, settings: Settings, opener: Opener = open_media) -> int:
    """Fetch what is due, a few at a time. How many rows were begun."""
    with database.read() as session:
        due = session.execute(_DUE, {"now": clock(session)}).all()
    if not due:
        return 0
    one = partial(_fetch_one, database, settings, opener)
    with ThreadPoolExecutor(min(_THREADS, len(due)), thread_name_prefix="media") as threads:
        return sum(threads.map(one, [row.id for row in due], [row.attempts for row in due]))


def take_in_hand(database: Database, settings: Settings, id_: uuid.UUID, source: Source) -> None:
    """Keep something that nobody has begun with, from a source that has it at hand. Whatever breaks off here,
    `fetch_waiting` goes on from where it came."""
    _fetch_one(database, settings, lambda *_: source, id_, 0)


_DUE = (
    select(Attachment.id, Attachment.attempts)
    # Said with the word itself, or the partial index would not be used.
    .where(
        Attachment.state == literal_column("'waiting'"), Attachment.next_try_at <= bindparam("now", type_=UtcDateTime())
    )
    .order_by(Attachment.next_try_at)
    .limit(_AT_ONCE)
)


def _fetch_one(database: Database, settings: Settings, opener: Opener, id_: uuid.UUID, seen: int) -> bool:
    try:
        if not _claim(database, id_, seen):
            return False
        _settle(database, id_, seen + 1, _outcome(database, settings, opener, id_, seen + 1))
    except Exception as error:  # whatever is wrong with one, the others are fetched; this one is tried again
        _log.error("attachment not fetched", job_id=str(id_), exc_info=error)
    return True


def _claim(database: Database, id_: uuid.UUID, seen: int) -> bool:
    """Whether it is ours: nobody else has begun since it was seen."""
    with database.begin() as session:
        # What has been begun so often and never came to an end is more likely to blame than the workers.
        ended = {"state": AttachmentState.FAILED, "reason": _INTERRUPTED, "source_url": None}
        values = {"next_try_at": clock(session) + WAITS[seen]} if seen < len(WAITS) else ended
        claimed = _move(session, id_, seen, {**values, "attempts": seen + 1})
        if claimed and seen >= len(WAITS):
            _tell(session, id_)
            return False
        return claimed


def _move(session: Session, id_: uuid.UUID, attempt: int, values: dict[str, Any]) -> bool:
    """Change a row that waits, unless somebody else has begun since."""
    mine = (Attachment.id == id_, Attachment.state == AttachmentState.WAITING, Attachment.attempts == attempt)
    statement = update(Attachment).where(*mine).values(values).execution_options(synchronize_session=False)
    return session.execute(statement.returning(Attachment.id)).one_or_none() is not None


def _outcome(database: Database, settings: Settings, opener: Opener, id_: uuid.UUID, attempt: int) -> dict[str, Any]:
    """What became of one try, as columns. No database is held while the provider is asked."""
    with database.read() as session:
        claimed = _read(session, id_, attempt)
    try:
        data = opener(claimed.sender, settings).fetch(claimed.address)
    except ChannelError:
        return _failed("credentials", attempt)
    except MediaError as error:
        if error.final:
            return {"state": AttachmentState.REFUSED, "reason": error.reason, "source_url": None}
        return _failed(error.reason, attempt)
    return look(data, claimed.declared, MOST_BYTES).as_values


def _read(session: Session, id_: uuid.UUID, attempt: int) -> _Claimed:
    row = session.execute(
        select(Attachment.content_type, Attachment.source_url, Sender)
        .join(Reply, Reply.id == Attachment.reply_id)
        .join(Sender, Sender.id == Reply.sender_id)
        .where(Attachment.id == id_)
    ).one()
    sender = row.Sender
    identity = SenderIdentity(sender.channel, sender.account, sender.address, sender.service, sender.credentials)
    return _Claimed(id_, attempt, row.content_type, row.source_url or "", identity)


def _failed(reason: str, attempt: int) -> dict[str, Any]:
    """It is tried again when its time comes, unless this was the last."""
    if attempt < len(WAITS):
        return {"reason": reason}
    return {"state": AttachmentState.FAILED, "reason": reason, "source_url": None}


def _settle(database: Database, id_: uuid.UUID, attempt: int, values: dict[str, Any]) -> None:
    with database.begin() as session:
        if _move(session, id_, attempt, values) and values.get("state") is AttachmentState.FAILED:
            _tell(session, id_)


def _tell(session: Session, id_: uuid.UUID) -> None:
    """Staff read on the reply that something is missing; if no ticket leads them there any more, a new one does."""
    row = session.execute(
        select(Attachment.clinic_id, Attachment.patient_id, Attachment.reply_id).where(Attachment.id == id_)
    ).one()
    still = exists().where(Ticket.reply_id == row.reply_id, Ticket.state != TicketState.CLOSED)
    if session.scalar(select(still)):
        return
    ticket = NewTicket(
        clinic_id=row.clinic_id,
        kind=TicketKind.UNCLEAR,
        dedupe_key=f"ticket:{LOST}:{row.reply_id}",
        patient_id=row.patient_id,
        reply_id=row.reply_id,
        reason=LOST,
    )
    open_ticket(session, ticket, clock(session))
