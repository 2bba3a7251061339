"""The stages of the fault tests, and the table at the end."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults import table
from tests.faults.debts import Debts
from tests.faults.postgres import Postgres, own_postgres
from tests.faults.stage import Stage
from tests.processes import open_stack_on
from tests.promises.world import open_world

_ROW = "fault-row"

_FEW_AT_A_TIME = {"REMINDERS_IN_FLIGHT": "20"}
"""So that a slow carrier keeps calls under way for as long as a test needs them."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what every fault came to, of tests that failed too."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    rows: list[Mapping[str, str]] = [
        value
        for report in reports
        if getattr(report, "when", "") == "teardown"
        for name, value in report.user_properties
        if name == _ROW
    ]
    if rows:
        terminalreporter.section("What each fault came to")
        terminalreporter.write_line("\n".join(table.lines(rows)))


@pytest.fixture(scope="session", params=table.DATABASES)
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """On each database: Redis, and web and sandbox as processes of their own."""
    folder = tmp_path_factory.mktemp("stack")
    with ExitStack() as closing:
        postgres = closing.enter_context(own_postgres()) if request.param == "postgresql" else None
        stack, redis, database = closing.enter_context(open_stack_on(_url(postgres, folder), folder, **_FEW_AT_A_TIME))
        stack.start("sandbox", "web")
        world = open_world(database, stack.settings)
        yield Stage(stack, redis, world, Debts(world), postgres)


@pytest.fixture
def stage(request: pytest.FixtureRequest, opened: Stage) -> Iterator[Stage]:
    """The same with nothing owed, nothing wrong and nobody at work before a test starts them and after it."""
    stage = Stage(opened.stack, opened.redis, opened.world, opened.debts, opened.postgres)
    stage.wipe()
    yield stage
    stage.stack.kill_all_but("sandbox", "web")
    _note(request, stage)


@pytest.fixture
def one_process(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Web, worker and beat in one process on SQLite (`up`), not started yet; the carrier is another process."""
    folder = tmp_path / "up"
    folder.mkdir()
    url = f"sqlite:///{folder / 'reminders.db'}"
    with open_stack_on(url, tmp_path, **_FEW_AT_A_TIME) as (stack, redis, database):
        stack.start("sandbox")
        # From here on for the one process alone, which would open a sandbox of its own.
        stack.environ |= {
            "REMINDERS_DATA_DIR": str(folder),
            "TWILIO_API_URL": stack.sandbox_url,
            "REMINDERS_SANDBOX_PORT": stack.environ["PORT"],
        }
        world = open_world(database, stack.settings)
        stage = Stage(stack, redis, world, Debts(world))
        yield stage
        stack.kill_all_but("sandbox")
        _note(request, stage)


def _note(request: pytest.FixtureRequest, stage: Stage) -> None:
    title = request.function.__name__.removeprefix("test_").replace("_", " ")
    request.node.user_properties.append((_ROW, stage.row(title).cells()))


def _url(postgres: Postgres | None, folder: Path) -> str:
    return postgres.url if postgres else f"sqlite:///{folder / 'reminders.db'}"
