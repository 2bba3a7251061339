"""A patient's timeline in words: what is to come, then what was, newest first. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from reminders.care.attachments import Attached
from reminders.care.explain import Explanation, sentence
from reminders.care.timeline import TimelineEntry
from reminders.models.kinds import Language
from reminders.web.i18n import Catalogue, catalogue

_BAD = frozenset({"undelivered", "failed", "expired", "unknown"})
_ADDED = re.compile(r"day-(\d+)(?:-\d+)?$")
_QUIET = frozenset({"cancelled", "skipped", "held"})
_HELD = "message_held_"
"""How the sentence's key begins that explains a message which some hold keeps."""
_SHOWN_STATES = frozenset({"message", "reminder", "consult", "ticket", "alert"})
"""Kinds whose state says something that the heading does not."""


@dataclass(frozen=True)
class TimelineLine:
    """One line: when (UTC), its heading, what was written and sent along, its fate and why."""

    at: datetime
    side: str
    title: str
    text: str
    folded: bool
    state: str
    colour: str
    why: str
    labels: tuple[str, ...]
    attached: tuple[Attached, ...]
    episode: str = ""
    """Which treatment it belongs to, where the patient has several."""


@dataclass(frozen=True)
class TimelineView:
    """What is still to come, soonest first, and what was, newest first."""

    ahead: tuple[TimelineLine, ...]
    past: tuple[TimelineLine, ...]


@dataclass(frozen=True)
class Reader:
    """Who reads it, when: in which language and zone. `episodes` names the treatments of a patient who has several."""

    language: Language
    zone: ZoneInfo
    now: datetime
    episodes: Mapping[UUID, str] = field(default_factory=dict)


def timeline_view(entries: Sequence[TimelineEntry], reader: Reader) -> TimelineView:
    """`entries` (oldest first) as the page shows them."""
    now = reader.now
    lines = [(entry, _line(entry, reader)) for entry in entries]
    ahead = tuple(line for entry, line in lines if _is_ahead(entry, now))
    past = tuple(line for entry, line in reversed(lines) if not _is_ahead(entry, now))
    return TimelineView(ahead, past)


def _is_ahead(entry: TimelineEntry, now: datetime) -> bool:
    return entry.at > now


def _line(entry: TimelineEntry, reader: Reader) -> TimelineLine:
    language, zone, now = reader.language, reader.zone, reader.now
    texts = catalogue(language)
    return TimelineLine(
        at=entry.at,
        side=_side(entry, now),
        title=_title(entry, texts),
        text=entry.text or _ticked(entry.params, texts),
        folded=entry.kind == "consent",
        state=texts.text(f"state.{_state(entry)}") if entry.kind in _SHOWN_STATES else "",
        colour=_colour(entry),
        why=sentence(Explanation(entry.why_key, entry.why_params), language, zone) if entry.why_key else "",
        labels=entry.labels,
        episode=" + ".join(reader.episodes[one] for one in entry.treatments if one in reader.episodes),
        attached=entry.attached,
    )


def _state(entry: TimelineEntry) -> str:
    """What is planned and kept by a hold is not on its way: it says so."""
    return "held" if entry.why_key.startswith(_HELD) else entry.state


def _title(entry: TimelineEntry, texts: Catalogue) -> str:
    key = f"timeline.{entry.title_key.removeprefix('timeline_')}"
    return texts.text(key, **_words(entry.params, texts))


def _words(params: Mapping[str, str], texts: Catalogue) -> dict[str, str]:
    """What fills a heading, in the reader's language."""
    step = params.get("step") or params.get("template", "").removeprefix("step:").removeprefix("follow_up:")
    return {
        "channel": texts.text(f"channel.{params['channel']}") if "channel" in params else "",
        "step": _step(step, texts) if step else "",
        "outcome": texts.text(f"check_in.{params['outcome']}") if params.get("outcome") else "",
        "value": params.get("value", ""),
        "who": params.get("who", ""),
        "source": texts.text(f"source.{params['source']}") if params.get("source") else "",
    }


def _step(key: str, texts: Catalogue) -> str:
    """A step's name; one that the clinic has added is called by the day that it was added for."""
    known, day = f"step.name.{key}", _ADDED.match(key)
    return texts.text(known) if texts.has(known) or not day else texts.text("step.name.added", day=day[1])


def _ticked(params: Mapping[str, str], texts: Catalogue) -> str:
    """What was ticked on a check-in's page, a line each, as the page said it."""
    said = [
        " ".join(texts.text(f"check_in_page.{key}") for key in (name, f"{name}_{params[name]}"))
        for name in ("breakouts", "course")
        if params.get(name)
    ]
    flags = [texts.text(f"check_in_page.flag_{flag}") for flag in params.get("flags", "").split()]
    return "\n".join([*said, *flags])


def _side(entry: TimelineEntry, now: datetime) -> str:
    """The mark beside a line: from the patient, to the patient, to come, or gone wrong."""
    if entry.state in _BAD:
        return "bad"
    if _is_ahead(entry, now):
        return "ahead"
    return {"reply": "in", "check_in": "in", "severity": "in", "message": "out"}.get(entry.kind, "")


def _colour(entry: TimelineEntry) -> str:
    if entry.state in _BAD:
        return "danger"
    if _state(entry) in _QUIET:
        return "warn"
    return "good" if entry.state in {"delivered", "closed", "attended", "booked"} else ""
