"""Makes practice_export.csv: 300 rows as a practice system in Quebec exports them, all invented.

Run `python -m tests.data.make_practice_export` after a change. Numbers are from the range reserved for fiction
(555-0100 to 555-0199), addresses from domains that nobody owns. The file is read as if today were 2026-03-10.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

PATH = Path(__file__).with_name("practice_export.csv")
TODAY = date(2026, 3, 10)

HEADER = (
    "No dossier", "Nom", "Prénom", "Date de naissance", "Langue", "Cellulaire", "Téléphone maison", "Courriel",
    "Date du traitement", "Heure", "Traitement", "Praticien", "Consentement texto", "Consentement courriel",
)  # fmt: skip

FAMILY_NAMES = (
    "Tremblay", "Gagnon", "Côté", "Bouchard", "Gauthier", "Morin", "Lévesque", "Bélanger", "Poirier", "Hébert",
    "O'Neil", "Nguyen", "MacKenzie", "St-Amour", "D'Aragon", "Beauséjour", "Fortin", "Ouellet", "Œuvrard", "Singh",
)  # fmt: skip
GIVEN_NAMES = (
    "Marie-Ève", "Zoé", "François", "Noémie", "Anaïs", "Gaëlle", "Hélène", "Maïa", "Jean-Sébastien", "Léa", "Emma",
    "Chloé", "Océane", "Thomas", "Aïcha", "Sarah", "Béatrice", "Kim",
)  # fmt: skip
AREAS = ("514", "438", "450", "418", "819", "613")
PROVIDERS = ("Dre Sophie Ménard", "Karine Roy, inf.", "Dre SOPHIE MENARD", "Élise Côté, technicienne")
TREATMENTS = ("Microneedling", "Micro-needling", "microaiguilles", "Microneedling visage")

_PATIENTS = 243
_SHARED, _NO_FILE, _NO_CONSENT, _OLD = 20, 9, 14, 11
"""Every so-manieth patient shares the previous one's number, has no file number, no consent, an old treatment."""


def row(number: int) -> dict[str, str]:
    """The row of patient `number` (from 0): a good one, varied by its number alone."""
    family, given = FAMILY_NAMES[number % 20], GIVEN_NAMES[number % 18]
    shares = number % _SHARED == _SHARED - 1
    cells = {
        "No dossier": "" if number % _NO_FILE == 0 else f"D-{1000 + number}",
        "Nom": FAMILY_NAMES[(number - 1) % 20] if shares else family.upper() if number % 7 == 0 else family,
        "Prénom": given,
        "Date de naissance": _written(date(1958, 5, 17) + timedelta(days=73 * (number % _PATIENTS)), number),
        "Langue": ("Français", "F", "Anglais", "")[number % 4],
        "Cellulaire": phone(number - 1 if shares else number),
        "Téléphone maison": phone(300 + number) if number % 6 == 0 else "",
        "Courriel": "" if number % 5 == 3 else f"patient{number}@example.{('com', 'org', 'net')[number % 3]}",
        "Date du traitement": _written(_treated_on(number), number),
        "Heure": f"{8 + number % 3:02}:{number % 4 * 15:02}" if number % 13 else "",
        "Traitement": TREATMENTS[number % 4],
        "Praticien": PROVIDERS[number % 4],
        "Consentement texto": "Oui" if number % 3 else "oui",
        "Consentement courriel": ("Oui", "Non", "")[number % 3],
    }
    return cells | ({"Consentement texto": "", "Consentement courriel": "Non"} if _lacks_consent(number) else {})


def phone(number: int) -> str:
    """A reserved number, written in one of three ways."""
    area, last = AREAS[number % 6], f"01{number // 6 % 100:02}"
    return (f"{area}-555-{last}", f"({area}) 555-{last}", f"+1 {area} 555 {last}")[number % 3]


def wrong_rows() -> list[dict[str, str]]:
    """Rows that an import must leave out, each wrong in one way."""
    wrong = (
        {"Nom": "", "Prénom": ""},
        {"Nom": "???", "Prénom": "..."},
        {"Cellulaire": "514-555-01"},
        {"Cellulaire": "514-000-0101"},
        {"Cellulaire": "5,145550101E+09"},
        {"Courriel": "patient@@example.com"},
        {"Courriel": "aucun"},
        {"Date du traitement": ""},
        {"Date du traitement": "31/02/2026"},
        {"Date du traitement": "03/15/2026"},
        {"Date du traitement": "15 mars"},
        {"Date du traitement": "09/03/1726"},
        {"Date du traitement": "09/03/2025"},
        {"Date du traitement": "09/03/2062"},
        {"Date du traitement": "11/03/2026"},
        {"Date du traitement": "08/03/2026", "Heure": "02:30"},
        {"Heure": "25:00"},
        {"Heure": "avant-midi"},
        {"Date de naissance": "30/02/1980"},
        {"Date de naissance": "17/05/2085"},
        {"Date de naissance": "17/05/1658"},
        {"Traitement": "Microneedling RF"},
        {"Traitement": ""},
        {"Consentement texto": "à confirmer"},
        {"Langue": "Espagnol"},
        {"No dossier": "D-1001", "Nom": "Zappa", "Prénom": "Wilfrid"},
        {"Consentement courriel": "Non;Appeler avant"},
        {"Prénom": "Léa\x07"},
    )
    return [row(400 + number) | change for number, change in enumerate(wrong)]


def _treated_on(number: int) -> date:
    days = 20 + number % _PATIENTS if number % _OLD == _OLD - 1 else number % 9
    return TODAY - timedelta(days=days)


def _lacks_consent(number: int) -> bool:
    return number % _NO_CONSENT == _NO_CONSENT - 1


def _written(day: date, number: int) -> str:
    return (f"{day:%d/%m/%Y}", f"{day:%d-%m-%Y}", f"{day:%Y-%m-%d}")[number % 3]


def _rows() -> Iterator[dict[str, str]]:
    """The good rows, then those of patients treated twice, repeated ones and wrong ones, spread among them."""
    good = [row(number) for number in range(_PATIENTS)]
    again = [row(number) | {"Date du traitement": "01/03/2026"} for number in range(2, 152, 10)]
    repeated = [dict(good[number]) for number in range(5, 145, 10)]
    others = [*again, *repeated, *wrong_rows()]
    for number, cells in enumerate(good):
        yield cells
        if number >= _PATIENTS - len(others):
            yield others[number - (_PATIENTS - len(others))]


def render() -> bytes:
    """The file: semicolons, UTF-8 with a mark, Windows line ends, as a French spreadsheet writes it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    for cells in _rows():
        # A delimiter that a practice system forgot to quote makes one cell too many.
        writer.writerow([part for name in HEADER for part in cells[name].split(";")])
    return out.getvalue().encode("utf-8-sig")


if __name__ == "__main__":
    PATH.write_bytes(render())
