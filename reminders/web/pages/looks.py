"""That somebody looked at what a patient wrote, or at what is on file: these are health records."""

from uuid import UUID

from reminders.care import audit
from reminders.web.visitors import Member

_SEEN = "patient.seen"


def note_look(member: Member, patient_id: UUID) -> None:
    """Put on the trail that this person looked, once a patient and hour, on whichever page it was."""
    with member.read() as session:
        is_noted = audit.was_seen(session, member.actor, _SEEN, patient_id, member.now)
    if not is_noted:
        with member.begin() as session:
            audit.note(session, member.actor, _SEEN, "patient", patient_id, member.now)
