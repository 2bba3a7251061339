"""The table of a reading and a situation in, effects out."""

from dataclasses import replace

from reminders.care.effects import (
    Effect,
    OfferConsult,
    OpenTicket,
    RecordOutcome,
    SendAnswer,
    SendSafety,
    Situation,
    StartMessages,
    StopMessages,
)
from reminders.care.red_flags import MOST_SAFETY_TEXTS
from reminders.models.kinds import CheckInOutcome, TicketKind
from reminders.triage import Label, Reading

ASKED = Situation(known=True, check_in_asked=True, has_treatment=True)
UNASKED = replace(ASKED, check_in_asked=False)
STRANGER = Situation(known=False, candidates=0)
SHARED = Situation(known=False, candidates=2, check_in_asked=True)
VOICE = replace(UNASKED, voice=True)
PHOTO = replace(ASKED, attachment=True)

RED = OpenTicket(TicketKind.RED_FLAG)
OUTCOME = CheckInOutcome


def reading(*labels: Label, confidence: float = 0.95, tier: str | None = None) -> Reading:
    """What triage would hand over."""
    return Reading(frozenset(labels), confidence, "en", (), tier)  # type: ignore[arg-type]


URGENT = reading(Label.URGENT, tier="urgent")
EMERGENCY = reading(Label.URGENT, tier="emergency")
DOUBT = reading(Label.URGENT, confidence=0.4, tier="emergency")

