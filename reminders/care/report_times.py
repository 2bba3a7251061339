"""How long it took: until patients answered, and until somebody took a red flag in hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reminders.care.reports import TAKEN_AT, Period, is_sent
from reminders.models import Message, Reply, Ticket
from reminders.models.kinds import TicketKind

MOST_ROWS = 20_000
"""So many of the period's first are looked at."""

_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Times:
    """Of a period. None where there was nothing to time.

    answer_median, answer_p90: from when a provider took a reminder or nudge to its first answer; of `answers` of them.
    flag_median, flag_worst: from when a red flag's ticket was opened to when it was taken in hand, or else closed.
    flags_open: red flags of the period that nobody has taken in hand or closed yet; they are in no time above.
    """

    answers: int
    answer_median: timedelta | None
    answer_p90: timedelta | None
    flags: int
    flag_median: timedelta | None
    flag_worst: timedelta | None
    flags_open: int


def times(session: Session, period: Period) -> Times:
    """The times of a period. Two queries."""
    answers = _to_answer(session, period)
    flags = _to_hand(session, period)
    taken = sorted(wait for wait in flags if wait is not None)
    return Times(
        answers=len(answers),
        answer_median=percentile(answers, 50),
        answer_p90=percentile(answers, 90),
        flags=len(flags),
        flag_median=percentile(taken, 50),
        flag_worst=taken[-1] if taken else None,
        flags_open=len(flags) - len(taken),
    )


def percentile(ordered: Sequence[timedelta], per_cent: int) -> timedelta | None:
    """The least of the ordered times that so many per cent of them do not exceed (nearest rank); None of nothing."""
    return ordered[max(ceil(len(ordered) * per_cent / 100), 1) - 1] if ordered else None


def _to_answer(session: Session, period: Period) -> list[timedelta]:
    query = select(TAKEN_AT, func.min(Reply.received_at)).join(Reply, Reply.answers_id == Message.id)
    each = query.where(is_sent(period)).group_by(Message.id).order_by(Message.id).limit(MOST_ROWS)
    # A reply may bear an earlier time than the provider's word that it took the message.
    return sorted(max(came - taken, _NONE) for taken, came in session.execute(each))


def _to_hand(session: Session, period: Period) -> list[timedelta | None]:
    until = func.coalesce(Ticket.acknowledged_at, Ticket.closed_at)
    flags = (Ticket.clinic_id == period.clinic_id, period.of(Ticket.opened_at), Ticket.kind == TicketKind.RED_FLAG)
    rows = session.execute(select(Ticket.opened_at, until).where(*flags).order_by(Ticket.id).limit(MOST_ROWS))
    return [max(ended - opened, _NONE) if ended else None for opened, ended in rows]
