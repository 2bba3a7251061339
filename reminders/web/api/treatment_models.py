"""A treatment, as requests and answers have one."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool

from reminders.care.treatments import TreatmentInput
from reminders.errors import InvalidInputError, Problem
from reminders.models import Treatment
from reminders.models.kinds import Channel, Language, TreatmentState
from reminders.web.api.errors import path_to
from reminders.web.api.fields import FileNumber, Line, Name, Shown, Strict, Word
from reminders.web.api.paging import Paged
from reminders.web.api.patient_models import NewPatient

_ID = "01960b4c-7d1e-7a3b-9c55-0f2f6f4d1a01"
_Moment = Annotated[Word, Field(description="ISO 8601 with its offset.", examples=["2026-03-10T14:30:00-04:00"])]
_Day = Annotated[Word, Field(description="yyyy-mm-dd, in the clinic's zone.", examples=["2026-03-10"])]
_Time = Annotated[Word, Field(description="HH:MM as the clinic's clocks show; noon if absent.", examples=["14:30"])]


class When(Strict):
    """When somebody was treated: `treated_at`, or `treated_on` with or without `treated_time`."""

    treated_at: _Moment | None = None
    treated_on: _Day | None = None
    treated_time: _Time | None = None

    def typed(self) -> tuple[str, str]:
        """As care takes it: a day and a time, or a whole instant and "".

        Raises:
            InvalidInputError: on treated_at: treated_twice, treated_missing, offset_missing or moment_unreadable; on
                treated_on: date_unreadable.
        """
        if self.treated_at is None:
            return self._local()
        if self.treated_on is not None or self.treated_time is not None:
            raise InvalidInputError({"treated_at": Problem("treated_twice")})
        return _instant(self.treated_at).isoformat(), ""

    def name_of(self, field: str) -> str:
        """The field of this request that care's complaint is about."""
        renamed = {"protocol_key": "protocol"}
        if self.treated_at is not None:
            renamed |= {"treated_on": "treated_at", "treated_time": "treated_at"}
        return renamed.get(field, field)

    def _local(self) -> tuple[str, str]:
        if not self.treated_on:
            raise InvalidInputError({"treated_at": Problem("treated_missing")})
        if "T" in self.treated_on:
            raise InvalidInputError({"treated_on": Problem("date_unreadable")})
        return self.treated_on, self.treated_time or ""


class Details(Strict):
    """How it was done: for reports. No personal data."""

    device: Line | None = None
    needle_depth: Line | None = None
    cartridge_lot: Line | None = None
    area: Line | None = None
    passes: Line | None = None


class Treated(When):
    """Who was treated, when, and by which protocol."""

    patient_id: UUID | None = Field(None, description="A patient on file; or send `patient`.")
    patient: NewPatient | None = Field(None, description="A patient to add with the treatment.")
    protocol: Word = Field(description="The protocol's key.", examples=["microneedling"])
    provider: Name | None = Field(None, description="By whom; added if new.")
    external_id: FileNumber | None = None
    details: Details | None = None

    def check_patient(self) -> Self:
        """Itself.

        Raises:
            InvalidInputError: on patient_id, one_patient_needed.
        """
        if (self.patient_id is None) == (self.patient is None):
            raise InvalidInputError({"patient_id": Problem("one_patient_needed")})
        return self

    def as_input(self) -> TreatmentInput:
        """As care takes it; raises like `typed`."""
        day, time = self.typed()
        details = self.details.model_dump(exclude_none=True) if self.details else {}
        return TreatmentInput(self.protocol, day, time, self.provider or "", self.external_id or "", details)


class NewTreatment(Treated):
    """A treatment to record."""

    confirm_duplicate: StrictBool = Field(
        default=False, description="Record it although this patient has this protocol on that day already."
    )
    supersedes: StrictBool | None = Field(
        default=None,
        description="Where an earlier treatment by this protocol still owes messages: whether this one takes its "
        "place, which calls those off, or both go on. Not said, the answer is 409 with both choices.",
    )

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "patient_id": _ID,
                "treated_at": "2026-03-10T14:30:00-04:00",
                "protocol": "microneedling",
                "provider": "Dre Roy",
                "external_id": "T-778",
            }
        }
    )


class TreatmentChange(When):
    """A corrected date, or another state. One of the two.

    `superseded`: the newest later treatment of its protocol takes its place. `active`: it is not superseded after all.
    """

    state: Literal["cancelled", "superseded", "active"] | None = None
    reason: Line | None = Field(None, description="Why it is cancelled; no health details.")

    model_config = ConfigDict(json_schema_extra={"example": {"treated_on": "2026-03-09", "treated_time": "10:00"}})


class TreatmentQuery(Paged):
    """Which treatments."""

    patient_id: UUID | None = None


class TreatmentShown(Shown):
    """A treatment on record."""

    id: UUID
    patient_id: UUID
    protocol: str
    provider: str | None
    external_id: str | None
    treated_at: datetime = Field(description="Day 0, in UTC.")
    local_date: date = Field(description="The same in the clinic's zone.")
    details: dict[str, str]
    state: TreatmentState
    state_reason: str
    superseded_by_id: UUID | None = Field(description="The later treatment that took its place.")
    created_at: datetime


class TreatmentPage(Shown):
    """Treatments, the latest first."""

    items: list[TreatmentShown]
    next: str | None


class StepShown(Shown):
    """What one step would send: when (UTC and local), by which channels, in which words; or why nothing."""

    step: str
    kind: str
    due_at: datetime
    local: datetime
    channels: list[Channel]
    texts: dict[Channel, dict[str, str | None]]
    skipped_reason: str | None


class PreviewShown(Shown):
    """What a patient would receive. `duplicate_of` is the treatment that would stand against recording this one."""

    treated_at: datetime
    timezone: str
    language: Language
    duplicate_of: str | None
    would_replace: list[str] = Field(description="Earlier treatments that still owe messages: say `supersedes`.")
    steps: list[StepShown]


def treatment_shown(treatment: Treatment, protocol: str, provider: str | None) -> TreatmentShown:
    """A stored treatment as an answer has it."""
    same = {name: getattr(treatment, name) for name in TreatmentShown.model_fields if hasattr(treatment, name)}
    named: dict[str, Any] = {"protocol": protocol, "provider": provider}
    return TreatmentShown(**(same | named))


def link_to(treatment_id: UUID | None) -> str | None:
    """Where a treatment lies."""
    return path_to("treatments", treatment_id) if treatment_id else None


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInputError({"treated_at": Problem("moment_unreadable")}) from None
    if moment.tzinfo is None:
        raise InvalidInputError({"treated_at": Problem("offset_missing")})
    return moment
