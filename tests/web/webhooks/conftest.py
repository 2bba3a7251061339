"""A carrier that signs by hand, as Twilio's documentation says, and not with the code under test."""

import base64
import hashlib
import hmac
import uuid
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select
from starlette.exceptions import StarletteDeprecationWarning

from reminders.care import clinics
from reminders.database import Database
from reminders.models import Clinic, Instance, Reply, Ticket
from reminders.models.instance import CLOCK_OFFSET, now
from reminders.settings import SANDBOX_ACCOUNT, SANDBOX_NUMBER, Settings
from reminders.web.app import create_app
from tests.web.conftest import TODAY

with warnings.catch_warnings():
    warnings.simplefilter("ignore", StarletteDeprecationWarning)
    from starlette.testclient import TestClient

Pairs = list[tuple[str, str]]
PATIENT_PHONE = "+15145550142"


def signature(token: str, url: str, pairs: Pairs) -> str:
    """Base64 of HMAC-SHA1 over the URL and each name with each of its different values, sorted."""
    said = url + "".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()


@dataclass
class Carrier:
    """Posts to one application as an account would."""

    client: TestClient
    database: Database
    clinic: Clinic
    account: str
    token: str
    number: str
    public_url: str

    def text(self, body: str, **more: str) -> Pairs:
        """The fields of an inbound text, several of them blank, as Twilio sends them."""
        sid = f"SM{uuid.uuid4().hex}"
        fields = {"MessageSid": sid, "SmsSid": sid, "AccountSid": self.account, "From": PATIENT_PHONE}
        fields |= {"To": self.number, "Body": body, "NumMedia": "0", "FromCity": "", "FromCountry": "CA"}
        return list((fields | more).items())

    def post(self, path: str, pairs: Pairs, **more: Any) -> Any:
        """One signed form; `signed` replaces the signature, `signed_path` what it is made over."""
        url = f"{self.public_url}{more.pop('signed_path', path)}"
        made = signature(more.pop("token", self.token), url, pairs)
        signed = more.pop("signed", made)
        headers = {"Content-Type": "application/x-www-form-urlencoded", **more.pop("headers", {})}
        headers |= {"X-Twilio-Signature": signed} if signed is not None else {}
        return self.client.post(path, content=urlencode(pairs).encode(), headers=headers)

    def inbound(self, pairs: Pairs, **more: Any) -> Any:
        """An inbound text."""
        return self.post("/webhooks/twilio/inbound", pairs, **more)

    def rows(self, table: type[Any]) -> list[Any]:
        """All rows of a table."""
        with self.database.read() as session:
            return list(session.scalars(select(table)))

    @property
    def replies(self) -> list[Reply]:
        """What was kept."""
        return self.rows(Reply)

    @property
    def tickets(self) -> list[Ticket]:
        """What staff were given."""
        return self.rows(Ticket)


NewCarrier = Callable[[Settings], Carrier]


@pytest.fixture
def carrier_for(database: Database) -> NewCarrier:
    """Makes a clinic by some settings, and the carrier that these lead to."""

    def make(settings: Settings) -> Carrier:
        with database.begin() as session:
            offset = (TODAY - now(session)).total_seconds()
            session.add(Instance(key=CLOCK_OFFSET, value=str(offset)))
            new = clinics.NewClinic(name="Clinique Lumière", phone="+1 514-555-0123", address="1, rue A")
            clinic = clinics.create_clinic(session, new, settings, TODAY)
        return Carrier(
            client=TestClient(create_app(settings, database)),
            database=database,
            clinic=clinic,
            account=settings.twilio_account_sid or SANDBOX_ACCOUNT,
            token=settings.twilio_auth_token[0].get_secret_value() if settings.twilio_auth_token else "",
            number=settings.twilio_from_number or SANDBOX_NUMBER,
            public_url=settings.public_url,
        )

    return make


@pytest.fixture
def carrier(carrier_for: NewCarrier, settings: Settings) -> Carrier:
    """The sandbox's carrier."""
    made = carrier_for(settings)
    made.token = settings.sandbox_token
    return made
