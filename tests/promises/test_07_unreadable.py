"""Promise 7: personal data is unreadable at rest, and absent from logs, metrics, URLs, tasks and error reports.

Marked people go through everything that the software does; then every place where they must not be is searched. The
texts of protocols are the clinic's, not a person's, and stand readable; so do ids that a practice system gives.
Seen to fail when: `Sealed` columns were not sealed, or one of them (a reply's raw form, an idempotency key's answer)
kept its value beside the seal; `_keep_allowed` let every key through; an error's text was logged, by us or in a
library's line; a body or a number was logged, or written into an event; the search for patients or a redirect put a
name into an address; a metric named somebody; a picture was kept as it
came, or unsealed; a database error quoted its values; the sandbox kept a body unsealed.
"""

import asyncio
import io
import logging
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi import APIRouter
from httpx import Response
from sqlalchemy import MetaData, insert, select, text
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from reminders import logs, tasks
from reminders.care import holds
from reminders.care.media_fetching import fetch_waiting
from reminders.care.staff import api_keys
from reminders.channels.base import ChannelError, Fault
from reminders.database import Database
from reminders.models import Attachment, Attempt, Message, Patient, Protocol, Reply, Sender, Ticket, Treatment
from reminders.models.kinds import MessageKind
from reminders.sandbox.carrier import open_carrier
from reminders.settings import SANDBOX_ACCOUNT, SANDBOX_NUMBER, Settings
from reminders.web.app import create_app
from tests.promises.practice import Practice
from tests.promises.world import TUESDAY
from tests.reminders import pictures
from tests.reminders.media_source import Source
from tests.web.conftest import Browser

PERSON = {
    "given_name": "Zzgiven",
    "family_name": "Zzfamily",
    "phone": "514 555-0187",
    "email": "zzmail@patient.example",
    "birth_date": "1987-06-05",
    "guardian": "Zzguardian",
    "language": "en",
}
PHONE = "+15145550187"
STAFF_PHONE = "+15145550188"
STRANGER = "+15145550189"
MARKS = re.compile(
    rb"zz(giver|given|family|mail|guardian|provider|staff|desk|reply|media|stranger|body|typo|reason)"
    rb"|555[- ]?01[- ]?8[789]|1987-06-05",
    re.IGNORECASE,
)
"""Whatever is a person's here."""

_ADDRESSES = re.compile(r'(?:href|src|action)="([^"]*)"')


def _marks(blob: bytes | str) -> set[bytes]:
    return {found[0] for found in MARKS.finditer(blob.encode() if isinstance(blob, str) else blob)}


@dataclass
class Trail:
    """What a journey left behind in the world outside the database."""

    log: io.StringIO
    addresses: list[str] = field(default_factory=list)

    def note(self, answer: Response) -> Response:
        """Keep every address that an answer was asked by, sends to, or shows."""
        assert answer.status_code < 500, answer.text
        self.addresses += [str(answer.url), answer.headers.get("location", "")]
        # What begins with tel: is dialled on the spot; no server and no history sees it.
        shown = [unescape(found) for found in _ADDRESSES.findall(answer.text)]
        self.addresses += [address for address in shown if not address.startswith("tel:")]
        return answer


@contextmanager
def _logging(log_format: str) -> Iterator[io.StringIO]:
    """Our own configuration, at DEBUG for our loggers, into a buffer; as it was afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure(log_format)
    written = io.StringIO()
    for handler in root.handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(written)
    for name in ("reminders", "schedules"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()


def _week(practice: Practice, trail: Trail) -> None:
    """Marie's week: recorded at the desk, written to, undelivered, answered, and looked at by staff."""
    nurse = practice.nurse(name="Zzstaff", email="zzdesk@clinic.example")
    with practice.database.begin() as session:
        session.merge(nurse).phone = STAFF_PHONE
    desk = practice.browser(nurse)
    _record(desk, trail)
    for day, deed in ((1, None), (3, ChannelError("down", Fault.UNKNOWN, "timeout")), (7, None)):
        practice.world.set_clock(TUESDAY + timedelta(days=day))
        practice.phones.deeds = [deed]
        practice.sweep()
        for attempt in practice.rows(select(Attempt).where(Attempt.provider_id.is_not(None))):
            trail.note(practice.receipt(attempt, "undelivered" if day == 1 else "delivered", "30005"))
        # The first turns the lost text into an e-mail, the second sends it.
        practice.sweep()
        practice.sweep()
    _answer(practice, trail)
    practice.sweep()
    # Nobody stays signed in for a week.
    _look(practice, practice.browser(nurse), trail)


