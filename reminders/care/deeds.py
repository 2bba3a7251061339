"""What a reply leads to that takes more than rows: a red flag alerts people, an opt-out ends much else,
a consult may be wanted already."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from reminders.care import consult_tickets, optouts, severities, strangers, wrong_numbers
from reminders.care.alerts import Cause, raise_alert
from reminders.care.applying import Act, NewRows
from reminders.care.effects import Effect, OpenTicket, StartMessages, StopMessages, TakeAlarm
from reminders.care.taking import take_alarm
from reminders.models import Ticket
from reminders.models.kinds import ReplyKind, TicketKind


def deeds_among(effects: Sequence[Effect]) -> list[Effect]:
    """The effects that take more than their row, if any."""
    more = StopMessages | StartMessages | TakeAlarm
    return [effect for effect in effects if isinstance(effect, more) or _opens(effect, _MORE_THAN_A_ROW)]


def is_red_flag(effect: Effect) -> bool:
    """Whether it opens a red flag's ticket."""
    return _opens(effect, {TicketKind.RED_FLAG})


def carry_out(session: Session, act: Act, deeds: Sequence[Effect], rows: NewRows) -> None:
    """Do those, in order, once the `rows` are written; then weigh what a page said of the severity."""
    for deed in deeds:
        match deed:
            case OpenTicket(TicketKind.CONSULT):
                consult_tickets.join_waiting(session, _id_of(rows, TicketKind.CONSULT), act.now)
            case OpenTicket(kind, reason):
                _ring(session, act, Cause(act.context.reply.clinic_id, _id_of(rows, kind), reason))
            case TakeAlarm(alarm):
                take_alarm(session, act, alarm)
            case StopMessages(source, by_carrier):
                optouts.opt_out(session, _request(act, source, by_carrier=by_carrier), act.now)
            case StartMessages(by_carrier):
                _start(session, act, by_carrier=by_carrier)
    if act.context.reply.kind is ReplyKind.PAGE and act.context.check_in:
        severities.weigh(session, act.context.check_in.treatment_id)


def _start(session: Session, act: Act, *, by_carrier: bool) -> None:
    if not optouts.opt_in(session, _request(act, "reply", by_carrier=by_carrier), act.now):
        wrong_numbers.report_start(session, act.context.reply.id, act.now)


def _ring(session: Session, act: Act, cause: Cause) -> None:
    """Alert people; a stranger's e-mail joins a stranger's alarm that rings already and is as grave."""
    if not (act.context.is_strangers_mail and strangers.alarm_rings(session, cause.clinic_id, cause.reason)):
        raise_alert(session, cause, act.now)


_MORE_THAN_A_ROW = frozenset({TicketKind.RED_FLAG, TicketKind.CONSULT})


def _opens(effect: Effect, kinds: Collection[TicketKind]) -> bool:
    return isinstance(effect, OpenTicket) and effect.kind in kinds


def _id_of(rows: NewRows, kind: TicketKind) -> uuid.UUID:
    found: uuid.UUID = next(row["id"] for row in rows[Ticket] if row["kind"] is kind)
    return found


def _request(act: Act, source: str, *, by_carrier: bool) -> optouts.OptOutRequest:
    reply = act.context.reply
    return optouts.OptOutRequest(
        clinic_id=reply.clinic_id,
        channel=reply.channel,
        address_index=reply.from_index,
        source=source,
        reply_id=reply.id,
        by_carrier=by_carrier,
        quiet=reply.to_unknown_number or act.context.enough_answers,
        language=act.said_in,
    )
