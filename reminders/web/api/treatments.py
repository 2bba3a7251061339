"""Treatments: recording, moving and cancelling them, and what they would send."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from reminders.care import consents, patients, superseding, treatments
from reminders.care.patients import CleanPatient
from reminders.care.treatments import PreviewEntry, TreatedWhen
from reminders.errors import EarlierTreatmentError, InvalidInputError, Problem
from reminders.models import Patient, Protocol, Provider, Treatment
from reminders.models.kinds import Channel
from reminders.web.api.caller import Caller, KnownCaller
from reminders.web.api.errors import Choice, ConflictError, duplicates_as, fields_as, path_to
from reminders.web.api.once import Made, OnlyOnce
from reminders.web.api.paging import Listing, fetch
from reminders.web.api.people import add_patient, foreseen
from reminders.web.api.route import ApiRoute
from reminders.web.api.treatment_models import (
    NewTreatment,
    PreviewShown,
    StepShown,
    Treated,
    TreatmentChange,
    TreatmentPage,
    TreatmentQuery,
    TreatmentShown,
    When,
    link_to,
    treatment_shown,
)

router = APIRouter(prefix="/treatments", tags=["treatments"], route_class=ApiRoute)


@router.get("")
def list_treatments(caller: KnownCaller, asked: Annotated[TreatmentQuery, Query()]) -> TreatmentPage:
    """The clinic's treatments, or one patient's, the latest first."""
    with caller.read() as session:
        query = _all()
        if asked.patient_id is not None:
            patient = patients.get(session, caller.clinic.id, asked.patient_id)
            query = query.where(Treatment.patient_id == patient.id)
        listing = Listing("treatments", query, (Treatment.treated_at, Treatment.id), newest_first=True)
        page = fetch(session, caller, listing, asked)
        return TreatmentPage(items=[treatment_shown(*row) for row in page.rows], next=page.next)


@router.post("", status_code=201, response_model=TreatmentShown)
def record_treatment(once: OnlyOnce, given: NewTreatment) -> Response:
    """Record a treatment, and with it all that its patient will receive."""
    caller = once.caller

    def act(session: Session) -> Made:
        typed = given.check_patient().as_input()
        patient = _patient(session, caller, given)
        with _complaints(given):
            who, twice = (caller.actor, caller.clinic, patient), given.confirm_duplicate
            done = treatments.record(session, *who, typed, caller.now, confirmed=twice, supersedes=given.supersedes)
        session.flush()
        return Made(_one(session, caller, done.id), 201, path_to("treatments", done.id))

    return once.answer(act)


@router.post("/preview")
def preview_treatment(caller: KnownCaller, given: Treated) -> PreviewShown:
    """What the patient would receive, and when. Nothing is saved."""
    with caller.read() as session:
        typed = given.check_patient().as_input()
        patient, channels = _foreseen(session, caller, given)
        with _complaints(given):
            found = treatments.preview(session, caller.clinic, patient, channels, typed, caller.now)
    return PreviewShown(
        treated_at=found.treated_at,
        timezone=found.zone.key,
        language=found.language,
        duplicate_of=link_to(found.duplicate_of),
        would_replace=[path_to("treatments", one.treatment_id) for one in found.earlier],
        steps=[_step(entry) for entry in found.entries],
    )


@router.get("/{treatment_id}")
def read_treatment(caller: KnownCaller, treatment_id: UUID) -> TreatmentShown:
    """One treatment."""
    with caller.read() as session:
        return _one(session, caller, treatment_id)


@router.patch("/{treatment_id}")
def change_treatment(caller: KnownCaller, treatment_id: UUID, given: TreatmentChange) -> TreatmentShown:
    """Correct the date, and what is planned moves along; or cancel it, and nothing more is sent; or let the newest
    later treatment of its protocol take its place, or let it run again after that."""
    with caller.begin() as session:
        treatment = treatments.get(session, caller.clinic.id, treatment_id)
        if given.state is not None:
            _check_state_only(given)
            _set_state(session, caller, treatment, given)
        elif given.reason is not None:
            raise InvalidInputError({"state": Problem("field_missing")})
        else:
            to = TreatedWhen(*given.typed())
            with _complaints(given):
                treatments.move(session, caller.actor, caller.clinic, treatment, to, caller.now)
        session.flush()
        return _one(session, caller, treatment_id)


def _set_state(session: Session, caller: Caller, treatment: Treatment, given: TreatmentChange) -> None:
    with fields_as(lambda field: "state" if field == "treatment" else field):
        if given.state == "cancelled":
            treatments.cancel(session, caller.actor, treatment, given.reason or "", caller.now)
        elif given.state == "superseded":
            superseding.replace(session, caller.actor, treatment, caller.now)
        else:
            superseding.take_back(session, caller.actor, caller.clinic, treatment, caller.now)


def _check_state_only(given: TreatmentChange) -> None:
    if given.reason is not None and given.state != "cancelled":
        raise InvalidInputError({"reason": Problem("cancel_or_move")})
    dates = given.model_fields_set & set(When.model_fields)
    if dates:
        raise InvalidInputError({field: Problem("cancel_or_move") for field in sorted(dates)})


@contextmanager
def _complaints(given: When) -> Iterator[None]:
    """Care's complaints under the names of the request; a duplicate as a conflict with its link."""
    day = "treated_on" if given.treated_at is None else "treated_at"
    with fields_as(given.name_of), duplicates_as("treatments", day, "same_treatment_that_day"), _asked():
        yield


