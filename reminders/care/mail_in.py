"""Answers by e-mail: each kept before it is understood, once; a bounce becomes the receipt that it is."""

import hashlib
import re
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from reminders import logs
from reminders.care import mailboxes, replies
from reminders.care.letters import BY_SUBJECT, Letter
from reminders.care.mail_matching import Answered, answered_by, receipt_of
from reminders.care.mail_pictures import draw, hang_on
from reminders.care.mailboxes import Mailbox, Turn
from reminders.channels.imap_address import MailboxError
from reminders.channels.imap_mail import Fetched, ImapMailbox
from reminders.channels.incoming_mail import IncomingMail, read_mail
from reminders.channels.mail_files import MailFile
from reminders.database import Database, keyring_of
from reminders.delivery import receipts
from reminders.models.instance import now as clock
from reminders.models.instance import outside
from reminders.models.kinds import Channel, ReplyKind
from reminders.settings import Settings

_log = logs.get(__name__)

_FIRST_LOOK = timedelta(days=1)
"""How far back a mailbox is read at first, or once its mails are numbered anew. Nothing older can be an answer that
nobody has kept; of what has been kept a repeat is known."""

_UNREADABLE = "unreadable"
_BROKEN = "protocol"
"""The problem of a mailbox that was not read for a reason of ours: nothing better can be said of it to staff."""

Opener = Callable[[str], AbstractContextManager[ImapMailbox]]


def read_mailboxes(database: Database, settings: Settings, opener: Opener = ImapMailbox) -> int:
    """Read every mailbox that nobody else is reading; how many mails came. What is wrong with one stops no other."""
    with database.begin() as session:
        found = mailboxes.mailboxes(session, settings)
        mailboxes.forget_others(session, found)
    return sum(_read_one(_Desk(database, settings, mailbox), opener) for mailbox in found)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where a mailbox is read."""

    database: Database
    settings: Settings
    mailbox: Mailbox


def _read_one(desk: _Desk, opener: Opener) -> int:
    database, mailbox = desk.database, desk.mailbox
    with database.begin(clinic=mailbox.clinic_id) as session:
        turn, start = mailboxes.take_turn(session, mailbox.sender_id, clock(session)), outside(session) - _FIRST_LOOK
    if turn is None:
        return 0
    came, problem = 0, ""
    try:
        with opener(mailbox.url) as opened:
            for fetched in opened.since(turn.standing.place, start.date()):
                if not _take(desk, turn, fetched):
                    return came
                opened.mark_seen(fetched.place)
                came += 1
    except MailboxError as error:
        problem = error.word
        if problem != turn.standing.problem:
            _log.error("mailbox not read", sender_id=str(mailbox.sender_id), reason=problem)
    except Exception as error:  # whatever broke in this mailbox, staff see that, and the other clinics' are read
        problem = _BROKEN
        _log.error("mailbox not read", sender_id=str(mailbox.sender_id), reason=type(error).__name__)
    with database.begin(clinic=mailbox.clinic_id) as session:
        turn.end(session, problem, clock(session))
    return came


def _take(desk: _Desk, turn: Turn, fetched: Fetched) -> bool:
    """Keep one mail and step past it, in one transaction; understand it in the next, and look at its pictures then.
    False if the turn is lost."""
    before = turn.standing
    try:
        kept = _kept(desk, turn, fetched, _read(fetched))
    except DBAPIError:
        # The database's trouble is no mail's fault: it is read again.
        raise
    except Exception as error:  # one mail that cannot be kept must not stand before all that come after it
        _log.error("mail not kept as it reads", reason=type(error).__name__)
        turn.standing = before
        kept = _kept(desk, turn, fetched, _unreadable(fetched))
    if kept is None:
        return False
    if kept.reply_id is not None:
        # A red flag waits for no picture.
        replies.understand_now(desk.database, kept.reply_id)
    draw(desk.database, desk.settings, kept.waiting)
    return True


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a mail became: a reply, or none if it was a receipt or a repeat; and the pictures still to be looked at."""

    reply_id: uuid.UUID | None
    waiting: Mapping[uuid.UUID, bytes] = field(default_factory=dict)


def _kept(desk: _Desk, turn: Turn, fetched: Fetched, mail: IncomingMail) -> _Kept | None:
    mailbox = desk.mailbox
    with desk.database.begin(clinic=mailbox.clinic_id) as session:
        # Whoever has lost the turn finds the row changed; the mail is then the other's to keep.
        if not turn.advance(session, fetched.place):
            return None
        reply_id = None if _is_receipt(session, mailbox, mail) else _keep(session, mailbox, mail)
        return _Kept(reply_id, hang_on(session, reply_id, fetched.place, mail) if reply_id is not None else {})


