"""What the sandbox cannot do wrong: below HTTP, and answers that no carrier should give."""

import asyncio
import base64
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis.strategies import characters, text

from reminders.channels.base import Accepted, ChannelError, Fault, Listed, Outgoing
from reminders.channels.twilio_http import _form
from reminders.channels.twilio_sms import TwilioAccount, TwilioSms
from schedules.lifecycle import State
from tests.reminders.channels.messages import ATTEMPT, BODY, NUMBER, TEXT

ACCOUNT = "AC" + "0" * 32
Play = Callable[["Server", asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """A server that reads each request whole and then does what `play` says."""

    play: Play
    requests: list[tuple[bytes, bytes]] = field(default_factory=list)
    connections: int = 0
    url: str = ""

    async def __aenter__(self) -> "Server":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
                self.requests.append((head, await reader.readexactly(length[0] if length else 0)))
                await self.play(self, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def answering(status: int, body: str, head: str = "") -> Play:
    """Answer so, with further header lines `head`."""

    async def play(_server: Server, writer: asyncio.StreamWriter) -> None:
        content = body.encode()
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n{head}\r\n".encode() + content)
        await writer.drain()

    return play


async def silence(_server: Server, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def hang_up(_server: Server, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    raise ConnectionResetError


async def drip(_server: Server, writer: asyncio.StreamWriter) -> None:
    """Never silent for long, and never done."""
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


ODD_WORDS = (r"SM\ud800", r"SM\u0000", "S" * 300, "SM 1", "SMé", r"SM1\n")
"""As JSON: what no column holds or nobody would call an identifier."""


def channel(url: str, timeout: float = 0.5, concurrency: int = 10) -> TwilioSms:
    account = TwilioAccount(ACCOUNT, "token", url, "+15145550100", "")
    return TwilioSms(account, lambda attempt: f"https://clinic.example/s/{attempt}", timeout, concurrency)


async def refused(twilio: TwilioSms, message: Outgoing = TEXT) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        await twilio.send(message)
    assert NUMBER not in repr(caught.value)
    assert BODY not in repr(caught.value)
    return caught.value


def playing(play: Play, timeout: float = 0.5) -> tuple[ChannelError, Server]:
    """What sending to such a server ends in."""

    async def body() -> tuple[ChannelError, Server]:
        async with Server(play) as server:
            twilio = channel(server.url, timeout)
            error = await refused(twilio)
            await twilio.close()
            return error, server

    return asyncio.run(body())


def test_what_is_written() -> None:
    async def body() -> Server:
        async with Server(answering(201, '{"sid": "SM1", "status": "queued"}')) as server:
            twilio = channel(server.url)
            await twilio.send(TEXT)
            await twilio.close()
            return server

    [(head, form)] = asyncio.run(body()).requests
    assert head.startswith(f"POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1\r\n".encode())
    assert b"Authorization: Basic " + base64.b64encode(f"{ACCOUNT}:token".encode()) in head
    assert parse_qs(form.decode()) == {
        "To": [NUMBER],
        "From": ["+15145550100"],
        "Body": [BODY],
        "StatusCallback": [f"https://clinic.example/s/{ATTEMPT}"],
        "ValidityPeriod": ["7200"],
    }


def test_all_of_one_loop_share_their_connections_until_the_last_has_closed() -> None:
    """Seen to fail with a connector for each channel: every clinic's first text paid for a handshake."""

    async def body() -> int:
        async with Server(answering(201, '{"sid": "SM1"}')) as server:
            here, there = channel(server.url), channel(server.url)
            await here.send(TEXT)
            await there.send(TEXT)
            await here.close()
            await there.send(TEXT)
            await there.close()
            assert server.connections == 1
            await here.send(TEXT)
            await here.close()
            return server.connections

    assert asyncio.run(body()) == 2


@pytest.mark.parametrize(("valid_for", "seconds"), [(-5, "1"), (0.5, "1"), (90, "90"), (86_400, "36000")])
def test_the_time_a_text_may_wait_is_one_that_twilio_takes(valid_for: float, seconds: str) -> None:
    async def body() -> Server:
        async with Server(answering(201, '{"sid": "SM1"}')) as server:
            twilio = channel(server.url)
            await twilio.send(replace(TEXT, valid_for=timedelta(seconds=valid_for)))
            await twilio.close()
            return server

    assert parse_qs(asyncio.run(body()).requests[0][1].decode())["ValidityPeriod"] == [seconds]


@given(text(characters(exclude_categories=["Cs"])))
def test_any_words_arrive_as_they_were(words: str) -> None:
    """Whatever encodes the form: a carrier reads the same words. Twilio refuses an empty body, and so do we before."""
    form = _form({"Body": words, "MediaUrl": ["https://a.example/?q=1&r=é", words]})
    assert parse_qs((form or b"").decode(), keep_blank_values=True) == {
        "Body": [words],
        "MediaUrl": ["https://a.example/?q=1&r=é", words],
    }


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        error = asyncio.run(refused(channel(f"http://127.0.0.1:{closed.getsockname()[1]}")))
    assert (error.fault, error.code) == (Fault.RETRY, "connection")


@pytest.mark.parametrize(("play", "code"), [(silence, "timeout"), (drip, "timeout"), (hang_up, "connection")])
def test_no_answer_after_the_request_is_unknown_in_bounded_time_and_not_repeated(play: Play, code: str) -> None:
    async def timed() -> tuple[ChannelError, Server]:
        async with Server(play) as server:
            twilio = channel(server.url)
            async with asyncio.timeout(2):
                error = await refused(twilio)
            await twilio.close()
            return error, server

    error, server = asyncio.run(timed())
    assert (error.fault, error.code) == (Fault.UNKNOWN, code)
    assert len(server.requests) == 1


def test_a_kept_connection_that_breaks_is_unknown_and_not_repeated() -> None:
    async def first_well(server: Server, writer: asyncio.StreamWriter) -> None:
        await (answering(201, '{"sid": "SM1"}') if len(server.requests) == 1 else hang_up)(server, writer)

    async def body() -> tuple[ChannelError, Server]:
        async with Server(first_well) as server:
            twilio = channel(server.url)
            await twilio.send(TEXT)
            error = await refused(twilio)
            await twilio.close()
            return error, server

    error, server = asyncio.run(body())
    assert (error.fault, len(server.requests), server.connections) == (Fault.UNKNOWN, 2, 1)


def test_a_call_that_never_got_a_connection_was_not_made() -> None:
    async def body() -> tuple[set[Fault], Server]:
        async with Server(silence) as server:
            twilio = channel(server.url, concurrency=1)
            first, second = await asyncio.gather(refused(twilio), refused(twilio))
            await twilio.close()
            return {first.fault, second.fault}, server

    faults, server = asyncio.run(body())
    assert faults == {Fault.UNKNOWN, Fault.RETRY}
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        "<html>",
        '{"sid": null}',
        '{"sid": 5}',
        "[" * 100_000,
        *(f'{{"sid": "{word}"}}' for word in ODD_WORDS),
    ],
)
def test_an_acceptance_that_cannot_be_read_is_unknown(body: str) -> None:
    """Seen to fail on each of the odd words: they went on to the database as the message's id."""
    error, _ = playing(answering(201, body))
    assert (error.fault, error.code) == (Fault.UNKNOWN, "unreadable")


@pytest.mark.parametrize("odd", ['"date_created": 5', '"status": 5', '"status": "new word"', '"body": null'])
def test_what_else_an_acceptance_says_does_not_matter(odd: str) -> None:
    async def body() -> Accepted:
        async with Server(answering(201, f'{{"sid": "SM1", {odd}}}')) as server:
            twilio = channel(server.url)
            accepted = await twilio.send(TEXT)
            await twilio.close()
            return accepted

    assert asyncio.run(body()) == Accepted("SM1", State.SENT)


@pytest.mark.parametrize(
    ("status", "body", "fault", "code"),
    [
        (400, '{"code": 21211, "message": "+15145550123 is not valid"}', Fault.PERMANENT, "21211"),
        (400, "not json", Fault.PERMANENT, ""),
        (400, '{"type": "t", "title": "+15145550123", "status": 400, "code": 21610}', Fault.OPTED_OUT, "21610"),
        (401, "", Fault.SENDER, ""),
        (502, "<html>", Fault.UNKNOWN, ""),
        (429, "<html>", Fault.RETRY, "20429"),
        *((400, f'{{"code": "{word}"}}', Fault.PERMANENT, "") for word in ODD_WORDS),
        (403, r'{"code": "2\ud800"}', Fault.SENDER, ""),
        (429, r'{"code": "2\ud800"}', Fault.RETRY, "20429"),
        (400, f'{{"code": {"9" * 33}}}', Fault.PERMANENT, ""),
        (400, '{"code": {"a": ["b"]}}', Fault.PERMANENT, ""),
        (400, '{"code": 1e999}', Fault.PERMANENT, ""),
    ],
)
def test_refusals_in_any_form(status: int, body: str, fault: Fault, code: str) -> None:
    """Seen to fail on each of the odd codes: they went on to the database as they were."""
    error, _ = playing(answering(status, body))
    assert (error.fault, error.code) == (fault, code)


@pytest.mark.parametrize(
    ("asked", "pause"),
    [("9", timedelta(seconds=9)), ("9" * 30, timedelta(days=1)), ("-1", None), ("soon", None), ("²", None)],
)
def test_an_asked_pause_is_read_with_care(asked: str, pause: timedelta | None) -> None:
    error, _ = playing(answering(429, "{}", f"Retry-After: {asked}\r\n"))
    assert error.retry_after == pause


def test_a_redirect_is_not_followed() -> None:
    error, server = playing(answering(307, "{}", "Location: /elsewhere\r\n"))
    assert error.fault is Fault.SENDER
    assert len(server.requests) == 1


def test_credentials_go_to_no_other_host() -> None:
    async def body() -> tuple[ChannelError, Server]:
        async with Server(answering(200, "{}")) as other:
            page: dict[str, Any] = {"meta": f'{{"key": "messages", "next_page_url": "{other.url}/x"}}'}
            async with Server(answering(200, f'{{"meta": {page["meta"]}, "messages": [{{"sid": "SM1"}}]}}')) as server:
                twilio = channel(server.url)
                with pytest.raises(ChannelError) as caught:
                    await twilio.find(NUMBER)
                await twilio.close()
                return caught.value, other

    error, other = asyncio.run(body())
    assert error.fault is Fault.SENDER
    assert other.requests == []


def test_the_environment_does_not_change_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    error, server = playing(answering(400, '{"code": 21211}'))
    assert (error.code, len(server.requests)) == ("21211", 1)


def listing(body: str) -> Sequence[Listed]:
    """What the channel makes of such a list."""

    async def find() -> Sequence[Listed]:
        async with Server(answering(200, body)) as server:
            twilio = channel(server.url)
            try:
                return await twilio.find(NUMBER)
            finally:
                await twilio.close()

    return asyncio.run(find())


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"messages": 5}',
        '{"messages": [5]}',
        "[]",
        '{"messages": [{"sid": "SM1", "error_code": 1e999}]}',
        *(f'{{"messages": [{{"sid": "SM1"}}, {{"sid": "{word}"}}]}}' for word in ODD_WORDS),
    ],
)
def test_a_list_that_cannot_be_read_is_an_error(body: str) -> None:
    """Seen to fail on each odd id. Left out, that message would count as never accepted and be sent again."""
    with pytest.raises(ChannelError) as caught:
        listing(body)
    assert caught.value.fault is Fault.UNKNOWN


def test_inbound_texts_are_not_listed() -> None:
    both = '{"messages": [{"sid": "SM1", "status": "received"}, {"sid": "SM2", "status": "sent"}]}'
    assert [one.provider_id for one in listing(both)] == ["SM2"]


@pytest.mark.parametrize("odd", ['"code"', "5", "[]", r'"\ud800"', r'"\u0000"', f'"{"9" * 300}"'])
@pytest.mark.parametrize("name", ["error_code", "status", "to", "body", "from"])
def test_what_a_list_says_oddly_is_fit_for_the_database(name: str, odd: str) -> None:
    """Seen to fail: a status that is a list broke the look-up, a lone surrogate the index of its words."""
    (one,) = listing(f'{{"messages": [{{"sid": "SM1", "{name}": {odd}}}]}}')
    for said in (one.error_code, one.to, one.body, one.sender):
        said.encode()
    assert (one.state, len(one.error_code) <= 32, one.error_code.isascii()) == (State.SENT, True, True)
    assert "\0" not in one.error_code
