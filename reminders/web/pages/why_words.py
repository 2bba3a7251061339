"""Why a reply was read as it was, what became of a ticket, and who changed what: a sentence each. Pure."""

from collections.abc import Mapping
from datetime import date, datetime

from reminders.care.explain import ended_once
from reminders.care.explain.readings import SECOND, TICKED, Decider, ReadAs
from reminders.care.timeline import Deed, TimelineEntry
from reminders.web.i18n import Catalogue, catalogue
from reminders.web.moments import Words


def reading_words(read: ReadAs, texts: Catalogue) -> str:
    """What the reply was read as, by which words, and how sure that is; and that the second reader decided, if so."""
    parts = "; ".join(_label(label, read, texts) for label in read.labels)
    said = texts.text("reading.as", parts=parts) if parts else ""
    sure = texts.text(f"reading.{read.sureness}") if said and read.sureness else ""
    second = texts.text("reading.second") if read.by_second else ""
    return " ".join(filter(None, (said, sure, second)))


def ticket_words(entry: TimelineEntry, words: Words, day: date) -> str:
    """Why there is such a ticket, and who took and closed it, when, with what outcome. Of `day` the time is enough."""
    texts = catalogue(words.language)
    reason = f"ticket_reason.{entry.params.get('reason', '')}"
    told = [texts.text(reason)] if texts.has(reason) else []
    told += [_deed(deed, words, day) for deed in entry.deeds] or [texts.text("handling.nobody")]
    return " ".join(told)


def change_words(params: Mapping[str, str], texts: Catalogue) -> str:
    """Who did it, and which fields it was."""
    source = f"change_by.{params.get('source', '')}"
    by = params.get("by") or texts.text(source if texts.has(source) else "change_by.system")
    fields = ", ".join(texts.text(f"patient.{name}") for name in params.get("fields", "").split())
    return texts.text("change_by.fields", who=by, fields=fields) if fields else texts.text("change_by.plain", who=by)


def _label(label: str, read: ReadAs, texts: Catalogue) -> str:
    own = [one for one in read.deciders if one.label == label and one.words]
    # What stands within longer words that decided says nothing more.
    telling = [one for one in own if not any(one is not other and one.words in other.words for other in own)]
    by = dict.fromkeys(_decider(one, texts) for one in telling)
    name = texts.text(f"label.{label}")
    return texts.text("reading.label", label=name, words=", ".join(by)) if by else name


def _decider(one: Decider, texts: Catalogue) -> str:
    if one.by == TICKED:
        return texts.text("reading.ticked", words=texts.text(f"check_in_page.flag_{one.words}"))
    return texts.text("reading.by_second" if one.by == SECOND else "reading.quoted", words=one.words)


def _deed(deed: Deed, words: Words, day: date) -> str:
    texts = catalogue(words.language)
    said = texts.text(
        f"handling.{deed.what}",
        who=deed.who or texts.text("change_by.system"),
        at=_moment(deed.at, words, day),
        outcome=texts.text(f"outcome.{deed.outcome}") if deed.outcome else "",
    )
    return ended_once(said)


def _moment(at: datetime, words: Words, day: date) -> str:
    return words.time(at) if at.astimezone(words.zone).date() == day else words.moment(at)
