"""Real processes for journeys, promises and faults: `reminders` commands on loopback, stopped by their pid."""

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from reminders.crypto import new_key
from reminders.settings import SANDBOX_NUMBER, Settings, load
from tests import services

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Stack:
    """`web`, `worker`, `beat` and `sandbox` as processes of their own, with one environment."""

    folder: Path
    database_url: str
    broker_url: str
    extra: dict[str, str] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        port, sandbox, smtp = (services.free_port() for _ in range(3))
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
            "REMINDERS_SANDBOX_PORT": str(sandbox),
            "REMINDERS_SANDBOX_SMTP_PORT": str(smtp),
            **self.extra,
        }
        self.url = f"http://127.0.0.1:{port}"
        self.sandbox_url = f"http://127.0.0.1:{sandbox}"

    @property
    def settings(self) -> Settings:
        """The settings that the processes see."""
        return load(self.environ, dotenv=self.folder / "none")

    def run(self, *arguments: str) -> str:
        """Run one `reminders` command to its end; what it printed."""
        done = subprocess.run(  # noqa: PLW1510 - the assertion below shows what was printed
            self._command(*arguments), env=self.environ, cwd=self.folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *names: str) -> None:
        """Start processes by their command's name ("worker", or "worker:2" for a second one)."""
        for name in names:
            self.running[name] = self._popen(name)
        self.wait_ready(names)

    def wait_ready(self, names: Iterable[str]) -> None:
        """Wait until web and sandbox answer, if they are among `names`."""
        for name, url in (("web", f"{self.url}/healthz"), ("sandbox", f"{self.sandbox_url}/sandbox/messages")):
            if name in names:
                services.wait_until(lambda url=url: _answers(url), 30, f"{name} answers; log: {self.log(name)[-2000:]}")

    def stop(self, *names: str) -> None:
        """Stop the named processes, or all."""
        for name in names or tuple(self.running):
            services.stop(self.running.pop(name), seconds=30)

    def log(self, name: str) -> str:
        """What a process has logged so far."""
        path = self.folder / f"{name.replace(':', '-')}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def texts(self, number: str | None = None) -> list[dict[str, Any]]:
        """What the sandbox has sent to a phone or mailbox (or to all), oldest first; inbound ones left out."""
        found: list[dict[str, Any]] = httpx.get(f"{self.sandbox_url}/sandbox/messages", timeout=10).json()
        ours = {SANDBOX_NUMBER, self.settings.effective_mail_from}
        return [m for m in found if m["to"] not in ours and number in (None, m["to"])]

    def reply(self, number: str, body: str, **more: Any) -> None:
        """A patient's text, through the sandbox to our signed webhook."""
        said = {"from": number, "to": SANDBOX_NUMBER, "body": body, **more}
        httpx.post(f"{self.sandbox_url}/sandbox/replies", json=said, timeout=30).raise_for_status()

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "reminders", *arguments]

    def _popen(self, name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name.replace(':', '-')}.log").open("ab") as log:
            return subprocess.Popen(
                self._command(name.split(":", maxsplit=1)[0]), env=self.environ, cwd=self.folder, stdout=log, stderr=log
            )


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
