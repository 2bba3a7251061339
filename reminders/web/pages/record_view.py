"""What the record form shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reminders import consent
from reminders.care import consents, patients, protocols, providers
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import Patient
from reminders.models.kinds import Channel, Language, Purpose, Relation
from reminders.web.i18n import catalogue
from reminders.web.pages.record_form import NEW, RecordForm
from reminders.web.views import phone
from reminders.web.visitors import Member

MOST_FOUND = 8


@dataclass(frozen=True)
class PatientChoice:
    """One patient to choose, with what tells them from others of the same name, and which consents they have not given
    although there is an address for it: the names of the form's boxes."""

    id: str
    name: str
    language: str
    facts: tuple[str, ...]
    channels: tuple[str, ...]
    asks: tuple[str, ...]


@dataclass(frozen=True)
class Duplicate:
    """The treatment that is there already."""

    patient_id: UUID
    treatment_id: UUID


def form_context(
    session: Session, member: Member, filled: RecordForm, problems: Mapping[str, Problem]
) -> dict[str, Any]:
    """Everything that the record form needs besides what is wrong with it."""
    found = _candidates(session, member, filled)
    return {
        "form": filled.fields(),
        "choices": choices(session, found),
        "twins": _twins(session, member, filled, problems),
        "protocols": _protocol_options(session, member),
        "providers": providers.names(session, member.clinic.id),
        "wordings": wordings(member.clinic.name, Purpose.AFTERCARE),
        "offers": wordings(member.clinic.name, Purpose.MARKETING),
        "asks": _BOXES,
        "relations": relations(member.language),
        "details_wrong": any(name.startswith("details") for name in problems),
        "offers_wrong": any(name.startswith("marketing") for name in problems),
    }


def choices(session: Session, found: Sequence[Patient]) -> list[PatientChoice]:
    """Patients as the form offers them; one query for the consents of all to each purpose."""
    ids = [patient.id for patient in found]
    agreed = {purpose: consent.consented(session, ids, purpose) if ids else set() for purpose in Purpose}
    return [
        PatientChoice(
            str(patient.id),
            patient.name,
            patient.language.value,
            tuple(
                fact for fact in (phone(patient.phone), patient.email, patient.birth_date, patient.external_id) if fact
            ),
            tuple(channel.value for channel in Channel if (patient.id, channel) in agreed[Purpose.AFTERCARE]),
            tuple(
                consents.field_of(channel, purpose)
                for purpose in Purpose
                for channel in Channel
                if _address(patient, channel) and (patient.id, channel) not in agreed[purpose]
            ),
        )
        for patient in found
    ]


def relations(language: Language) -> list[tuple[str, str]]:
    """Who may agree in a minor's place, as a form offers them; nobody, unless chosen."""
    texts = catalogue(language)
    return [("", ""), *((one.value, texts.text(f"relation.{one}")) for one in Relation)]


@dataclass(frozen=True)
class Asked:
    """One thing to agree to: its box's name, by what it goes, and its wording in each language."""

    name: str
    channel: str
    texts: tuple[tuple[str, str], ...]


_BOXES = tuple(consents.field_of(channel, purpose) for purpose in Purpose for channel in Channel)
"""All that somebody new may agree to."""


def wordings(clinic_name: str, purpose: Purpose) -> list[Asked]:
    """The current consent wording by channel, in each language; the page shows the chosen patient's."""
    version = consents.CURRENT_FOR[purpose]
    return [
        Asked(
            consents.field_of(channel, purpose),
            channel.value,
            tuple((one.value, consents.wording(version, channel, one, clinic_name)) for one in Language),
        )
        for channel in Channel
    ]


def _address(patient: Patient, channel: Channel) -> str | None:
    return patient.phone if channel is Channel.SMS else patient.email


def _candidates(session: Session, member: Member, filled: RecordForm) -> list[Patient]:
    """Those found by the search, and whoever is chosen, even if the search no longer finds them."""
    found = patients.search(session, member.clinic.id, filled.q, MOST_FOUND)
    if filled.patient_id in {"", NEW, *(str(patient.id) for patient in found)}:
        return found
    try:
        return [patients.get(session, member.clinic.id, UUID(filled.patient_id)), *found]
    except (ValueError, NotFoundError):
        return found


def _twins(
    session: Session, member: Member, filled: RecordForm, problems: Mapping[str, Problem]
) -> list[PatientChoice]:
    if problems.get("patient_id") != Problem("same_address"):
        return []
    try:
        given = patients.clean(filled.patient, member.clinic)
    except InvalidInputError:
        return []
    return choices(session, patients.same_address(session, member.clinic.id, given))


def _protocol_options(session: Session, member: Member) -> list[tuple[str, str]]:
    found = protocols.published(session, member.clinic.id)
    language = member.language.value
    return [(protocol.key, protocol.name.get(language, protocol.key)) for protocol, _ in found]
