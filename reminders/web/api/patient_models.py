"""A patient, as requests and answers have one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, StrictBool

from reminders.care.minors import Giver
from reminders.care.patients import PatientInput
from reminders.models import Patient
from reminders.models.kinds import Channel, Language, Purpose, Relation
from reminders.web.api.fields import FileNumber, Line, Name, Shown, Strict, Word
from reminders.web.api.paging import Paged

_FIELDS = tuple(PatientInput.__dataclass_fields__)
_Phone = Annotated[Word, Field(description="In any usual form; kept as E.164.")]
_Email = Annotated[Line, Field(max_length=254)]
_Zone = Annotated[Word, Field(description="An IANA name, if the patient lives in another zone than the clinic.")]
_BirthDate = Annotated[Word, Field(description="yyyy-mm-dd")]
_EXAMPLE: dict[str, JsonValue] = {
    "given_name": "Marie",
    "family_name": "Tremblay",
    "language": "fr",
    "phone": "514 555-0142",
    "email": "marie@patient.example",
    "external_id": "P-1042",
}


class PatientFields(Strict):
    """What may be on file of a patient. null, as an absent field, is nothing."""

    given_name: Name | None = None
    family_name: Name | None = None
    language: Language | None = Field(None, description="Of the messages; the clinic's if absent.")
    phone: _Phone | None = None
    email: _Email | None = None
    external_id: FileNumber | None = None
    timezone: _Zone | None = None
    birth_date: _BirthDate | None = None
    guardian: Line | None = Field(None, description="Who reads the messages for a minor.")

    def typed(self, before: PatientInput | None = None) -> PatientInput:
        """As care takes it: what was sent, over what is on file."""
        kept = {name: getattr(before, name) for name in _FIELDS} if before else {}
        sent = {name: getattr(self, name) or "" for name in _FIELDS if name in self.model_fields_set}
        return PatientInput(**(kept | sent))


class GivenBy(Strict):
    """Who agreed in the patient's place: for a patient under 14 only a parent or the tutor may."""

    name: Line
    relation: Relation

    def giver(self) -> Giver:
        """As care takes it."""
        return Giver(self.name, self.relation)


class NewPatient(PatientFields):
    """A patient to add."""

    consents: list[Channel] = Field(
        [],
        max_length=len(Channel),
        description="The channels whose current wording on aftercare the patient agreed to.",
    )
    marketing: list[Channel] = Field(
        [], max_length=len(Channel), description="Those by which the patient also agreed to offers and news."
    )
    consents_given_by: GivenBy | None = None
    confirm_duplicate: StrictBool = Field(
        default=False, description="Add them although a patient of this name has this phone or e-mail."
    )

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE | {"consents": ["sms", "email"]}})


class PatientChange(PatientFields):
    """What should change; fields that are absent stay, null empties."""

    model_config = ConfigDict(json_schema_extra={"example": {"phone": "438 555-0177"}})


class PatientQuery(Paged):
    """Which patients."""

    search: str = Field(
        "", max_length=200, description="Beginnings of names; or a phone, e-mail or file number as a whole."
    )


class PatientShown(Shown):
    """A patient on file."""

    id: UUID
    given_name: str
    family_name: str
    language: Language
    phone: str | None
    email: str | None
    external_id: str | None
    timezone: str | None
    birth_date: str | None
    guardian: str | None
    consents: list[Channel] = Field(description="The channels by which the patient agrees to aftercare now.")
    marketing: list[Channel] = Field(description="Those by which they agree to offers and news now.")
    created_at: datetime

    model_config = ConfigDict(
        json_schema_extra={
            "example": _EXAMPLE
            | {
                "id": "01960b4c-7d1e-7a3b-9c55-0f2f6f4d1a01",
                "phone": "+15145550142",
                "timezone": None,
                "birth_date": None,
                "guardian": None,
                "consents": ["sms", "email"],
                "marketing": [],
                "created_at": "2026-03-10T15:00:00Z",
            }
        }
    )


class PatientPage(Shown):
    """Patients, the newest first."""

    items: list[PatientShown]
    next: str | None


def on_file(patient: Patient) -> PatientInput:
    """A stored patient as if it had been typed."""
    plain = {name: getattr(patient, name) or "" for name in _FIELDS if name not in {"guardian", "language"}}
    return PatientInput(language=patient.language.value, guardian=_guardian(patient) or "", **plain)


def shown(patient: Patient, agreed: Mapping[Purpose, set[tuple[UUID, Channel]]]) -> PatientShown:
    """A stored patient as an answer has it; `agreed` are the consents in force by purpose, of any patients."""
    plain = {name: getattr(patient, name) for name in (*_FIELDS, "id", "created_at") if name != "guardian"}
    by_purpose = {
        purpose: [channel for channel in Channel if (patient.id, channel) in of_it] for purpose, of_it in agreed.items()
    }
    return PatientShown(
        guardian=_guardian(patient),
        consents=by_purpose[Purpose.AFTERCARE],
        marketing=by_purpose[Purpose.MARKETING],
        **plain,
    )


def _guardian(patient: Patient) -> str | None:
    return str(patient.guardian["name"]) if patient.guardian else None
