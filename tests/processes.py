"""Real processes for journeys, promises and faults: `reminders` commands on loopback, stopped by their pid."""

import atexit
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import psutil

from reminders import migrate
from reminders.crypto import new_key
from reminders.database import Database
from reminders.settings import SANDBOX_NUMBER, Settings, load
from tests import conftest, services

ROOT = Path(__file__).resolve().parent.parent

_PROBES = {
    "up": ("PORT", "/healthz"),
    "web": ("PORT", "/healthz"),
    "sandbox": ("REMINDERS_SANDBOX_PORT", "/sandbox/version"),
}
_START_SECONDS = 120
"""Generous, like every limit of these tests: a busy machine takes its time, and nothing waits longer than it must."""


@dataclass
class Stack:
    """`web`, `worker`, `beat` and `sandbox` (or `up`) as processes of their own, with one environment."""

    folder: Path
    database_url: str
    broker_url: str
    extra: dict[str, str] = field(default_factory=dict)
    forks: bool = True
    """Whether `start` forks a process that has imported the service already, which saves two seconds of CPU each."""
    running: dict[str, psutil.Process] = field(default_factory=dict)
    logged: dict[str, int] = field(default_factory=dict)
    """How much of each process's log is of those that ran under its name before."""

    def __post_init__(self) -> None:
        port, sandbox, smtp, imap = (services.free_port() for _ in range(4))
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PORT": str(port),
            "REMINDERS_DATA_DIR": str(self.folder),
            "REMINDERS_DATABASE_URL": self.database_url,
            "REMINDERS_BROKER_URL": self.broker_url,
            "REMINDERS_SECRET_KEY": "a secret for the tests' processes, long enough",
            "REMINDERS_ENCRYPTION_KEYS": new_key(),
            "REMINDERS_SWEEP_SECONDS": "0.5",
            "REMINDERS_RECONCILE_SECONDS": "0.5",
            "REMINDERS_SANDBOX_PORT": str(sandbox),
            "REMINDERS_SANDBOX_SMTP_PORT": str(smtp),
            "REMINDERS_SANDBOX_IMAP_PORT": str(imap),
            **self.extra,
        }
        self.url = f"http://127.0.0.1:{port}"
        self.sandbox_url = f"http://127.0.0.1:{sandbox}"
        atexit.register(self.kill)

    @property
    def settings(self) -> Settings:
        """The settings that the processes see."""
        return load(self.environ, dotenv=self.folder / "none")

    def run(self, *arguments: str) -> str:
        """Run one `reminders` command to its end; what it printed."""
        done = subprocess.run(  # noqa: PLW1510 - the assertion below shows what was printed
            self._command(*arguments),
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *names: str) -> None:
        """Start processes by their command's name ("worker", or "worker:2" for a second one), and wait until web and
        sandbox answer; worker and beat show by what they do that they are there."""
        for name in names:
            assert name not in self.running, f"{name} runs already"
            command = name.split(":", maxsplit=1)[0]
            self.running[name] = self._fork(name, command) if self.forks else self._popen(name, self._command(command))
        for name in names:
            if name in _PROBES:
                self._wait_ready(name)

    def start_script(self, name: str, path: Path, *arguments: str) -> None:
        """Start a script of the tests' own in a command's place, under `name`."""
        self.running[name] = self._popen(name, [sys.executable, str(path), *arguments])

    def stop(self, *names: str) -> None:
        """Stop the named processes, or all, as an operator would: all are asked first, then each is waited for."""
        stopping = [self.running.pop(name) for name in names or tuple(self.running)]
        for process in stopping:
            process.terminate()
        for process in psutil.wait_procs(stopping, timeout=30)[1]:
            process.kill()
            process.wait()

    def kill(self, *names: str) -> None:
        """Kill the named processes, or all, as a power cut would."""
        killing = [self.running.pop(name) for name in names or tuple(self.running)]
        for process in killing:
            if process.is_running():
                process.kill()
        psutil.wait_procs(killing)

    def kill_all_but(self, *names: str) -> None:
        """Kill every process but those named."""
        if others := self.running.keys() - set(names):
            self.kill(*others)

    def log(self, name: str) -> str:
        """What a process has logged since it was started."""
        path = self._log_path(name)
        return path.read_bytes()[self.logged.get(name, 0) :].decode(errors="replace") if path.exists() else ""

    def texts(self, recipient: str | None = None) -> list[dict[str, Any]]:
        """What the sandbox has sent to a phone or mailbox (or to all), oldest first; inbound ones left out."""
        found: list[dict[str, Any]] = self._sandbox("GET", "/sandbox/messages").json()
        ours = {SANDBOX_NUMBER, self.settings.effective_mail_from}
        return [m for m in found if m["to"] not in ours and recipient in (None, m["to"])]

    def once_each(self, recipients: Iterable[str]) -> bool:
        """Whether each of these phones and mailboxes has got something; fails if anybody has got something twice.

        E-mails with one Message-ID are one: a mailbox knows the second for the same.
        """
        counts = Counter(to for to, _ in {(text["to"], text.get("message_id") or text["id"]) for text in self.texts()})
        twice = {to: count for to, count in counts.items() if count > 1}
        assert not twice, f"got more than one: {twice}"
        return all(counts[to] for to in recipients)

    def reply(self, number: str, body: str, **more: Any) -> None:
        """A patient's text, through the sandbox to our signed webhook."""
        self._sandbox("POST", "/sandbox/replies", {"from": number, "to": SANDBOX_NUMBER, "body": body, **more})

    def write(self, sender: str, body: str, **more: Any) -> None:
        """A patient's e-mail, into the clinic's mailbox in the sandbox: an answer to what they got last."""
        self._sandbox("POST", "/sandbox/replies", {"from": sender, "body": body, **more})

    def fault(self, kind: str, times: int = 1, **more: Any) -> None:
        """What carrier and mailbox do wrong the next `times` times; see reminders.sandbox.faults."""
        self._sandbox("POST", "/sandbox/faults", {"kind": kind, "times": times, **more})

    def clear_faults(self) -> None:
        """From now on nothing goes wrong."""
        self._sandbox("DELETE", "/sandbox/faults")

    def clear_texts(self) -> None:
        """Carrier and mailbox forget all that they have sent."""
        self._sandbox("POST", "/sandbox/reset")

    def ended(self) -> list[str]:
        """The processes that have ended although nobody stopped them."""
        return [name for name, process in self.running.items() if _has_ended(process)]

    def _sandbox(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        answer = httpx.request(method, f"{self.sandbox_url}{path}", json=body, timeout=30, trust_env=False)
        return answer.raise_for_status()

    def _wait_ready(self, name: str) -> None:
        setting, path = _PROBES[name]
        process = self.running[name]
        url = f"http://127.0.0.1:{self.environ[setting]}{path}"
        try:
            services.wait_until(lambda: _has_ended(process) or _answers(url), _START_SECONDS, "an answer")
        finally:
            assert not _has_ended(process), f"{name} ended by itself:\n{self.log(name)[-2000:]}"

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "reminders", *arguments]

    def _log_path(self, name: str) -> Path:
        return self.folder / f"{name.replace(':', '-')}.log"

    def _popen(self, name: str, command: list[str]) -> psutil.Process:
        with self._log_path(name).open("ab") as log:
            self.logged[name] = log.tell()
            return psutil.Popen(command, env=self.environ, cwd=self.folder, stdout=log, stderr=log)

    def _fork(self, name: str, command: str) -> psutil.Process:
        log = self._log_path(name)
        self.logged[name] = log.stat().st_size if log.exists() else 0
        wanted = {"arguments": [command], "environ": self.environ, "folder": str(self.folder), "log": str(log)}
        return _forked(json.dumps(wanted))


