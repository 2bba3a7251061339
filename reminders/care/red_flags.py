"""A red flag in a reply: whose it may be, which safety text is sent, and what staff are told. Pure."""

from dataclasses import replace

from reminders.care.effects import EMERGENCY, Effect, OpenTicket, SendSafety, Situation
from reminders.models.kinds import TicketKind
from reminders.triage import Evidence, Label, Reading

SURE = 0.6
"""The confidence from which a reading is acted on without a person looking at it."""

MOST_SAFETY_TEXTS = 3
"""How often one address gets the same safety text within the hour: more than two machines need to talk in a ring."""

_A_RELATIVES = 0.4
"""How sure a red flag is that the words give to a relative, who may be the patient."""


def as_meant(reading: Reading, situation: Situation) -> Reading:
    """The reading, with a relative's red flag as one in doubt where the sender may speak for the patient."""
    if not (situation.for_another and reading.set_aside) or Label.URGENT in reading.labels:
        return reading
    return replace(
        reading,
        labels=reading.labels - {Label.OTHER} | {Label.URGENT},
        confidence=_A_RELATIVES,
        evidence=(*(Evidence(Label.URGENT, words) for words in reading.set_aside), *reading.evidence),
        tier="urgent",
    )


def red_flag(reading: Reading, situation: Situation, whose: str) -> list[Effect]:
    """The safety text of the reading's tier and the ticket; `whose` is why nobody can say who is meant, if so."""
    tier = (reading.tier or "urgent") if reading.confidence >= SURE else "cautious"
    template = f"safety:{tier}" if situation.on_call else f"safety:{tier}_alone"
    tired = situation.safety_texts.get(template, 0) >= MOST_SAFETY_TEXTS
    safety: list[Effect] = [] if tired else [SendSafety(template)]
    return [*safety, OpenTicket(TicketKind.RED_FLAG, EMERGENCY if tier == EMERGENCY else whose)]
