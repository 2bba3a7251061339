"""Every reminder has a sentence, in both languages, whatever became of it."""

import re
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reminders.care import ending, joining, optouts, owed, reach
from reminders.care.explain import Explanation, explain, sentence
from reminders.care.explain.texts import texts
from reminders.care.explain.waiting import Holds
from reminders.consent import Standing, decide
from reminders.delivery.housekeeping import HELD_TOO_LONG
from reminders.delivery.prepare import UNSENDABLE
from reminders.ids import new_id
from reminders.models import Attempt, Message, Reminder
from reminders.models.kinds import Channel, Language, MessageKind, ReminderState
from schedules.lifecycle import State
from schedules.plan import SUPERSEDED, TOO_LATE
from tests.conftest import NOW

ROOT = Path(__file__).parents[3]
ZONE = ZoneInfo("America/Toronto")
HOUR = timedelta(hours=1)

REFUSALS = {
    decide(Standing(kind, Channel.SMS, *facts)).reason
    for kind in MessageKind
    for facts in product((True, False), repeat=8)
} - {""}

WRITTEN = re.compile(
    r"""Move\(State\.\w+, [\w.]+, "(\w+)"|Ruling\(State\.\w+, "(\w+)"|_Meaning\(State\.\w+, Outcome\.\w+, "(\w+)"|"""
    r"""(?:cancel|call_off|end)\w*\(session, .*, "(\w+)", now\)|reason="(\w+)\""""
)
"""How the code writes a reason on a message or a reminder."""

OF_TICKETS = {"unreadable", "start_refused", "silence", "same_protocol"}


def written() -> set[str]:
    """Every reason that stands in the code as a word."""
    folders = ("outbox", "delivery", "care")
    sources = [path.read_text() for folder in folders for path in (ROOT / "reminders" / folder).rglob("*.py")]
    return {word for source in sources for found in WRITTEN.findall(source) for word in found if word} - OF_TICKETS


REASONS = (
    written()
    | REFUSALS
    | {
        *(
            TOO_LATE,
            SUPERSEDED,
            owed.NOT_IN_PROTOCOL,
            optouts.OPTED_OUT,
            optouts.WRONG_NUMBER,
            UNSENDABLE,
            HELD_TOO_LONG,
        ),
        *(ending.SUPERSEDED, joining.JOINED, joining.PARTED),
        *(reach.NO_ADDRESS, reach.NO_CONSENT, reach.OPTED_OUT, reach.NO_SENDER, "replaced"),
    }
)
"""Every reason that the code writes on a reminder or a message."""


def reminder(state: ReminderState = ReminderState.OWED, reason: str = "") -> Reminder:
    """A reminder that no table holds."""
    return Reminder(id=new_id(), step="day-7", state=state, reason=reason, state_at=NOW, due_at=NOW, useful_until=NOW)


def message(state: State, reason: str = "", **given: Any) -> Message:
    """A message that no table holds."""
    values: dict[str, Any] = {"channel": Channel.SMS, "created_at": NOW, "due_at": NOW, "state_at": NOW} | given
    return Message(id=new_id(), state=state, reason=reason, **values)


def say(explanation: Explanation, language: Language = Language.EN) -> str:
    """The explanation in words."""
    return sentence(explanation, language, ZONE)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("reason", ["", *sorted(REASONS)])
@pytest.mark.parametrize("state", list(State))
def test_every_state_of_a_message_and_reason_has_a_sentence(state: State, reason: str, language: Language) -> None:
    words = say(explain(reminder(), [message(state, reason)]), language)
    assert words.endswith(".")
    assert reason not in texts(language).reason or "(" not in words
    if "{because}" in texts(language).sentence[f"message_{state.value}"] and reason:
        assert texts(language).reason[reason] in words


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("reason", sorted(REASONS))
@pytest.mark.parametrize("state", [ReminderState.SKIPPED, ReminderState.CANCELLED])
def test_every_state_of_a_reminder_and_reason_has_a_sentence(
    state: ReminderState, reason: str, language: Language
) -> None:
    assert texts(language).reason[reason] in say(explain(reminder(state, reason), []), language)


def test_both_languages_say_the_same_things() -> None:
    english, french = texts(Language.EN), texts(Language.FR)
    for table in ("sentence", "channel", "before", "reason", "code"):
        assert getattr(english, table).keys() == getattr(french, table).keys()
    for key, words in english.sentence.items():
        assert _fields(words) == _fields(french.sentence[key]), key
    assert set(english.channel) == set(english.before) == {channel.value for channel in Channel}


