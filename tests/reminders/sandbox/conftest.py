"""A sandbox served over real HTTP and SMTP, and a clinic that writes down what reaches its webhooks."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from reminders.sandbox.app import create_sandbox_app
from reminders.settings import SANDBOX_ACCOUNT, Settings, load

PATIENT = "+15145550123"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Hook:
    """One webhook call as the clinic got it."""

    path: str
    form: dict[str, str]
    signature: str


@dataclass
class Clinic:
    """The clinic's side: what came in, and what it answers next (status, body)."""

    url: str
    hooks: list[Hook] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)

    def at(self, path: str) -> list[dict[str, str]]:
        """The forms that came to `path`, in order."""
        return [hook.form for hook in self.hooks if hook.path == path]


@dataclass(frozen=True)
class Running:
    """A sandbox that serves."""

    settings: Settings
    http: httpx.Client
    twilio: Client
    clinic: Clinic

    def send(self, to: str = PATIENT, body: str = "Hello", **more: Any) -> Any:
        """A text through the real Twilio client."""
        return self.twilio.messages.create(to=to, body=body, **({"from_": "+15145550100"} | more))

    def shown(self) -> list[dict[str, Any]]:
        """What /sandbox/messages lists."""
        listed: list[dict[str, Any]] = self.http.get("/sandbox/messages").json()
        return listed

    def fault(self, kind: str, **more: Any) -> None:
        """Order something to go wrong."""
        self.http.post("/sandbox/faults", json={"kind": kind, **more}).raise_for_status()

    def signed(self, hook: Hook) -> bool:
        """Whether the clinic would believe `hook`."""
        validator = RequestValidator(self.settings.sandbox_token)
        return bool(validator.validate(self.clinic.url + hook.path, hook.form, hook.signature))


class LocalClient(TwilioHttpClient):  # type: ignore[misc]
    """The SDK's own client with Twilio's host replaced, and a time-out."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=5)
        self._base = base

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """As the SDK's, elsewhere."""
        return super().request(method, url.replace("https://api.twilio.com", self._base), *args, **kwargs)


def eventually(read: Callable[[], _T], wanted: Callable[[_T], bool], seconds: float = 5) -> _T:
    """What `read` gives once it is `wanted`, or at the end of `seconds`."""
    end = time.monotonic() + seconds
    while not wanted(value := read()) and time.monotonic() < end:
        time.sleep(0.02)
    return value


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="package")
def clinic() -> Iterator[Clinic]:
    """Listens where PUBLIC_URL points."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            form = dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
            heard.hooks.append(Hook(self.path, form, self.headers["X-Twilio-Signature"]))
            status, body = heard.answers.pop(0) if heard.answers else (200, "<Response/>")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard = Clinic(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield heard
    server.shutdown()
    server.server_close()


def sandbox_settings(folder: Path, clinic: Clinic) -> Settings:
    """Free ports, data under `folder`, webhooks at the fake clinic."""
    given = {
        "REMINDERS_DATA_DIR": str(folder),
        "REMINDERS_PUBLIC_URL": clinic.url,
        "REMINDERS_SANDBOX_PORT": str(free_port()),
        "REMINDERS_SANDBOX_SMTP_PORT": str(free_port()),
        "REMINDERS_SANDBOX_IMAP_PORT": str(free_port()),
    }
    return load(given, dotenv=folder / "none")


@contextmanager
def serving(app: FastAPI, port: int) -> Iterator[None]:
    """`app` on real HTTP while the block runs."""
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started, bool)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def run_sandbox(settings: Settings, clinic: Clinic) -> Iterator[Running]:
    """A sandbox from start to clean stop."""
    base = settings.twilio_api_url
    twilio = Client(SANDBOX_ACCOUNT, settings.sandbox_token, http_client=LocalClient(base))
    with serving(create_sandbox_app(settings), settings.sandbox_port), httpx.Client(base_url=base) as http:
        yield Running(settings, http, twilio, clinic)


@pytest.fixture(scope="package")
def _running(tmp_path_factory: pytest.TempPathFactory, clinic: Clinic) -> Iterator[Running]:
    with run_sandbox(sandbox_settings(tmp_path_factory.mktemp("sandbox"), clinic), clinic) as running:
        yield running


@pytest.fixture
def sandbox(_running: Running) -> Running:
    """A sandbox where nothing was sent and nothing goes wrong, and a clinic that heard nothing."""
    _running.http.post("/sandbox/reset").raise_for_status()
    _running.http.delete("/sandbox/faults").raise_for_status()
    _running.twilio.http_client.timeout = 5
    _running.clinic.hooks.clear()
    _running.clinic.answers.clear()
    return _running


@pytest.fixture
def fresh(tmp_path: Path, clinic: Clinic) -> Settings:
    """Settings for a sandbox of the test's own."""
    return sandbox_settings(tmp_path, clinic)