def _record(desk: Browser, trail: Trail) -> None:
    treated = {"protocol_key": "microneedling", "treated_on": "2026-03-10", "treated_time": "10:00"}
    form = {"patient_id": "new", **PERSON, **treated, "provider": "Dre Zzprovider", "consent_sms": "yes"}
    form |= {"consent_email": "yes", "given_by": "Zzgiver", "given_by_relation": "parent"}
    trail.note(desk.post("/treatments/new", form | {"action": "find", "q": "Zzfamily"}))
    trail.note(desk.post("/treatments/new", form | {"action": "preview", "email": "zztypo@"}))
    trail.note(desk.post("/treatments/new", form | {"action": "preview"}))
    assert trail.note(desk.post("/treatments/new", form | {"action": "save"})).status_code == 303
    assert trail.note(desk.post("/treatments/new", form | {"action": "save"})).status_code in {409, 422}


def _answer(practice: Practice, trail: Trail) -> None:
    media = {"NumMedia": "1", "MediaUrl0": "https://api.twilio.com/zzmedia", "MediaContentType0": "image/jpeg"}
    for body in ("3 zzreply my cheek", "I have a fever, zzreply", "call me at 514-555-0189 zzreply?"):
        trail.note(practice.text(body, sender=PHONE, **media))
        if body.startswith("3"):
            fetch_waiting(practice.database, practice.settings)
    # One address is not the carrier's, one leads to a picture, and one to something else.
    fetch_waiting(practice.database, practice.settings, Source([pictures.polyglot(), pictures.HTML]))
    trail.note(practice.text("zzstranger asks", sender=STRANGER))
    trail.note(practice.call(sender=STRANGER))
    trail.note(practice.text("STOP zzreply", sender=PHONE))


def _look(practice: Practice, desk: Browser, trail: Trail) -> None:
    """Every page, with a search, a failed edit and a ticket closed on the way."""
    patient = practice.rows(select(Patient.id))[0]
    assert "Zzgiven" in trail.note(desk.post("/patients", {"q": "zzgiven"})).text
    trail.note(desk.post(f"/patients/{patient}/edit", PERSON | {"phone": "zztypo"}))
    pages = ("/", "/patients", f"/patients/{patient}", f"/patients/{patient}/edit", "/reports/replies", "/on-call")
    for path in (*pages, f"/patients/{patient}/consents", f"/patients/{patient}/consents.csv"):
        trail.note(desk.get(path))
    assert "Zzgiver" in desk.get(f"/patients/{patient}/consents").text
    for ticket in practice.rows(select(Ticket.id)):
        trail.note(desk.post(f"/tickets/{ticket}/close", {"outcome": "called"}))
    _stop_for_a_reason(practice, desk, trail)
    metrics = trail.note(desk.get("/metrics"))
    assert not _marks(metrics.text)


def _stop_for_a_reason(practice: Practice, desk: Browser, trail: Trail) -> None:
    """Staff say in their own words why a treatment is cancelled, and why something is on hold.

    Seen to fail when the columns of these reasons were plain.
    """
    for treatment in practice.rows(select(Treatment.id)):
        cancelled = trail.note(desk.post(f"/treatments/{treatment}/cancel", {"reason": "zzreason: Zzgiven moved away"}))
        assert cancelled.status_code == 303
    why = "zzreason: Zzgiven asked us to wait"
    protocol, patient = practice.rows(select(Protocol.id))[0], practice.rows(select(Patient.id))[0]
    for path in ("/sending", f"/sending/protocols/{protocol}", f"/patients/{patient}"):
        trail.note(desk.get(f"{path}/hold"))
        assert trail.note(desk.post(f"{path}/hold", {"reason": why})).status_code == 303
    with practice.database.begin() as session:
        assert holds.put_everything(session, why, practice.world.now)
    assert trail.note(desk.get("/sending")).text.count("zzreason") == 4


