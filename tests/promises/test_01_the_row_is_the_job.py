"""Promise 1: all that is owed is a row, written with what caused it; Celery carries wake-ups and nothing else.

Seen to fail when
- a treatment was committed before what it owes (a commit in treatments.record): ..._written_with_it_or_not_at_all, and
  test_nothing_below_the_edge_commits;
- enqueue wrote answers in a transaction of its own: test_an_answer_is_written_with_what_was_understood_or_not_at_all;
- the web called send_task with an ETA: test_no_code_schedules_by_the_broker_or_tells_it_anything;
- a task took an argument, or a wake-up had an expiry: test_no_task_takes_an_argument_and_none_waits_longer_...;
- a worker ran every wake-up that it found: test_a_backlog_of_wake_ups_does_not_multiply;
- a worker swept by itself when it started: test_without_beat_nothing_is_sent_and_with_it_everything;
- a worker did not reconnect to Redis: test_a_lost_broker_loses_nothing.
"""

import ast
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reminders import tasks
from reminders.care.replies import Inbound, receive, understand
from reminders.database import Base, Database
from reminders.models import Message, MessageReminder, Reminder, Reply, Sender, Treatment
from reminders.models.instance import now
from reminders.models.kinds import Channel, ReplyKind
from reminders.settings import Settings
from tests import services
from tests.processes import Redis, Stack, open_stack
from tests.promises import broker, syntax
from tests.promises.world import World, number, open_world

pytestmark = pytest.mark.timeout(300)

SWEEPS = 60.0
"""Seconds that are more than enough for a few sweeps and for the longest pause before Celery reconnects."""


class BrokeOffError(Exception):
    """A transaction that did not get to its end."""


def _break_off(*_: object, **__: object) -> None:
    raise BrokeOffError


def _count(database: Database, table: type[Base]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_what_a_treatment_owes_is_written_with_it_or_not_at_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = world.patient(phone=number(1))
    # The step after everything is written.
    monkeypatch.setattr("reminders.care.recording.as_stored", _break_off)
    with pytest.raises(BrokeOffError):
        world.treat(patient, days_ago=0)
    for table in (Treatment, Reminder, Message, MessageReminder):
        assert _count(world.database, table) == 0, table.__name__

    monkeypatch.undo()
    world.treat(patient, days_ago=0)
    due = [message.due_at.isoformat() for message in world.messages()]
    assert due == [f"2026-03-{day}T14:00:00+00:00" for day in (11, 13, 17)], "10:00 in Montreal, in UTC"
    assert _count(world.database, Reminder) == _count(world.database, MessageReminder) == 3


def test_an_answer_is_written_with_what_was_understood_or_not_at_all(world: World) -> None:
    world.treat(world.patient(phone=number(1)))
    reply_id = _said(world, number(1), "3")
    before = _count(world.database, Message)
    with pytest.raises(BrokeOffError), world.database.begin() as session:
        _understand_and_break_off(session, reply_id, world.now)
    assert _count(world.database, Message) == before
    with world.database.begin() as session:
        assert session.get_one(Reply, reply_id).read_at is None, "so that it is understood again"
        understand(session, reply_id, now(session))
    assert _count(world.database, Message) > before


def _said(world: World, phone: str, body: str) -> uuid.UUID:
    with world.database.begin() as session:
        sender = session.scalars(select(Sender).where(Sender.channel == Channel.SMS)).one()
        who = (sender.id, world.clinic.id, Channel.SMS, ReplyKind.TEXT)
        reply_id = receive(session, Inbound(*who, provider_id="SM1", from_address=phone, body=body), now(session))
        assert reply_id is not None
        return reply_id


def _understand_and_break_off(session: Session, reply_id: uuid.UUID, moment: datetime) -> None:
    understand(session, reply_id, moment)
    session.flush()
    _break_off()


def test_nothing_below_the_edge_commits() -> None:
    """A commit half-way would part what is owed from what caused it."""
    below = ("reminders/care", "reminders/outbox", "reminders/delivery", "reminders/consent.py", "reminders/models")
    found = [
        f"{path}:{call.lineno}"
        for path, tree in syntax.modules()
        if path.as_posix().startswith(below)
        for name, call in syntax.calls(tree)
        if name.endswith(".commit")
    ]
    assert not found


def test_no_code_schedules_by_the_broker_or_tells_it_anything() -> None:
    """No ETA or countdown longer than a minute, and no argument at all, in whatever way a task might be published."""
    found = [
        f"{path}:{call.lineno}"
        for path, tree in syntax.modules()
        for name, call in syntax.calls(tree)
        if syntax.publishes(name) and syntax.says_more_than_wake_up(name, call)
    ]
    assert not found


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("app.send_task('x')", False),
        ("app.send_task('x', countdown=60)", False),
        ("app.send_task('x', countdown=61)", True),
        ("app.send_task('x', eta=due_at)", True),
        ("app.send_task('x', (patient,))", True),
        ("app.send_task('x', kwargs={'to': phone})", True),
        ("task.delay(phone)", True),
        ("task.apply_async()", False),
        ("task.apply_async((phone,))", True),
        ("task.apply_async(**options)", True),
    ],
)
def test_the_check_itself(source: str, wrong: bool) -> None:
    (name, call), *_ = syntax.calls(ast.parse(source))
    assert syntax.says_more_than_wake_up(name, call) is wrong


