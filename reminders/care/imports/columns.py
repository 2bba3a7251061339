"""Which column of an export means what, by its header, in French or English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reminders.care.names import words
from reminders.errors import InvalidInputError, Problem

# fmt: off
HEADERS: Mapping[str, tuple[str, ...]] = {
    "external_id": (
        "no dossier", "n dossier", "numero de dossier", "num dossier", "no de dossier", "dossier", "no patient",
        "no client", "numero patient", "id patient", "patient id", "chart number", "chart no", "file number",
        "client id",
    ),
    "given_name": ("prenom", "prenoms", "first name", "given name", "firstname"),
    "family_name": ("nom", "nom de famille", "last name", "family name", "surname", "lastname"),
    "full_name": ("nom complet", "patient", "client", "nom du patient", "full name", "name", "patient name"),
    "birth_date": ("date de naissance", "naissance", "ne le", "ddn", "birth date", "date of birth", "dob"),
    # The first that is filled in counts: a mobile phone reads texts, a home phone mostly does not.
    "phone": (
        "cellulaire", "cell", "tel cell", "tel cellulaire", "telephone cellulaire", "mobile", "mobile phone",
        "cell phone", "telephone", "tel", "no de telephone", "phone", "phone number", "telephone maison",
        "tel maison", "home phone", "tel domicile",
    ),
    "email": ("courriel", "adresse courriel", "email", "e mail", "email address", "adresse electronique"),
    "language": ("langue", "langue de correspondance", "language", "preferred language"),
    "treated_on": (
        "date du traitement", "date de traitement", "date traitement", "date du soin", "date de visite",
        "date du rendez vous", "date rv", "date", "treatment date", "date of treatment", "visit date", "service date",
    ),
    "treated_time": ("heure", "heure du traitement", "heure de debut", "heure rv", "time", "treatment time"),
    "protocol": ("traitement", "soin", "service", "acte", "type de traitement", "treatment", "procedure"),
    "provider": (
        "praticien", "praticienne", "professionnel", "professionnelle", "technicienne", "soignant", "intervenant",
        "provider", "practitioner", "clinician",
    ),
    "consent_sms": (
        "consentement texto", "consentement sms", "consentement textos", "texto", "sms", "sms consent",
        "text consent", "consent sms", "consent text",
    ),
    "consent_email": (
        "consentement courriel", "consentement courriels", "email consent", "e mail consent", "consent email",
    ),
    "marketing_sms": (
        "promotions texto", "consentement promotions texto", "marketing texto", "sms marketing", "marketing sms",
        "marketing sms consent", "sms marketing consent", "text marketing consent",
    ),
    "marketing_email": (
        "promotions courriel", "consentement promotions courriel", "infolettre", "marketing courriel",
        "email marketing", "marketing email", "marketing email consent", "email marketing consent", "newsletter",
    ),
    # What says who agreed, not merely who the child's parent is.
    "given_by": (
        "consentement donne par", "parent ou tuteur qui consent", "consent given by", "consenting parent or tutor",
    ),
    "given_by_relation": ("lien", "lien avec le patient", "lien de parente", "relation", "relationship"),
    "supersedes": (
        "remplace", "remplace le precedent", "remplace le traitement precedent", "replaces", "replaces earlier",
        "replaces earlier treatment", "supersedes",
    ),
    "treatment_id": (
        "no rendez vous", "no rv", "no traitement", "numero de traitement", "numero de rendez vous", "id traitement",
        "appointment id", "treatment id", "visit id",
    ),
}
"""For each field, its headers in folded words, in order of preference."""
# fmt: on

_NEEDED = ("family_name", "treated_on")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands: the positions of its columns, in order of preference. `names` are the headers."""

    positions: Mapping[str, tuple[int, ...]]
    names: tuple[str, ...]

    def value(self, field: str, cells: Sequence[str]) -> str:
        """The first of the field's cells that is filled in; "" if none is."""
        places = self.positions.get(field, ())
        return next((cells[place] for place in places if place < len(cells) and cells[place]), "")

    def name(self, field: str) -> str:
        """The header of the field's first column; the field itself if the file has none."""
        places = self.positions.get(field, ())
        return self.names[places[0]] if places else field


def find_columns(header: Sequence[str]) -> Columns:
    """Which columns these headers name. Columns that nobody knows are left alone.

    Raises:
        InvalidInputError: on file, columns_missing: without a name and a treatment's date there is nothing to import.
    """
    spoken = [" ".join(words(name)) for name in header]
    positions = {field: _places(spoken, known) for field, known in HEADERS.items()}
    missing = [field for field in _NEEDED if not positions[field]]
    if positions["full_name"] and "family_name" in missing:
        missing.remove("family_name")
    if missing:
        raise InvalidInputError({"file": Problem("columns_missing", columns=", ".join(missing))})
    return Columns(positions, tuple(header))


def _places(spoken: Sequence[str], known: Sequence[str]) -> tuple[int, ...]:
    return tuple(place for name in known for place, found in enumerate(spoken) if found == name)
