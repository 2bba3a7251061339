"""Whether a patient has answered since: with an outcome, or with words that went to a person."""

from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, exists, or_
from sqlalchemy.orm import InstrumentedAttribute

from reminders.models import CheckIn, Patient, Reply

_Column: TypeAlias = ColumnElement[Any] | InstrumentedAttribute[Any]


def answered_since(treatment_id: _Column, moment: _Column) -> ColumnElement[bool]:
    """Whether the `Patient` of the enclosing statement has answered the treatment's check-in since a moment.

    A reply counts if it was taken for an outcome, or if staff were given it, or nobody has read it yet; a mere "thanks"
    does not. What came from an address that others share is the patient's as long as nobody knows better.
    """
    outcome = exists().where(CheckIn.treatment_id == treatment_id, CheckIn.answered_at >= moment)
    # What needed nobody was handled at the very moment at which it was read.
    counts = or_(Reply.read_at.is_(None), Reply.handled_at.is_(None), Reply.handled_at > Reply.read_at)
    said = (Reply.clinic_id == Patient.clinic_id, Reply.received_at >= moment, counts)
    theirs = exists().where(Reply.patient_id == Patient.id, *said)
    addresses = Reply.from_index.in_((Patient.phone_index, Patient.email_index))
    perhaps = exists().where(Reply.patient_id.is_(None), addresses, *said)
    return or_(*(found.correlate_except(CheckIn, Reply) for found in (outcome, theirs, perhaps)))
