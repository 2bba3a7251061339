"""A patient with a check-in's page open, in one of the two languages."""

import re
from dataclasses import dataclass

from starlette.testclient import TestClient

from reminders.models import Patient, Treatment
from reminders.web.i18n import Catalogue, catalogue
from tests.promises.practice import Practice
from tests.promises.world import address

ANNE = address(1)
_LINK = re.compile(r"http\S+(/c/\w+)")
_NONCE = re.compile(r'name="nonce" value="(\w+)"')


@dataclass
class Page:
    """The page behind the link in the newest message to an address."""

    practice: Practice
    client: TestClient
    patient: Patient
    treatment: Treatment
    path: str

    @property
    def texts(self) -> Catalogue:
        """What the page says, in the patient's language."""
        return catalogue(self.patient.language)

    def open(self) -> str:
        """What the page shows."""
        shown = self.client.get(self.path)
        assert shown.status_code == 200, shown.text
        return shown.text

    def send(self, **fields: object) -> str:
        """Fill it in and send it; what it says then."""
        answered = self.client.post(self.path, data={"nonce": self.nonce(), **fields})
        assert answered.status_code == 200, answered.text
        return answered.text

    def nonce(self) -> str:
        """What tells this sheet from the next."""
        found = _NONCE.search(self.open())
        assert found
        return found.group(1)

    def says(self, key: str, **blanks: str) -> str:
        """A text of the page as HTML shows it; the clinic's phone is known."""
        text = self.texts.text(f"check_in_page.{key}", phone="514 555-0119", **blanks)
        return text.replace("&", "&amp;").replace("'", "&#39;")


def ask(practice: Practice, days_ago: int = 7, to: str = ANNE, **patient: str) -> Page:
    """Somebody treated so many days ago gets what is due by now, by e-mail unless they have a phone."""
    given = {"language": "fr", **patient}
    person = practice.world.patient(**({"email": to} if "@" in to else {"phone": to}), **given)
    treatment = practice.world.treat(person, days_ago)
    practice.sweep()
    return Page(practice, TestClient(practice.app), person, treatment, link(practice, to))


def link(practice: Practice, to: str = ANNE) -> str:
    """The newest link that an address got."""
    found = [match for body in practice.got(to) for match in _LINK.findall(body)]
    assert found, practice.got(to)
    return str(found[-1])


WELL = {"severity": "1", "breakouts": "none", "course": "better"}
BETTER = {"severity": "3", "breakouts": "few", "course": "better"}
WORSE = {"severity": "6", "breakouts": "few", "course": "worse"}
