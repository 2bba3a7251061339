"""From a reading and a situation to the effects of a reply: the decision itself, pure."""

from reminders.care.colleagues import STAFF_NUMBER, from_colleague
from reminders.care.effects import (
    HELP,
    SOON,
    Effect,
    OfferConsult,
    OpenTicket,
    RecordOutcome,
    SendAnswer,
    Situation,
    StartMessages,
    StopMessages,
)
from reminders.care.red_flags import SURE, red_flag
from reminders.models.kinds import CheckInOutcome, TicketKind
from reminders.triage import Label, Reading

_OUTCOMES: tuple[tuple[Label, CheckInOutcome], ...] = (
    (Label.PERSISTING, CheckInOutcome.PERSISTING),
    (Label.IMPROVING, CheckInOutcome.IMPROVING),
    (Label.CLEAR, CheckInOutcome.CLEAR),
)
"""Worst first: of two outcomes in one reply the worse one holds."""

_PLAIN = frozenset({Label.OTHER, Label.CLEAR, Label.IMPROVING})
"""What needs no person when it is read with confidence."""

_KEYWORDS = frozenset({Label.STOP, Label.START, Label.HELP})

_WHOEVER_WRITES = _KEYWORDS | {Label.URGENT}
"""What holds for a member of staff like for anybody: a red flag may be their own, a keyword is about their number."""


def decide_effects(reading: Reading, situation: Situation) -> list[Effect]:
    """What follows from a reply, in the order in which it must happen: a red flag before all else.

    Whatever the reading says, at most one automatic answer follows, and none beside a red flag or a stop.
    """
    labels = _labels(reading, situation)
    if situation.colleague and not labels & _WHOEVER_WRITES:
        return from_colleague(situation) or _as_usual(labels, reading, situation)
    return _as_usual(labels, reading, situation)


def _as_usual(labels: frozenset[Label], reading: Reading, situation: Situation) -> list[Effect]:
    effects = red_flag(reading, situation, _whose(situation)) if Label.URGENT in labels else []
    effects += _keywords(labels, situation)
    effects += _outcome(labels, reading, situation)
    effects += _tickets(labels, reading, situation)
    if not labels & {Label.URGENT, Label.STOP, Label.WRONG_NUMBER}:
        effects += _answer(labels, effects, situation)
    return effects


def _labels(reading: Reading, situation: Situation) -> frozenset[Label]:
    """The reading's labels, with the keyword that the carrier has already acted on."""
    carrier = situation.answered_by_carrier.lower()
    return reading.labels | {label for label in _KEYWORDS if label.value == carrier}


def _keywords(labels: frozenset[Label], situation: Situation) -> list[Effect]:
    carrier = situation.answered_by_carrier
    if Label.WRONG_NUMBER in labels:
        return [StopMessages("wrong_number", by_carrier=carrier == "STOP")]
    if Label.STOP in labels:
        return [StopMessages("reply", by_carrier=carrier == "STOP")]
    # What nobody knows to be this clinic's lifts nothing here.
    if Label.START in labels and not situation.unknown_number:
        return [StartMessages(by_carrier=carrier == "START")]
    return []


def _outcome(labels: frozenset[Label], reading: Reading, situation: Situation) -> list[Effect]:
    if not (situation.check_in_asked and situation.known) or Label.WRONG_NUMBER in labels:
        return []
    if Label.URGENT in labels:
        return [RecordOutcome(CheckInOutcome.URGENT)]
    found = _worst(labels)
    # A wrong outcome does more harm than a needless look by a person.
    if found is None or _in_doubt(labels, reading):
        return []
    offer: list[Effect] = [OfferConsult()] if found is CheckInOutcome.PERSISTING else []
    return [RecordOutcome(found), *offer]


def _worst(labels: frozenset[Label]) -> CheckInOutcome | None:
    return next((outcome for label, outcome in _OUTCOMES if label in labels), None)