@dataclass
class Redis:
    """A Redis of a test's own, which may be emptied, killed and started again at the same address."""

    url: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """Kill it; nothing of what it held survives."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Start it at the same address, empty."""
        port = int(self.url.rsplit(":", 1)[1].split("/", maxsplit=1)[0])
        _, self.process = services.start_redis(port)

    def freeze(self) -> None:
        """Let it stand still: it keeps its connections and answers nobody."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on where it stood."""
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def open_stack(folder: Path, *, broker_url: str = "", **extra: str) -> Iterator[tuple[Stack, Redis, Database]]:
    """A stack with nothing started yet, on a migrated PostgreSQL database and a Redis of its own; all end with it.

    With a `broker_url` it works on that Redis instead: a test that kills or empties Redis must not.
    """
    url = conftest.new_postgres_database()
    try:
        with open_stack_on(url, folder, broker_url=broker_url, **extra) as opened:
            yield opened
    finally:
        conftest.drop_postgres_database(url)


@contextmanager
def open_stack_on(
    database_url: str, folder: Path, *, broker_url: str = "", **extra: str
) -> Iterator[tuple[Stack, Redis, Database]]:
    """The same on an empty database that is there already, PostgreSQL or a SQLite file."""
    redis = Redis(*services.start_redis())
    stack = Stack(folder, database_url, broker_url or redis.url, extra)
    database = Database(database_url, stack.settings.keyring())
    try:
        migrate.upgrade(database)
        yield stack, redis, database
    finally:
        stack.kill()
        redis.kill()
        database.close()


@cache
def _zygote() -> subprocess.Popen[str]:
    """The warm process of this one, started when it is first wanted."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.zygote"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(services.stop, process)
    return process


def _forked(wanted: str) -> psutil.Process:
    zygote = _zygote()
    assert zygote.stdin
    assert zygote.stdout
    print(wanted, file=zygote.stdin, flush=True)
    return psutil.Process(int(zygote.stdout.readline()))


def _has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
