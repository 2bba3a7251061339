"""Consents, as a practice system records and reads them."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import ConfigDict, Field, StrictBool
from sqlalchemy.orm import Session
from starlette.responses import Response

from reminders.care import consents, ledger, patients
from reminders.care.evidence import evidence, note_export
from reminders.care.minors import RELATION
from reminders.models import Consent
from reminders.models.kinds import Channel, Language, Purpose, Relation
from reminders.web.api.caller import Caller, KnownCaller
from reminders.web.api.errors import fields_as
from reminders.web.api.fields import FieldProblem, Shown, Strict
from reminders.web.api.once import Made, OnlyOnce
from reminders.web.api.patient_models import GivenBy
from reminders.web.api.people import grant
from reminders.web.api.route import ApiRoute
from reminders.web.i18n import catalogue

router = APIRouter(prefix="/patients", tags=["patients"], route_class=ApiRoute)


class ConsentGiven(Strict):
    """That a patient agreed to the current wording of a channel and purpose, or no longer agrees."""

    channel: Channel
    granted: StrictBool
    purpose: Purpose = Purpose.AFTERCARE
    given_by: GivenBy | None = None

    model_config = ConfigDict(json_schema_extra={"example": {"channel": "sms", "granted": True}})


class GiverShown(Shown):
    """Who agreed in the patient's place."""

    name: str
    relation: Relation


class ConsentShown(Shown):
    """How a channel stands now. `given_by` is null if the patient agreed themself; `notice` warns that nothing will go
    out all the same: the address has opted out."""

    channel: Channel
    purpose: Purpose
    granted: bool
    at: datetime | None = Field(None, description="Since when; null if the patient never agreed.")
    wording_version: str = ""
    wording: str = ""
    language: Language | None = None
    given_by: GiverShown | None = None
    notice: FieldProblem | None = None


class EntryShown(Shown):
    """One entry of the evidence. `event` is granted, withdrawn, opted_out, lifted or confirmation."""

    at: datetime
    event: str
    channel: Channel
    purpose: Purpose | None
    source: str
    by: str = Field(description="The member of staff, or the practice system by its key's name.")
    given_by: GiverShown | None
    wording_version: str
    wording: str
    language: Language | None
    said: str
    state: str = Field(description="What became of a confirmation.")
    by_carrier: bool
    shared: bool = Field(description="Somebody else has the address too: nobody knows who of them spoke.")


class Evidence(Shown):
    """All that there is about a patient's consents, oldest first."""

    items: list[EntryShown]


@router.get("/{patient_id}/consents")
def read_evidence(caller: KnownCaller, patient_id: UUID) -> Evidence:
    """The whole ledger of one patient, with opt-outs and their confirmations. That it was read is noted."""
    with caller.begin() as session:
        patient = patients.get(session, caller.clinic.id, patient_id)
        lines = evidence(session, patient)
        note_export(session, caller.actor, patient, "api", caller.now)
    return Evidence(items=[EntryShown.model_validate(line) for line in lines])


@router.post("/{patient_id}/consents", response_model=ConsentShown)
def record_consent(once: OnlyOnce, patient_id: UUID, given: ConsentGiven) -> Response:
    """Record a consent or its withdrawal; what is planned follows. Saying it again changes nothing.

    Under 14, only a parent or the tutor may agree: `given_by` says who did.
    """
    caller = once.caller
    what = (given.channel, given.purpose)

    def act(session: Session) -> Made:
        patient = patients.get(session, caller.clinic.id, patient_id)
        if not given.granted:
            _WITHDRAW[given.purpose](session, caller.actor, patient.id, given.channel, caller.now)
            return Made(_newest(session, patient.id, what))
        with fields_as(lambda field: _REQUEST_NAME.get(field, field)):
            granted = grant(session, caller, patient, what, given.given_by)
        return Made(_shown(granted.consent, _notice(caller, granted)))

    return once.answer(act)


_WITHDRAW = {Purpose.AFTERCARE: consents.withdraw, Purpose.MARKETING: consents.withdraw_marketing}
_REQUEST_NAME = {
    **{consents.field_of(channel, purpose): "channel" for channel in Channel for purpose in Purpose},
    RELATION: "given_by.relation",
}


def _newest(session: Session, patient_id: UUID, what: ledger.Agreement) -> ConsentShown:
    entry = ledger.newest(session, patient_id).get(what)
    channel, purpose = what
    return _shown(entry, None) if entry else ConsentShown(channel=channel, purpose=purpose, granted=False, at=None)


def _shown(entry: Consent, notice: FieldProblem | None) -> ConsentShown:
    return ConsentShown(
        channel=entry.channel,
        purpose=entry.purpose,
        granted=entry.action.value == "granted",
        at=entry.at,
        wording_version=entry.wording_version,
        wording=entry.wording,
        language=entry.language,
        given_by=GiverShown(**entry.given_by) if entry.given_by else None,
        notice=notice,
    )


def _notice(caller: Caller, granted: consents.Granted) -> FieldProblem | None:
    if granted.notice is None:
        return None
    message = catalogue(caller.language).problem(granted.notice)
    return FieldProblem(field="channel", key=granted.notice.key, message=message)
