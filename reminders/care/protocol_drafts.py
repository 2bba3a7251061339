"""Drafts of protocols: starting one from the library or from what is published, and editing it."""

import copy
import hashlib
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from reminders.wording.linter import PARTS, parts_at
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


@dataclass(frozen=True, slots=True)
class TypedText:
    """A text as somebody typed it: its parts by name. `shown` is the fingerprint of what their page showed before."""

    at: Place
    parts: Mapping[str, str]
    shown: str = ""


def name_of(at: Place) -> str:
    """A text's name: in the records of what was changed, and for the problems with its parts."""
    return f"{at.step}.{at.language.value}.{at.channel.value}"


def fingerprint(parts: Mapping[str, str]) -> str:
    """What tells one wording of a text from another."""
    told = "\0".join(parts.get(part, "") for part in (Part.SUBJECT, Part.BODY))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def change_text(
    session: Session, actor: Actor, protocol: Protocol, at: Place, parts: Mapping[str, str], now: datetime
) -> None:
    """As `change_texts`, for one text, whatever it said before; problems are named by the part alone."""
    try:
        change_texts(session, actor, protocol, [TypedText(at, parts)], now)
    except InvalidInputError as error:
        problems = {name.rpartition(".")[2]: problem for name, problem in error.problems.items()}
        raise InvalidInputError(problems) from error


def change_texts(
    session: Session, actor: Actor, protocol: Protocol, typed: Sequence[TypedText], now: datetime
) -> list[Place]:
    """Write texts of the draft, all or none: each its body, and its subject where there is one. The linter judges them
    afterwards. Which were changed: one that says what its page showed is left as it is, whoever changed it meanwhile.

    Raises:
        NotFoundError: there is no draft, or no such step in it.
        InvalidInputError: on "step.language.channel.part", too_long, control_characters, or changed_meanwhile where
            somebody else has changed the text since the page was shown.
    """
    draft = draft_of(session, protocol, locked=True)
    if not {one.at.step for one in typed} <= {step.key for step in protocols.parse(draft).steps}:
        raise NotFoundError("no such step")
    content = copy.deepcopy(draft.content)
    changed: list[Place] = []
    problems: dict[str, Problem] = {}
    for one in typed:
        new, old = _composed(one), parts_at(content, one.at)
        if new == dict(old) or fingerprint(new) == one.shown:
            continue
        problems |= _problems(one, new, old)
        content["texts"].setdefault(one.at.language.value, {}).setdefault(one.at.step, {})[one.at.channel.value] = new
        changed.append(one.at)
    if problems:
        raise InvalidInputError(problems)
    if changed:
        change_draft(session, draft, content=content)
        detail = {"number": draft.number, "fields": [name_of(at) for at in changed]}
        audit.note(session, actor, "protocol.draft_changed", "protocol_version", draft.id, now, detail)
    return changed


def _composed(one: TypedText) -> dict[str, str]:
    # Composed, since an accent typed apart from its letter is outside GSM-7.
    return {
        part.value: unicodedata.normalize("NFC", one.parts.get(part.value, "")).replace("\r\n", "\n").strip()
        for part in PARTS[one.at.channel]
    }


def _problems(one: TypedText, new: Mapping[str, str], old: Mapping[str, str]) -> dict[str, Problem]:
    most = {"subject": LONGEST_SUBJECT, "body": LONGEST_TEXT}
    # Lines are what a body is made of; other control characters have no place in one.
    lines = {part: text.replace("\n", " ") if part == Part.BODY else text for part, text in new.items()}
    found = {part: text_problem(text, most[part]) for part, text in lines.items()}
    problems = {f"{name_of(one.at)}.{part}": problem for part, problem in found.items() if problem}
    if one.shown and one.shown != fingerprint(old):
        problems.setdefault(f"{name_of(one.at)}.body", Problem("changed_meanwhile"))
    return problems


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
