"""Which message of ours an e-mail answers, and how it proves that; or which call a bounce is about."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from reminders.care.mailboxes import Mailbox
from reminders.care.matching import Match
from reminders.channels.incoming_mail import IncomingMail
from reminders.database import keyring_of
from reminders.delivery import reply_addresses
from reminders.delivery.receipts import ReceiptIn
from reminders.models import Attempt, Message, Patient, Staff
from reminders.models.kinds import Channel, MessageKind, Outcome

_LEFT = (Outcome.ACCEPTED, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Answered:
    """Whose the mail is, what proves it ("token", "thread" or ""), where we wrote to, and under what subject."""

    match: Match | None = None
    proof: str = ""
    address: str = field(default="", repr=False)
    subject: str = field(default="", repr=False)


def answered_by(session: Session, mailbox: Mailbox, mail: IncomingMail) -> Answered:
    """By the token in the address that it came to, else by the Message-IDs of its thread; both are as hard to guess.

    Only of the mailbox's clinic: what proves something to another clinic proves nothing here, and From alone tells.
    """
    for token in reply_addresses.tokens_in(mail.recipients, mailbox.own_address):
        near = Message.id.between(*reply_addresses.ids_near(token))
        for row in _messages(session, mailbox.clinic_id, near):
            if reply_addresses.is_token_of(keyring_of(session), token, row.id):
                return _answered(row, "token")
    ids = list(_own_ids(mail.answers))
    found = {row.id: row for row in _messages(session, mailbox.clinic_id, Message.id.in_(ids))} if ids else {}
    return next((_answered(found[id_], "thread") for id_ in ids if id_ in found), Answered())


def receipt_of(session: Session, clinic_id: uuid.UUID, mail: IncomingMail) -> ReceiptIn | None:
    """The receipt that a bounce is, for the newest call of the message that it quotes; None if it quotes none of ours.

    Whoever knows the Message-ID is the mail's reader or a server on its way, so a forged bounce harms its forger only.
    """
    if mail.bounce is None:
        return None
    ids = list(_own_ids(mail.bounce.about))
    attempts = (
        select(Attempt.id, Attempt.provider_id)
        .join(Message, Message.id == Attempt.message_id)
        .where(Message.id.in_(ids), Message.clinic_id == clinic_id, Message.channel == Channel.EMAIL)
        .where(Attempt.outcome.in_(_LEFT) | Attempt.outcome.is_(None))
        .order_by(Attempt.number.desc())
        .limit(1)
    )
    found = session.execute(attempts).first() if ids else None
    if found is None:
        return None
    return ReceiptIn(found.id, found.provider_id or mail.bounce.about[0], "undelivered", mail.bounce.status)


def _messages(session: Session, clinic_id: uuid.UUID, which: ColumnElement[bool]) -> Iterator[Any]:
    """Those of them that went by e-mail from this clinic to a patient, and the alerts among them."""
    is_patients = Message.patient_id.is_not(None) & Message.staff_id.is_(None)
    is_alert = Message.staff_id.is_not(None) & (Message.kind == MessageKind.ALERT)
    query = (
        select(
            Message.id, Message.patient_id, Message.staff_id, Message.subject, Patient.email, Staff.email.label("own")
        )
        .outerjoin(Patient, Patient.id == Message.patient_id)
        .outerjoin(Staff, Staff.id == Message.staff_id)
        .where(which, Message.clinic_id == clinic_id, Message.channel == Channel.EMAIL, is_patients | is_alert)
    )
    yield from session.execute(query)


def _answered(row: Any, proof: str) -> Answered:
    if row.staff_id is not None:
        return Answered(Match(None, row.id), proof, row.own or "", row.subject or "")
    return Answered(Match(row.patient_id, row.id), proof, row.email or "", row.subject or "")


def _own_ids(message_ids: Iterable[str]) -> Iterator[uuid.UUID]:
    """Ours are a message's id and our domain; which domain that was then does not matter."""
    for written in message_ids:
        try:
            yield uuid.UUID(written.partition("@")[0])
        except ValueError:
            continue
