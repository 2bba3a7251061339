"""A protocol's versions: which there are, what the linter says of one, and publishing a draft."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from reminders.care import audit
from reminders.care.actors import Actor
from reminders.errors import InvalidInputError, NotFoundError, Problem, RemindersError
from reminders.models import Clinic, Protocol, ProtocolVersion
from reminders.models.kinds import Channel
from reminders.models.options import content_rules_of
from reminders.wording.findings import Finding, blocking
from reminders.wording.linter import Rules, lint
from reminders.wording.samples import longest
from reminders.wording.values import clinic_values


class BlockedError(RemindersError):
    """A draft may not be published; `findings` say why."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(f"{len(findings)} findings keep this draft from being published")
        self.findings = tuple(findings)


class FrozenError(RemindersError):
    """A version has been published, or thrown away, so its content cannot change any more."""


@dataclass(frozen=True, slots=True)
class Versions:
    """A protocol with its versions, newest first. At most one is a draft."""

    protocol: Protocol
    versions: tuple[ProtocolVersion, ...]

    @property
    def draft(self) -> ProtocolVersion | None:
        """The one that is not published yet."""
        return next((version for version in self.versions if version.published_at is None), None)

    @property
    def published(self) -> ProtocolVersion | None:
        """The one that new treatments follow."""
        return next((version for version in self.versions if version.published_at is not None), None)


def all_versions(session: Session, clinic_id: uuid.UUID) -> list[Versions]:
    """Every protocol of the clinic, by key. Two statements."""
    protocols = session.scalars(select(Protocol).where(Protocol.clinic_id == clinic_id).order_by(Protocol.key)).all()
    asked = select(ProtocolVersion).where(ProtocolVersion.clinic_id == clinic_id)
    found = session.scalars(asked.order_by(ProtocolVersion.number.desc())).all()
    return [_with_versions(protocol, found) for protocol in protocols]


def versions_of(session: Session, protocol: Protocol) -> Versions:
    """One protocol's versions."""
    asked = select(ProtocolVersion).where(ProtocolVersion.protocol_id == protocol.id)
    return _with_versions(protocol, session.scalars(asked.order_by(ProtocolVersion.number.desc())).all())


def draft_of(session: Session, protocol: Protocol, *, locked: bool = False) -> ProtocolVersion:
    """The protocol's draft; `locked` holds it until the end of the transaction, so that two changes queue up.

    Raises:
        NotFoundError: it has none.
    """
    asked = select(ProtocolVersion).where(
        ProtocolVersion.protocol_id == protocol.id, ProtocolVersion.published_at.is_(None)
    )
    held = asked.with_for_update().execution_options(populate_existing=True) if locked else asked
    found = session.scalars(held).first()
    if found is None:
        raise NotFoundError("this protocol has no draft")
    return found


def rules_for(clinic: Clinic, protocol: Protocol) -> Rules:
    """By what the linter judges this protocol's texts: the clinic's own rules, and its own name and numbers."""
    return Rules(
        content_rules_of(clinic.options),
        {channel: longest(clinic_values(clinic, channel)) for channel in Channel},
        tuple(protocol.name.values()),
    )


def publish(session: Session, actor: Actor, clinic: Clinic, protocol: Protocol, now: datetime) -> ProtocolVersion:
    """Publish the protocol's draft: frozen from now on, and what new treatments follow. `actor` is who approves it.

    Raises:
        NotFoundError: there is no draft.
        InvalidInputError: on approver approver_missing: it is no member of staff who acts.
        BlockedError: the linter found what must be mended first.
    """
    if actor.staff_id is None:
        raise InvalidInputError({"approver": Problem("approver_missing")})
    draft = draft_of(session, protocol, locked=True)
    findings = lint(draft.content, rules_for(clinic, protocol))
    if stopping := blocking(findings):
        raise BlockedError(stopping)
    change_draft(session, draft, published_at=now, approved_by=actor.staff_id)
    detail = {"number": draft.number, "warnings": len(findings)}
    audit.note(session, actor, "protocol.published", "protocol_version", draft.id, now, detail)
    return draft


def change_draft(session: Session, draft: ProtocolVersion, **values: Any) -> None:
    """The one UPDATE of a version, which changes drafts alone: what somebody approved stays as it was approved.

    Raises:
        FrozenError: it is published.
    """
    mine = (ProtocolVersion.id == draft.id, ProtocolVersion.clinic_id == draft.clinic_id)
    changed = session.scalars(
        update(ProtocolVersion)
        .where(*mine, ProtocolVersion.published_at.is_(None))
        .values(**values)
        .returning(ProtocolVersion.id)
        .execution_options(synchronize_session=False)
    ).all()
    if not changed:
        raise FrozenError("this version is published: start a new draft to change it")
    session.refresh(draft)


def next_number(session: Session, protocol_id: uuid.UUID) -> int:
    """The number of the protocol's next version."""
    newest = select(func.max(ProtocolVersion.number)).where(ProtocolVersion.protocol_id == protocol_id)
    return (session.scalar(newest) or 0) + 1


def _with_versions(protocol: Protocol, found: Iterable[ProtocolVersion]) -> Versions:
    return Versions(protocol, tuple(version for version in found if version.protocol_id == protocol.id))
