"""What must be known of a reply that came by e-mail beside its words: whether it proves what it answers, and whether a
person wrote it. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from reminders.care.effects import Effect, OpenTicket, SendSafety, Situation
from reminders.care.situation import Context
from reminders.models.kinds import ReplyKind, TicketKind
from reminders.models.reply import MAIL
from reminders.triage import Label, Reading

BY_SUBJECT = "subject"
"""Why an absence notice is a machine's whose headers do not say so: its subject alone does."""

_NOT_SURE = 0.3
"""How sure a START is that proves nothing: a person looks at it."""


@dataclass(frozen=True, slots=True)
class Letter:
    """`proof` is "token" or "thread" where the mail names a message that only its reader knows, "" where From is all
    that speaks for it; `automatic` is why no person wrote it, "" where one may have. `sender` is From as it
    stood; `thread` are the Message-IDs of the conversation, oldest first, its own last."""

    proof: str = ""
    automatic: str = ""
    sender: str = ""
    subject: str = ""
    message_id: str = ""
    thread: str = ""

    @property
    def is_machines(self) -> bool:
        """Whether its headers say that no person wrote it. A subject may mean something else, so it is still read."""
        return self.automatic not in {"", BY_SUBJECT}

    def to_data(self) -> dict[str, Any]:
        """The same, JSON-safe: what `letter_of` reads back."""
        return {MAIL: asdict(self)}


_PLAIN = Letter(proof="token")
_NOTHING = Label.OTHER


def letter_of(kind: ReplyKind, raw: Any) -> Letter:
    """What a reply's raw form says of it; a reply that came by another way proves enough by that."""
    given = raw.get(MAIL) if isinstance(raw, Mapping) else None
    if kind is not ReplyKind.EMAIL or not isinstance(given, Mapping):
        return _PLAIN
    return Letter(**{name: str(given.get(name, "")) for name in Letter.__slots__})


def is_quiet(kind: ReplyKind, raw: Any, labels: Collection[str]) -> bool:
    """Whether a machine wrote it and it rings nobody: it stands in the timeline, and asks for no look."""
    letter = letter_of(kind, raw)
    return bool(letter.automatic) and (Label.URGENT not in labels if letter.is_machines else set(labels) == {_NOTHING})


def as_proven(context: Context) -> Context:
    """Without the check-in, where nothing proves that the mail answers it: anybody can write a From, and a "1" in
    somebody's name would tell the clinic that all is well. Staff read it instead."""
    reply = context.reply
    if not letter_of(reply.kind, reply.raw).proof:
        return replace(context, check_in=None)
    # What is proven and no patient's answers an alert.
    answers_alert = reply.kind is ReplyKind.EMAIL and reply.patient_id is None and context.colleague is not None
    return replace(context, answers_alert=answers_alert)


def as_sent(reading: Reading, letter: Letter) -> Reading:
    """Without what only the holder of the mailbox may ask for: to be written to again."""
    if letter.proof or Label.START not in reading.labels:
        return reading
    labels = reading.labels - {Label.START} or frozenset({Label.OTHER})
    return replace(reading, labels=labels, confidence=min(reading.confidence, _NOT_SURE))


def from_machine(reading: Reading, situation: Situation) -> list[Effect]:
    """What a mail leads to that no person wrote, by its headers: nothing, or else two machines would talk in a ring.

    But for a red flag in the name of a patient whom we know: a person may have dictated it, so staff are alerted, and
    the cautious text goes, once in an hour.
    """
    if Label.URGENT not in reading.labels or not situation.known:
        return []
    told = any(situation.safety_texts.values())
    template = "safety:cautious" if situation.on_call else "safety:cautious_alone"
    safety: list[Effect] = [] if told else [SendSafety(template)]
    return [*safety, OpenTicket(TicketKind.RED_FLAG)]
