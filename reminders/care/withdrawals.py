"""What an opt-out writes into the consent ledger, and what lifting it restores. Nothing in the ledger is changed."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.models import Consent
from reminders.models.kinds import Channel, ConsentAction, Purpose

BY_PATIENT = frozenset({"reply", "email", "page", "carrier"})
"""Where a withdrawal comes from that an opt-out wrote; START undoes only these, never what staff recorded."""

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Change:
    """Whose consents change on which channel, where that came from, and when."""

    patient_ids: Sequence[uuid.UUID]
    channel: Channel
    source: str
    at: datetime
    reply_id: uuid.UUID | None = None
    under_age: frozenset[uuid.UUID] = frozenset()
    """Those of the patients for whom only a guardian may agree: their own word restores nothing."""


def withdraw(session: Session, change: Change) -> None:
    """Add a withdrawal for each consent in force of these patients on this channel, whatever it was for."""
    for history in _histories(session, change).values():
        if history[-1].action is ConsentAction.GRANTED:
            session.add(_entry(history[-1], history[-1].at, change, ConsentAction.WITHDRAWN))
    session.flush()


def restore(session: Session, change: Change, since: datetime) -> None:
    """Grant again what was in force when the opt-out of `since` withdrew it; what staff withdrew stays so."""
    for (patient_id, _), history in _histories(session, change).items():
        before = consented_before(history, since)
        if before is not None and (before.given_by is not None or patient_id not in change.under_age):
            session.add(_entry(before, history[-1].at, change, ConsentAction.GRANTED))
    session.flush()


def consented_before(history: Sequence[Consent], since: datetime) -> Consent | None:
    """The grant that an opt-out ended: the entry before the newest, if that is the opt-out's own withdrawal."""
    newest = history[-1]
    by_opt_out = newest.action is ConsentAction.WITHDRAWN and newest.source in BY_PATIENT and newest.at >= since
    before = history[-2] if by_opt_out and len(history) > 1 else None
    return before if before is not None and before.action is ConsentAction.GRANTED else None


def _histories(session: Session, change: Change) -> dict[tuple[uuid.UUID, Purpose], list[Consent]]:
    """The ledger of each patient and purpose on the channel, oldest entry first; one query."""
    entries = session.scalars(
        select(Consent)
        .where(Consent.patient_id.in_(change.patient_ids), Consent.channel == change.channel)
        .order_by(Consent.at, Consent.id)
    )
    found: dict[tuple[uuid.UUID, Purpose], list[Consent]] = {}
    for entry in entries:
        found.setdefault((entry.patient_id, entry.purpose), []).append(entry)
    return found


def _entry(like: Consent, newest: datetime, change: Change, action: ConsentAction) -> Consent:
    return Consent(
        clinic_id=like.clinic_id,
        patient_id=like.patient_id,
        channel=like.channel,
        purpose=like.purpose,
        action=action,
        # Two entries at one instant would leave it open which holds.
        at=max(change.at, newest + _TICK),
        source=change.source,
        reply_id=change.reply_id,
        given_by=like.given_by if action is ConsentAction.GRANTED else None,
        wording_version=like.wording_version,
        wording=like.wording,
        language=like.language,
    )
