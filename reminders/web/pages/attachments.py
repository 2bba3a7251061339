"""A picture that a patient sent, for staff alone."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from reminders.care import attachments, audit
from reminders.web.access import Reader

router = APIRouter(include_in_schema=False)

_SEEN = "attachment.seen"
_HEADERS = {
    # Staff's own browser may not keep it either: the next to sit there may be anybody.
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/attachments/{attachment_id}")
def show(member: Reader, attachment_id: UUID) -> Response:
    """The picture as we drew it. That somebody looked is noted, once an hour: these are health records."""
    with member.read() as session:
        shown = attachments.get(session, member.clinic.id, attachment_id)
        is_noted = audit.was_seen(session, member.actor, _SEEN, attachment_id, member.now)
    if not is_noted:
        with member.begin() as session:
            seen = {"reply": str(shown.reply_id)}
            audit.note(session, member.actor, _SEEN, "attachment", attachment_id, member.now, seen)
    # Named by its id: what the patient called it is nobody's business.
    named = {"Content-Disposition": f'inline; filename="{attachment_id}.jpg"'}
    return Response(shown.data, media_type=shown.content_type, headers=_HEADERS | named)
