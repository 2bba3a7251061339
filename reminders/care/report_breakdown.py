"""The check-ins of a period by what they had in common: protocol, provider, language, channel, device, depth, lot."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reminders.care.names import fold
from reminders.care.reports import Period, asked_in, outcome_of
from reminders.models import Message, Protocol, Provider, Treatment
from reminders.models.kinds import Channel, CheckInOutcome, Language

MOST_CHECK_INS = 20_000
"""Of more check-ins than so many no breakdown is made."""

MOST_GROUPS = 12
"""So many groups are told, the largest; the rest is one."""

_Z = 1.959964  # two-sided 95 %


@dataclass(frozen=True, slots=True)
class Asked:
    """A check-in that was sent in the period, and the answer that holds. channel: a text if it went by text
    at all."""

    channel: Channel
    language: Language
    protocol_id: uuid.UUID
    provider_id: uuid.UUID | None
    details: Mapping[str, Any]
    outcome: CheckInOutcome | None


@dataclass(frozen=True, slots=True)
class Group:
    """Check-ins that have `name` in common ("" where it is not on file, None for all beyond the largest)."""

    name: str | None
    sent: int
    answered: int
    persisting: int


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The 95 % interval (Wilson) of the share of `part` in `whole`, both ends within 0 and 1; 0 to 1 of nothing."""
    if not whole:
        return 0.0, 1.0
    share, spread = part / whole, _Z * _Z / whole
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt(share * (1 - share) / whole + spread / (4 * whole)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def asked(session: Session, period: Period) -> Sequence[Asked] | None:
    """Each check-in that was sent in the period; None if they are more than MOST_CHECK_INS. One query."""
    first = asked_in(period).add_columns(
        func.max(Message.channel).label("channel"), func.max(Message.language).label("language")
    )
    found = first.limit(MOST_CHECK_INS + 1).subquery()
    query = select(
        found.c.channel,
        found.c.language,
        Treatment.protocol_id,
        Treatment.provider_id,
        Treatment.details,
        outcome_of(found.c.treatment_id, found.c.step),
    ).join(Treatment, Treatment.id == found.c.treatment_id)
    rows = session.execute(query).all()
    return None if len(rows) > MOST_CHECK_INS else [Asked(*row) for row in rows]


def breakdown(session: Session, period: Period, by: str, language: Language) -> Sequence[Group] | None:
    """The check-ins sent in the period by one of DIMENSIONS, the largest group first; None if they are too many.

    What is written differently but for case and blanks is one, under the writing that was met first. `language` is the
    reader's. At most two queries.
    """
    rows = asked(session, period)
    if rows is None:
        return None
    names = _NAMES[by](session, period.clinic_id, language) if by in _NAMES else {}
    groups: dict[str, list[Asked]] = {}
    written: dict[str, str] = {}
    for row in rows:
        value = DIMENSIONS[by](row)
        name = names.get(value, "") if by in _NAMES else str(value or "").strip()
        written.setdefault(fold(name), name)
        groups.setdefault(fold(name), []).append(row)
    ranked = sorted(groups, key=lambda key: (-len(groups[key]), key))
    told = [_group(written[key], groups[key]) for key in ranked[:MOST_GROUPS]]
    rest = [row for key in ranked[MOST_GROUPS:] for row in groups[key]]
    return [*told, _group(None, rest)] if rest else told


def _group(name: str | None, rows: Sequence[Asked]) -> Group:
    answered = [row.outcome for row in rows if row.outcome is not None]
    return Group(name, len(rows), len(answered), answered.count(CheckInOutcome.PERSISTING))


def _protocols(session: Session, clinic_id: uuid.UUID, language: Language) -> Mapping[Any, str]:
    found = session.execute(select(Protocol.id, Protocol.name, Protocol.key).where(Protocol.clinic_id == clinic_id))
    return {id_: name.get(language.value, key) for id_, name, key in found}


def _providers(session: Session, clinic_id: uuid.UUID, _language: Language) -> Mapping[Any, str]:
    found = session.execute(select(Provider.id, Provider.name).where(Provider.clinic_id == clinic_id))
    return dict(found.all())


_NAMES: Mapping[str, Callable[[Session, uuid.UUID, Language], Mapping[Any, str]]] = {
    "protocol": _protocols,
    "provider": _providers,
}

DIMENSIONS: Mapping[str, Callable[[Asked], object]] = {
    "protocol": lambda row: row.protocol_id,
    "provider": lambda row: row.provider_id,
    "language": lambda row: row.language.value,
    "channel": lambda row: row.channel.value,
    "device": lambda row: row.details.get("device"),
    "needle_depth": lambda row: row.details.get("needle_depth"),
    "cartridge_lot": lambda row: row.details.get("cartridge_lot"),
}
"""What a breakdown may be by, and where it stands in a check-in."""
