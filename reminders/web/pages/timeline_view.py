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
from reminders.models.kinds import Channel, Language
from reminders.triage.quoted import own_words
from reminders.web.i18n import Catalogue, catalogue
from reminders.web.moments import Words
from reminders.web.pages.why_words import change_words, reading_words, ticket_words

_BAD = frozenset({"undelivered", "failed", "expired", "unknown"})
_ADDED = re.compile(r"day-(\d+)(?:-\d+)?$")
_QUIET = frozenset({"cancelled", "skipped", "held"})
_HELD = "message_held_"
"""How the sentence's key begins that explains a message which some hold keeps."""
_BY_PAGE = "timeline_reply_page"
_CONVERSATION = frozenset({"reply", "check_in", "severity"})
_WENT_OUT = frozenset({"sending", "sent", "delivered", "undelivered", "unknown"})
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
    whole: str = ""
    """A reply's whole e-mail, where `text` is the writer's own words alone."""
    groups: frozenset[str] = frozenset()
    """The filters that let it through (`timeline_days.FILTERS`)."""


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
    patient: str = ""
    """What the patient is called, "" where a parent or tutor may be the one who writes."""


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
    texts = catalogue(reader.language)
    text = _text(entry, texts)
    return TimelineLine(
        at=entry.at,
        side=_side(entry, reader.now),
        title=_title(entry, reader),
        text=text,
        folded=entry.kind == "consent" or _is_long(entry),
        state=texts.text(_state_key(entry)) if entry.kind in _SHOWN_STATES else "",
        colour=_colour(entry),
        why=_why(entry, reader),
        labels=entry.labels,
        episode=" + ".join(reader.episodes[one] for one in entry.treatments if one in reader.episodes),
        attached=entry.attached,
        whole=entry.text if entry.kind == "reply" and text != entry.text else "",
        groups=_groups(entry),
    )


def _text(entry: TimelineEntry, texts: Catalogue) -> str:
    """What was written; of a reply by e-mail the writer's own words, as on Today."""
    if entry.kind == "reply" and entry.channel is Channel.EMAIL and entry.title_key != _BY_PAGE:
        return own_words(entry.text).text or entry.text
    return entry.text or _ticked(entry.params, texts)


def _is_long(entry: TimelineEntry) -> bool:
    return entry.kind == "message" and entry.channel is Channel.EMAIL


def _why(entry: TimelineEntry, reader: Reader) -> str:
    """Why it is as it is, in a sentence or two; of a moment on the line's own day the time alone is said."""
    day = entry.at.astimezone(reader.zone).date()
    if entry.read_as:
        return reading_words(entry.read_as, catalogue(reader.language))
    if entry.kind == "ticket":
        return ticket_words(entry, Words(reader.language, reader.zone), day)
    if entry.kind == "change":
        return change_words(entry.params, catalogue(reader.language))
    return (
        sentence(Explanation(entry.why_key, entry.why_params), reader.language, reader.zone, day)
        if entry.why_key
        else ""
    )


def _groups(entry: TimelineEntry) -> frozenset[str]:
    """A message that went out, or will, is a part of the conversation too; alerts go to staff."""
    if entry.kind in _CONVERSATION:
        return frozenset({"conversation"})
    if entry.kind == "message":
        said = entry.text and entry.state in _WENT_OUT
        return frozenset({"sent", "conversation"} if said else {"sent"})
    return frozenset({"sent"} if entry.kind in {"reminder", "alert"} else {"changes"})


def _state_key(entry: TimelineEntry) -> str:
    """An e-mail that was handed over has come as far as anybody will say."""
    handed_over = entry.kind in {"message", "alert"} and entry.channel is Channel.EMAIL and entry.state == "sent"
    return "timeline.handed_over" if handed_over else f"state.{_state(entry)}"


def _state(entry: TimelineEntry) -> str:
    """What is planned and kept by a hold is not on its way: it says so."""
    return "held" if entry.why_key.startswith(_HELD) else entry.state


def _title(entry: TimelineEntry, reader: Reader) -> str:
    texts = catalogue(reader.language)
    key = f"timeline.{entry.title_key.removeprefix('timeline_')}"
    person = reader.patient or texts.text("timeline.patient")
    return texts.text(key, **_words(entry.params, texts), person=person)


def _words(params: Mapping[str, str], texts: Catalogue) -> dict[str, str]:
    """What fills a heading, in the reader's language."""
    step = params.get("step") or params.get("template", "").removeprefix("step:").removeprefix("follow_up:")
    return {
        "channel": texts.text(f"channel.{params['channel']}") if "channel" in params else "",
        "step": _step(step, texts) if step else "",
        "outcome": texts.text(f"check_in.{params['outcome']}") if params.get("outcome") else "",
        "value": params.get("value", ""),
        "who": params.get("who", ""),
        "by": params.get("by") or texts.text("timeline.clinic"),
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
