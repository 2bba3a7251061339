"""A form that is sent twice is saved once: its second coming gets the first one's answer.

Enter pressed twice sends a form twice, and a new patient without an address has nothing by which the second could be
told from the first. So each form has a key of its own, and what was saved is kept by it and by all that was sent, but
not by how a doubt was settled: the doubt may be about what the form itself has saved.
"""

import json

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from reminders.database import insert_missing
from reminders.models import IdempotencyKey
from reminders.web.forms import Form
from reminders.web.visitors import Member

KEY = "form_key"
"""The field with the form's own key."""

_NOT_SAVED = frozenset({"action", "asked", "csrf_token", "q", "confirmed", "somebody_else", "supersedes"})
_DONE = 303


def claim(session: Session, member: Member, form: Form) -> IdempotencyKey | None:
    """The row of this very form, with `status` 0 when it has not been saved; None for a form without a key.

    Of two at one moment the second waits here until the first is saved.
    """
    if not form.get(KEY):
        return None
    key = _key(member, form)
    mine = {"clinic_id": member.clinic.id, "created_at": member.now}
    insert_missing(session, IdempotencyKey, {"key": key, "fingerprint": key[-64:], "status": 0, "answer": {}, **mine})
    return session.scalars(_same(member, key)).one()


def answered(session: Session, member: Member, form: Form) -> str:
    """Where this very form led to when it was saved before; "" if it was not, or has no key."""
    return led_to(session.scalar(_same(member, _key(member, form)))) if form.get(KEY) else ""


def note(claimed: IdempotencyKey | None, location: str) -> None:
    """Keep where the saved form led to."""
    if claimed is not None:
        claimed.status, claimed.answer = _DONE, {"location": location}


def led_to(claimed: IdempotencyKey | None) -> str:
    """Where the form led to when it was saved before; "" if it was not."""
    return str(claimed.answer["location"]) if claimed is not None and claimed.status else ""


def _key(member: Member, form: Form) -> str:
    said = {name: values for name, values in form.fields.items() if name not in _NOT_SAVED and any(values)}
    return "form:" + member.database.keyring.index("idempotency", json.dumps(said, sort_keys=True))


def _same(member: Member, key: str) -> Select[tuple[IdempotencyKey]]:
    return select(IdempotencyKey).where(IdempotencyKey.clinic_id == member.clinic.id, IdempotencyKey.key == key)
