"""What the record form and its preview show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders import consent
from reminders.care import consents, patients, protocols
from reminders.care.explain import Explanation, sentence
from reminders.care.preview import Preview, PreviewEntry
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import Patient, Provider
from reminders.models.kinds import Channel, Language, Purpose, Relation
from reminders.web.i18n import catalogue
from reminders.web.moments import Words
from reminders.web.pages.record_form import RecordForm
from reminders.web.views import phone
from reminders.web.visitors import Member

_MOST_FOUND = 10


@dataclass(frozen=True)
class PatientChoice:
    """One patient to choose, with what tells them from others of the same name."""

    id: str
    name: str
    language: str
    facts: tuple[str, ...]
    channels: tuple[str, ...]


@dataclass(frozen=True)
class Duplicate:
    """The treatment that is there already."""

    patient_id: UUID
    treatment_id: UUID


@dataclass(frozen=True)
class CalendarText:
    """What goes out by one channel."""

    channel: str
    subject: str | None
    body: str


@dataclass(frozen=True)
class CalendarEntry:
    """One line of the preview: when, in words, and what, or why nothing."""

    when: str
    kind: str
    language: str
    texts: tuple[CalendarText, ...]
    skipped: str


def form_context(
    session: Session, member: Member, filled: RecordForm, problems: Mapping[str, Problem]
) -> dict[str, Any]:
    """Everything that the record form needs besides what is wrong with it."""
    return {
        "form": filled.fields(),
        "choices": choices(session, _candidates(session, member, filled)),
        "twins": _twins(session, member, filled, problems),
        "protocols": _protocol_options(session, member),
        "providers": sorted(session.scalars(select(Provider.name))),
        "wordings": wordings(member.clinic.name, Purpose.AFTERCARE),
        "offers": wordings(member.clinic.name, Purpose.MARKETING),
        "relations": relations(member.language),
        "details_wrong": any(name.startswith("details") for name in problems),
    }


def choices(session: Session, found: Sequence[Patient]) -> list[PatientChoice]:
    """Patients as the form offers them; one query for all their consents."""
    agreed = consent.consented(session, [patient.id for patient in found])
    return [
        PatientChoice(
            str(patient.id),
            patient.name,
            patient.language.value,
            tuple(fact for fact in (phone(patient.phone), patient.email, patient.birth_date) if fact),
            tuple(channel.value for channel in Channel if (patient.id, channel) in agreed),
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


def wordings(clinic_name: str, purpose: Purpose) -> list[Asked]:
    """The current consent wording by channel, in each language."""
    version = consents.CURRENT_FOR[purpose]
    return [
        Asked(
            consents.field_of(channel, purpose),
            channel.value,
            tuple((one.value, consents.wording(version, channel, one, clinic_name)) for one in Language),
        )
        for channel in Channel
    ]


def calendar(found: Preview, reader: Language) -> list[CalendarEntry]:
    """The preview in words: dates in the reader's language and the patient's zone, texts in the patient's."""
    words = Words(reader, found.zone)
    return [_calendar_entry(entry, words, found.language) for entry in found.entries]


def _calendar_entry(entry: PreviewEntry, words: Words, language: Language) -> CalendarEntry:
    texts = tuple(
        CalendarText(channel.value, entry.texts[channel].subject, entry.texts[channel].body)
        for channel in entry.channels
    )
    return CalendarEntry(
        when=words.full(entry.due_at),
        kind=entry.step.kind.value,
        language=language.value,
        texts=texts,
        skipped=_why_not(entry, words),
    )


def _why_not(entry: PreviewEntry, words: Words) -> str:
    if entry.skipped_reason is None:
        return ""
    return sentence(Explanation("reminder_skipped", {"reason": entry.skipped_reason}), words.language, words.zone)


def _candidates(session: Session, member: Member, filled: RecordForm) -> list[Patient]:
    """Those found by the search, and whoever is chosen, even if the search no longer finds them."""
    found = patients.search(session, member.clinic.id, filled.q, _MOST_FOUND)
    if filled.patient_id in {"", "new", *(str(patient.id) for patient in found)}:
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
