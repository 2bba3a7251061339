"""The tables. Importing this package registers every one of them on `Base.metadata`."""

from reminders.database import Base
from reminders.models.attachment import Attachment
from reminders.models.clinic import (
    ApiKey,
    Clinic,
    HandOver,
    IdempotencyKey,
    Provider,
    SavedAnswer,
    Sender,
    SignInLink,
    Staff,
    StaffSession,
)
from reminders.models.instance import Instance
from reminders.models.message import Attempt, Event, Message, MessageReminder, Receipt, Spending
from reminders.models.patient import Consent, NameToken, OptOut, Patient
from reminders.models.reply import Audit, CheckIn, Consult, Reply, Severity, Ticket
from reminders.models.treatment import Protocol, ProtocolVersion, Reminder, Treatment

__all__ = [
    "ApiKey",
    "Attachment",
    "Attempt",
    "Audit",
    "Base",
    "CheckIn",
    "Clinic",
    "Consent",
    "Consult",
    "Event",
    "HandOver",
    "IdempotencyKey",
    "Instance",
    "Message",
    "MessageReminder",
    "NameToken",
    "OptOut",
    "Patient",
    "Protocol",
    "ProtocolVersion",
    "Provider",
    "Receipt",
    "Reminder",
    "Reply",
    "SavedAnswer",
    "Sender",
    "Severity",
    "SignInLink",
    "Spending",
    "Staff",
    "StaffSession",
    "Ticket",
    "Treatment",
]
