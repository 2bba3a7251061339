"""What Today and a ticket's page are made of, read in a fixed number of statements."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import attachments, checkins, consult_lists, hand_overs, in_hand
from reminders.care.inbox import inbox
from reminders.care.targets import Group
from reminders.care.worklist import Whose, lines_of, waiting, worklist
from reminders.models import Patient, Ticket
from reminders.models.kinds import TicketState
from reminders.web.moments import Words
from reminders.web.pages.episode_names import episode_names
from reminders.web.pages.inbox_view import (
    LABEL_COLOURS,
    ConversationLine,
    Desk,
    beginning,
    conversation,
    in_one_line,
    own_part,
)
from reminders.web.pages.work_view import View
from reminders.web.rota_words import rota_lines
from reminders.web.visitors import Member

MOST_COLLEAGUES = 3
"""With so many or fewer each line lets one choose among them; with more that is on the ticket's own page alone, or
their names would be most of Today."""


def today_parts(session: Session, member: Member, view: View) -> dict[str, Any]:
    """What Today shows."""
    work = worklist(waiting(session, member.clinic.id), view.asked(member))
    found = inbox(session, member.clinic.id, work.lines, work.keys)
    desk = _desk(session, member)
    lines = [conversation(item, desk) for item in found.waiting]
    quiet = [conversation(item, desk) for item in found.quiet]
    overdue, overdue_in_all = consult_lists.overdue(session, member.clinic.id, member.now)
    rota = hand_overs.rota(session, member.clinic.id)
    return {
        "view": view,
        "work": work,
        "waits": work.of_whose[Whose.ALL],
        "lines": lines,
        "quiet": quiet,
        "desk": desk,
        "overdue": overdue,
        "overdue_in_all": overdue_in_all,
        "on_call": rota_lines(rota, Words(member.language, member.zone)),
        "suffix": view.query,
        "most_colleagues": MOST_COLLEAGUES,
        "whole": False,
        "groups": [(one, work.of_group.get(one, 0)) for one in Group if one in work.of_group or one is view.group],
        **_about(session, member, [*lines, *quiet]),
    }


def one_conversation(session: Session, member: Member, ticket: Ticket) -> dict[str, Any]:
    """What a ticket's page shows: the conversation that it waits in; of a closed one only whose it was."""
    is_open = ticket.state is not TicketState.CLOSED
    every = lines_of(waiting(session, member.clinic.id)) if is_open else []
    meant = [line for line in every if any(one.id == ticket.id for one in line.tickets)]
    desk = _desk(session, member)
    lines = [conversation(item, desk) for item in inbox(session, member.clinic.id, meant).waiting]
    patient = session.scalar(select(Patient).where(Patient.id == ticket.patient_id)) if ticket.patient_id else None
    return {
        "lines": lines,
        "desk": desk,
        "patient": patient,
        "most_colleagues": len(desk.people),
        "whole": True,
        **_about(session, member, lines),
    }


def _desk(session: Session, member: Member) -> Desk:
    return Desk(member.staff.id, member.now, in_hand.people(session, member.clinic.id))


def _about(session: Session, member: Member, lines: Sequence[ConversationLine]) -> dict[str, Any]:
    people = {line.patient.id for line in lines if line.patient and line.tickets}
    return {
        "episodes": episode_names(session, member, people),
        "attached": attachments.of_replies(session, [reply.id for line in lines for reply in line.replies]),
        "later": checkins.later_answers(session, member.clinic.id),
        "label_colours": LABEL_COLOURS,
        "own_part": own_part,
        "in_one_line": in_one_line,
        "beginning": beginning,
    }
