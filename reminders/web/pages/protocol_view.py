"""What the pages on protocols show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care.protocol_drafts import fingerprint
from reminders.care.protocol_versions import Versions, rules_for
from reminders.models import Clinic, Protocol, Staff
from reminders.models.kinds import Channel, Language
from reminders.web.findings import finding_text
from reminders.web.i18n import catalogue
from reminders.web.pages.protocol_calendar import cost_of
from reminders.web.visitors import Member
from reminders.wording.findings import Finding, Place, Severity
from reminders.wording.linter import Rules, lint_text, parts_at
from reminders.wording.render import WordingError, render
from reminders.wording.segments import Segments
from reminders.wording.texts import Text
from schedules.library import LibraryProtocol
from schedules.protocol import Protocol as Schedule
from schedules.protocol import Step, protocol_from_data

_A_LINE = 45
"""Characters that a text's field shows in a line, on a small laptop."""


@dataclass(frozen=True)
class VersionLine:
    """One version: who approved it and when; a draft has no `published_at`."""

    number: int
    published_at: datetime | None
    approver: str
    is_newest: bool


@dataclass(frozen=True)
class ProtocolLine:
    """One protocol as the list shows it."""

    protocol: Protocol
    name: str
    has_draft: bool
    versions: tuple[VersionLine, ...]


@dataclass(frozen=True)
class Starter:
    """A starter protocol that the clinic does not have."""

    key: str
    name: str


@dataclass(frozen=True)
class Said:
    """One finding in words."""

    blocks: bool
    part: str
    text: str


@dataclass(frozen=True)
class TextBox:
    """One text of a draft: what it says, what is wrong with it, and what it costs at most (texts only)."""

    id: str
    at: Place
    subject: str
    body: str
    findings: tuple[Said, ...]
    cost: Segments | None
    can_be_cheaper: bool
    shown: str
    """The fingerprint of what it says."""

    @property
    def lines(self) -> int:
        """How tall its field is, so that the whole text is seen where a line takes some 45 characters."""
        return 2 + sum(1 + len(line) // _A_LINE for line in self.body.splitlines() or [""])

    @property
    def is_blocked(self) -> bool:
        """Whether it keeps the draft from being published."""
        return any(said.blocks for said in self.findings)


@dataclass(frozen=True)
class StepBoxes:
    """A step of a draft with its texts, each language beside the other."""

    number: int
    step: Step
    boxes: tuple[TextBox, ...]


def lines(session: Session, member: Member, found: Iterable[Versions]) -> list[ProtocolLine]:
    """Protocols with their versions. One further query, for the approvers' names."""
    names = {staff.id: staff.name for staff in session.scalars(select(Staff))}
    return [
        ProtocolLine(
            one.protocol,
            name_of(one.protocol, member),
            one.draft is not None,
            tuple(
                VersionLine(
                    version.number,
                    version.published_at,
                    names.get(version.approved_by, "") if version.approved_by else "",
                    one.published is not None and version.id == one.published.id,
                )
                for version in one.versions
            ),
        )
        for one in found
    ]


def name_of(protocol: Protocol, member: Member) -> str:
    """What staff call it."""
    return protocol.name.get(member.language.value, protocol.key)


def starters(found: Iterable[LibraryProtocol], member: Member) -> list[Starter]:
    """Starter protocols as the list offers them."""
    return [Starter(one.protocol.key, one.name[member.language.value]) for one in found]


def draft_steps(
    clinic: Clinic, protocol: Protocol, content: Mapping[str, Any], language: Language
) -> tuple[StepBoxes, ...]:
    """Every step of a draft with what the linter says of its texts, in the reader's language."""
    schedule = protocol_from_data({"key": "draft", **content})
    rules = rules_for(clinic, protocol)
    return tuple(
        StepBoxes(number, step, tuple(_box(content, schedule, at, rules, language) for at in _places(step)))
        for number, step in enumerate(schedule.steps)
    )


def blocking_count(steps: Iterable[StepBoxes]) -> int:
    """How many findings keep a draft from being published."""
    return sum(said.blocks for step in steps for box in step.boxes for said in box.findings)


def box_id(at: Place) -> str:
    """The text's own place on the page."""
    return f"{at.step}-{at.language.value}-{at.channel.value}"


def _places(step: Step) -> list[Place]:
    return [Place(step.key, language, channel) for channel in Channel for language in Language]


def _box(content: Mapping[str, Any], schedule: Schedule, at: Place, rules: Rules, language: Language) -> TextBox:
    parts = parts_at(content, at)
    findings = lint_text(content, schedule, at, rules)
    body = parts.get("body", "")
    return TextBox(
        id=box_id(at),
        at=at,
        subject=parts.get("subject", ""),
        body=body,
        findings=tuple(_said(finding, language) for finding in findings),
        cost=_longest_cost(at, body, rules),
        can_be_cheaper=any(finding.nearest for finding in findings),
        shown=fingerprint(parts),
    )


def _said(finding: Finding, language: Language) -> Said:
    part = finding.place.part.value if finding.place.channel is Channel.EMAIL else ""
    blocks = finding.severity is Severity.BLOCKS
    return Said(blocks, part, finding_text(catalogue(language), finding))


def _longest_cost(at: Place, body: str, rules: Rules) -> Segments | None:
    try:
        return cost_of(at, render(Text(None, body), rules.values[at.channel]).body)
    except WordingError:
        return None
