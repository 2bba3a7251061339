"""Who performs treatments, known by name."""

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care.names import fold
from reminders.care.texts_in import one_line
from reminders.database import keyring_of
from reminders.ids import new_id
from reminders.models import Clinic, Provider


def provider_index(session: Session, name: str) -> str | None:
    """What a provider of this name, however it is written, is looked up by; None for no name."""
    written = one_line(name)
    return keyring_of(session).index("provider", fold(written)) if written else None


def provider_named(session: Session, clinic_id: uuid.UUID, name: str, now: datetime) -> uuid.UUID | None:
    """The clinic's provider of this name, however it is written; added if new. None for no name."""
    written = one_line(name)
    if not written:
        return None
    index = keyring_of(session).index("provider", fold(written))
    wanted = select(Provider.id).where(Provider.clinic_id == clinic_id, Provider.name_index == index)
    found = session.scalar(wanted)
    if found is not None:
        return found
    # Two desks may add the same name at one moment: the second waits here, and then finds it.
    session.execute(select(Clinic.id).where(Clinic.id == clinic_id).with_for_update(key_share=True))
    found = session.scalar(wanted)
    return found if found is not None else _add(session, clinic_id, written, index, now)


def names(session: Session, clinic_id: uuid.UUID) -> list[str]:
    """The names of the clinic's providers, in alphabetical order: what a form suggests."""
    return sorted(session.scalars(select(Provider.name).where(Provider.clinic_id == clinic_id)), key=fold)


def _add(session: Session, clinic_id: uuid.UUID, name: str, index: str, now: datetime) -> uuid.UUID:
    provider = Provider(id=new_id(), clinic_id=clinic_id, name=name, name_index=index, created_at=now)
    session.add(provider)
    session.flush()
    return provider.id
