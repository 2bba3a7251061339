"""Promise 9: naive datetimes are refused, only the database's clock decides, daylight saving is decided on purpose.

Seen to fail when
- replan.Existing took a naive time: test_a_naive_datetime_is_refused_at_every_value;
- the column type took naive times for local ones: test_a_naive_datetime_gets_into_no_statement;
- columns were plain DateTime: test_every_column_of_time_refuses_naive_ones;
- receipts called datetime.now: test_no_code_but_the_clock_asks_what_time_it_is;
- the sweep took the host's clock: test_the_host_clock_decides_nothing and both ..._clock_..._an_hour_ahead_...;
- wake-ups expired by a clock (as they first did): test_a_worker_whose_clock_is_an_hour_ahead_works_on_time;
- days were counted in 24 hours, or in the clinic's zone: test_each_step_is_sent_at_its_documented_instant;
- skipped times were taken, or the second of a time that comes twice: test_a_time_that_the_clocks_skip_is_refused_...;
- the last check used the clinic's window: test_the_window_is_the_patients_own.
"""

import ast
import time as host
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import DateTime
from sqlalchemy.exc import StatementError

from reminders.columns import UtcDateTime
from reminders.database import Base
from reminders.delivery.context import Delivery
from reminders.delivery.sweep import send_due
from reminders.errors import InvalidInputError
from reminders.outbox import move_due
from reminders.settings import Settings
from schedules.lifecycle import State
from tests import services
from tests.processes import ROOT, open_stack
from tests.promises import naive, syntax
from tests.promises.fast_clock import FastDatetime, fast
from tests.promises.world import World, number, open_world
from tests.reminders.delivery.fakes import Provider

pytestmark = pytest.mark.timeout(300)

HALF_PAST_NINE = datetime(2026, 3, 10, 13, 30, tzinfo=UTC)
"""In Montreal, where the window is open and check-ins are due in half an hour."""


@pytest.mark.parametrize("door", naive.VALUES)
def test_a_naive_datetime_is_refused_at_every_value(door: str) -> None:
    with pytest.raises(ValueError, match="naive"):
        naive.VALUES[door]()


@pytest.mark.parametrize("door", naive.STATEMENTS)
def test_a_naive_datetime_gets_into_no_statement(world: World, door: str) -> None:
    with pytest.raises(StatementError, match="naive"), world.database.begin() as session:
        naive.STATEMENTS[door](session)


def test_every_column_of_time_refuses_naive_ones() -> None:
    columns = [column for table in Base.metadata.sorted_tables for column in table.columns]
    assert not [str(column) for column in columns if isinstance(column.type, DateTime)]
    assert [str(column) for column in columns if isinstance(column.type, UtcDateTime)]


ASKING = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "func.now"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "func.current_timestamp"),
}
ALLOWED = {
    ("reminders/clock.py", "datetime.now"),  # the one place
    ("reminders/ids.py", "time.time_ns"),  # orders ids, says nothing of when a thing is due
}
HOST_CLOCK_ALLOWED = ("reminders/clock.py", "reminders/sandbox/", "reminders/channels/email_message.py")
"""The stand-in carrier lives in the world; an e-mail's Date header says when this host made it."""


def test_no_code_but_the_clock_asks_what_time_it_is() -> None:
    asked = {(path.as_posix(), name) for path, tree in syntax.modules() for name, _ in syntax.calls(tree)}
    found = {(path, name) for path, name in asked if ".".join(name.split(".")[-2:]) in ASKING}
    assert found == ALLOWED
    renamed = [path for path, tree in syntax.modules() for node in ast.walk(tree) if _imports_time_by_name(node)]
    assert not renamed, "a name of its own would hide it from this check"


