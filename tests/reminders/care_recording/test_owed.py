"""What a change does to a treatment's rows, decided without a database."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reminders.care.owed import Carried, Intents, Row, Terms, decide
from reminders.models.kinds import Channel, Language, ReminderState
from schedules import library
from schedules.hours import Hours
from schedules.lifecycle import State
from schedules.plan import Plan, plan

TREATED = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
HOURS = Hours(ZoneInfo("America/Toronto"), closed_weekdays=frozenset({7}))
TEXT = Terms(Channel.SMS, "", Language.FR, TREATED)
NOWHERE = Terms(None, "no_consent", Language.FR)


def wanted(treated_at: datetime = TREATED, now: datetime = TREATED) -> Plan:
    return plan(library.load("microneedling").protocol, treated_at, HOURS, now)


def rows(state: State = State.PLANNED, reason: str = "") -> list[Row]:
    """The three steps as recorded at TREATED, each with one text in `state`."""
    message = (Carried(uuid.uuid4(), Channel.SMS, Language.FR, state, TREATED, reason),)
    return [Row(uuid.uuid4(), step.step.key, 1, step.due_at, ReminderState.OWED, message) for step in wanted().planned]


def steps(intents: Intents) -> dict[str, list[str]]:
    """The step keys under each kind of intent."""
    return {
        "stop": [row.step for row, _ in intents.stop],
        "move": [row.step for row, _ in intents.move],
        "replace": [row.step for row, _ in intents.replace],
        "add": [new.planned.step.key for new in intents.add],
        "skip": [step.step.key for step, _ in intents.skip],
    }


NONE: dict[str, list[str]] = {"stop": [], "move": [], "replace": [], "add": [], "skip": []}
ALL = ["day-1", "day-3", "day-7"]


def test_a_new_treatment_is_owed_every_step() -> None:
    assert steps(decide([], wanted(), TEXT, TREATED)) == NONE | {"add": ALL}


def test_without_consent_every_step_is_noted_with_the_reason() -> None:
    intents = decide([], wanted(), NOWHERE, TREATED)
    assert steps(intents) == NONE | {"skip": ALL}
    assert {reason for _, reason in intents.skip} == {"no_consent"}


def test_a_backdated_treatment_notes_what_is_too_late() -> None:
    intents = decide([], wanted(now=TREATED + timedelta(days=6)), TEXT, TREATED + timedelta(days=6))
    assert steps(intents) == NONE | {"skip": ["day-1", "day-3"], "add": ["day-7"]}


def test_nothing_changed_does_nothing() -> None:
    assert steps(decide(rows(), wanted(), TEXT, TREATED)) == NONE


def test_a_due_row_that_waits_for_its_sweep_is_left_alone() -> None:
    late = TREATED + timedelta(days=1, minutes=5)
    assert steps(decide(rows(), wanted(now=late), TEXT, late)) == NONE


def test_withdrawn_consent_stops_what_is_open() -> None:
    intents = decide(rows(), wanted(), NOWHERE, TREATED)
    assert steps(intents) == NONE | {"stop": ALL}
    assert {reason for _, reason in intents.stop} == {"no_consent"}


@pytest.mark.parametrize(
    "terms", [Terms(Channel.EMAIL, "", Language.FR, TREATED), Terms(Channel.SMS, "", Language.EN, TREATED)]
)
def test_another_channel_or_language_replaces_what_is_open(terms: Terms) -> None:
    assert steps(decide(rows(), wanted(), terms, TREATED)) == NONE | {"replace": ALL}


@pytest.mark.parametrize(
    "state",
    [State.SENDING, State.SENT, State.DELIVERED, State.UNKNOWN, State.UNDELIVERED, State.FAILED],
)
def test_what_may_have_been_sent_is_never_sent_again(state: State) -> None:
    for terms in (TEXT, NOWHERE, Terms(Channel.EMAIL, "", Language.EN, TREATED)):
        for moved in (TREATED, TREATED - timedelta(days=1), TREATED + timedelta(days=2)):
            assert steps(decide(rows(state), wanted(moved), terms, TREATED)) == NONE


@pytest.mark.parametrize("state", [State.CANCELLED, State.SKIPPED, State.EXPIRED])
def test_what_reached_nobody_is_owed_anew(state: State) -> None:
    intents = decide(rows(state, "no_consent"), wanted(), TEXT, TREATED)
    assert steps(intents) == NONE | {"add": ALL}
    assert {new.round for new in intents.add} == {2}


def lost_at(address: str, state: State = State.FAILED) -> list[Row]:
    """The three steps, each with a text that did not arrive at `address`."""
    return [replace(row, messages=tuple(replace(one, address=address) for one in row.messages)) for row in rows(state)]


@pytest.mark.parametrize("state", [State.FAILED, State.UNDELIVERED])
def test_what_did_not_arrive_is_owed_anew_at_a_new_address_and_never_at_the_same(state: State) -> None:
    there, moved = lost_at("old", state), replace(TEXT, address="new")
    assert steps(decide(there, wanted(), replace(TEXT, address="old"), TREATED)) == NONE
    assert steps(decide(there, wanted(), replace(moved, channel=Channel.EMAIL), TREATED)) == NONE
    intents = decide(there, wanted(), moved, TREATED)
    assert steps(intents) == NONE | {"add": ALL}
    assert {new.round for new in intents.add} == {2}


def test_a_further_round_stays_and_goes_nowhere_twice() -> None:
    second = [replace(row, reminder_id=uuid.uuid4(), round=2) for row in rows()]
    assert steps(decide(lost_at("old") + second, wanted(), replace(TEXT, address="new"), TREATED)) == NONE
    back = decide(lost_at("old") + second, wanted(), replace(TEXT, address="old"), TREATED)
    assert steps(back) == NONE | {"stop": ALL}
    assert {reason for _, reason in back.stop} == {"address_failed"}


def test_an_email_in_place_of_a_lost_text_gives_way_to_a_text_to_the_new_number() -> None:
    email = Carried(uuid.uuid4(), Channel.EMAIL, Language.FR, State.PLANNED, TREATED)
    there = [replace(row, messages=(*row.messages, email)) for row in lost_at("old")]
    assert steps(decide(there, wanted(), replace(TEXT, address="old"), TREATED)) == NONE
    assert steps(decide(there, wanted(), replace(TEXT, address="new"), TREATED)) == NONE | {"replace": ALL}
    arrived = [replace(row, messages=(row.messages[0], replace(email, state=State.DELIVERED))) for row in there]
    assert steps(decide(arrived, wanted(), replace(TEXT, address="new"), TREATED)) == NONE


OLD, NEW = uuid.uuid4(), uuid.uuid4()


def worded(version: uuid.UUID | None, there: list[Row]) -> list[Row]:
    """The rows with messages in a version's words."""
    return [replace(row, messages=tuple(replace(one, version=version) for one in row.messages)) for row in there]