def test_no_task_takes_an_argument_and_none_waits_longer_than_a_minute(settings: Settings) -> None:
    app = tasks.make_app(settings, tasks.Runtime(settings))
    ours = {name: task for name, task in app.tasks.items() if name.startswith("reminders.")}
    assert set(ours) == set(tasks.SCHEDULE)
    for task in ours.values():
        with pytest.raises(TypeError):
            task.apply_async(("+15145550142",))
    for entry in app.conf.beat_schedule.values():
        assert entry["schedule"] <= timedelta(seconds=syntax.A_MINUTE)
        assert entry.keys() == {"task", "schedule"}, "no arguments, no time by anybody's clock"


def test_a_backlog_of_wake_ups_does_not_multiply(settings: Settings, database: Database) -> None:
    runtime = tasks.Runtime(settings.model_copy(update={"sweep_seconds": 0.4}), database)
    swept: list[float] = []
    for _ in range(500):
        runtime.run_alone("reminders.send_due", lambda _: swept.append(time.monotonic()))
    assert len(swept) == 1
    time.sleep(0.3)
    runtime.run_alone("reminders.send_due", lambda _: swept.append(time.monotonic()))
    assert len(swept) == 2
    runtime.close()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Redis, World]]:
    """Sandbox carrier, PostgreSQL and Redis."""
    with open_stack(tmp_path_factory.mktemp("stack")) as (stack, redis, database):
        stack.start("sandbox")
        yield stack, redis, open_world(database, stack.settings)


@pytest.fixture
def stage(opened: tuple[Stack, Redis, World]) -> Iterator[tuple[Stack, Redis, World]]:
    """The same, with neither worker nor beat before a test starts them and after it."""
    yield opened
    opened[0].kill_all_but("sandbox")


def test_without_beat_nothing_is_sent_and_with_it_everything(stage: tuple[Stack, Redis, World]) -> None:
    stack, _, world = stage
    numbers = world.owe_texts(3)
    stack.start("worker")
    services.wait_until(lambda: "ready." in stack.log("worker"), SWEEPS, "the worker is there")
    with pytest.raises(TimeoutError):
        services.wait_until(lambda: any(map(stack.texts, numbers)), 3, "something is sent")
    stack.start("beat")
    services.wait_until(lambda: stack.once_each(numbers), SWEEPS, "every phone has its text")
    stack.stop("worker")
    later = world.owe_texts(1, first=10)
    _only_wake_ups(stack, later)


def _only_wake_ups(stack: Stack, owed: list[str]) -> None:
    """What lies in Redis while no worker takes it: names of tasks, and neither arguments nor times."""
    services.wait_until(lambda: broker.waiting(stack.broker_url), SWEEPS, "a wake-up lies in Redis")
    for one in broker.waiting(stack.broker_url):
        assert one.task in tasks.SCHEDULE
        assert (one.arguments, one.keywords, one.eta, one.expires) == ([], {}, None, None)
        assert not any(phone in one.raw for phone in owed)


def test_a_lost_broker_loses_nothing(stage: tuple[Stack, Redis, World]) -> None:
    stack, redis, world = stage
    stack.start("worker", "beat")
    emptied = world.owe_texts(2, first=20)
    broker.empty(stack.broker_url)
    services.wait_until(lambda: stack.once_each(emptied), SWEEPS, "sent although Redis was emptied")
    redis.kill()
    owed = world.owe_texts(2, first=30)
    redis.restart()
    services.wait_until(lambda: stack.once_each(owed), SWEEPS, "sent although Redis was killed and came back empty")