def _fields(words: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(words) if field}


def test_what_arrived_tells_more_than_what_came_later() -> None:
    late = message(State.CANCELLED, "delivered_late", channel=Channel.EMAIL, created_at=NOW + timedelta(hours=1))
    arrived = message(State.DELIVERED, delivered_at=NOW)
    assert say(explain(reminder(), [late, arrived])) == "It arrived by text on March 10, 2026, 11:00\u202fa.m."


def test_an_email_in_place_of_a_text_says_so_and_why() -> None:
    failed = message(State.UNDELIVERED)
    email = message(State.PLANNED, channel=Channel.EMAIL, created_at=NOW + timedelta(hours=1))
    words = say(explain(reminder(), [failed, email]))
    assert words == "The text did not arrive. It will go by e-mail on March 10, 2026, 11:00\u202fa.m."


def test_the_providers_code_is_put_in_words_and_an_unknown_one_is_shown() -> None:
    failed = message(State.FAILED, "refused")
    known, strange = (
        [Attempt(id=new_id(), message_id=failed.id, number=1, error_code=code)] for code in ("21614", "99999")
    )
    assert say(explain(reminder(), [failed], known)) == (
        "It could not be sent by text because the number cannot receive texts."
    )
    assert say(explain(reminder(), [failed], strange)) == (
        "It could not be sent by text because the provider refused it (99999)."
    )


TREATMENT, PATIENT, SENDER = new_id(), new_id(), new_id()
FREE = Holds(NOW - HOUR, everything=False, clinic=False, treatments=frozenset(), patients=frozenset(), senders={})
HELD = {
    "all sending is on hold": replace(FREE, everything=True, clinic=True),
    "the clinic's sending is on hold": replace(FREE, clinic=True, patients=frozenset({PATIENT})),
    "its protocol is on hold": replace(FREE, treatments=frozenset({TREATMENT})),
    "this patient is on hold": replace(FREE, patients=frozenset({PATIENT})),
    "the clinic's sender is paused": replace(FREE, senders={SENDER: NOW + HOUR}),
    "the clinic's texts have reached their maximum for this month": replace(
        FREE, senders={SENDER: NOW + HOUR}, spent=frozenset({SENDER})
    ),
}


def waiting(state: State = State.PLANNED, priority: int = 5) -> Message:
    return message(state, treatment_id=TREATMENT, patient_id=PATIENT, sender_id=SENDER, priority=priority)


@pytest.mark.parametrize("because", HELD)
@pytest.mark.parametrize("later", [timedelta(0), 5 * HOUR])
def test_on_hold_no_time_is_promised_that_has_passed(because: str, later: timedelta) -> None:
    held = HELD[because]
    until = {sender: at + later for sender, at in held.senders.items()}
    holds = replace(held, now=held.now + later, senders=until)
    words = say(explain(reminder(), [waiting()], holds=holds))
    assert words == f"It is due by text on March 10, 2026, 11:00\u202fa.m. and waits because {because}."
    assert "attend parce que" in say(explain(reminder(), [waiting()], holds=holds), Language.FR)
    assert "waits" not in say(explain(reminder(), [waiting(State.SENT)], holds=holds))


def test_a_pause_that_ends_in_time_and_a_hold_that_does_not_bind_keep_nothing_waiting() -> None:
    over = replace(FREE, senders={SENDER: NOW - timedelta(minutes=1)})
    assert say(explain(reminder(), [waiting()], holds=over)) == "It will go by text on March 10, 2026, 11:00\u202fa.m."
    for because in ("its protocol is on hold", "this patient is on hold", list(HELD)[-1]):
        assert "waits" not in say(explain(reminder(), [waiting(priority=0)], holds=HELD[because]))


def test_what_is_due_goes_with_the_next_sweep() -> None:
    words = say(explain(reminder(), [waiting()], holds=replace(FREE, now=NOW + HOUR)))
    assert words == "It has been due since March 10, 2026, 11:00\u202fa.m. and goes by text with the next sweep."


def test_nothing_planned_is_said_too() -> None:
    assert (
        say(explain(reminder(), []))
        == "It is due on March 10, 2026, 11:00\u202fa.m., and no message is planned for it."
    )


def test_the_search_for_reasons_finds_some() -> None:
    assert written() >= {"acknowledged", "delivered_late", "too_late", "held", "refused", "treatment_cancelled"}


def test_a_reason_without_words_is_shown_as_it_is() -> None:
    assert say(explain(reminder(), [message(State.SKIPPED, "eclipse")])) == "It was not sent by text (eclipse)."
