"""The evidence of a patient's consents, to read, to print and to take along, in either language."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from reminders.care import patients
from reminders.care.evidence import EvidenceLine, evidence, note_export
from reminders.models import Patient
from reminders.models.kinds import Language
from reminders.web.access import Reader
from reminders.web.evidence_words import as_csv, headings, rows
from reminders.web.i18n import catalogue
from reminders.web.moments import Words
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/patients/{patient_id}")


@router.get("/consents")
def show(member: Reader, patient_id: UUID, language: Language | None = None) -> Response:
    """The whole ledger as a page that prints well."""
    chosen = language or member.language
    patient, lines = _taken(member, patient_id, "page")
    context: dict[str, Any] = {
        "patient": patient,
        "headings": headings(chosen),
        "rows": rows(lines, chosen, member.zone),
        "chosen": chosen.value,
        "others": [one.value for one in Language if one is not chosen],
        # Whoever the evidence is for reads one language, not necessarily that of who prints it.
        "t": catalogue(chosen).text,
        "words": Words(chosen, member.zone),
        "lang": chosen.value,
    }
    return page(member, "evidence.html", **context)


@router.get("/consents.csv")
def download(member: Reader, patient_id: UUID, language: Language | None = None) -> Response:
    """The same as a file for a spreadsheet. Its name names nobody."""
    patient, lines = _taken(member, patient_id, "csv")
    body = as_csv(member.clinic, patient, lines, language or member.language)
    headers = {
        "Content-Disposition": f'attachment; filename="consents-{patient_id}.csv"',
        "Cache-Control": "no-store",
    }
    return Response(body.encode(), media_type="text/csv; charset=utf-8", headers=headers)


def _taken(member: Member, patient_id: UUID, form: str) -> tuple[Patient, Sequence[EvidenceLine]]:
    with member.begin() as session:
        patient = patients.get(session, member.clinic.id, patient_id)
        lines = evidence(session, patient)
        note_export(session, member.actor, patient, form, member.now)
    return patient, lines
