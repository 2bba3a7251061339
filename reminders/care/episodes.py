"""Telling the treatments of one patient apart: by protocol and date."""

import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.models import Protocol, Treatment
from reminders.models.kinds import Language


@dataclass(frozen=True, slots=True)
class Episode:
    """A treatment as people tell it from others: the protocol's name by language, the clinic's local date, and which of
    that day's it is (from 1)."""

    treatment_id: uuid.UUID
    patient_id: uuid.UUID
    protocol: Mapping[str, str]
    local_date: date
    ordinal: int

    def name(self, language: Language) -> str:
        """The protocol's name in a language, with the ordinal where the day has several."""
        name = self.protocol.get(language.value, "")
        return f"{name} ({self.ordinal})" if self.ordinal > 1 else name


def told_apart(session: Session, patient_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Episode]:
    """The treatments of those patients who have more than one, by id, the latest first. One query."""
    if not patient_ids:
        return {}
    columns = (Treatment.id, Treatment.patient_id, Protocol.name, Treatment.local_date, Treatment.ordinal)
    query = (
        select(*columns)
        .join(Protocol, Protocol.id == Treatment.protocol_id)
        .where(Treatment.patient_id.in_(patient_ids))
        .order_by(Treatment.treated_at.desc(), Treatment.id.desc())
    )
    found = [Episode(*row) for row in session.execute(query)]
    count = Counter(one.patient_id for one in found)
    return {one.treatment_id: one for one in found if count[one.patient_id] > 1}
