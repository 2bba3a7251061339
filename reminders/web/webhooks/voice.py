"""Calls to the texting number: a short bilingual message, and the call is kept for staff."""

from fastapi import APIRouter, HTTPException, Response
from twilio.twiml.voice_response import VoiceResponse

from reminders.models import Clinic
from reminders.models.kinds import ReplyKind
from reminders.web.webhooks.keeping import keep, understand
from reminders.web.webhooks.senders import find_sender
from reminders.web.webhooks.signed import SignedWebhook

router = APIRouter()

SAID = {
    "fr-CA": (
        "Bonjour. Ce numéro de {clinic} sert seulement aux textos.",
        " Veuillez appeler la clinique au {phone}.",
    ),
    "en-CA": (
        "Hello. This number of {clinic} is for text messages only.",
        " Please call the clinic at {phone}.",
    ),
}
"""What a caller hears, French first, and where to call, read digit by digit."""

EMERGENCY = {
    "fr-CA": " En cas d'urgence, composez le 911.",
    "en-CA": " In an emergency, dial 911.",
}


@router.post("/voice")
def voice(webhook: SignedWebhook) -> Response:
    """Say where to call, and keep the call for staff."""
    sid = webhook.word("CallSid")
    if not sid:
        raise HTTPException(400, "CallSid is missing.")
    with webhook.database.begin() as session:
        sender = find_sender(session, webhook)
        reply = keep(session, webhook, sender, ReplyKind.VOICE, sid)
        clinic = session.get_one(Clinic, sender.clinic_id)
    understand(webhook, reply)
    return Response(_spoken(clinic), media_type="text/xml")


def _spoken(clinic: Clinic) -> str:
    """TwiML: both languages, then the end of the call."""
    digits = " ".join(char for char in clinic.phone if char.isdigit())
    answer = VoiceResponse()
    for language, (what, where) in SAID.items():
        text = what.format(clinic=clinic.name) + (where.format(phone=digits) if digits else "") + EMERGENCY[language]
        answer.say(text, language=language)
    answer.hangup()
    return str(answer)
