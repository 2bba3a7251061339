"""Drafts of protocols: starting one from the library or from what is published, and editing it."""

import copy
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reminders.care import audit, protocols
from reminders.care.actors import Actor
from reminders.care.protocol_steps import TypedStep, clean_steps
from reminders.care.protocol_versions import change_draft, draft_of, next_number, versions_of
from reminders.care.texts_in import text_problem
from reminders.database import insert_missing
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.ids import new_id
from reminders.models import Protocol, ProtocolVersion
from reminders.models.kinds import Language
from reminders.wording.findings import Part, Place
from reminders.wording.linter import PARTS
from schedules import library

LONGEST_TEXT = 5_000
"""Characters of a body; more is a slip of the clipboard."""

LONGEST_SUBJECT = 150


def start(session: Session, actor: Actor, protocol: Protocol, now: datetime) -> ProtocolVersion:
    """A draft that says what the newest published version says; the draft that is there, if there is one.

    Raises:
        NotFoundError: nothing is published and there is no draft.
    """
    newest = versions_of(session, protocol).published
    if newest is None:
        return draft_of(session, protocol)
    return _draft(session, actor, protocol, newest.content, now)


def start_from_library(session: Session, actor: Actor, key: str, now: datetime) -> ProtocolVersion:
    """A draft of a starter protocol that the clinic does not have yet, or its own draft if it has one.

    Raises:
        NotFoundError: the library has none of this key.
    """
    if key not in library.available():
        raise NotFoundError("no such starter protocol")
    starter = library.load(key)
    own = {"clinic_id": actor.clinic_id, "key": key}
    insert_missing(session, Protocol, {"id": new_id(), **own, "name": dict(starter.name), "created_at": now})
    protocol = session.scalars(select(Protocol).filter_by(**own)).one()
    if versions_of(session, protocol).published is not None:
        return start(session, actor, protocol, now)
    return _draft(session, actor, protocol, library.content(starter), now)


def missing_from(session: Session, clinic_id: uuid.UUID) -> list[library.LibraryProtocol]:
    """The starter protocols that the clinic has no version of, by key."""
    known = set(session.scalars(select(Protocol.key).where(Protocol.clinic_id == clinic_id)))
    return [library.load(key) for key in library.available() if key not in known]


def change_text(
    session: Session, actor: Actor, protocol: Protocol, at: Place, parts: Mapping[str, str], now: datetime
) -> None:
    """Write one text of the draft: its body, and its subject where there is one. The linter judges it afterwards.

    Raises:
        NotFoundError: there is no draft, or no such step in it.
        InvalidInputError: on subject or body, too_long or control_characters.
    """
    draft = draft_of(session, protocol, locked=True)
    # Composed, since an accent typed apart from its letter is outside GSM-7.
    typed = {part.value: unicodedata.normalize("NFC", parts.get(part.value, "")).strip() for part in PARTS[at.channel]}
    _refuse_unreadable(typed)
    if at.step not in {step.key for step in protocols.parse(draft).steps}:
        raise NotFoundError("no such step")
    content = copy.deepcopy(draft.content)
    of_step = content["texts"].setdefault(at.language.value, {}).setdefault(at.step, {})
    if of_step.get(at.channel.value) == typed:
        return
    of_step[at.channel.value] = typed
    change_draft(session, draft, content=content)
    detail = {"number": draft.number, "fields": [f"{at.step}.{at.language.value}.{at.channel.value}"]}
    audit.note(session, actor, "protocol.draft_changed", "protocol_version", draft.id, now, detail)


def change_steps(session: Session, actor: Actor, protocol: Protocol, typed: Sequence[TypedStep], now: datetime) -> None:
    """Give the draft these steps, in the order in which they are due. Texts of a step that is gone go with it.

    Raises:
        NotFoundError: there is no draft.
        InvalidInputError: on the steps' fields; see `clean_steps`.
    """
    draft = draft_of(session, protocol, locked=True)
    steps = clean_steps(typed)
    keys = {step["key"] for step in steps}
    texts = {
        language.value: {
            key: text for key, text in draft.content["texts"].get(language.value, {}).items() if key in keys
        }
        for language in Language
    }
    change_draft(session, draft, content={**draft.content, "steps": steps, "texts": texts})
    detail = {"number": draft.number, "fields": ["steps"]}
    audit.note(session, actor, "protocol.draft_changed", "protocol_version", draft.id, now, detail)


def discard(session: Session, actor: Actor, protocol: Protocol, now: datetime) -> None:
    """Throw the draft away.

    Raises:
        NotFoundError: there is none.
    """
    draft = draft_of(session, protocol, locked=True)
    unpublished = (ProtocolVersion.id == draft.id, ProtocolVersion.published_at.is_(None))
    session.execute(delete(ProtocolVersion).where(*unpublished))
    detail = {"number": draft.number}
    audit.note(session, actor, "protocol.draft_discarded", "protocol", protocol.id, now, detail)


def _draft(
    session: Session, actor: Actor, protocol: Protocol, content: Mapping[str, Any], now: datetime
) -> ProtocolVersion:
    """A new draft with this content; the one that is there, if somebody else was faster."""
    draft_id, number = new_id(), next_number(session, protocol.id)
    row = {
        "id": draft_id,
        "clinic_id": protocol.clinic_id,
        "protocol_id": protocol.id,
        "number": number,
        "content": copy.deepcopy(dict(content)),
        "published_at": None,
        "approved_by": None,
        "created_at": now,
    }
    if insert_missing(session, ProtocolVersion, row):
        detail = {"number": number}
        audit.note(session, actor, "protocol.draft_started", "protocol_version", draft_id, now, detail)
    return draft_of(session, protocol)


def _refuse_unreadable(parts: Mapping[str, str]) -> None:
    most = {"subject": LONGEST_SUBJECT, "body": LONGEST_TEXT}
    # Lines are what a body is made of; other control characters have no place in one.
    lines = {name: text.replace("\n", " ") if name == Part.BODY else text for name, text in parts.items()}
    found = {name: text_problem(text, most[name]) for name, text in lines.items()}
    problems: dict[str, Problem] = {name: problem for name, problem in found.items() if problem}
    if problems:
        raise InvalidInputError(problems)
