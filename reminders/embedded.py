"""Everything in one process on SQLite: web, worker and beat. For a try-out and for one small clinic."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import celery.worker.state
import uvicorn
from celery import Celery
from celery.apps.worker import Worker
from celery.beat import EmbeddedService
from fastapi import APIRouter

from reminders import logs
from reminders.database import Database
from reminders.errors import SettingsError
from reminders.sandbox.carrier import open_carrier
from reminders.sandbox.mail_servers import MailServers
from reminders.sandbox.routes import router as sandbox_router
from reminders.settings import Settings
from reminders.tasks import SCHEDULE, Runtime, make_app
from reminders.web.app import create_app

_log = logs.get(__name__)


def settings_for_one_process(settings: Settings) -> Settings:
    """`settings` with the broker in memory and the sandbox, if it is wanted, inside the web process.

    Raises:
        SettingsError: somebody already listens on PORT.
    """
    if not _is_free(settings.port):
        raise SettingsError([f"PORT: {settings.port} is in use; stop the other program or choose another, PORT=8010"])
    changes: dict[str, object] = {"broker_url": "memory://localhost/", "sandbox_port": settings.port}
    if settings.twilio_api_url == f"http://127.0.0.1:{settings.sandbox_port}":
        changes["twilio_api_url"] = f"http://127.0.0.1:{settings.port}"
    for name in ("sandbox_smtp_port", "sandbox_imap_port"):
        if not _is_free(getattr(settings, name)):
            changes[name] = _any_free()
    return settings.model_copy(update=changes)


def serve(settings: Settings, database: Database, announce: Callable[[], None]) -> None:
    """Serve until Ctrl-C or SIGTERM, then stop everything in order. `announce` is called once the port answers."""
    with _sandbox(settings) as routers, _worker_and_beat(settings, database):
        app = create_app(settings, database, extra_routers=routers)
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=settings.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=3,
        )
        _Server(config, announce).run()


class _Server(uvicorn.Server):
    """A server that says when it listens: a link printed earlier would lead nowhere."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take Ctrl-C and SIGTERM as the wish to stop. Uvicorn's own raises them again at the end, before the
        worker could be stopped."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()


@contextmanager
def _sandbox(settings: Settings) -> Iterator[tuple[APIRouter, ...]]:
    """The sandbox carrier and mailbox, while nobody has given any credentials."""
    if not settings.sandboxed:
        yield ()
        return
    with closing(open_carrier(settings)) as carrier, closing(MailServers(settings, carrier)) as servers:
        servers.start()
        yield (sandbox_router(settings, carrier),)


@contextmanager
def _worker_and_beat(settings: Settings, database: Database) -> Iterator[None]:
    runtime = Runtime(settings, database)
    app = make_app(settings, runtime)
    worker = _EmbeddedWorker(app)
    beat = EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler", schedule_filename=None)
    worker.start()
    beat.start()
    try:
        yield
    finally:
        beat.stop()
        worker.stop()
        runtime.close()


class _EmbeddedWorker:
    """A Celery worker in a daemon thread. Its state is global to the process: one worker a process, no more."""

    def __init__(self, app: Celery) -> None:
        # The pool's threads look tasks up in the process's default app, and say nothing when they find none there.
        app.set_default()
        celery.worker.state.should_stop = None
        celery.worker.state.should_terminate = None
        self._worker: Worker = app.WorkController(
            pool="threads",
            concurrency=len(SCHEDULE) + 1,
            without_mingle=True,
            without_gossip=True,
            without_heartbeat=True,
        )
        self._thread = threading.Thread(target=self._worker.start, name="worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        celery.worker.state.should_stop = 0
        self._thread.join(timeout=10)
        if self._thread.is_alive():
            _log.warning("the worker did not stop in time; what it had in hand is taken up at the next start")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
