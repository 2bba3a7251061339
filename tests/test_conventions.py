"""Conventions as checks, each with its reason. Who imports whom is import-linter's; the clock is promise 9's.

Seen to fail when each was broken: a third-party import in schedules, an import inside a function, Celery in care, a
task without a beat entry, a table without its clinic's mixin, an index line in the pins, a module without a docstring.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from reminders.database import Base, ClinicOwned
from reminders.settings import Settings
from reminders.tasks import SCHEDULE, Runtime, make_app
from tests.processes import ROOT

OURS = frozenset({"reminders", "schedules", "migrations", "tests"})

ONLY_IN: Mapping[str, tuple[str, ...]] = {
    "celery": ("reminders/tasks.py", "reminders/embedded.py"),
    "fastapi": ("reminders/web/", "reminders/sandbox/", "reminders/embedded.py", "reminders/cli/serving.py"),
    "starlette": ("reminders/web/", "reminders/sandbox/", "reminders/embedded.py"),
    "uvicorn": ("reminders/embedded.py", "reminders/cli/"),
    "twilio": ("reminders/channels/", "reminders/web/webhooks/", "reminders/sandbox/"),
    "sqlite3": ("reminders/sandbox/",),
}
"""Where a library may be met; anywhere else it would spread through what decides."""

NOT_CLINICS = frozenset({"clinic", "instance"})
"""Tables that hold no clinic's data: the clinics themselves, and facts about the installation."""


def _imports(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node, node.module or ""


def _top(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


@cache
def _python_files() -> tuple[tuple[Path, ast.Module], ...]:
    """Every Python file of the project, parsed once."""
    paths = (path for folder in sorted(OURS | {"benchmarks"}) for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple((path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))) for path in paths)


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    """Those of the service."""
    return ((path, tree) for path, tree in _python_files() if path.parts[0] in {"reminders", "schedules"})


def test_schedules_needs_the_standard_library_alone() -> None:
    """What is sent when must be testable, and readable, without anything installed."""
    allowed = sys.stdlib_module_names | {"schedules"}
    for path, tree in _modules():
        if path.parts[0] == "schedules":
            foreign = {name for _, name in _imports(tree) if _top(name) not in allowed}
            assert not foreign, f"{path} imports {foreign}; schedules/ lives on the standard library alone"


def test_no_import_of_our_own_hides_in_a_function() -> None:
    """A hidden import is a cycle that nobody dared to untie, and import-linter cannot see when it runs."""
    for path, tree in _python_files():
        at_top = {id(node) for node in tree.body}
        hidden = [name for node, name in _imports(tree) if id(node) not in at_top and _top(name) in OURS]
        assert not hidden, f"{path} imports {hidden} inside a function; import it at the top or move the code"


def test_imports_name_what_they_mean() -> None:
    """Relative imports read differently from every folder, and a star hides where a name is from."""
    for path, tree in _python_files():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}:{node.lineno}: write the whole path"
                assert node.names[0].name != "*", f"{path}:{node.lineno}: name what you import"


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_met_only_where_the_design_says(library: str) -> None:
    users = {str(path) for path, tree in _modules() for _, name in _imports(tree) if _top(name) == library}
    strays = {path for path in users if not path.startswith(ONLY_IN[library])}
    assert users, f"nobody imports {library} any more: take it off the list"
    assert not strays, f"{library} belongs in {ONLY_IN[library]}; it would spread through what decides"


def test_every_task_is_a_wake_up_that_beat_gives(settings: Settings) -> None:
    """What only somebody's call would start is lost with the broker; what beat starts is started again."""
    app = make_app(settings, Runtime(settings))
    tasks = {name for name in app.tasks if not name.startswith("celery.")}
    entries = app.conf.beat_schedule
    assert {entry["task"] for entry in entries.values()} == tasks == set(SCHEDULE), "every task has its beat entry"
    for name, entry in entries.items():
        assert entry.keys() <= {"task", "schedule"}, f"{name}: a wake-up carries nothing (docs/decisions/0007)"
        assert 0 < entry["schedule"].total_seconds() <= 60, f"{name}: losing one wake-up may delay by a minute at most"


def test_no_task_is_made_anywhere_else() -> None:
    for path, tree in _modules():
        made = [
            node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in {"task", "shared_task"}
        ]
        assert not made or path == Path("reminders/tasks.py"), f"{path} makes a task; tasks live in reminders/tasks.py"


def test_every_table_of_a_clinics_data_goes_through_the_door() -> None:
    """The scoping door filters what is `ClinicOwned`, and nothing else."""
    for mapper in Base.registry.mappers:
        owned = issubclass(mapper.class_, ClinicOwned)
        name = mapper.local_table.name  # type: ignore[attr-defined]
        assert owned != (name in NOT_CLINICS), f"{name}: mix in ClinicOwned, or say here why it is nobody's"


@pytest.mark.parametrize("pins", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_pins_are_hashed_and_name_no_host(pins: Path) -> None:
    """Whoever installs chooses where from; the hash says that it is the same."""
    text = pins.read_text(encoding="utf-8")
    assert not re.search(r"https?://|^\s*-(-index|-extra-index|-find-links|i\b|f\b)|^--", text, re.MULTILINE), (
        "a package host in the pins would bind every installation to it; `make lock` leaves it out"
    )
    pinned = re.findall(r"^([A-Za-z0-9_.\[\]-]+)(\S*)", text, re.MULTILINE)
    assert pinned
    assert all(version.startswith("==") for _, version in pinned), "pin every package with =="
    blocks = re.split(r"^(?=\S)", text, flags=re.MULTILINE)
    assert all("--hash=sha256:" in block for block in blocks if block.strip() and not block.startswith("#"))


def test_every_module_says_what_it_is() -> None:
    """One line at the top tells a reader whether to read on."""
    for path, tree in _python_files():
        if path.parent.name == "versions" or not tree.body:
            continue
        assert ast.get_docstring(tree), f"{path} has no docstring"


def test_no_module_is_called_utils() -> None:
    """A drawer for everything is found by nobody."""
    drawers = {"utils", "util", "helpers", "common", "misc"}
    found = {str(path) for path, _ in _modules() if path.stem in drawers}
    # The commands share how they open settings and database; that file says so.
    assert found <= {"reminders/cli/common.py"}, "name it for what it does"
