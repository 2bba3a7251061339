"""Calls to the texting number: a short bilingual message, and the call is kept for staff."""

from fastapi import APIRouter, HTTPException, Response
from sqlalchemy import Row, bindparam, select
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

NAMELESS = {
    "fr-CA": "Bonjour. Ce numéro sert seulement aux textos. Veuillez appeler votre clinique.",
    "en-CA": "Hello. This number is for text messages only. Please call your clinic.",
}
"""What a caller hears who called a number that we do not know, on an account of several clinics."""

EMERGENCY = {
    "fr-CA": " En cas d'urgence, composez le 911.",
    "en-CA": " In an emergency, dial 911.",
}


@router.post("/voice")
def voice(arrived: SignedWebhook) -> Response:
    """Say where to call, and keep the call for staff."""
    with arrived.verified() as webhook:
        sid = webhook.word("CallSid")
        if not sid:
            raise HTTPException(400, "CallSid is missing.")
        to = find_sender(webhook)
        received = keep(webhook, to, ReplyKind.VOICE, sid)
        clinic = webhook.connection.execute(_CLINIC, {"clinic": to.sender.clinic_id}).one() if to.certain else None
        understand(webhook, received)
    return Response(_spoken(clinic), media_type="text/xml")


_CLINIC = select(Clinic.name, Clinic.phone).where(Clinic.id == bindparam("clinic"))


def _spoken(clinic: Row[str, str] | None) -> str:
    """TwiML: both languages, then the end of the call. No name and no number of a clinic that may be the wrong one."""
    digits = " ".join(char for char in clinic.phone if char.isdigit()) if clinic else ""
    answer = VoiceResponse()
    for language, (what, where) in SAID.items():
        named = what.format(clinic=clinic.name) if clinic else NAMELESS[language]
        text = named + (where.format(phone=digits) if digits else "") + EMERGENCY[language]
        answer.say(text, language=language)
    answer.hangup()
    return str(answer)