def _tickets(labels: frozenset[Label], reading: Reading, situation: Situation) -> list[Effect]:
    """Who the sender is, whom the number belongs to, and one ticket for what is left, the most pressing."""
    tickets: list[Effect] = []
    if Label.WRONG_NUMBER in labels:
        # One thing to do, whoever it was and whatever else was said: find out whose number it is.
        tickets.append(OpenTicket(TicketKind.WRONG_NUMBER, _whose(situation) if situation.candidates == 0 else ""))
    elif situation.colleague and situation.candidates == 0:
        tickets.append(OpenTicket(TicketKind.UNCLEAR, STAFF_NUMBER))
    elif not situation.known and situation.candidates == 0:
        reason = "voice_call" if situation.voice else "unknown_number" if situation.unknown_number else ""
        tickets.append(OpenTicket(TicketKind.UNKNOWN_SENDER, reason))
    if Label.STOP in labels and situation.has_treatment and Label.WRONG_NUMBER not in labels:
        tickets.append(OpenTicket(TicketKind.OPTED_OUT))
    if tickets or Label.URGENT in labels:
        return tickets + _beside(labels, reading, situation)
    return _for_a_person(labels, reading, situation)


def _beside(labels: frozenset[Label], reading: Reading, situation: Situation) -> list[Effect]:
    """A persisting breakout of somebody who also wants no more messages: only a call is left."""
    alone = Label.URGENT not in labels and situation.known and (situation.check_in_asked or reading.tier == SOON)
    if alone and Label.PERSISTING in labels and Label.STOP in labels:
        return [OpenTicket(TicketKind.CONSULT, _pressing(reading))]
    return []


def _for_a_person(labels: frozenset[Label], reading: Reading, situation: Situation) -> list[Effect]:
    whose = _whose(situation) or _pressing(reading)
    asked_for_one = Label.PERSISTING in labels and situation.check_in_asked
    if Label.CONSULT in labels or asked_for_one or reading.tier == SOON:
        offer: list[Effect] = [OfferConsult()] if situation.has_treatment and not asked_for_one else []
        return [*offer, OpenTicket(TicketKind.CONSULT, whose)]
    if Label.QUESTION in labels:
        return [OpenTicket(TicketKind.QUESTION, whose)]
    return _unclear(labels, reading, situation)


def _pressing(reading: Reading) -> str:
    """Why it presses more than a consult does."""
    return SOON if reading.tier == SOON else ""


def _unclear(labels: frozenset[Label], reading: Reading, situation: Situation) -> list[Effect]:
    reason = "voice_call" if situation.voice else "attachment" if situation.attachment else _whose(situation)
    needs_nobody = labels <= (_KEYWORDS if situation.candidates > 1 and not situation.known else _PLAIN | _KEYWORDS)
    if situation.voice or situation.attachment or not needs_nobody or _in_doubt(labels, reading):
        return [OpenTicket(TicketKind.UNCLEAR, reason)]
    return []


def _in_doubt(labels: frozenset[Label], reading: Reading) -> bool:
    return reading.confidence < SURE or not labels


def _whose(situation: Situation) -> str:
    """Why nobody can say who is meant, for staff to see on the ticket."""
    if situation.known:
        return ""
    if situation.colleague and situation.candidates == 0:
        return STAFF_NUMBER
    if situation.unknown_number:
        return "unknown_number"
    return "shared_number" if situation.candidates > 1 else "unknown_sender"


def _answer(labels: frozenset[Label], effects: list[Effect], situation: Situation) -> list[Effect]:
    if situation.unknown_number or situation.enough_answers:
        return []
    if Label.HELP in labels:
        again = bool(situation.answered_by_carrier) or HELP in situation.recent_answers
        return [] if again else [SendAnswer(HELP)]
    if Label.START in labels or not situation.known:
        return []
    if OpenTicket(TicketKind.CONSULT, SOON) in effects:
        return _unless_recent("answer:soon", situation)
    outcome = next((effect.outcome for effect in effects if isinstance(effect, RecordOutcome)), None)
    if outcome is not None:
        return _unless_recent(f"answer:{outcome.value}", situation)
    return _hand_over(effects, situation)


def _unless_recent(template: str, situation: Situation) -> list[Effect]:
    return [] if situation.has_answer else [SendAnswer(template)]


def _hand_over(effects: list[Effect], situation: Situation) -> list[Effect]:
    """Tell the patient that a person will read it."""
    opened = {effect.kind for effect in effects if isinstance(effect, OpenTicket)}
    if situation.has_answer or situation.voice:
        return []
    if opened & {TicketKind.QUESTION, TicketKind.CONSULT}:
        return [SendAnswer("answer:question")]
    return [SendAnswer("answer:unclear")] if TicketKind.UNCLEAR in opened else []
