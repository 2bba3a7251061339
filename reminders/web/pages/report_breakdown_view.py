"""The report's breakdown in the reader's words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reminders.care.report_breakdown import DIMENSIONS, Group, wilson
from reminders.web.i18n import Catalogue, catalogue
from reminders.web.moments import Words
from reminders.web.pages.report_view import FEW
from reminders.web.visitors import Member

_IN_WORDS = ("language", "channel")
"""What a breakdown by these has as names are keys of our own texts."""


@dataclass(frozen=True)
class Line:
    """A group of check-ins: its name and its figures."""

    name: str
    sent: str
    answered: str
    persisting: str
    share: str


def context(member: Member, by: str, groups: Sequence[Group] | None) -> dict[str, Any]:
    """What the template shows of a breakdown by `by` ("" for none); no lines if there are too many check-ins."""
    texts, words = catalogue(member.language), Words(member.language, member.zone)
    lines = None if groups is None else [_line(by, group, texts, words) for group in groups]
    return {"by": by, "dimensions": tuple(DIMENSIONS), "lines": lines}


def _line(by: str, group: Group, texts: Catalogue, words: Words) -> Line:
    sent, answered, persisting = (words.number(number) for number in (group.sent, group.answered, group.persisting))
    return Line(name_of(by, group.name, texts), sent, answered, persisting, _share(group, texts, words))


def name_of(by: str, name: str | None, texts: Catalogue) -> str:
    """A group in words."""
    if name is None:
        return texts.text("report.others")
    if not name:
        return texts.text("report.not_on_file")
    return texts.text(f"{by}.{name}") if by in _IN_WORDS else name


def _share(group: Group, texts: Catalogue, words: Words) -> str:
    """The share of the answered that persist, with its interval; of a few none."""
    if group.answered < FEW:
        return texts.text("report.few_answered")
    low, high = (words.percent(round(end * 1000), 1000) for end in wilson(group.persisting, group.answered))
    share = words.percent(group.persisting, group.answered)
    return texts.text("report.interval", share=share, low=low, high=high)