def _read(fetched: Fetched) -> IncomingMail:
    try:
        return read_mail(fetched.raw, is_whole=fetched.is_whole)
    except Exception as error:  # whatever somebody sends, staff see it, and the next mail may be a red flag
        _log.error("mail not readable", reason=type(error).__name__)
        return _unreadable(fetched)


def _unreadable(fetched: Fetched) -> IncomingMail:
    """What staff see of a mail that cannot be read or kept: how it begins."""
    text = fetched.raw[:10_000].decode("utf-8", "replace").replace("\x00", "")
    return IncomingMail("", "", (), (), "", text, (MailFile(_UNREADABLE, b"", "broken"),), "")


def _is_receipt(session: Session, mailbox: Mailbox, mail: IncomingMail) -> bool:
    """Whether the mail reports what became of one of ours; if it is given up, that is noted. A delay is no news."""
    receipt = receipt_of(session, mailbox.clinic_id, mail)
    if receipt is not None and mail.bounce and mail.bounce.is_final:
        receipts.record(session, receipt, clock(session))
    return receipt is not None


def _keep(session: Session, mailbox: Mailbox, mail: IncomingMail) -> uuid.UUID | None:
    answered = answered_by(session, mailbox, mail)
    body = _body(mail, answered)
    by_subject = BY_SUBJECT if _NOTICE.match(mail.subject.strip()) else ""
    letter = Letter(
        proof=answered.proof,
        automatic="own_address" if mail.sender.lower() == mailbox.own_address else mail.automatic or by_subject,
        sender=mail.sender,
        subject=mail.subject,
        message_id=mail.message_id,
        thread=" ".join(filter(None, (*reversed(mail.answers), mail.message_id))),
    )
    inbound = replies.Inbound(
        sender_id=mailbox.sender_id,
        clinic_id=mailbox.clinic_id,
        channel=Channel.EMAIL,
        kind=ReplyKind.EMAIL,
        provider_id=_identity(session, mailbox, mail),
        # An answer goes where the question went, whatever From says.
        from_address=answered.address or mail.sender,
        body=body,
        media=[{"content_type": file.content_type} for file in mail.files] or None,
        raw=letter.to_data(),
        known=answered.match,
    )
    return replies.receive(session, inbound, clock(session))


def _identity(session: Session, mailbox: Mailbox, mail: IncomingMail) -> str:
    """By what a repeat is known: the Message-ID with what it says, since some programs give one id to several mails.

    Hashed with a key: the id may name its sender's machine, and this column is not sealed.
    """
    files = (f"{file.content_type} {hashlib.sha256(file.data).hexdigest()}" for file in mail.files)
    said = hashlib.sha256("\0".join((mail.sender, mail.subject, mail.text, *files)).encode(errors="replace"))
    # Without an id the same words on another day are another mail.
    named = mail.message_id or f"\0{mail.date}"
    return keyring_of(session).index(f"mail:{mailbox.sender_id}", f"{named}\0{said.hexdigest()}")


_ANSWERS = r"(?:re|r[eé]f|r[eé]p|antw(?:ort)?|aw|sv|vs|odp|fwd?|wg|tr|rv)\.?\s*(?:\[\d+\])?\s*:"
_FROM_OUTSIDE = r"\[\s*ext(?:[eé]rieur|ern(?:al|e)?)?\s*\]\s*:?|ext(?:[eé]rieur|ern(?:al|e))\s*:"
_PREFIX = re.compile(rf"^(?:(?:{_ANSWERS}|{_FROM_OUTSIDE})\s*)+", re.IGNORECASE)
"""What programs and gateways put before a subject."""

_NOTICE = re.compile(
    r"(?:auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|r[eé]ponse automatique|message d.absence"
    r"|absen(?:te?|ce) du bureau)\b",
    re.IGNORECASE,
)
"""How an absence notice is headed. What its words alone say may be a person's: one who is away can have a fever."""


def _body(mail: IncomingMail, answered: Answered) -> str:
    """The mail's words as they stood, after its subject where that is the writer's own: some write nothing else."""
    subject = _PREFIX.sub("", mail.subject).strip()
    is_ours = not subject or subject.casefold() == answered.subject.casefold()
    return mail.text if is_ours else f"{subject}\n\n{mail.text}".strip()