def test_what_waits_is_sent_in_the_words_of_the_version_that_the_treatment_follows() -> None:
    follows = replace(TEXT, version=NEW)
    assert steps(decide(worded(OLD, rows()), wanted(), follows, TREATED)) == NONE | {"replace": ALL}
    assert steps(decide(worded(NEW, rows()), wanted(), follows, TREATED)) == NONE
    assert steps(decide(worded(None, rows()), wanted(), follows, TREATED)) == NONE, "its words are no protocol's"
    assert steps(decide(worded(OLD, rows()), wanted(), TEXT, TREATED)) == NONE


@pytest.mark.parametrize(
    "state", [State.SENDING, State.SENT, State.DELIVERED, State.UNKNOWN, State.UNDELIVERED, State.FAILED]
)
def test_another_version_sends_nothing_twice(state: State) -> None:
    """Nor does a further round of a step that is done, a nudge, become the step once more."""
    follows = replace(TEXT, version=NEW)
    done = worded(OLD, rows(state))
    assert steps(decide(done, wanted(), follows, TREATED)) == NONE
    nudges = [replace(row, reminder_id=uuid.uuid4(), round=2) for row in worded(OLD, rows())]
    assert steps(decide(done + nudges, wanted(), follows, TREATED)) == NONE


def test_a_stop_is_not_answered_with_an_email() -> None:
    terms = Terms(Channel.EMAIL, "", Language.FR, TREATED - timedelta(days=30))
    assert steps(decide(rows(State.CANCELLED, "opted_out"), wanted(), terms, TREATED)) == NONE


def test_agreeing_to_email_after_a_stop_brings_the_rest_by_email() -> None:
    terms = Terms(Channel.EMAIL, "", Language.FR, TREATED + timedelta(minutes=1))
    assert steps(decide(rows(State.CANCELLED, "opted_out"), wanted(), terms, TREATED)) == NONE | {"add": ALL}


def test_skipped_rows_come_back_with_consent_and_pile_up_without() -> None:
    skipped = [Row(row.reminder_id, row.step, 1, row.due_at, ReminderState.SKIPPED, ()) for row in rows()]
    assert steps(decide(skipped, wanted(), TEXT, TREATED)) == NONE | {"add": ALL}
    assert steps(decide(skipped, wanted(), NOWHERE, TREATED)) == NONE


def test_what_staff_cancelled_stays_cancelled() -> None:
    cancelled = [Row(row.reminder_id, row.step, 1, row.due_at, ReminderState.CANCELLED, ()) for row in rows()]
    assert steps(decide(cancelled, wanted(), TEXT, TREATED)) == NONE


def test_a_later_date_moves_and_an_older_one_stops_what_is_too_late() -> None:
    later, older = TREATED + timedelta(days=1), TREATED - timedelta(days=5)
    assert steps(decide(rows(), wanted(later), TEXT, TREATED)) == NONE | {"move": ALL}
    intents = decide(rows(), wanted(older), TEXT, TREATED)
    assert steps(intents)["stop"] == ["day-1"]
    assert intents.stop[0][1] == "too_late"
    assert steps(intents)["move"] == ["day-3", "day-7"]
