"""The Celery app: wake-ups for work that rows already owe. No task carries an argument, none is ever lost for good."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from reminders.care import alarm_tests, events, follow_ups, hand_overs, mail_in, media_fetching, new_hours, replies
from reminders.database import Database
from reminders.delivery.context import Delivery
from reminders.delivery.reconcile import reconcile
from reminders.delivery.sweep import send_due
from reminders.settings import Settings

EVENTS_SECONDS = 2.0
PENDING_SECONDS = 5.0
ALARM_TESTS_SECONDS = 60.0
FOLLOW_UP_SECONDS = 60.0
HAND_OVER_SECONDS = 10.0
MAIL_SECONDS, SANDBOX_MAIL_SECONDS = 30.0, 2.0
MEDIA_SECONDS = 5.0
NEW_HOURS_SECONDS = 2.0


class _Turn:
    """One job's turns in this process: one at a time, each at least `spacing` seconds after the last began.

    So neither a slow sweep nor a backlog of wake-ups piles up. Told by the stopwatch: were wake-ups to expire instead,
    a worker whose clock is ahead of beat's would find all of them stale and send nothing.
    """

    def __init__(self, spacing: float) -> None:
        self._spacing = spacing
        self._lock = threading.Lock()
        self._next = time.monotonic()

    @contextmanager
    def take(self) -> Iterator[bool]:
        """Whether the turn is the caller's, until it leaves."""
        if not self._lock.acquire(blocking=False):
            yield False
            return
        try:
            began = time.monotonic()
            may = began >= self._next
            self._next = began + self._spacing if may else self._next
            yield may
        finally:
            self._lock.release()


class Runtime:
    """What the tasks of one process share, opened on first use: after a fork, so no connection is inherited."""

    def __init__(self, settings: Settings, database: Database | None = None) -> None:
        self.settings = settings
        self._given = database
        self._lock = threading.Lock()
        self._delivery: Delivery | None = None
        self._turns = {name: _Turn(seconds(settings) / 2) for name, (_, seconds) in SCHEDULE.items()}

    @property
    def delivery(self) -> Delivery:
        """The opened database and channels."""
        with self._lock:
            if self._delivery is None:
                database = self._given or Database(self.settings.database_url, self.settings.keyring())
                self._delivery = Delivery(database, self.settings)
            return self._delivery

    def run_alone(self, name: str, job: Callable[[Delivery], object]) -> None:
        """Run `job` unless this process is still at the same one, or has only just begun one."""
        with self._turns[name].take() as is_ours:
            if is_ours:
                job(self.delivery)

    def close(self) -> None:
        """Close what was opened here."""
        if self._delivery is not None:
            self._delivery.close()
            if self._given is None:
                self._delivery.database.close()


def _handle_events(delivery: Delivery) -> None:
    events.handle_events(delivery.database)


def _understand_pending(delivery: Delivery) -> None:
    replies.understand_pending(delivery.database)


def _test_alarms(delivery: Delivery) -> None:
    alarm_tests.run_tests(delivery.database)


def _follow_up(delivery: Delivery) -> None:
    follow_ups.follow_up(delivery.database)


def _hand_over(delivery: Delivery) -> None:
    hand_overs.make_due(delivery.database)


def _read_mail(delivery: Delivery) -> None:
    mail_in.read_mailboxes(delivery.database, delivery.settings)


def _fetch_media(delivery: Delivery) -> None:
    media_fetching.fetch_waiting(delivery.database, delivery.settings)


def _follow_hours(delivery: Delivery) -> None:
    new_hours.follow(delivery.database)


SCHEDULE: dict[str, tuple[Callable[[Delivery], object], Callable[[Settings], float]]] = {
    "reminders.send_due": (send_due, lambda settings: settings.sweep_seconds),
    "reminders.reconcile": (reconcile, lambda settings: settings.reconcile_seconds),
    "reminders.handle_events": (_handle_events, lambda _: EVENTS_SECONDS),
    "reminders.understand_pending": (_understand_pending, lambda _: PENDING_SECONDS),
    "reminders.test_alarms": (_test_alarms, lambda _: ALARM_TESTS_SECONDS),
    "reminders.follow_up": (_follow_up, lambda _: FOLLOW_UP_SECONDS),
    "reminders.hand_over": (_hand_over, lambda _: HAND_OVER_SECONDS),
    "reminders.read_mail": (_read_mail, lambda to: SANDBOX_MAIL_SECONDS if to.sandboxed else MAIL_SECONDS),
    "reminders.fetch_media": (_fetch_media, lambda _: MEDIA_SECONDS),
    "reminders.follow_hours": (_follow_hours, lambda _: NEW_HOURS_SECONDS),
}
"""Each task with what it runs and how often, in seconds. How often changes nothing of what a run decides: a provider
is asked twice a minute apart, however often somebody looks whether that minute is over."""


def make_app(settings: Settings, runtime: Runtime) -> Celery:
    """A Celery app whose tasks work on `runtime`.

    Results are nobody's business, and a wake-up says nothing but which task it is for.
    """
    app = Celery("reminders", broker=settings.broker_url, set_as_current=False)
    app.conf.update(_configuration(settings))
    for name, (job, _) in SCHEDULE.items():
        app.task(name=name, shared=False)(_task(runtime, name, job))
    app.finalize()
    return app


def _task(runtime: Runtime, name: str, job: Callable[[Delivery], object]) -> Callable[[], None]:
    def run() -> None:
        runtime.run_alone(name, job)

    return run


def _configuration(settings: Settings) -> dict[str, Any]:
    return {
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "timezone": "UTC",
        "worker_hijack_root_logger": False,
        "worker_prefetch_multiplier": 64 if settings.broker_url.startswith("memory") else 1,
        "worker_soft_shutdown_timeout": 20.0,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": _transport(settings.broker_url),
        "beat_schedule": {name: _entry(name, settings) for name in SCHEDULE},
        "beat_max_loop_interval": 1.0,
    }


def _entry(name: str, settings: Settings) -> dict[str, Any]:
    return {"task": name, "schedule": timedelta(seconds=SCHEDULE[name][1](settings))}


def _transport(broker_url: str) -> dict[str, Any]:
    if broker_url.startswith("memory"):
        # The default of 1 s between looks at an in-memory queue makes 500 tasks take 31 s instead of 1.7.
        return {"polling_interval": 0.05}
    # Without time-outs a publish to a dead Redis hangs for ever.
    return {"socket_timeout": 10, "socket_connect_timeout": 5, "socket_keepalive": True, "health_check_interval": 10}


@setup_logging.connect  # type: ignore[untyped-decorator]
def _keep_our_logging(**_: object) -> None:
    """Celery configures logging unless somebody answers this signal; ours stays."""


def run_worker(settings: Settings) -> None:
    """Work until told to stop. Threads, since the tasks wait for the network and each makes its own event loop."""
    runtime = Runtime(settings)
    worker = make_app(settings, runtime).Worker(
        pool="threads", concurrency=len(SCHEDULE) + 1, without_mingle=True, without_gossip=True, loglevel="INFO"
    )
    try:
        worker.start()
    finally:
        runtime.close()


def run_beat(settings: Settings) -> None:
    """Wake the workers until told to stop. Remembers nothing, so a second or a killed one does no harm."""
    make_app(settings, Runtime(settings)).Beat(
        scheduler_cls="celery.beat:Scheduler", schedule=None, loglevel="INFO", quiet=True
    ).run()
