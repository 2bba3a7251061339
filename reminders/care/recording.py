"""Recording a new treatment: its patient held, what it stands on read, all rows written, by one statement each."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reminders import inserting
from reminders.care import audit, clinics, ground, holding, joining, owed_rows, protocols, superseding
from reminders.care.actors import Actor
from reminders.care.owed import decide
from reminders.care.providers import provider_index, provider_named
from reminders.care.texts_in import one_line
from reminders.care.treatment_input import TreatmentInput, check_lines, treated_at
from reminders.care.treatment_store import refuse_known, refuse_taken_id
from reminders.database import as_stored
from reminders.errors import EarlierTreatmentError, InvalidInputError, Problem
from reminders.ids import new_id
from reminders.models import Audit, Clinic, Patient, Treatment
from reminders.models.kinds import TreatmentState
from schedules.plan import Plan, plan


def record(  # noqa: PLR0913 - the signature that every way in shares
    session: Session,
    actor: Actor,
    clinic: Clinic,
    patient: Patient,
    given: TreatmentInput,
    now: datetime,
    *,
    confirmed: bool = False,
    supersedes: bool | None = None,
) -> Treatment:
    """Store a treatment, what each step of its protocol owes, and the messages for it: all in the caller's transaction.

    Raises:
        InvalidInputError: something typed cannot be; see `treated_at` and `check_lines`; also protocol_unknown.
        DuplicateError: this external id is known; or this patient has this protocol on this local date already and
            `confirmed` is not set. It names the treatment that is there.
        EarlierTreatmentError: an earlier treatment by this protocol still owes messages, and `supersedes` does not say
            whether this one takes its place (True) or goes beside it (False).
    """
    check_lines(given)
    zone = ZoneInfo(clinic.timezone)
    moment = treated_at(given, zone, now)
    day = moment.astimezone(zone).date()
    found, chosen = _ground(session, patient, given, day)
    refuse_known(found, confirmed=confirmed)
    earlier = superseding.owing(session, found.before)
    if earlier and supersedes is None:
        raise EarlierTreatmentError([str(one.treatment_id) for one in earlier])
    row = treatment_row(patient.clinic_id, patient.id, given, now) | {
        "protocol_id": chosen.protocol_id,
        "protocol_version_id": chosen.version_id,
        "provider_id": found.provider_id or provider_named(session, clinic.id, given.provider, now),
        "treated_at": moment,
        "local_date": day,
        "ordinal": max(found.that_day, default=0) + 1,
        "recorded_by": actor.staff_id,
    }
    wanted = plan(protocols.schedule_of(session, chosen.version_id), moment, clinics.hours(clinic, patient), now, day)
    _write(session, ((Treatment, [row]), *_owed(row, patient, found, wanted, now), (Audit, [noted(actor, row, now)])))
    if supersedes:
        superseding.supersede_all(session, actor, earlier, row["id"], now)
    if found.that_day or found.before:
        joining.join(session, clinic, patient, now)
    return as_stored(session, Treatment, row)


def _ground(
    session: Session, patient: Patient, given: TreatmentInput, day: date
) -> tuple[ground.Ground, ground.Chosen]:
    """What the treatment stands on, read once the patient is held."""
    key = given.protocol_key.strip()
    if not key:
        raise InvalidInputError({"protocol_key": Problem("protocol_missing")})
    holding.hold(session, patient)
    asked = ground.Asked(key, provider_index(session, given.provider), day, one_line(given.external_id) or None)
    found = ground.survey(session, patient, asked)
    if found.chosen is None:
        raise InvalidInputError({"protocol_key": Problem("protocol_unknown")})
    return found, found.chosen


def _owed(
    row: Mapping[str, Any], patient: Patient, found: ground.Ground, wanted: Plan, now: datetime
) -> inserting.Batch:
    """The rows of what `wanted` comes to, decided as for a treatment that has none yet."""
    terms = ground.terms(found, patient)
    return owed_rows.first(episode_of(row), decide((), wanted, terms, now), terms, found.senders, now)


def treatment_row(clinic_id: uuid.UUID, patient_id: uuid.UUID, given: TreatmentInput, now: datetime) -> dict[str, Any]:
    """A new treatment's row, but for its protocol, its provider, its day and who recorded it."""
    return {
        "id": new_id(),
        "clinic_id": clinic_id,
        "patient_id": patient_id,
        "external_id": one_line(given.external_id) or None,
        "import_key": None,
        "details": {key: one_line(value) for key, value in given.details.items() if value.strip()},
        "state": TreatmentState.ACTIVE,
        "state_at": now,
        "state_reason": "",
        "superseded_by_id": None,
        "created_at": now,
    }


def noted(actor: Actor, treatment: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The audit trail's row on a recorded treatment."""
    detail = {"patient": str(treatment["patient_id"])}
    return audit.entry(actor, "treatment.recorded", ("treatment", treatment["id"]), now, detail)


def episode_of(treatment: Mapping[str, Any]) -> owed_rows.Episode:
    """What the rows below a treatment's have from it."""
    return owed_rows.Episode(*(treatment[name] for name in ("id", "clinic_id", "patient_id", "protocol_version_id")))


def _write(session: Session, batch: inserting.Batch) -> None:
    _, (treatment,) = batch[0]
    external_id = treatment["external_id"]
    if external_id is None:
        inserting.write(session, batch)
        return
    try:
        with session.begin_nested():
            inserting.write(session, batch)
    except IntegrityError:
        # The same external id came for another patient between the look and the write.
        refuse_taken_id(session, treatment["clinic_id"], external_id)
        raise