@contextmanager
def _asked() -> Iterator[None]:
    """Care's question whether the new treatment takes an earlier one's place as a conflict with both answers."""
    try:
        yield
    except EarlierTreatmentError as error:
        earlier = tuple(path_to("treatments", one) for one in error.existing_ids)
        choices = (Choice(value=True, ends=earlier), Choice(value=False, ends=()))
        raise ConflictError("supersedes", Problem("earlier_treatment"), earlier[0], choices) from None


def _patient(session: Session, caller: Caller, given: Treated) -> Patient:
    if given.patient is not None:
        return add_patient(session, caller, given.patient, "patient.")
    return _on_file(session, caller, given, held=True)


def _on_file(session: Session, caller: Caller, given: Treated, *, held: bool = False) -> Patient:
    if given.patient_id is None:
        raise InvalidInputError({"patient_id": Problem("one_patient_needed")})
    return patients.get(session, caller.clinic.id, given.patient_id, held=held)


def _foreseen(session: Session, caller: Caller, given: Treated) -> tuple[Patient | CleanPatient, set[Channel]]:
    """Whom a preview is for, and the channels that they agree to."""
    if given.patient is not None:
        return foreseen(caller, given.patient, "patient."), set(given.patient.consents)
    patient = _on_file(session, caller, given)
    return patient, set(consents.current(session, patient.id))


def _one(session: Session, caller: Caller, treatment_id: UUID) -> TreatmentShown:
    treatment = treatments.get(session, caller.clinic.id, treatment_id)
    return treatment_shown(*session.execute(_all().where(Treatment.id == treatment.id)).one())


def _all() -> Select[*tuple[Any, ...]]:
    named = select(Treatment, Protocol.key, Provider.name).join(Protocol, Protocol.id == Treatment.protocol_id)
    return named.outerjoin(Provider, Provider.id == Treatment.provider_id)


def _step(entry: PreviewEntry) -> StepShown:
    return StepShown(
        step=entry.step.key,
        kind=entry.step.kind.value,
        due_at=entry.due_at,
        local=entry.local,
        channels=list(entry.channels),
        texts={channel: {"subject": text.subject, "body": text.body} for channel, text in entry.texts.items()},
        skipped_reason=entry.skipped_reason,
    )