def _imports_time_by_name(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "time"
    return isinstance(node, ast.Import) and any(a.name in {"time", "datetime"} and a.asname for a in node.names)


def test_the_host_clock_decides_nothing() -> None:
    users = {
        p.as_posix() for p, tree in syntax.modules() for name, _ in syntax.calls(tree) if name.endswith("host_now")
    }
    assert not [path for path in users if not path.startswith(HOST_CLOCK_ALLOWED)]


@pytest.fixture
def phones() -> Provider:
    """Phones in this process."""
    return Provider()


@pytest.fixture
def delivery(world: World, settings: Settings, phones: Provider) -> Iterator[Delivery]:
    """Delivery to them."""
    opened = Delivery(world.database, settings, phones)
    yield opened
    opened.close()


def test_a_host_clock_an_hour_ahead_sends_nothing_early(
    world: World, delivery: Delivery, phones: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.set_clock(HALF_PAST_NINE)
    world.treat(world.patient(phone=number(1)))
    monkeypatch.setattr("reminders.clock.datetime", FastDatetime)
    monkeypatch.setattr("time.time", fast(host.time))
    assert send_due(delivery).claimed == 0, "9:30 in Montreal, whatever this host believes"
    world.pass_time(timedelta(minutes=31))
    assert send_due(delivery).sent == len(phones.taken) == 1


def test_a_worker_whose_clock_is_an_hour_ahead_works_on_time(tmp_path: Path) -> None:
    """A real one: what wakes it must not look stale to it either."""
    with open_stack(tmp_path) as (stack, _, database):
        world = open_world(database, stack.settings, HALF_PAST_NINE)
        world.treat(world.patient(phone=number(1)))
        world.treat(world.patient(phone=number(2)), days_ago=8)
        stack.start("sandbox", "beat")
        stack.start_script("worker", ROOT / "tests/promises/fast_clock.py", "worker")
        services.wait_until(lambda: stack.once_each([number(2)]), 60, "what is due is sent")
        with pytest.raises(TimeoutError):
            services.wait_until(lambda: stack.texts(number(1)), 2, "sent early")
        world.pass_time(timedelta(minutes=31))
        services.wait_until(lambda: stack.once_each([number(1)]), 60, "sent when it was due")


CALENDARS = {
    # The patient's zone, treated at 14:30 in Montreal on, when day 1, 3 and 7 are due (UTC). Days are counted from the
    # clinic's date, which the patient remembers; the hour is the patient's own.
    "the night the clocks go forward": ("", "2026-03-07", ("03-08T14:00", "03-10T14:00", "03-14T14:00")),
    "the night they go back": ("", "2026-10-31", ("11-01T15:00", "11-03T15:00", "11-07T15:00")),
    "a check-in that the change moves by an hour": ("", "2026-03-03", ("03-04T15:00", "03-06T15:00", "03-10T14:00")),
    "a patient in Vancouver": ("America/Vancouver", "2026-03-10", ("03-11T17:00", "03-13T17:00", "03-17T17:00")),
    "half an hour off": ("America/St_Johns", "2026-03-10", ("03-11T12:30", "03-13T12:30", "03-17T12:30")),
    "where it is tomorrow": ("Pacific/Auckland", "2026-03-10", ("03-10T21:00", "03-12T21:00", "03-16T21:00")),
    "where they change on another day": ("Europe/Paris", "2026-03-28", ("03-29T08:00", "03-31T08:00", "04-04T08:00")),
}


@pytest.mark.parametrize("case", CALENDARS)
def test_each_step_is_sent_at_its_documented_instant(
    world: World, delivery: Delivery, phones: Provider, case: str
) -> None:
    zone, treated_on, expected = CALENDARS[case]
    world.set_clock(datetime.fromisoformat(f"{treated_on}T20:00+00:00"))
    world.treat(world.patient(phone=number(1), timezone=zone), days_ago=0, at="14:30")
    dues = [datetime.fromisoformat(f"2026-{due}+00:00") for due in expected]
    assert [message.due_at for message in world.messages()] == dues
    for sent, due in enumerate(dues):
        world.set_clock(due - timedelta(minutes=1))
        send_due(delivery)
        assert len(phones.taken) == sent, "nothing a minute early"
        world.set_clock(due)
        send_due(delivery)
        assert len(phones.taken) == sent + 1


def test_a_time_that_the_clocks_skip_is_refused_and_one_that_comes_twice_is_the_first(world: World) -> None:
    patient = world.patient(phone=number(1))
    world.set_clock(datetime(2026, 3, 8, 18, 0, tzinfo=UTC))
    with pytest.raises(InvalidInputError) as refused:
        world.treat(patient, days_ago=0, at="02:30")
    assert refused.value.problems["treated_time"].key == "time_nonexistent"
    world.set_clock(datetime(2026, 11, 1, 18, 0, tzinfo=UTC))
    assert world.treat(patient, days_ago=0, at="01:30").treated_at == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_the_window_is_the_patients_own(world: World, delivery: Delivery, phones: Provider) -> None:
    """At 9:30 in the clinic a patient in Vancouver sleeps, whatever a row says is due."""
    world.set_clock(HALF_PAST_NINE)
    world.treat(world.patient(phone=number(1), timezone="America/Vancouver"), days_ago=0, at="08:00")
    first = world.messages()[0]
    with world.database.begin() as session:
        move_due(session, {first.id: (HALF_PAST_NINE, first.useful_until)}, HALF_PAST_NINE)
    assert send_due(delivery).withheld == 1
    waiting = world.messages()[0]
    assert (waiting.state, waiting.due_at) == (State.PLANNED, datetime(2026, 3, 10, 16, 0, tzinfo=UTC))
    assert phones.taken == []
