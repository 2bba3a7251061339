"""The record form as typed, and what its buttons ask for: pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reminders.care.consents import field_of
from reminders.care.minors import GIVEN_BY, PATIENT, RELATION, Giver
from reminders.care.patient_input import PatientInput
from reminders.care.treatment_input import DETAIL_KEYS, TreatmentInput
from reminders.models.kinds import Channel, Purpose
from reminders.web import csrf
from reminders.web.forms import Form

NEW = "new"
"""What stands for a patient who is not there yet, instead of an id."""

_NOT_KEPT = frozenset({csrf.FIELD, "action", "confirmed", "supersedes", "asked"})

_ANSWERS = {"yes": True, "no": False}


class Ask(StrEnum):
    """What a button of the form wants."""

    FIND = "find"
    EDIT = "edit"
    PREVIEW = "preview"
    RECORD = "record"
    SAVE = "save"


@dataclass(frozen=True)
class RecordForm:
    """Everything typed, as typed."""

    q: str
    patient_id: str
    patient: PatientInput
    treatment: TreatmentInput
    consents: frozenset[Channel]
    marketing: frozenset[Channel] = frozenset()
    giver: Giver = PATIENT
    somebody_else: bool = False
    confirmed: bool = False
    form_key: str = ""
    """What tells this form from every other, so that it is saved once; "" from a program that fills in none."""
    supersedes: bool | None = None
    """Whether it takes the place of an earlier treatment; None if nobody has said."""

    @property
    def is_new(self) -> bool:
        """Whether the patient is to be added."""
        return self.patient_id == NEW

    def fields(self) -> dict[str, object]:
        """The values by the names of the inputs, for the template."""
        details = [(key, self.treatment.details.get(key, "")) for key in DETAIL_KEYS]
        return {
            "q": self.q,
            "form_key": self.form_key,
            "patient_id": self.patient_id,
            "ticked": {field_of(channel) for channel in self.consents}
            | {field_of(channel, Purpose.MARKETING) for channel in self.marketing},
            GIVEN_BY: self.giver.name,
            RELATION: self.giver.relation,
            "details": details,
            "details_open": any(value for _, value in details),
            "protocol_key": self.treatment.protocol_key,
            "treated_on": self.treatment.treated_on,
            "treated_time": self.treatment.treated_time,
            "provider": self.treatment.provider,
            **patient_fields(self.patient),
        }


def patient_fields(patient: PatientInput) -> dict[str, str]:
    """A patient's values by the names of the inputs."""
    return {name: getattr(patient, name) for name in PatientInput.__dataclass_fields__}


def patient_from(form: Form) -> PatientInput:
    """The patient's fields of a form."""
    return PatientInput(**{name: form.get(name) for name in PatientInput.__dataclass_fields__})


def parse(form: Form) -> RecordForm:
    """A posted form."""
    return RecordForm(
        q=form.get("q"),
        patient_id=form.get("patient_id"),
        patient=patient_from(form),
        treatment=TreatmentInput(
            protocol_key=form.get("protocol_key"),
            treated_on=form.get("treated_on"),
            treated_time=form.get("treated_time"),
            provider=form.get("provider"),
            details={key: form.get(f"details.{key}") for key in DETAIL_KEYS if form.get(f"details.{key}")},
        ),
        consents=_ticked(form, Purpose.AFTERCARE),
        marketing=_ticked(form, Purpose.MARKETING),
        giver=giver_from(form),
        somebody_else=form.ticked("somebody_else"),
        confirmed=form.ticked("confirmed"),
        form_key=form.get("form_key"),
        supersedes=_ANSWERS.get(form.get("supersedes")),
    )


def giver_from(form: Form, prefix: str = "") -> Giver:
    """Who agrees in the patient's place, of a form; `prefix` tells its fields from those of others on the page."""
    return Giver(form.get(prefix + GIVEN_BY), form.get(prefix + RELATION))


def _ticked(form: Form, purpose: Purpose) -> frozenset[Channel]:
    return frozenset(channel for channel in Channel if form.ticked(field_of(channel, purpose)))


def asked_for(form: Form) -> Ask:
    """Which button was pressed. Enter ("continue") searches while there is a search not yet made, else goes on."""
    action = form.get("action")
    if action in set(Ask):
        return Ask(action)
    fresh = form.get("q") != form.get("asked") and not form.get("patient_id")
    return Ask.FIND if fresh else Ask.PREVIEW


def kept(fields: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Every field that the preview must carry on to the next step."""
    return ((name, value) for name, values in fields.items() if name not in _NOT_KEPT for value in values)
