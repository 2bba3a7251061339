"""For every reminder one sentence for staff: why it was, will be, or was not sent. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from reminders.care.explain.texts import Texts, texts
from reminders.care.explain.waiting import Holds
from reminders.models import Attempt, Message, Reminder
from reminders.models.kinds import Channel, Language, ReminderState
from schedules.lifecycle import LIVE, State

_LOCALE = {Language.EN: "en_CA", Language.FR: "fr_CA"}
_GAVE_UP = frozenset({State.UNDELIVERED, State.FAILED})


@dataclass(frozen=True)
class Explanation:
    """A sentence's key in the texts and what fills it: `at` (UTC), `channel`, `reason`, `code`, `before`."""

    key: str
    params: Mapping[str, str | datetime]


def explain(
    reminder: Reminder,
    messages: Sequence[Message],
    attempts: Sequence[Attempt] = (),
    *,
    holds: Holds | None = None,
    shared: Collection[UUID] = (),
) -> Explanation:
    """Why a reminder was, will be, or was not sent.

    `messages` are those that carried it and `attempts` the calls made for them, in any order; `holds` is what is on
    hold now, and `shared` are the messages that carry another treatment's reminder, too.
    """
    if reminder.state is not ReminderState.OWED:
        return Explanation(f"reminder_{reminder.state.value}", {"reason": reminder.reason, "at": reminder.state_at})
    if not messages:
        return Explanation("reminder_owed", {"at": reminder.due_at})
    message = telling(messages)
    before = [other for other in messages if other.state in _GAVE_UP and other.channel is not message.channel]
    fate = explain_message(message, attempts, holds=holds, shared=message.id in shared)
    return Explanation(fate.key, {**fate.params, "before": before[-1].channel.value if before else ""})


def explain_message(
    message: Message, attempts: Sequence[Attempt] = (), *, holds: Holds | None = None, shared: bool = False
) -> Explanation:
    """What became of one message, or keeps it waiting, and why."""
    return Explanation(
        f"message_{(holds.of(message) if holds else '') or _fate(message)}",
        {
            "channel": message.channel.value,
            "reason": message.reason,
            "code": _last_code(message, attempts),
            "at": _when(message),
            "shared": "shared" if shared else "",
        },
    )


def telling(messages: Sequence[Message]) -> Message:
    """The message that says most about its reminder: one that arrived, else one on its way, else the newest."""
    newest_first = sorted(messages, key=lambda message: (message.created_at, message.id), reverse=True)
    arrived = [message for message in newest_first if message.state is State.DELIVERED]
    under_way = [message for message in newest_first if message.state in LIVE]
    return (arrived or under_way or newest_first)[0]


def sentence(explanation: Explanation, language: Language, zone: ZoneInfo, day: date | None = None) -> str:
    """The explanation in words, with times in `zone`. What nobody has words for shows its bare word in brackets.

    `day`: the local day that is said already where the sentence stands; of a moment on it the time alone is said.
    """
    found = texts(language)
    params = explanation.params
    filled = {
        "channel": found.channel.get(str(params.get("channel", "")), ""),
        **_when_said(params.get("at"), language, zone, day),
        "because": _because(found, str(params.get("reason", "")), str(params.get("code", ""))),
    }
    before = found.before.get(str(params.get("before", "")), "")
    shared = found.shared if params.get("shared") else ""
    return before + ended_once(found.sentence[explanation.key].format(**filled)) + shared


def ended_once(words: str) -> str:
    """A sentence that ends in "a.m." has its stop."""
    return words[:-1] if words.endswith("..") else words


def _when_said(at: object, language: Language, zone: ZoneInfo, said: date | None) -> dict[str, str]:
    """What fills {at} and {since}."""
    if not isinstance(at, datetime):
        return {"at": "", "since": ""}
    moment, locale, local = texts(language).moment, _LOCALE[language], at.astimezone(zone)
    parts = {"day": format_date(local, "long", locale=locale), "time": format_time(local, "short", locale=locale)}
    known = "_time" if local.date() == said else ""
    return {name: moment[name + known].format(**parts) for name in ("at", "since")}


def _because(found: Texts, reason: str, code: str) -> str:
    """The code says more than the reason where it has words; what has none is shown bare, for whoever looks it up."""
    words = found.code.get(code) or found.reason.get(reason) or found.code.get(reason)
    bare = [word for word in (reason, code) if word and word not in found.reason and word not in found.code]
    shown = f" ({' '.join(bare)})" if bare else ""
    return f" {found.because} {words}{shown}" if words else shown


def _fate(message: Message) -> str:
    """A message's state; an e-mail that was handed over has come as far as anybody will say."""
    handed_over = message.state is State.SENT and message.channel is Channel.EMAIL
    return "sent_email" if handed_over else message.state.value


def _last_code(message: Message, attempts: Sequence[Attempt]) -> str:
    own = [attempt for attempt in attempts if attempt.message_id == message.id]
    return max(own, key=lambda attempt: attempt.number).error_code if own else ""


def _when(message: Message) -> datetime:
    """The moment that the sentence names: when it is due, was handed over, arrived, or came to its end."""
    if message.state in (State.PLANNED, State.CLAIMED):
        return message.due_at
    if message.state is State.DELIVERED:
        return message.delivered_at or message.state_at
    return (message.sent_at or message.state_at) if message.state is State.SENT else message.state_at
