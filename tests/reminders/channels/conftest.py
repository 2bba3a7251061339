"""The sandbox carrier and mailbox, served for one test module at a time and emptied before each test."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import uvicorn

from reminders.sandbox.app import create_sandbox_app
from reminders.settings import Settings, load


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(holds: Callable[[], object], seconds: float = 5) -> None:
    """Return once `holds()`; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@dataclass(frozen=True)
class Sandbox:
    """A served sandbox; `hooks` are the webhook calls (path, form) that it made."""

    settings: Settings
    http: httpx.Client
    hooks: list[tuple[str, dict[str, str]]]

    def shown(self) -> list[dict[str, Any]]:
        """What it took, newest last."""
        listed: list[dict[str, Any]] = self.http.get("/sandbox/messages").json()
        return listed

    def raw(self) -> bytes:
        """The newest e-mail as it came."""
        return self.http.get(f"/sandbox/messages/{self.shown()[-1]['id']}/raw").content

    def fault(self, kind: str, **more: Any) -> None:
        """Order something to go wrong."""
        self.http.post("/sandbox/faults", json={"kind": kind, **more}).raise_for_status()


@pytest.fixture(scope="module")
def _hooks() -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    heard: list[tuple[str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            heard.append((self.path, dict(parse_qsl(form))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def _served(
    _hooks: tuple[str, list[tuple[str, dict[str, str]]]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    given = {
        "REMINDERS_DATA_DIR": str(folder),
        "REMINDERS_PUBLIC_URL": _hooks[0],
        "REMINDERS_SANDBOX_PORT": str(free_port()),
        "REMINDERS_SANDBOX_SMTP_PORT": str(free_port()),
        "REMINDERS_SANDBOX_IMAP_PORT": str(free_port()),
    }
    settings = load(given, dotenv=folder / "none")
    app = create_sandbox_app(settings)
    config = uvicorn.Config(app, port=settings.sandbox_port, log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started)
    with httpx.Client(base_url=settings.twilio_api_url) as http:
        yield Sandbox(settings, http, _hooks[1])
    server.should_exit = True
    thread.join()


@pytest.fixture
def sandbox(_served: Sandbox) -> Sandbox:
    """An empty sandbox with nothing ordered to go wrong."""
    _served.http.delete("/sandbox/faults").raise_for_status()
    _served.http.post("/sandbox/reset").raise_for_status()
    _served.hooks.clear()
    return _served
