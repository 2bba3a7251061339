"""The door for Twilio's webhooks: nothing is looked at before the signature holds."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException, Request
from sqlalchemy import Connection
from twilio.request_validator import RequestValidator

from reminders import logs
from reminders.database import Database
from reminders.settings import SANDBOX_ACCOUNT, Settings
from reminders.web.webhooks.accounts import Account, AccountSender, account_of

_log = logs.get(__name__)

MAX_FIELDS = 500
"""More fields than any webhook has; a form that has more is not Twilio's."""

_WORD = re.compile(r"[\x21-\x7e]{1,64}")


class Fields:
    """A form as it came, repeated and blank fields kept; what the validator asks of it takes one look each."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = pairs
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def getall(self, name: str) -> list[str]:
        """Every value of a field, in their order; none if there is no such field."""
        return self._values.get(name, [])

    def get(self, name: str) -> str:
        """The first value of a field, "" if there is none."""
        return self._values.get(name, [""])[0]


@dataclass(frozen=True)
class Webhook:
    """A webhook whose signature holds: its fields, and the account's senders, oldest first.

    On `connection` each statement is a transaction of its own.
    """

    fields: Fields
    database: Database
    connection: Connection
    now: datetime
    """The database's clock when it came."""
    senders: Sequence[AccountSender]
    of_environment: bool
    """The account is the one that the environment's settings name, which numbers without one of their own use."""

    def get(self, name: str) -> str:
        """The first value of a field, "" if there is none."""
        return self.fields.get(name)

    def number(self, name: str) -> str:
        """A field that holds an address, without what says how it came: WhatsApp's are `whatsapp:+1514…`."""
        return self.get(name).removeprefix("whatsapp:")

    def word(self, name: str) -> str:
        """A field that holds an id, a status or a code; "" if it is none that a column could hold."""
        value = self.get(name)
        return value if _WORD.fullmatch(value) else ""


@dataclass(frozen=True)
class Arrived:
    """What came, before anybody knows from whom: there is no way to its fields but `verified`."""

    _body: bytes
    _url: str
    _signature: str
    _settings: Settings
    _database: Database

    @contextmanager
    def verified(self) -> Iterator[Webhook]:
        """The webhook, if one of the account's tokens signed exactly this URL and form. Asks the database.

        Raises:
            HTTPException: 403 for a missing or forged signature, 400 for a body that is no form.
        """
        fields = _form(self._body)
        sid = fields.get("AccountSid")
        # What is no identifier is nobody's account, and a database may not even take it as a question.
        if not self._signature or not _WORD.fullmatch(sid):
            raise _refusal()
        with self._database.apart() as connection:
            account = account_of(connection, sid)
            if not _holds(_tokens(account, self._settings), self._url, fields, self._signature):
                raise _refusal()
            yield Webhook(
                fields, self._database, connection, account.now, account.senders, sid == _own_account(self._settings)
            )


async def arrived(request: Request) -> Arrived:
    """What came. It is verified in the endpoint's own thread: one change of threads a webhook instead of two.

    Validated on PUBLIC_URL + raw path + raw query, since a proxy may have changed what the request says of itself.
    Only the X-Twilio-Signature header is believed; no header may choose another algorithm.
    """
    settings: Settings = request.app.state.settings
    signature = request.headers.get("X-Twilio-Signature") or ""
    return Arrived(
        await request.body(), _signed_url(request, settings), signature, settings, request.app.state.database
    )


SignedWebhook = Annotated[Arrived, Depends(arrived)]


def _refusal() -> HTTPException:
    _log.warning("webhook refused: signature does not hold", code="403")
    return HTTPException(403, "The signature does not hold.")


def _form(body: bytes) -> Fields:
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:  # also UnicodeDecodeError
        raise HTTPException(400, "The body is not a form in UTF-8.") from error
    return Fields(pairs)


def _signed_url(request: Request, settings: Settings) -> str:
    path = request.scope.get("raw_path") or request.url.path.encode()
    query = request.scope.get("query_string") or b""
    url = settings.public_url + path.decode("latin-1").split("?", maxsplit=1)[0]
    return f"{url}?{query.decode('latin-1')}" if query else url


def _own_account(settings: Settings) -> str:
    return settings.twilio_account_sid or SANDBOX_ACCOUNT


def _tokens(account: Account, settings: Settings) -> list[str]:
    """Every token that may sign for the account: two while they rotate, none for an account that is not ours."""
    if settings.sandboxed and account.sid == SANDBOX_ACCOUNT:
        return [settings.sandbox_token]
    ours = settings.twilio_auth_token if account.sid == settings.twilio_account_sid else ()
    # An empty token would let anybody sign.
    return [token for token in (*(token.get_secret_value() for token in ours), *account.tokens) if token]


def _holds(tokens: Sequence[str], url: str, fields: Fields, signature: str) -> bool:
    return any(_validator(token).validate(url, fields, signature) for token in tokens)


@lru_cache(maxsize=256)
def _validator(token: str) -> RequestValidator:
    return RequestValidator(token)
