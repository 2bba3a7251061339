"""The evidence of a patient's consents in words, for a page, a CSV and the command: the same table for all three."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from reminders.care import csv_cells
from reminders.care.evidence import EvidenceLine
from reminders.models import Clinic, Patient
from reminders.models.kinds import Language
from reminders.web.i18n import Catalogue, catalogue
from reminders.web.moments import Words

COLUMNS = (
    "at", "event", "channel", "purpose", "how", "by", "given_by", "language", "version", "wording", "said", "fate"
)  # fmt: skip

Row = dict[str, str]


def rows(lines: Sequence[EvidenceLine], language: Language, zone: ZoneInfo) -> list[Row]:
    """The lines in words; `at` in the clinic's zone."""
    texts, words = catalogue(language), Words(language, zone)
    return [_row(line, texts) | {"at": words.moment(line.at)} for line in lines]


def headings(language: Language) -> dict[str, str]:
    """The names of the columns."""
    return {column: catalogue(language).text(f"evidence.{column}") for column in COLUMNS}


def as_csv(clinic: Clinic, patient: Patient, lines: Sequence[EvidenceLine], language: Language) -> str:
    """The table as CSV; moments are ISO 8601 with the clinic's offset, and each line says whose it is."""
    texts, zone = catalogue(language), ZoneInfo(clinic.timezone)
    whose = {"patient": patient.name, "external_id": patient.external_id or "", "clinic": clinic.name}
    header = [*(texts.text(f"evidence.{name}") for name in whose), *headings(language).values()]
    table = [
        [*whose.values(), *(row[column] for column in COLUMNS)]
        for row in (_row(line, texts) | {"at": line.at.astimezone(zone).isoformat()} for line in lines)
    ]
    return csv_cells.write(header, table)


def _row(line: EvidenceLine, texts: Catalogue) -> Row:
    return {
        "event": texts.text(f"evidence.event_{line.event}"),
        "channel": texts.text(f"channel.{line.channel}"),
        "purpose": texts.text(f"evidence.purpose_{line.purpose}") if line.purpose else "",
        "how": _how(line, texts),
        "by": line.by,
        "given_by": _given_by(line, texts),
        "language": texts.text(f"language.{line.language}") if line.language else "",
        "version": line.wording_version,
        "wording": line.wording,
        "said": line.said,
        "fate": texts.text(f"state.{line.state}") if line.state else "",
    }


def _how(line: EvidenceLine, texts: Catalogue) -> str:
    parts = [texts.text(f"source.{line.source}")] if line.source else []
    parts += [texts.text("evidence.carrier_answered")] if line.by_carrier else []
    parts += [texts.text("evidence.shared")] if line.shared else []
    return "; ".join(parts)


def _given_by(line: EvidenceLine, texts: Catalogue) -> str:
    if line.given_by is not None:
        return f"{line.given_by['name']} ({texts.text('relation.' + line.given_by['relation'])})"
    return texts.text("evidence.the_patient") if line.event == "granted" else ""
