"""A carrier that hands patients' texts and receipts to webhooks: signed, in a closed loop or at a steady rate."""

import asyncio
import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp

from benchmarks.practice import phone
from benchmarks.triage import REPLIES
from reminders.settings import SANDBOX_ACCOUNT, SANDBOX_NUMBER
from reminders.triage.evaluate import rows

_CHECK_IN_DAY = 7


@dataclass(frozen=True, slots=True)
class Request:
    """One request to make."""

    method: str
    url: str
    body: bytes = b""
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """How long it took, ms, and whether it was 200."""

    ms: float
    ok: bool


def texts(url: str, token: str, count: int) -> list[Request]:
    """`count` inbound texts, each of another patient (0, 1, 2...), saying what patients say on day 7."""
    said = [row.text for row in rows(REPLIES) if row.day == _CHECK_IN_DAY]
    return [_text(url, token, number, said[number % len(said)]) for number in range(count)]


async def closed_loop(requests: Sequence[Request], at_a_time: int) -> list[Answer]:
    """Make the requests, `at_a_time` under way at any moment."""
    waiting, answers = iter(requests), list[Answer]()
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(_lane(session, waiting, answers) for _ in range(at_a_time)))
    return answers


async def steadily(requests: Sequence[Request], per_s: float) -> list[Answer]:
    """Start so many requests a second, answered or not; each is timed from when it was due."""
    began = time.perf_counter()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        due = [began + number / per_s for number in range(len(requests))]
        return list(await asyncio.gather(*map(_when_due, [session] * len(due), requests, due)))


def receipts(url: str, token: str, attempts: Sequence[uuid.UUID], status: str) -> list[Request]:
    """A receipt of this status for each attempt; `url` is the webhook's without the attempt's id."""
    return [_receipt(f"{url}/{attempt_id}", token, attempt_id, status) for attempt_id in attempts]


def _receipt(url: str, token: str, attempt_id: uuid.UUID, status: str) -> Request:
    form = {"MessageSid": f"SM{attempt_id.hex}", "AccountSid": SANDBOX_ACCOUNT, "MessageStatus": status}
    return _signed(url, token, form | {"SmsStatus": status, "To": phone(0), "From": SANDBOX_NUMBER})


def _text(url: str, token: str, number: int, body: str) -> Request:
    sid = f"SM{uuid.uuid4().hex}"
    form = {"MessageSid": sid, "SmsSid": sid, "AccountSid": SANDBOX_ACCOUNT, "From": phone(number)}
    form |= {"To": SANDBOX_NUMBER, "Body": body, "NumMedia": "0", "FromCity": "", "FromCountry": "CA"}
    return _signed(url, token, form)


def _signed(url: str, token: str, form: Mapping[str, str]) -> Request:
    signed = url + "".join(name + value for name, value in sorted(form.items()))
    signature = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    return Request("POST", url, urlencode(form).encode(), headers)


async def _lane(session: aiohttp.ClientSession, waiting: Iterator[Request], answers: list[Answer]) -> None:
    for request in waiting:
        answers.append(await _make(session, request, time.perf_counter()))


async def _when_due(session: aiohttp.ClientSession, request: Request, due: float) -> Answer:
    await asyncio.sleep(due - time.perf_counter())
    return await _make(session, request, due)


async def _make(session: aiohttp.ClientSession, request: Request, since: float) -> Answer:
    async with session.request(request.method, request.url, data=request.body, headers=request.headers) as response:
        await response.read()
        return Answer(1000 * (time.perf_counter() - since), response.ok)
