"""The HTTP client under Twilio's SDK: bounded in time, never repeating a call, clear about what became of it."""

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from yarl import URL

from reminders.channels import connections
from reminders.channels.base import ChannelError, Fault
from reminders.channels.twilio_codes import PAUSE_BY_CODE, fault
from reminders.channels.twilio_words import code_in

_TWILIO = "https://api.twilio.com/"
_REFUSED_FROM = 300
_CODE_BY_STATUS = {429: "20429"}
"""The code that an answer without one stands for."""
_LONGEST_PAUSE = timedelta(days=1)


class RefusalError(ChannelError):
    """Twilio answered, and it was no; `status` is HTTP's."""

    def __init__(self, status: int, code: str, retry_after: timedelta | None) -> None:
        super().__init__(
            f"Twilio refused: HTTP {status}, code {code or 'none'}", fault(status, code), code, retry_after
        )
        self.status = status


class BoundedHttpClient(AsyncHttpClient):  # type: ignore[misc] # the SDK ships no types
    """Sends the SDK's requests to `api_url`, at most `concurrency` at a time, over its event loop's connections.

    `timeout` (seconds) covers the whole call, waiting for its turn included. The SDK's own async client ignores its
    time-out and can repeat a POST. The session is made in the running loop, and anew in another loop.
    """

    def __init__(self, api_url: str, timeout: float, concurrency: int) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), is_async=True, timeout=timeout)
        self._api_url = api_url.rstrip("/") + "/"
        self._turns = asyncio.Semaphore(concurrency)
        self._concurrency = concurrency
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._signed_in: tuple[str, str, str] | None = None

    async def request(self, method: str, uri: str, *_args: Any, **given: Any) -> Response:
        """Make the call that the SDK describes; `given` are its params, data, headers and auth.

        Raises:
            ChannelError: there was no answer, or it was not a 2xx. Whether a 2xx can be read, the SDK finds out.
        """
        call = connections.watch()
        address, arguments = self._address(uri), self._arguments(given)
        session = self._open()
        try:
            async with (
                asyncio.timeout(self.timeout),
                self._turns,
                session.request(method, address, allow_redirects=False, **arguments) as response,
            ):
                answer = Response(response.status, await response.text(errors="replace"), response.headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _no_answer(call, error) from None
        _check(answer)
        return answer

    async def close(self) -> None:
        """Close the session, if there is one of this loop."""
        session, self._session = self._session, None
        if session is not None and self._loop is asyncio.get_running_loop():
            try:
                await session.close()
            finally:
                await connections.give_back()

    def _address(self, uri: str) -> str:
        # A page's link to the next one comes from outside; the credentials must not follow it anywhere else.
        if not uri.startswith(_TWILIO):
            raise ChannelError("Twilio pointed to another host", Fault.SENDER, "address")
        return self._api_url + uri.removeprefix(_TWILIO)

    def _arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        headers = dict(given.get("headers") or {})
        if given.get("auth"):
            headers["Authorization"] = self._authorization(*given["auth"])
        params = {name: str(value) for name, value in (given.get("params") or {}).items()}
        return {"headers": headers, "params": params or None, "data": _form(given.get("data"))}

    def _authorization(self, user: str, password: str) -> str:
        if self._signed_in is None or self._signed_in[:2] != (user, password):
            self._signed_in = (user, password, aiohttp.encode_basic_auth(user, password))
        return self._signed_in[2]

    def _open(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            if self._session is not None:
                # Its loop is gone, so it cannot be closed properly any more.
                self._session.detach()
            self._session, self._loop = self._new_session(), loop
            self._turns = asyncio.Semaphore(self._concurrency)
        return self._session

    def _new_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connections.borrow(),
            connector_owner=False,
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
        )


def _form(fields: Mapping[str, object] | None) -> bytes | None:
    """Fields as application/x-www-form-urlencoded, by yarl: the standard library takes six times as long."""
    if not fields:
        return None
    said = {name: value if isinstance(value, list) else str(value) for name, value in fields.items()}
    return URL.build(query=said).raw_query_string.encode()


def _no_answer(call: connections.Call, error: Exception) -> ChannelError:
    """The error for a call without an answer. It does not quote aiohttp's, which may hold a URL with a number."""
    word = "timeout" if isinstance(error, TimeoutError) else "connection"
    if call.connected:
        return ChannelError(f"no answer from Twilio ({word})", Fault.UNKNOWN, word)
    return ChannelError(f"Twilio could not be reached ({word})", Fault.RETRY, word)


def _check(answer: Response) -> None:
    if answer.status_code >= _REFUSED_FROM:
        code = code_in(_json_object(answer.text).get("code")) or _CODE_BY_STATUS.get(answer.status_code, "")
        raise RefusalError(answer.status_code, code, _pause(code, answer.headers or {}))


def _pause(code: str, headers: Mapping[str, str]) -> timedelta | None:
    asked = headers.get("Retry-After", "")
    if asked.isascii() and asked.isdigit():
        return min(timedelta(seconds=int(asked[:9])), _LONGEST_PAUSE)
    return PAUSE_BY_CODE.get(code)


def _json_object(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
