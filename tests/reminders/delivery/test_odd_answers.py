"""A provider's odd answer to one message costs the others of its group nothing.

Seen to fail on both databases when the channel passed on what the provider said: nothing of the group was settled.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import pytest

from reminders.channels.twilio_sms import TwilioAccount, TwilioSms
from reminders.database import Database
from reminders.delivery.context import Delivery, Pace
from reminders.delivery.sweep import send_due
from reminders.models import Clinic
from reminders.settings import Settings
from schedules.lifecycle import State
from tests.reminders.delivery.conftest import Clock
from tests.reminders.delivery.fakes import Provider
from tests.reminders.outbox.rows import owe, sender_of, states

ODD = ("\ud800", "2\0", "9" * 300)


@contextmanager
def carrier(status: int, odd: dict[str, str]) -> Iterator[str]:
    """A carrier that answers its third call so, and takes all others; its address."""
    calls = count(1)

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            number = next(calls)
            code, said = (status, odd) if number == 3 else (201, {"sid": f"SM{number}", "status": "queued"})
            content = json.dumps(said).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sends(settings: Settings, database: Database, url: str) -> None:
    """Send what is due to the carrier there."""
    account = TwilioAccount("AC" + "0" * 32, "token", url, "+15145550100", "")

    def opener(_identity: object, _settings: object) -> TwilioSms:
        return TwilioSms(account, lambda attempt: f"https://clinic.example/{attempt}", 2, 10)

    opened = Delivery(database, settings, opener, Pace(time_out=5))
    send_due(opened)
    opened.close()


@pytest.mark.parametrize("word", ODD, ids=["surrogate", "NUL", "long"])
@pytest.mark.parametrize(
    "case", [(201, "sid", State.UNKNOWN), (400, "code", State.FAILED), (403, "code", State.PLANNED)]
)
def test_an_odd_word_costs_its_own_message_alone(
    database: Database, clinic: Clinic, settings: Settings, clock: Clock, case: tuple[int, str, State], word: str
) -> None:
    status, name, becomes = case
    owe(database, clinic, 8)
    with carrier(status, {name: word}) as url:
        sends(settings, database, url)
    assert states(database) == {State.SENT: 7, becomes: 1}
    with database.read() as session:
        assert sender_of(session, clinic).paused_reason == ("refused" if becomes is State.PLANNED else None)


def test_nor_does_an_error_with_a_long_name(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    """Seen to fail on PostgreSQL, whose column holds 32 characters, when the name was kept whole."""
    provider.deeds = [type("NameOfAnError" * 4, (Exception,), {})()]
    owe(database, clinic, 8)
    send_due(context)
    assert states(database) == {State.SENT: 7, State.UNKNOWN: 1}
