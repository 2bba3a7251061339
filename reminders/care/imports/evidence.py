"""A consent that an export tells of: what is kept of it as evidence."""

import uuid

from reminders.care.consents import Grant
from reminders.models.kinds import Channel, Language

_WORDING_VERSION = "import"


def grant(patient_id: uuid.UUID, channel: Channel, cell: str, language: Language) -> Grant:
    """The grant that a line's `cell` ("Consentement texto = Oui") says was given."""
    return Grant(patient_id, channel, _WORDING_VERSION, f"Practice system export: {cell}", language)
