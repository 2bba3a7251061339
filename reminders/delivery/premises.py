"""What a run knows of its clinic: hours, names, texts, whether its mailbox is read; read again once a second instead of
once a group."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from reminders.database import keyring_of
from reminders.delivery.composing import Composer
from reminders.delivery.mailbox_standing import is_mute
from reminders.models import Clinic

FRESH = timedelta(seconds=1)
"""How long a clinic's hours and names count as known. What stops a message - a hold, an opt-out, a withdrawn consent, a
cancelled treatment - is not among them: that is asked again for each group."""


class Premises:
    """One clinic, for one run. Its lanes may share it. `answered_at` is the sender in whose mailbox answers are read,
    if any are."""

    def __init__(self, clinic_id: uuid.UUID, answered_at: uuid.UUID | None = None) -> None:
        self._clinic_id = clinic_id
        self._answered_at = answered_at
        self._known: tuple[datetime, Clinic, Composer] | None = None

    def at(self, session: Session, now: datetime) -> tuple[Clinic, Composer]:
        """The clinic, and the composer of its texts, as they were less than FRESH before `now`."""
        known = self._known
        if known is None or now - known[0] >= FRESH:
            clinic = session.get_one(Clinic, self._clinic_id)
            # It outlives this session: a rollback would expire what the other lanes are reading.
            session.expunge(clinic)
            reads = self._answered_at is not None and not is_mute(session, self._answered_at, now)
            composer = Composer(clinic, keyring_of(session), reads_answers=reads)
            known = self._known = (now, clinic, composer)
        return known[1], known[2]
