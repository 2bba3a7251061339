"""Reading our own source: what the checks on the whole code base share."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.processes import ROOT

A_MINUTE = 60
"""The longest, in seconds, that the broker may hold back a wake-up."""

_PUBLISHERS = frozenset({"apply_async", "send_task", "delay"})


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """Every module of the service, by its path from the root."""
    for package in ("reminders", "schedules"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call, with the dotted name of what is called ("session.commit"; "?.now" where it is no plain name)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield _dotted(node.func), node


def publishes(name: str) -> bool:
    """Whether a call of this name puts a task into the broker."""
    return name.rsplit(".", 1)[-1] in _PUBLISHERS


def says_more_than_wake_up(name: str, call: ast.Call) -> bool:
    """Whether a publishing call has arguments for its task, or lets it wait longer than a minute."""
    own = 1 if name.endswith("send_task") else 0
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    waits = [given.pop(word) for word in ("countdown", "eta") if word in given]
    return not all(map(_is_short, waits)) or len(call.args) > own or bool(given.keys() & {"args", "kwargs", None})


def _is_short(wait: ast.expr) -> bool:
    return isinstance(wait, ast.Constant) and isinstance(wait.value, int | float) and wait.value <= A_MINUTE


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"
