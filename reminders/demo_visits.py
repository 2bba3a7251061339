"""Who came to the demo's clinic in the two months before it, and what came of it: `demo_visits.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reminders.models.kinds import Language

_FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Visit:
    """A treatment and what came of it; see the head of the file."""

    name: tuple[str, str]
    language: Language
    phone: str
    days_ago: int
    details: Mapping[str, str]
    email: str = ""
    severity: Mapping[int, int] = field(default_factory=dict)
    said: str = ""
    minutes: int = 0
    ended: str = ""
    consult: str = ""


def visits() -> list[Visit]:
    """What happened, as the file has it."""
    return [_visit(row) for row in tomllib.loads(_FILE.read_text(encoding="utf-8"))["visit"]]


def _visit(row: dict[str, Any]) -> Visit:
    details = {key: row.pop(key) for key in ("device", "needle_depth", "cartridge_lot")}
    severity = {int(day): value for day, value in row.pop("severity", {}).items()}
    name, language = tuple(row.pop("name")), Language(row.pop("language"))
    return Visit(name=name, language=language, details=details, severity=severity, **row)
