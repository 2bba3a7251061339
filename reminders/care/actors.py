"""Who does something, and by which way in."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts in a clinic's name: a member of staff, an API key, an import, a command or the demo.

    `source` is one of form, api, import, staff, command, demo; the ledger and the audit trail keep it.
    """

    clinic_id: uuid.UUID
    source: str
    staff_id: uuid.UUID | None = None
    api_key_id: uuid.UUID | None = None
