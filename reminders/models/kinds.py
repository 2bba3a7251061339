"""The closed sets of words that the tables store."""

from enum import StrEnum


class Channel(StrEnum):
    """By what a message travels."""

    SMS = "sms"
    EMAIL = "email"


class Language(StrEnum):
    """The languages that every text exists in."""

    EN = "en"
    FR = "fr"


class MessageKind(StrEnum):
    """What a message is for; promise 4's table decides by it. STAFF is from them, to a patient; ALERT is to them."""

    REMINDER = "reminder"
    NUDGE = "nudge"
    ANSWER = "answer"
    CONFIRMATION = "confirmation"
    SAFETY = "safety"
    STAFF = "staff"
    ALERT = "alert"


class Purpose(StrEnum):
    """What a consent is for; aftercare stands apart from marketing."""

    AFTERCARE = "aftercare"
    MARKETING = "marketing"


class Relation(StrEnum):
    """Who may agree in the place of a minor under 14: whoever has parental authority, or the tutor."""

    PARENT = "parent"
    TUTOR = "tutor"


class ConsentAction(StrEnum):
    """What an entry in the consent ledger records."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


class Role(StrEnum):
    """What a member of staff may do."""

    OWNER = "owner"
    STAFF = "staff"
    VIEWER = "viewer"


class Theme(StrEnum):
    """How a member of staff wants the pages: light, dark, or as their device says."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class TreatmentState(StrEnum):
    """Whether a treatment's follow-up runs. SUPERSEDED: a later one of the same protocol took its place."""

    ACTIVE = "active"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


class ReminderState(StrEnum):
    """Whether a step is owed; what became of its messages is theirs to say."""

    OWED = "owed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What a call to a provider came to."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    RETRY = "retry"
    UNKNOWN = "unknown"
    NOT_FOUND = "not_found"


class ReplyKind(StrEnum):
    """How a patient's words reached us."""

    TEXT = "text"
    EMAIL = "email"
    VOICE = "voice"
    PAGE = "page"


class AttachmentState(StrEnum):
    """How far something that hangs on a reply has come: to be fetched, kept as a picture, or given up."""

    WAITING = "waiting"
    KEPT = "kept"
    REFUSED = "refused"
    FAILED = "failed"


class CheckInOutcome(StrEnum):
    """What the patient answered to the day-7 question."""

    CLEAR = "clear"
    IMPROVING = "improving"
    PERSISTING = "persisting"
    URGENT = "urgent"


class ConsultState(StrEnum):
    """How far an offered consult has come."""

    OFFERED = "offered"
    BOOKED = "booked"
    ATTENDED = "attended"
    DECLINED = "declined"


class TicketKind(StrEnum):
    """Why staff must act, most urgent first; `reminders.care.tickets` gives each its priority."""

    RED_FLAG = "red_flag"
    CONSULT = "consult"
    UNREACHABLE = "unreachable"
    QUESTION = "question"
    UNKNOWN_SENDER = "unknown_sender"
    WRONG_NUMBER = "wrong_number"
    MISSED_CHECK_IN = "missed_check_in"
    UNCLEAR = "unclear"
    OVERLAP = "overlap"
    OPTED_OUT = "opted_out"
    DELIVERY = "delivery"


class TicketState(StrEnum):
    """How far staff have come with a ticket."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class EventKind(StrEnum):
    """What delivery reports to care, in the same commit as the settlement that caused it; HOURS_CHANGED is care's own,
    in the commit that changed a clinic's hours."""

    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    UNDELIVERED = "undelivered"
    DELIVERED_LATE = "delivered_late"
    OPTED_OUT_BY_CARRIER = "opted_out_by_carrier"
    SENDER_PAUSED = "sender_paused"
    HOURS_CHANGED = "hours_changed"
