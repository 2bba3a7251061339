"""What a text from a member of staff's number does: it takes the alarm that they were called about. Pure."""

from reminders.care.effects import Effect, OpenTicket, SendAnswer, Situation, TakeAlarm
from reminders.models.kinds import TicketKind

STAFF_NUMBER = "staff_number"
"""The reason of a ticket about words from a member of staff's number that nobody can be sure of."""


def from_colleague(situation: Situation) -> list[Effect]:
    """What a text from a member of staff's number does; nothing where it is a patient's like any other.

    A number that is a patient's, too, takes no alarm: a person finds out which of the two was meant. An e-mail that
    answers an alert says that itself.
    """
    if situation.candidates and not situation.answers_alert:
        return [OpenTicket(TicketKind.UNCLEAR, STAFF_NUMBER)] if situation.alarm else []
    if situation.alarm is None:
        return [OpenTicket(TicketKind.UNCLEAR, STAFF_NUMBER)]
    if situation.takes:
        return [TakeAlarm(situation.alarm)]
    told: list[Effect] = [] if situation.has_answer else [SendAnswer("alert:not_taken")]
    return [*told, OpenTicket(TicketKind.UNCLEAR, STAFF_NUMBER)]
