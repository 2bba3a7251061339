"""Fetching what hangs on an inbound text: from Twilio alone, and the credentials go to nobody else.

A webhook names an address, and an address is hostile until it is known. What Twilio gives is its own API's
(https://www.twilio.com/docs/messaging/api/media-resource), which wants HTTP Basic and redirects to a short-lived
address at its store (https://help.twilio.com/articles/223183748): mms.twiliocdn.com, and for media of an account
without that protection s3-external-1.amazonaws.com/media.twiliocdn.com. Nothing else is ever asked.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address

import aiohttp
from yarl import URL

from reminders.channels.twilio_sms import TwilioAccount
from reminders.errors import RemindersError

MOST_BYTES = 5 * 1024 * 1024
"""What Twilio carries by MMS at most (https://www.twilio.com/docs/messaging/guides/accepted-mime-types)."""

TIME_OUT_SECONDS = 20.0
"""For all of it, redirects included."""

_TWILIO = "https://api.twilio.com"
_STORES = (
    ("mms.twiliocdn.com", "/"),
    ("media.twiliocdn.com", "/"),
    ("s3-external-1.amazonaws.com", "/media.twiliocdn.com/"),
)
"""Hosts that a redirect may lead to, exactly, with how the path begins there: the last is everybody's. The second is
undocumented, but Twilio's, and others have been led there."""

_PATH = r"/2010-04-01/Accounts/{account}/Messages/(SM|MM)[0-9a-fA-F]{{32}}/Media/ME[0-9a-fA-F]{{32}}"
_MOST_REDIRECTS = 3
_CHUNK = 64 * 1024

_REASONS: Mapping[int, str] = {401: "credentials", 403: "credentials", 404: "gone", 410: "gone"}
"""Why, by HTTP status. None is final: a token is mended, and media may be there a little later than its webhook."""


class MediaError(RemindersError):
    """It was not fetched. `reason` is one word; `final`: asking again would change nothing. It never quotes an address,
    which opens the picture for whoever reads it."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(f"media not fetched: {reason}")
        self.reason = reason
        self.final = final


@dataclass(frozen=True, slots=True)
class TwilioMedia:
    """What one account's texts carry."""

    account: TwilioAccount
    time_out: float = TIME_OUT_SECONDS

    def fetch(self, address: str) -> bytes:
        """The bytes behind an address that a webhook named: 5 MB at most, in 20 seconds at most.

        Raises:
            MediaError: they cannot be had.
        """
        return asyncio.run(self._fetch(self._own(address)))

    def _own(self, address: str) -> URL:
        """The address at our own API's host, put together anew: of what came only a known path is left."""
        api = self.account.api_url
        path = next((address.removeprefix(base) for base in (_TWILIO, api) if address.startswith(f"{base}/")), "")
        known = re.fullmatch(_PATH.format(account=re.escape(self.account.account_sid)), path)
        if not known or not _is_private(URL(api)):
            raise MediaError("address", final=True)
        return URL(api + path)

    async def _fetch(self, address: URL) -> bytes:
        auth = aiohttp.encode_basic_auth(self.account.account_sid, self.account.token)
        headers = {"Accept-Encoding": "identity"}
        try:
            async with asyncio.timeout(self.time_out), _session() as session:
                got = await _ask(session, address, headers | {"Authorization": auth})
                for _ in range(_MOST_REDIRECTS):
                    if isinstance(got, bytes):
                        break
                    # From here on nobody is told who we are: the address itself opens it.
                    got = await _ask(session, self._stored(got), headers)
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise MediaError("unreachable") from None
        if not isinstance(got, bytes):
            raise MediaError("redirect", final=True)
        return got

    def _stored(self, location: str) -> URL:
        """Where a redirect leads, if it is where Twilio keeps such things; a stand-in keeps them itself."""
        api = self.account.api_url
        if api != _TWILIO and location.startswith(f"{api}/"):
            return URL(location, encoded=True)
        try:
            led = URL(location, encoded=True)
            port = led.port
        except ValueError:
            raise MediaError("redirect", final=True) from None
        own = any(led.host == host and led.raw_path.startswith(start) for host, start in _STORES)
        # A path that climbs is another path to the store.
        plain = led.scheme == "https" and port == URL(_TWILIO).port and led.user is None and ".." not in led.path
        if not (own and plain):
            raise MediaError("redirect", final=True)
        return led


def _is_private(api: URL) -> bool:
    """Whether nobody can listen on the way there: https, or this machine."""
    if api.scheme == "https":
        return True
    try:
        return ip_address(api.host or "").is_loopback
    except ValueError:
        return api.host == "localhost"


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        # Unpacked, a few kilobytes might be gigabytes; we ask for what is not packed.
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
    )


async def _ask(session: aiohttp.ClientSession, address: URL, headers: dict[str, str]) -> bytes | str:
    """The bytes, or where else they are."""
    async with session.get(address, headers=headers, allow_redirects=False) as answer:
        if answer.status == HTTPStatus.OK:
            return await _read(answer)
        location = answer.headers.get("Location")
        if answer.status in _REDIRECTS and location:
            return location
        raise MediaError(_REASONS.get(answer.status, "unreachable"))


_REDIRECTS = frozenset({301, 302, 303, 307, 308})


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The body, as long as it is no longer than it may be, whatever it says of its length."""
    if (answer.content_length or 0) > MOST_BYTES:
        raise MediaError("too_large", final=True)
    read = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        read += chunk
        if len(read) > MOST_BYTES:
            raise MediaError("too_large", final=True)
    return bytes(read)
