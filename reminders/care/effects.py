"""What a reply may lead to, and what must be known beside its words to say so: values only."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from reminders.models.kinds import CheckInOutcome, TicketKind

EMERGENCY = "emergency"
"""The tier of a red flag whose patient is told to call 911, and the reason of its ticket."""

HELP = "answer:help"
"""HELP must be answered, so it counts by itself: neither does another answer stop it, nor does it stop another."""


SOON = "soon"
"""The tier of what a clinician should see within 24 to 48 hours (facts/aftercare), and the reason of its ticket."""

SEEN_WITHIN: Mapping[str, timedelta] = {SOON: timedelta(hours=48)}
"""How long after it was opened a ticket of this reason should be seen at the latest; none for the others."""


@dataclass(frozen=True)
class Situation:
    """What must be known beside a reply's words.

    `candidates` counts the patients whose address it came from; `known` says that one of them is meant.
    `answered_by_carrier` is the keyword that the carrier has answered already ("STOP", "START", "HELP" or "").
    `for_another` says that whoever writes may speak for the patient: a guardian, a minor's parent, a shared address.
    `unknown_number`: it came to a number that is none of ours, so nobody knows which clinic is meant.
    `colleague`: the number is a member of staff's; `alarm` is the newest that they were called about, if one is not
    closed, and `takes` says whether the words can be meant for it; `answers_alert`: an e-mail that proves that it
    answers that. `on_call`: somebody is, and can be reached.
    `stranger`: an e-mail from the address of nobody whom the clinic knows, proving nothing; `strangers_told`: how many
    safety e-mails such addresses got within the hour; `enough_answers`: they got as many others as they get.
    `recent_answers` are the templates of automatic answers within the time that the clinic keeps them apart,
    `safety_texts` how often each safety text went out within the hour.
    """

    known: bool
    candidates: int = 1
    check_in_asked: bool = False
    has_treatment: bool = False
    voice: bool = False
    attachment: bool = False
    answered_by_carrier: str = ""
    for_another: bool = False
    unknown_number: bool = False
    colleague: bool = False
    alarm: uuid.UUID | None = None
    takes: bool = False
    answers_alert: bool = False
    on_call: bool = True
    stranger: bool = False
    strangers_told: int = 0
    enough_answers: bool = False
    recent_answers: frozenset[str] = frozenset()
    safety_texts: Mapping[str, int] = field(default_factory=dict)

    @property
    def has_answer(self) -> bool:
        """Whether the patient got an automatic answer just now: whatever it said, one is enough."""
        return bool(self.recent_answers - {HELP})


@dataclass(frozen=True)
class SendSafety:
    """Send the safety text `template` at once, at any hour."""

    template: str


@dataclass(frozen=True)
class TakeAlarm:
    """Acknowledge the ticket `alarm` for the member of staff who wrote, and tell them what came of it."""

    alarm: uuid.UUID


@dataclass(frozen=True)
class OpenTicket:
    """Put it before staff; a red flag also alerts whoever is on call."""

    kind: TicketKind
    reason: str = ""


@dataclass(frozen=True)
class StopMessages:
    """Suppress the address. `source` is "reply" or "wrong_number"; `by_carrier`: the carrier has confirmed it."""

    source: str
    by_carrier: bool = False


@dataclass(frozen=True)
class StartMessages:
    """Lift the suppression of the address; `by_carrier`: the carrier has confirmed it."""

    by_carrier: bool = False


@dataclass(frozen=True)
class RecordOutcome:
    """Keep the answer to the check-in."""

    outcome: CheckInOutcome


@dataclass(frozen=True)
class OfferConsult:
    """Offer a consult for the treatment, once."""


@dataclass(frozen=True)
class SendAnswer:
    """Send the automatic answer `template`."""

    template: str


Effect = SendSafety | OpenTicket | StopMessages | StartMessages | RecordOutcome | OfferConsult | SendAnswer | TakeAlarm
