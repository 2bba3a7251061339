"""Who may be written to, how and for what: promise 4's table as data, and what it needs to know, loaded in bulk."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from reminders.bulk import among
from reminders.models import Consent, OptOut
from reminders.models.kinds import Channel, ConsentAction, MessageKind, Purpose

_Column: TypeAlias = ColumnElement[Any] | InstrumentedAttribute[Any]

ANSWER_WITHIN = timedelta(minutes=15)
"""An answer this soon after the patient's own message ignores the window; later, it waits like anything else."""


class Verdict(StrEnum):
    """Whether a message may leave now, at the next opening of the window, or not at all."""

    GO = "go"
    WAIT = "wait"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and its reason: empty for GO, else a snake_case word that the message keeps."""

    verdict: Verdict
    reason: str = ""


class _OptOutRule(StrEnum):
    BLOCKS = "blocks"
    BLOCKS_BY_CARRIER = "blocks_by_carrier"
    IGNORED = "ignored"


class _WindowRule(StrEnum):
    NEEDED = "needed"
    UNLESS_FRESH = "unless_fresh"
    UNLESS_URGENT = "unless_urgent"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class _Rule:
    consent_to: Purpose | None
    """For what the patient must have agreed to messages on the channel; None: it needs no consent."""
    opt_out: _OptOutRule
    window: _WindowRule


_ALL_THREE = _Rule(consent_to=Purpose.AFTERCARE, opt_out=_OptOutRule.BLOCKS, window=_WindowRule.NEEDED)
_ANY_HOUR = _Rule(consent_to=None, opt_out=_OptOutRule.IGNORED, window=_WindowRule.IGNORED)

RULES: Mapping[MessageKind, _Rule] = {
    MessageKind.REMINDER: _ALL_THREE,
    MessageKind.NUDGE: _ALL_THREE,
    # Who writes to the clinic has asked for the answer, so it needs no consent on record.
    MessageKind.ANSWER: _Rule(consent_to=None, opt_out=_OptOutRule.BLOCKS, window=_WindowRule.UNLESS_FRESH),
    # Goes although opted out, being what confirms it; once, because its dedupe key names the opt-out.
    MessageKind.CONFIRMATION: _Rule(consent_to=None, opt_out=_OptOutRule.BLOCKS_BY_CARRIER, window=_WindowRule.IGNORED),
    MessageKind.SAFETY: _ANY_HOUR,
    # What a member of staff writes to a patient: urgency opens the window, and nothing else.
    MessageKind.STAFF: _Rule(
        consent_to=Purpose.AFTERCARE, opt_out=_OptOutRule.BLOCKS, window=_WindowRule.UNLESS_URGENT
    ),
    MessageKind.ALERT: _ANY_HOUR,
}
"""Kind x (consent, opt-out, window). Nothing that is sent is marketing, so no agreement to that opens any row here."""


@dataclass(frozen=True, slots=True)
class Standing:
    """All that decides about one message now. `is_fresh`: within ANSWER_WITHIN of the patient's own message."""

    kind: MessageKind
    channel: Channel
    has_address: bool
    consented: bool
    """Whether the patient agrees to what the kind needs, which is aftercare wherever it needs anything."""
    opted_out: bool
    opted_out_by_carrier: bool
    window_open: bool
    urgent: bool = False
    is_fresh: bool = False
    erased: bool = False
    answered: bool = False
    """The patient has answered what a nudge would ask again."""


@lru_cache(maxsize=4096)
def decide(standing: Standing) -> Decision:
    """Promise 4: GO, NO with the reason, or WAIT when only the window is shut."""
    rule = RULES[standing.kind]
    if reason := _refusal(rule, standing):
        return Decision(Verdict.NO, reason)
    return Decision(Verdict.GO) if _hour_allows(rule, standing) else Decision(Verdict.WAIT, "outside_window")


def _refusal(rule: _Rule, standing: Standing) -> str:
    blocked = {
        _OptOutRule.BLOCKS: standing.opted_out,
        _OptOutRule.BLOCKS_BY_CARRIER: standing.opted_out and standing.opted_out_by_carrier,
        _OptOutRule.IGNORED: False,
    }[rule.opt_out]
    reasons = {
        "patient_erased": standing.erased,
        "answered": standing.answered,
        "no_address": not standing.has_address,
        "opted_out": blocked,
        "no_consent": rule.consent_to is not None and not standing.consented,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _hour_allows(rule: _Rule, standing: Standing) -> bool:
    return (
        standing.window_open
        or {
            _WindowRule.NEEDED: False,
            _WindowRule.UNLESS_FRESH: standing.is_fresh,
            _WindowRule.UNLESS_URGENT: standing.urgent,
            _WindowRule.IGNORED: True,
        }[rule.window]
    )


def newest_consent(patient_id: _Column, channel: Channel) -> ColumnElement[ConsentAction | None]:
    """The newest ledger entry for aftercare of each patient on `channel`, to select beside other columns."""
    entries = select(Consent.action).where(
        Consent.patient_id == patient_id, Consent.channel == channel, Consent.purpose == Purpose.AFTERCARE
    )
    return entries.order_by(Consent.at.desc(), Consent.id.desc()).limit(1).correlate_except(Consent).scalar_subquery()


def standing_opt_out(clinic_id: _Column, channel: Channel, index: _Column) -> ColumnElement[bool | None]:
    """For each address index: None when nobody opted it out, else whether the carrier has answered."""
    found = select(OptOut.by_carrier).where(
        OptOut.clinic_id == clinic_id,
        OptOut.channel == channel,
        OptOut.address_index == index,
        OptOut.lifted_at.is_(None),
    )
    return found.correlate_except(OptOut).scalar_subquery()


def consented(
    session: Session, patient_ids: Collection[uuid.UUID], purpose: Purpose = Purpose.AFTERCARE
) -> set[tuple[uuid.UUID, Channel]]:
    """The patients and channels whose newest ledger entry for the purpose is a grant. One statement."""
    if not patient_ids:
        return set()
    entries = session.execute(_LEDGER, {"patients": list(patient_ids), "purpose": purpose})
    newest = {(patient_id, channel): action for patient_id, channel, action in entries}
    return {key for key, action in newest.items() if action is ConsentAction.GRANTED}


def opted_out(
    session: Session, clinic_id: uuid.UUID, addresses: Collection[tuple[Channel, str]]
) -> dict[tuple[Channel, str], bool]:
    """The opted-out ones among (channel, address index), each with whether the carrier has answered. One statement."""
    if not addresses:
        return {}
    asked = {"clinic": clinic_id, "indexes": [index for _, index in addresses]}
    standing = {(channel, index): by_carrier for channel, index, by_carrier in session.execute(_STANDING, asked)}
    return {address: standing[address] for address in addresses if address in standing}


_LEDGER = (
    select(Consent.patient_id, Consent.channel, Consent.action)
    .where(among(Consent.patient_id, "patients"), Consent.purpose == bindparam("purpose"))
    .order_by(Consent.at, Consent.id)
)
_STANDING = select(OptOut.channel, OptOut.address_index, OptOut.by_carrier).where(
    OptOut.clinic_id == bindparam("clinic"), among(OptOut.address_index, "indexes"), OptOut.lifted_at.is_(None)
)
