"""Calls to the texting number: a short bilingual message, and the call stands in the timeline."""

from fastapi import APIRouter, HTTPException, Response
from twilio.twiml.voice_response import VoiceResponse

from reminders.care import replies
from reminders.models import Clinic
from reminders.models.instance import now
from reminders.models.kinds import Channel, ReplyKind
from reminders.web.webhooks.senders import find_sender
from reminders.web.webhooks.signed import SignedWebhook

router = APIRouter()

SAID = {
    "fr-CA": "Bonjour. Ce numéro de {clinic} sert seulement aux textos. Veuillez appeler la clinique au {phone}. "
    "En cas d'urgence, composez le 911.",
    "en-CA": "Hello. This number of {clinic} is for text messages only. Please call the clinic at {phone}. "
    "In an emergency, dial 911.",
}
"""What a caller hears, French first; the phone number is read digit by digit."""


@router.post("/voice")
def voice(webhook: SignedWebhook) -> Response:
    """Say where to call, and keep the call for staff."""
    if not webhook.get("CallSid"):
        raise HTTPException(400, "CallSid is missing.")
    with webhook.database.begin() as session:
        sender = find_sender(session, webhook)
        if sender is None:
            raise HTTPException(404, "No clinic has this number.")
        call = replies.Inbound(
            sender_id=sender.id,
            clinic_id=sender.clinic_id,
            channel=Channel.SMS,
            kind=ReplyKind.VOICE,
            provider_id=webhook.get("CallSid"),
            from_address=webhook.get("From"),
            body="",
            media=[],
            raw=webhook.fields.multi_items(),
            opt_out_type="",
        )
        reply = replies.receive(session, call, now(session))
        clinic = session.get_one(Clinic, sender.clinic_id)
    if reply is not None:
        with webhook.database.begin() as session:
            replies.understand(session, reply.id, now(session))
    return Response(_spoken(clinic), media_type="text/xml")


def _spoken(clinic: Clinic) -> str:
    answer = VoiceResponse()
    for language, text in SAID.items():
        answer.say(text.format(clinic=clinic.name, phone=" ".join(clinic.phone.lstrip("+"))), language=language)
    answer.hangup()
    return str(answer)