def _call_api(practice: Practice, trail: Trail) -> None:
    """A practice system adds somebody, twice under one key."""
    with practice.database.begin() as session:
        key = api_keys.new_api_key(session, practice.clinic.id, "system", practice.world.now)
    client = TestClient(practice.app, headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "once"})
    body = {"given_name": "Zzgiven", "family_name": "Zzfamily", "phone": STRANGER, "language": "en"}
    answers = [trail.note(client.post("/api/v1/patients", json=body)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert trail.note(client.post("/api/v1/patients", json=body | {"phone": "zztypo"})).status_code >= 400


# Where nothing may be found.


def _files(database: Database) -> bytes:
    """Every byte of SQLite's files."""
    path = Path(str(database.engine.url.database))
    return b"".join(found.read_bytes() for found in sorted(path.parent.glob(f"{path.name}*")))


def _dump(database: Database) -> list[bytes]:
    """Every value of every table, as the database holds it."""
    tables = MetaData()
    with database.engine.connect() as connection:
        tables.reflect(connection)
        rows = [
            row for table in tables.sorted_tables for row in connection.execute(text(f"SELECT * FROM {table.name}"))
        ]
    return [value if isinstance(value, bytes) else repr(value).encode() for row in rows for value in row]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_week_leaves_no_mark_anywhere(practice: Practice, log_format: str) -> None:
    with _logging(log_format) as written:
        trail = Trail(written)
        _week(practice, trail)
        _call_api(practice, trail)
    assert _told_of_marks(practice), "the journey carried no marks, so the search proves nothing"
    assert not _marks(b"\n".join(_dump(practice.database)))
    pixels = _pixels(practice)
    assert pixels not in b"\n".join(_dump(practice.database))
    assert len(trail.addresses) > 50
    assert not _marks("\n".join(trail.addresses))
    assert "swept" in written.getvalue()
    assert not _marks(written.getvalue())
    if practice.database.is_sqlite:
        assert not _marks(_files(practice.database))
        assert pixels not in _files(practice.database)


def _pixels(practice: Practice) -> bytes:
    """A piece of the picture that staff see, by which it would be found."""
    (data,) = [data for data in practice.rows(select(Attachment.data)) if data is not None]
    assert not _marks(data)
    return bytes(data[len(data) // 2 :][:24])


def _told_of_marks(practice: Practice) -> bool:
    """Whether people really got and wrote marked words: to phones, to mailboxes, to staff, and in."""
    received = practice.received()
    to = {one.to for one in received}
    assert {PHONE, STAFF_PHONE, PERSON["email"]} <= to
    assert any("Zzgiven" in one.body for one in received)
    assert len(practice.rows(select(Reply))) == 6
    assert practice.rows(select(Message).where(Message.kind == MessageKind.SAFETY))
    return True


def _break(*_args: Any) -> None:
    raise ValueError("Zzgiven Zzfamily, 514 555-0187, said: zzreply")


@pytest.fixture
def breaking(practice: Practice, settings: Settings) -> TestClient:
    """The application with routes that break with somebody's data in hand."""
    router = APIRouter()

    @router.get("/break")
    def _broken() -> None:
        _break()

    @router.post("/break-in-the-database")
    def _database() -> None:
        with practice.database.begin() as session:
            session.add(Patient(clinic_id=practice.clinic.id, given_name={"zzgiven"}, family_name="Zzfamily"))

    return TestClient(create_app(settings, practice.database, [router]), raise_server_exceptions=False)


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_an_error_report_names_the_error_and_the_place_but_nobody(breaking: TestClient, log_format: str) -> None:
    with _logging(log_format) as written:
        answers = [breaking.get("/break"), breaking.post("/break-in-the-database")]
    assert [answer.status_code for answer in answers] == [500, 500]
    assert "ValueError" in written.getvalue()
    assert "test_07_unreadable.py" in written.getvalue()
    assert not _marks(written.getvalue() + "".join(answer.text for answer in answers))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_database_error_does_not_quote_what_it_could_not_store(practice: Practice) -> None:
    with pytest.raises(IntegrityError) as caught, practice.database.begin() as session:
        session.execute(insert(Sender).values(address="zzmail@patient.example"))
    assert not _marks(str(caught.value))


def _by_a_library(name: str) -> None:
    try:
        _break()
    except ValueError as error:
        logging.getLogger(name).log(logging.ERROR, "it said: %s", error, exc_info=error)


def test_libraries_may_not_quote_an_error_either(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tasks.SCHEDULE, "reminders.send_due", (_break, tasks.SCHEDULE["reminders.send_due"][1]))
    runtime = tasks.Runtime(settings, Database("sqlite://", settings.keyring()))
    with _logging("json") as written:
        for name in ("asyncio", "uvicorn.error", "kombu"):
            _by_a_library(name)
        tasks.make_app(settings, runtime).tasks["reminders.send_due"].apply()
        asyncio.run(_forgotten())
    runtime.close()
    assert written.getvalue().count("ValueError") >= 4
    assert not _marks(written.getvalue())


async def _forgotten() -> None:
    """A task that fails and that nobody waits for: asyncio itself reports it."""
    asyncio.get_running_loop().call_soon(_break)
    await asyncio.sleep(0.01)


def test_a_key_that_is_not_allowed_reaches_no_log() -> None:
    with _logging("json") as written:
        logs.get("reminders.test").info("found", name="Zzgiven", phone=PHONE, body="zzreply", message_id="1")
    assert '"message_id": "1"' in written.getvalue()
    assert not _marks(written.getvalue())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_wake_ups_carry_nothing(practice: Practice, settings: Settings) -> None:
    """All that ever enters the broker is a task's name."""
    app = tasks.make_app(settings, tasks.Runtime(settings, practice.database))
    for entry in app.conf.beat_schedule.values():
        assert not entry.get("args")
        assert not entry.get("kwargs")


def test_the_sandbox_keeps_its_own_file_sealed(settings: Settings) -> None:
    with closing(open_carrier(settings)) as carrier:
        carrier.accept({"To": PHONE, "From": SANDBOX_NUMBER, "Body": "zzbody", "AccountSid": SANDBOX_ACCOUNT})
        assert "zzbody" in repr(carrier.store.all())
        files = [path.read_bytes() for path in settings.data_dir.glob("sandbox.db*")]
    assert files
    assert not _marks(b"".join(files))