TABLE: list[tuple[str, Reading, Situation, list[Effect]]] = [
    ("red flag unasked", URGENT, UNASKED, [SendSafety("safety:urgent"), RED]),
    (
        "red flag at the check-in",
        URGENT,
        ASKED,
        [SendSafety("safety:urgent"), RED, RecordOutcome(OUTCOME.URGENT)],
    ),
    ("emergency", EMERGENCY, UNASKED, [SendSafety("safety:emergency"), OpenTicket(TicketKind.RED_FLAG, "emergency")]),
    ("doubt is cautious", DOUBT, UNASKED, [SendSafety("safety:cautious"), RED]),
    (
        "red flag beside persisting: no consult, no advice",
        reading(Label.URGENT, Label.PERSISTING, tier="urgent"),
        ASKED,
        [SendSafety("safety:urgent"), RED, RecordOutcome(OUTCOME.URGENT)],
    ),
    (
        "red flag beside a stop",
        reading(Label.URGENT, Label.STOP, tier="urgent"),
        UNASKED,
        [SendSafety("safety:urgent"), RED, StopMessages("reply"), OpenTicket(TicketKind.OPTED_OUT)],
    ),
    (
        "red flag from a stranger",
        URGENT,
        STRANGER,
        [
            SendSafety("safety:urgent"),
            OpenTicket(TicketKind.RED_FLAG, "unknown_sender"),
            OpenTicket(TicketKind.UNKNOWN_SENDER),
        ],
    ),
    (
        "red flag on a shared number",
        URGENT,
        SHARED,
        [SendSafety("safety:urgent"), OpenTicket(TicketKind.RED_FLAG, "shared_number")],
    ),
    (
        "red flag once too often: staff still hear of it",
        URGENT,
        replace(UNASKED, safety_texts={"safety:urgent": MOST_SAFETY_TEXTS}),
        [RED],
    ),
    (
        "worse than before: the other safety text goes",
        EMERGENCY,
        replace(UNASKED, safety_texts={"safety:urgent": MOST_SAFETY_TEXTS}),
        [SendSafety("safety:emergency"), OpenTicket(TicketKind.RED_FLAG, "emergency")],
    ),
    ("stop", reading(Label.STOP), UNASKED, [StopMessages("reply"), OpenTicket(TicketKind.OPTED_OUT)]),
    (
        "stop, answered by the carrier",
        reading(Label.STOP),
        replace(UNASKED, answered_by_carrier="STOP"),
        [StopMessages("reply", by_carrier=True), OpenTicket(TicketKind.OPTED_OUT)],
    ),
    (
        "stop that only the carrier understood",
        reading(Label.OTHER),
        replace(UNASKED, answered_by_carrier="STOP", has_treatment=False),
        [StopMessages("reply", by_carrier=True)],
    ),
    (
        "stop in doubt still stops",
        reading(Label.STOP, confidence=0.3),
        UNASKED,
        [StopMessages("reply"), OpenTicket(TicketKind.OPTED_OUT)],
    ),
    (
        "stop of a stranger",
        reading(Label.STOP),
        STRANGER,
        [StopMessages("reply"), OpenTicket(TicketKind.UNKNOWN_SENDER)],
    ),
    ("stop on a shared number", reading(Label.STOP), SHARED, [StopMessages("reply")]),
    (
        "stop beside persisting: only a call is left",
        reading(Label.STOP, Label.PERSISTING),
        ASKED,
        [
            StopMessages("reply"),
            RecordOutcome(OUTCOME.PERSISTING),
            OfferConsult(),
            OpenTicket(TicketKind.OPTED_OUT),
            OpenTicket(TicketKind.CONSULT),
        ],
    ),
    ("start", reading(Label.START), UNASKED, [StartMessages()]),
    (
        "start, answered by the carrier",
        reading(Label.START),
        replace(UNASKED, answered_by_carrier="START"),
        [StartMessages(by_carrier=True)],
    ),
    ("help", reading(Label.HELP), UNASKED, [SendAnswer("answer:help")]),
    ("help, answered by the carrier", reading(Label.HELP), replace(UNASKED, answered_by_carrier="HELP"), []),
    (
        "help for a stranger",
        reading(Label.HELP),
        STRANGER,
        [OpenTicket(TicketKind.UNKNOWN_SENDER), SendAnswer("answer:help")],
    ),
    (
        "wrong number: stopped, nothing recorded",
        reading(Label.WRONG_NUMBER, Label.CLEAR),
        ASKED,
        [StopMessages("wrong_number"), OpenTicket(TicketKind.WRONG_NUMBER)],
    ),
    ("clear", reading(Label.CLEAR), ASKED, [RecordOutcome(OUTCOME.CLEAR), SendAnswer("answer:clear")]),
    (
        "improving",
        reading(Label.IMPROVING),
        ASKED,
        [RecordOutcome(OUTCOME.IMPROVING), SendAnswer("answer:improving")],
    ),
    (
        "persisting",
        reading(Label.PERSISTING),
        ASKED,
        [
            RecordOutcome(OUTCOME.PERSISTING),
            OfferConsult(),
            OpenTicket(TicketKind.CONSULT),
            SendAnswer("answer:persisting"),
        ],
    ),
    (
        "of two outcomes the worse holds",
        reading(Label.PERSISTING, Label.IMPROVING),
        ASKED,
        [
            RecordOutcome(OUTCOME.PERSISTING),
            OfferConsult(),
            OpenTicket(TicketKind.CONSULT),
            SendAnswer("answer:persisting"),
        ],
    ),
    (
        "a doubtful outcome is for a person",
        reading(Label.CLEAR, confidence=0.4),
        ASKED,
        [OpenTicket(TicketKind.UNCLEAR), SendAnswer("answer:unclear")],
    ),
    ("clear, unasked: nothing to do", reading(Label.CLEAR), UNASKED, []),
    (
        "persisting, unasked: a person looks",
        reading(Label.PERSISTING),
        UNASKED,
        [OpenTicket(TicketKind.UNCLEAR), SendAnswer("answer:unclear")],
    ),
    (
        "an outcome on a shared number is nobody's",
        reading(Label.CLEAR),
        SHARED,
        [OpenTicket(TicketKind.UNCLEAR, "shared_number")],
    ),
    (
        "consult",
        reading(Label.CONSULT),
        UNASKED,
        [OfferConsult(), OpenTicket(TicketKind.CONSULT), SendAnswer("answer:question")],
    ),
    (
        "to be seen within two days, on any day: an answer of its own, and a ticket that presses more",
        reading(Label.PERSISTING, tier="soon"),
        UNASKED,
        [OfferConsult(), OpenTicket(TicketKind.CONSULT, "soon"), SendAnswer("answer:soon")],
    ),
    (
        "to be seen within two days, at the check-in",
        reading(Label.PERSISTING, Label.QUESTION, tier="soon"),
        ASKED,
        [
            RecordOutcome(OUTCOME.PERSISTING),
            OfferConsult(),
            OpenTicket(TicketKind.CONSULT, "soon"),
            SendAnswer("answer:soon"),
        ],
    ),
    (
        "to be seen within two days beside a stop: only a call is left",
        reading(Label.PERSISTING, Label.STOP, tier="soon"),
        UNASKED,
        [StopMessages("reply"), OpenTicket(TicketKind.OPTED_OUT), OpenTicket(TicketKind.CONSULT, "soon")],
    ),
    (
        "question",
        reading(Label.QUESTION),
        UNASKED,
        [OpenTicket(TicketKind.QUESTION), SendAnswer("answer:question")],
    ),
    (
        "question beside an outcome: the outcome's answer",
        reading(Label.QUESTION, Label.IMPROVING),
        ASKED,
        [RecordOutcome(OUTCOME.IMPROVING), OpenTicket(TicketKind.QUESTION), SendAnswer("answer:improving")],
    ),
    (
        "a second question within the hour is not answered again",
        reading(Label.QUESTION),
        replace(UNASKED, recent_answers=frozenset({"answer:clear"})),
        [OpenTicket(TicketKind.QUESTION)],
    ),
    (
        "the same outcome within the hour is not answered again",
        reading(Label.CLEAR),
        replace(ASKED, recent_answers=frozenset({"answer:clear"})),
        [RecordOutcome(OUTCOME.CLEAR)],
    ),
    (
        "a correction within the hour is recorded, and one answer was enough",
        reading(Label.IMPROVING),
        replace(ASKED, recent_answers=frozenset({"answer:clear"})),
        [RecordOutcome(OUTCOME.IMPROVING)],
    ),
    (
        "help is answered also after another answer",
        reading(Label.HELP),
        replace(ASKED, recent_answers=frozenset({"answer:clear"})),
        [SendAnswer("answer:help")],
    ),
    (
        "help again is not",
        reading(Label.HELP),
        replace(ASKED, recent_answers=frozenset({"answer:help"})),
        [],
    ),
    (
        "help stands in no other answer's way",
        reading(Label.CLEAR),
        replace(ASKED, recent_answers=frozenset({"answer:help"})),
        [RecordOutcome(OUTCOME.CLEAR), SendAnswer("answer:clear")],
    ),
    ("thanks", reading(Label.OTHER), UNASKED, []),
    (
        "unclear",
        reading(Label.OTHER, confidence=0.3),
        UNASKED,
        [OpenTicket(TicketKind.UNCLEAR), SendAnswer("answer:unclear")],
    ),
    ("thanks of a stranger", reading(Label.OTHER), STRANGER, [OpenTicket(TicketKind.UNKNOWN_SENDER)]),
    ("a call", reading(Label.OTHER), VOICE, [OpenTicket(TicketKind.UNCLEAR, "voice_call")]),
    (
        "a stranger's call",
        reading(Label.OTHER),
        replace(STRANGER, voice=True),
        [OpenTicket(TicketKind.UNKNOWN_SENDER, "voice_call")],
    ),
    (
        "a photo beside an outcome",
        reading(Label.CLEAR),
        PHOTO,
        [
            RecordOutcome(OUTCOME.CLEAR),
            OpenTicket(TicketKind.UNCLEAR, "attachment"),
            SendAnswer("answer:clear"),
        ],
    ),
]
