"""What a search that finds nobody says of a new patient: pure."""

import re

from reminders.care.patient_input import PatientInput

_EMAIL = re.compile(r"\S+@\S*")
_PHONE = re.compile(r"\+?\(?\d[\d ().\-\u2011]{5,}\d")
_FEWEST_DIGITS = 7
_NUMBER = re.compile(r"\S*\d\S*")


def typed_patient(text: str, language: str = "") -> PatientInput:
    """Name, phone and e-mail in `text`, each in its own field; the first word of the name is the given name.

    A name without a capital gets its own: whoever searches types "marie tremblay". A short number, as of a file, is no
    part of a name, and may be wrong as one, so it goes nowhere.
    """
    email = next(iter(_EMAIL.findall(text)), "")
    phones = [one for one in _PHONE.findall(_EMAIL.sub(" ", text)) if sum(map(str.isdigit, one)) >= _FEWEST_DIGITS]
    phone = next(iter(phones), "")
    rest = _EMAIL.sub(" ", text).replace(phone, " ") if phone else _EMAIL.sub(" ", text)
    given, _, family = _capital(" ".join(_NUMBER.sub(" ", rest).split())).partition(" ")
    return PatientInput(given, family, language, phone.strip(), email)


def _capital(name: str) -> str:
    return name.title() if name == name.lower() else name
