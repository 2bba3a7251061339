"""What a page on conversations shows: lines of the list, the links of its filters, and both sides of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy.orm import Session

from reminders.care import conversations, seeing
from reminders.care.attachments import Attached
from reminders.care.conversations import Line, Said, Wanted
from reminders.care.letters import is_quiet
from reminders.models import Message, Patient, Reply
from reminders.models.kinds import Channel, Language, MessageKind, ReplyKind, TicketKind
from reminders.triage import Label
from reminders.triage.quoted import own_words
from reminders.web.i18n import Catalogue, catalogue
from reminders.web.pages.inbox_view import LABEL_COLOURS
from reminders.web.visitors import Member
from schedules.lifecycle import State

_LONGEST_GLIMPSE = 140
_FOLDS_FROM = 420
"""Characters: what the software sends, and long e-mails, are opened by whoever wants all of it."""

_COLOURS: Mapping[State, str] = {
    State.DELIVERED: "good",
    State.FAILED: "danger",
    State.UNDELIVERED: "danger",
    State.EXPIRED: "danger",
    State.UNKNOWN: "warn",
    State.SKIPPED: "warn",
    State.CANCELLED: "warn",
}
_SIMPLE = ("unread", "waits", "unknown")


@dataclass(frozen=True)
class Row:
    """One conversation in the list. `is_whole`: the glimpse is all that the reply says."""

    line: Line
    href: str
    glimpse: str
    is_urgent: bool
    is_whole: bool

    @property
    def is_unread(self) -> bool:
        """Whether somebody should read it."""
        return self.line.unread > 0

    @property
    def is_all_unread(self) -> bool:
        """Whether all that is unread in it stands in the list, so that it may be read there."""
        reply = self.line.reply
        return self.is_whole and self.line.unread == 1 and reply is not None and reply.seen_at is None


@dataclass(frozen=True)
class Filter:
    """A link that narrows the list, or widens it again when it does so already."""

    text: str
    href: str
    is_on: bool


@dataclass(frozen=True)
class Bubble:
    """One thing said. `folded` is how it begins, where there is so much of it that the rest is opened on demand."""

    at: datetime
    side: str
    who: str
    channel: Channel
    text: str
    folded: str = ""
    state: str = ""
    colour: str = ""
    leaves_at: datetime | None = None
    labels: Sequence[str] = ()
    attached: Sequence[Attached] = ()
    language: str = ""


def ids_in(texts: Sequence[str]) -> list[UUID]:
    """Those of these that are ids."""
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def wanted_of(query: Mapping[str, str]) -> Wanted:
    """What the address asks for; what it cannot mean is as if it did not stand there."""
    return Wanted(
        **{name: query.get(name) == "yes" for name in _SIMPLE},
        label=query.get("label", "") if query.get("label") in set(Label) else "",
        channel=Channel(query["channel"]) if query.get("channel") in set(Channel) else None,
        language=Language(query["language"]) if query.get("language") in set(Language) else None,
        before=next(iter(ids_in([query.get("before", "")])), None),
    )


def query_of(wanted: Wanted, **other: str) -> str:
    """The same as the end of an address: "?unread=yes", or "" where nothing is asked for."""
    given = {name: "yes" for name in _SIMPLE if getattr(wanted, name)}
    given |= {name: str(getattr(wanted, name)) for name in ("label", "channel", "language") if getattr(wanted, name)}
    given = {name: value for name, value in (given | other).items() if value}
    return f"?{urlencode(given)}" if given else ""


def list_context(member: Member, found: conversations.Page, wanted: Wanted, q: str = "") -> dict[str, Any]:
    """The list beside a conversation, or alone."""
    texts = catalogue(member.language)
    return {
        "rows": [_row(line, texts, query_of(wanted)) for line in found.lines],
        "older": f"/inbox{query_of(wanted, before=str(found.next))}" if found.next else "",
        "is_first": wanted.before is None,
        "filters": _filters(wanted, texts),
        "more_filters": _more_filters(wanted, texts),
        "narrowed": bool(wanted.label or wanted.channel or wanted.language),
        "wanted": wanted,
        "home": f"/inbox{query_of(wanted)}",
        "q": q,
        "label_colours": LABEL_COLOURS,
    }


def nothing_open() -> dict[str, Any]:
    """The list alone."""
    return {"patient": None, "newest": None, "talk": None, "bubbles": [], "door": None, "problems": {}, "here": ""}


def conversation_context(
    session: Session, member: Member, patient: Patient | None, reply: Reply | None
) -> dict[str, Any]:
    """Both sides of the conversation of a patient, or of the address that a reply of nobody known came from."""
    talk = seeing.Talk(patient.id) if patient else seeing.talk_of(reply) if reply else None
    if talk is None:
        return nothing_open()
    said, texts = conversations.said(session, member.clinic.id, talk), catalogue(member.language)
    came = [one.reply for one in said if one.reply]
    return {
        "rows": None,
        "home": "/inbox",
        "here": f"/inbox/patients/{patient.id}" if patient else f"/inbox/replies/{came[-1].id}",
        "patient": patient,
        "newest": came[-1] if came else None,
        "is_unread": any(one.seen_at is None for one in came),
        "bubbles": [bubble(one, texts, member.now) for one in said],
        "label_colours": LABEL_COLOURS,
        "has_more": len(said) == conversations.MOST_SAID,
    }


def bubble(said: Said, texts: Catalogue, now: datetime) -> Bubble:
    """One thing said, as the page shows it."""
    if said.reply:
        return _from_them(said, said.reply, texts)
    if said.message:
        return _from_us(said, said.message, texts, now)
    raise ValueError("nothing was said")


def _from_them(said: Said, reply: Reply, texts: Catalogue) -> Bubble:
    own = own_part(reply)
    kind = "automatic" if is_quiet(reply.kind, reply.raw, reply.labels) else reply.kind.value
    return Bubble(
        at=said.at,
        side="them",
        who=texts.text(f"conversations.by_{kind}"),
        channel=reply.channel,
        text=own or texts.text("conversations.no_words"),
        folded=_folded(own, reply.body),
        labels=tuple(reply.labels or ()),
        attached=said.attached,
        language=reply.language.value if reply.language else "",
    )


def _from_us(said: Said, message: Message, texts: Catalogue, now: datetime) -> Bubble:
    by_staff = message.kind is MessageKind.STAFF
    whole = message.body or str((message.params or {}).get("text", ""))
    waiting = message.state is State.PLANNED and message.due_at > now
    return Bubble(
        at=said.at,
        side="us" if by_staff else "us auto",
        who=said.author or texts.text(f"conversations.sent_{message.kind.value}"),
        channel=message.channel,
        text=_beginning(whole) if len(whole) > _FOLDS_FROM else whole,
        folded=whole if len(whole) > _FOLDS_FROM else "",
        state=texts.text(f"state.{message.state.value}"),
        colour=_COLOURS.get(message.state, ""),
        leaves_at=message.due_at if waiting else None,
        language=message.language.value,
    )


def own_part(reply: Reply) -> str:
    """What the writer wrote: of an e-mail without what it quotes and its signature, unless nothing else is in it."""
    return (own_words(reply.body).text or reply.body) if reply.kind is ReplyKind.EMAIL else reply.body


def _folded(own: str, whole: str) -> str:
    return whole if own != whole else ""


def _row(line: Line, texts: Catalogue, query: str) -> Row:
    reply, owner = line.reply, line.patient
    path = f"/inbox/patients/{owner.id}" if owner else f"/inbox/replies/{reply.id if reply else ''}"
    own = own_part(reply) if reply else texts.text("conversations.never_wrote")
    glimpse = _beginning(own, _LONGEST_GLIMPSE) or texts.text("conversations.no_words")
    urgent = any(ticket.kind is TicketKind.RED_FLAG for ticket in line.tickets)
    return Row(line, f"{path}{query}#newest", glimpse, urgent, is_whole=glimpse == own)


def _beginning(text: str, longest: int = _FOLDS_FROM) -> str:
    return text if len(text) <= longest else f"{text[:longest].rstrip()}…"


def _filters(wanted: Wanted, texts: Catalogue) -> list[Filter]:
    none_on = query_of(wanted) == ""
    everything = Filter(texts.text("conversations.all"), "/inbox", none_on)
    return [everything, *(_filter(wanted, texts.text(f"conversations.{name}"), name, "yes") for name in _SIMPLE)]


def _more_filters(wanted: Wanted, texts: Catalogue) -> list[tuple[str, list[Filter]]]:
    """Label, channel and language, each of which narrows what the others leave."""
    groups: dict[str, list[str]] = {
        "label": [one.value for one in Label],
        "channel": [one.value for one in Channel],
        "language": [one.value for one in Language],
    }
    return [
        (
            texts.text(f"conversations.by_{name}_title"),
            [_filter(wanted, texts.text(f"{name}.{value}"), name, value) for value in values],
        )
        for name, values in groups.items()
    ]


def _filter(wanted: Wanted, text: str, name: str, value: str) -> Filter:
    now = getattr(wanted, name)
    is_on = bool(now) and (value in {"yes", str(now)})
    return Filter(text, f"/inbox{query_of(wanted, **{name: '' if is_on else value})}", is_on)
