"""The consents that an export tells of: what is kept of them as evidence."""

import uuid
from collections.abc import Iterable

from reminders.care.consents import Grant
from reminders.care.imports.rows import ImportRow
from reminders.care.ledger import Agreement
from reminders.models.kinds import Language

_WORDING_VERSION = "import"


def grants(patient_id: uuid.UUID, given: ImportRow, fresh: Iterable[Agreement], language: Language) -> list[Grant]:
    """The grants of `fresh` that a line's cells ("Consentement texto = Oui") say were given."""
    return [
        Grant(
            patient_id,
            channel,
            _WORDING_VERSION,
            f"Practice system export: {given.evidence[channel, purpose]}",
            language,
            purpose=purpose,
            giver=given.giver,
        )
        for channel, purpose in fresh
    ]
