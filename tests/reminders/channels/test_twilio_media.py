"""What hangs on a text is fetched from Twilio alone, within its limits, and the credentials go nowhere else.

Seen to fail when: the address was asked as it came; the path was anybody's; a redirect was followed wherever it led, or
with the credentials; the length that was announced was believed; the body was read to its end before it was measured.
"""

import base64
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from reminders.channels import twilio_media
from reminders.channels.twilio_media import MOST_BYTES, MediaError, TwilioMedia
from reminders.channels.twilio_sms import TwilioAccount

ACCOUNT = "AC" + "1" * 32
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM{'2' * 32}/Media/ME{'3' * 32}"
TOKEN = "the-token"
BASIC = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Standing:
    """A stand-in for Twilio: what it answers by path, and what it was asked with which credentials."""

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def media(self, time_out: float = 5) -> TwilioMedia:
        """The way to what it has."""
        return TwilioMedia(TwilioAccount(ACCOUNT, TOKEN, self.url, "", ""), time_out)


@pytest.fixture
def standing() -> Iterator[Standing]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            made.asked.append((self.path, self.headers.get("Authorization")))
            self.close_connection = True
            made.answers[self.path.partition("?")[0]](self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Standing(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def body(data: bytes, length: int | None = None) -> Answer:
    """An answer, whatever it says of its length; without any for -1."""

    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.send_header("Content-Type", "image/jpeg")
        if length != -1:
            to.send_header("Content-Length", str(len(data) if length is None else length))
        to.end_headers()
        to.wfile.write(data)

    return answer


def leads(to_: str) -> Answer:
    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(307)
        to.send_header("Location", to_)
        to.send_header("Content-Length", "0")
        to.end_headers()

    return answer


def refused(media: TwilioMedia, address: str) -> tuple[str, bool]:
    """Why it was not fetched, and whether that is final."""
    with pytest.raises(MediaError) as caught:
        media.fetch(address)
    assert "//" not in str(caught.value)
    return caught.value.reason, caught.value.final


@pytest.mark.parametrize("base", ["https://api.twilio.com", "{own}"])
def test_at_once_with_the_senders_credentials(standing: Standing, base: str) -> None:
    standing.answers[PATH] = body(b"picture")
    assert standing.media().fetch(base.replace("{own}", standing.url) + PATH) == b"picture"
    assert standing.asked == [(PATH, BASIC)]


def test_behind_a_redirect_without_them(standing: Standing) -> None:
    standing.answers |= {PATH: leads(f"{standing.url}/store/x?Signature=a~b"), "/store/x": body(b"picture")}
    assert standing.media().fetch(standing.url + PATH) == b"picture"
    assert standing.asked == [(PATH, BASIC), ("/store/x?Signature=a~b", None)]


@pytest.mark.parametrize(
    "address",
    [
        f"https://api.twilio.com@evil.example{PATH}",
        f"https://api.twilio.com:pw@evil.example{PATH}",
        f"https://api.twilio.com.evil.example{PATH}",
        f"https://evil.example{PATH}",
        f"http://api.twilio.com{PATH}",
        f"https://api.twilio.com:8443{PATH}",
        f"https://api.twilio.com\\@evil.example{PATH}",
        f"https://api.twilio.com{PATH}/../../../Messages.json",
        f"https://api.twilio.com{PATH}?x=1",
        f"https://api.twilio.com{PATH}\n",
        "https://api.twilio.com" + PATH.replace("AC1", "AC2"),
        "https://api.twilio.com/2010-04-01/Accounts.json",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data",
        "",
    ],
)
def test_an_address_that_is_not_our_accounts_media_is_never_asked(standing: Standing, address: str) -> None:
    assert refused(standing.media(), address) == ("address", True)
    assert standing.asked == []


def test_no_credentials_over_an_open_line() -> None:
    media = TwilioMedia(TwilioAccount(ACCOUNT, TOKEN, "http://carrier.example", "", ""))
    assert refused(media, f"http://carrier.example{PATH}") == ("address", True)


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/x",
        "http://mms.twiliocdn.com/x",
        "https://mms.twiliocdn.com@evil.example/x",
        "https://u@mms.twiliocdn.com/x",
        "https://mms.twiliocdn.com:8443/x",
        "https://x.mms.twiliocdn.com/x",
        "https://s3-external-1.amazonaws.com/evil/x",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/../evil/x",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/%2e%2e/evil/x",
        "//evil.example/x",
        "http://127.0.0.1:1/x",
        "http://[::1/x",
        "/elsewhere",
    ],
)
def test_a_redirect_to_anywhere_else_is_not_followed(standing: Standing, location: str) -> None:
    standing.answers[PATH] = leads(location)
    assert refused(standing.media(), standing.url + PATH) == ("redirect", True)
    assert len(standing.asked) == 1


