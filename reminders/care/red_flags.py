"""A red flag in a reply: whose it may be, which safety text is sent, and what staff are told. Pure."""

from dataclasses import replace

from reminders.care.effects import EMERGENCY, Effect, OpenTicket, SendSafety, Situation
from reminders.care.strangers import MOST_TO_ALL, MOST_TO_ONE
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
    safety: list[Effect] = [] if _enough(template, situation) else [SendSafety(template)]
    return [*safety, OpenTicket(TicketKind.RED_FLAG, EMERGENCY if tier == EMERGENCY else whose)]


def _enough(template: str, situation: Situation) -> bool:
    """Whether no more of it goes now. Of e-mails to strangers all texts count, and those to all of them."""
    if situation.stranger:
        to_one = sum(situation.safety_texts.values())
        return to_one >= MOST_TO_ONE or situation.strangers_told >= MOST_TO_ALL
    return situation.safety_texts.get(template, 0) >= MOST_SAFETY_TEXTS
