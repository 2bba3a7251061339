"""Text messages through Twilio's SDK."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar
from uuid import UUID

from twilio.base.exceptions import TwilioException
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from reminders.channels.base import Accepted, ChannelError, Fault, Listed, Outgoing
from reminders.channels.twilio_codes import state
from reminders.channels.twilio_http import BoundedHttpClient, RefusalError
from reminders.channels.twilio_words import code_in, sid_in, text_in

_LONGEST_VALIDITY = 36_000
_FIND_LIMIT = 200
_INBOUND = {"received", "receiving"}
_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Whose texts these are. At least one of `from_number` and `service_sid` is given; `api_url` has no path."""

    account_sid: str
    token: str = field(repr=False)
    api_url: str
    from_number: str
    service_sid: str


class TwilioSms:
    """Sends texts and asks what became of them. Receipts come to `status_url(attempt_id)`, not through here."""

    can_look_up = True

    def __init__(
        self, account: TwilioAccount, status_url: Callable[[UUID], str], timeout: float, concurrency: int
    ) -> None:
        self._account = account
        self._status_url = status_url
        self._http = BoundedHttpClient(account.api_url, timeout, concurrency)
        # An environment of our own: TWILIO_EDGE and TWILIO_REGION would silently change the host.
        self._client = Client(
            account.account_sid, account.token, http_client=self._http, environment={"TWILIO_EDGE": ""}
        )
        self._api = self._client.api.v2010
        self._uri = f"/Accounts/{account.account_sid}/Messages.json"

    async def send(self, message: Outgoing) -> Accepted:
        """Create the message at Twilio; see `Channel.send`."""
        fields: dict[str, object] = {
            "To": message.to,
            "Body": message.body,
            "StatusCallback": self._status_url(message.attempt_id),
            "ValidityPeriod": _validity(message),
        }
        if self._account.from_number:
            fields["From"] = self._account.from_number
        if self._account.service_sid:
            fields["MessagingServiceSid"] = self._account.service_sid
        # The SDK's layer below `messages.create_async`, which would go through 26 fields and read three dates that
        # nobody needs: an eighth of what a call costs.
        created = await _understood(self._api.create_async("POST", self._uri, data=fields, headers=dict(_FORM)))
        said = created if isinstance(created, dict) else {}
        return Accepted(_sid(said.get("sid")), state(text_in(said.get("status"))))

    async def find(self, to: str) -> Sequence[Listed]:
        """Twilio's newest outbound messages to this number, 200 at most; see `Channel.find`."""
        # Filtered on To alone: what is not yet sent may have no DateSent.
        found = await _understood(self._client.messages.list_async(to=to, limit=_FIND_LIMIT))
        return [_listed(message) for message in found if text_in(message.status) not in _INBOUND]

    async def fetch(self, provider_id: str) -> Listed | None:
        """One message by its SID; see `Channel.fetch`."""
        if not _SID.fullmatch(provider_id):
            return None
        try:
            return _listed(await _understood(self._client.messages(provider_id).fetch_async()))
        except RefusalError as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def close(self) -> None:
        """Close the HTTP session; see `Channel.close`."""
        await self._http.close()


async def _understood(call: Awaitable[Answer]) -> Answer:
    """The call's answer. One that the SDK cannot make sense of is UNKNOWN: Twilio did answer."""
    try:
        return await call
    except (TwilioException, ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError):
        raise _unreadable() from None


def _unreadable() -> ChannelError:
    return ChannelError("Twilio's answer cannot be read", Fault.UNKNOWN, "unreadable")


def _sid(said: object) -> str:
    sid = sid_in(said)
    if not sid:
        raise _unreadable()
    return sid


def _validity(message: Outgoing) -> int:
    return max(1, min(int(message.valid_for.total_seconds()), _LONGEST_VALIDITY))


def _listed(message: MessageInstance) -> Listed:
    """One listed message. A list with one whose id is odd says nothing: left out, it would count as never accepted."""
    return Listed(
        provider_id=_sid(message.sid),
        to=text_in(message.to),
        body=text_in(message.body),
        sender=text_in(message.from_) or text_in(message.messaging_service_sid),
        created_at=message.date_created,
        state=state(text_in(message.status)),
        error_code=code_in(message.error_code),
    )