@pytest.mark.parametrize(
    "location",
    [
        "https://mms.twiliocdn.com/AC1/x?Expires=1&Signature=a~b",
        "https://media.twiliocdn.com/AC1/x",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/AC1/x",
    ],
)
def test_where_twilio_really_keeps_it_may_be_asked(location: str) -> None:
    media = TwilioMedia(TwilioAccount(ACCOUNT, TOKEN, "https://api.twilio.com", "", ""))
    assert str(media._stored(location)) == location


def test_round_and_round_comes_to_an_end(standing: Standing) -> None:
    standing.answers |= {PATH: leads(f"{standing.url}/a"), "/a": leads(f"{standing.url}/a")}
    assert refused(standing.media(), standing.url + PATH) == ("redirect", True)
    assert len(standing.asked) == 4


def test_too_much_is_refused_whatever_it_says_of_its_length(standing: Standing) -> None:
    much = b"\xff\xd8\xff" + b"\0" * MOST_BYTES
    for answer in (body(much), body(much, -1), body(b"", 10**12)):
        standing.answers[PATH] = answer
        assert refused(standing.media(), standing.url + PATH) == ("too_large", True)


def test_a_stream_without_an_end_is_cut_off(standing: Standing) -> None:
    written = 0

    def endless(to: BaseHTTPRequestHandler) -> None:
        nonlocal written
        to.send_response(200)
        to.end_headers()
        while written < 50 * MOST_BYTES:
            written += to.wfile.write(b"\0" * 65536)

    def quiet(to: BaseHTTPRequestHandler) -> None:
        try:
            endless(to)
        except OSError:
            return

    standing.answers[PATH] = quiet
    assert refused(standing.media(), standing.url + PATH) == ("too_large", True)
    assert written < 10 * MOST_BYTES


def test_less_than_announced_is_asked_again(standing: Standing) -> None:
    standing.answers[PATH] = body(b"half", 400)
    assert refused(standing.media(), standing.url + PATH) == ("unreachable", False)


def test_it_ends_in_time_however_slowly_it_drips(standing: Standing) -> None:
    def drip(to: BaseHTTPRequestHandler) -> None:
        try:
            for _ in range(100):
                to.wfile.write(b"HTTP/1.1 200 OK\r\nX: y\r\n"[:1])
                to.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return

    standing.answers[PATH] = drip
    began = time.monotonic()
    assert refused(standing.media(0.3), standing.url + PATH) == ("unreachable", False)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "credentials"), (404, "gone"), (429, "unreachable"), (500, "unreachable")]
)
def test_what_may_be_mended_is_asked_again(standing: Standing, status: int, reason: str) -> None:
    standing.answers[PATH] = lambda to: to.send_error(status)
    assert refused(standing.media(), standing.url + PATH) == (reason, False)


def test_nobody_there_is_asked_again() -> None:
    media = TwilioMedia(TwilioAccount(ACCOUNT, TOKEN, "http://127.0.0.1:1", "", ""))
    assert refused(media, f"http://127.0.0.1:1{PATH}") == ("unreachable", False)
    assert twilio_media.TIME_OUT_SECONDS < 60
