"""A running demo and a real Chromium."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from reminders.settings import Settings, load
from tests import services
from tests.processes import ROOT

BROWSER_FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@dataclass
class Demo:
    """`reminders up --demo` as a user starts it."""

    folder: Path
    environ: dict[str, str]
    process: subprocess.Popen[str]
    printed: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environ['PORT']}"

    @property
    def sign_in_link(self) -> str:
        found = re.search(r"http://\S+/sign-in/\S+", self.printed)
        assert found, self.printed
        return found.group()

    def stop(self) -> int:
        """Ctrl-C, and the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


def demo_environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PORT": str(services.free_port()),
        "REMINDERS_DATA_DIR": str(folder / "data"),
        "REMINDERS_SWEEP_SECONDS": "0.5",
    }


def settings_of(environ: dict[str, str]) -> Settings:
    return load(environ, dotenv=Path("/nonexistent"))


@pytest.fixture
def start_demo(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Starts a demo on a folder; whatever still runs at the end is stopped by its pid."""
    started: list[Demo] = []

    def start(environ: dict[str, str] | None = None) -> Demo:
        environ = environ or demo_environment(tmp_path)
        log = (tmp_path / "demo.log").open("a")
        process = subprocess.Popen(
            [sys.executable, "-m", "reminders", "up", "--demo"],
            env=environ, cwd=tmp_path, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        assert process.stdout
        demo = Demo(tmp_path, environ, process, _until_ready(process.stdout))
        started.append(demo)
        return demo

    yield start
    for demo in started:
        services.stop(demo.process)  # type: ignore[arg-type]


def _until_ready(output: IO[str]) -> str:
    printed = ""
    for line in output:
        printed += line
        if "Ctrl-C" in line:
            return printed
    pytest.fail(f"the demo did not start: {printed}")


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A headless Chromium, the installed one; without it the test is skipped, and the summary says so loudly.

    One a test: Playwright's event loop runs in this thread until it ends, and other tests need to start their own.
    """
    path = services.chromium()
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a context of its own, on which any script error or blocked resource fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-CA")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert errors == []


__all__ = ["ROOT", "Demo", "demo_environment", "settings_of"]
