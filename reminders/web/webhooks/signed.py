"""The door for Twilio's webhooks: nothing is looked at before the signature holds."""

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

from reminders import logs
from reminders.database import Database
from reminders.models import Sender
from reminders.models.kinds import Channel
from reminders.settings import SANDBOX_ACCOUNT, Settings

_log = logs.get(__name__)

MAX_FIELDS = 500
"""More fields than any webhook has; a form that has more is not Twilio's."""

_WORD = re.compile(r"[\x21-\x7e]{1,64}")


@dataclass(frozen=True)
class Webhook:
    """A webhook whose signature holds: its fields, repeated and blank ones kept."""

    fields: ImmutableMultiDict[str, str]
    settings: Settings
    database: Database

    def get(self, name: str) -> str:
        """The first value of a field, "" if there is none."""
        value = self.fields.get(name)
        return value if value is not None else ""

    def number(self, name: str) -> str:
        """A field that holds an address, without what says how it came: WhatsApp's are `whatsapp:+1514…`."""
        return self.get(name).removeprefix("whatsapp:")

    def word(self, name: str) -> str:
        """A field that holds an id, a status or a code; "" if it is none that a column could hold."""
        value = self.get(name)
        return value if _WORD.fullmatch(value) else ""


async def _body(request: Request) -> bytes:
    return await request.body()


def signed_webhook(request: Request, body: Annotated[bytes, Depends(_body)]) -> Webhook:
    """The webhook, if one of the account's tokens signed exactly this URL and form.

    Validated on PUBLIC_URL + raw path + raw query, since a proxy may have changed what the request says of itself.
    Only the X-Twilio-Signature header is believed; no header may choose another algorithm.

    Raises:
        HTTPException: 403 for a missing or forged signature, 400 for a body that is no form.
    """
    settings: Settings = request.app.state.settings
    database: Database = request.app.state.database
    fields = _form(body)
    signature = request.headers.get("X-Twilio-Signature")
    with database.read() as session:
        tokens = _tokens(session, settings, fields.get("AccountSid") or "")
    if not signature or not _holds(tokens, _signed_url(request, settings), fields, signature):
        _log.warning("webhook refused: signature does not hold", code="403")
        raise HTTPException(403, "The signature does not hold.")
    return Webhook(fields, settings, database)


SignedWebhook = Annotated[Webhook, Depends(signed_webhook)]


def _form(body: bytes) -> ImmutableMultiDict[str, str]:
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:  # also UnicodeDecodeError
        raise HTTPException(400, "The body is not a form in UTF-8.") from error
    return ImmutableMultiDict(pairs)


def _signed_url(request: Request, settings: Settings) -> str:
    path = request.scope.get("raw_path") or request.url.path.encode()
    query = request.scope.get("query_string") or b""
    url = settings.public_url + path.decode("latin-1").split("?", maxsplit=1)[0]
    return f"{url}?{query.decode('latin-1')}" if query else url


def _tokens(session: Session, settings: Settings, account: str) -> list[str]:
    """Every token that may sign for `account`: two while they rotate, none for an account that is not ours."""
    if settings.sandboxed and account == SANDBOX_ACCOUNT:
        return [settings.sandbox_token]
    found = [token.get_secret_value() for token in settings.twilio_auth_token if account == settings.twilio_account_sid]
    own = select(Sender.credentials).where(Sender.channel == Channel.SMS, Sender.account == account)
    for credentials in session.scalars(own.where(Sender.credentials.is_not(None))):
        found.append(str(credentials.get("token", "")))
    # An empty token would let anybody sign.
    return [token for token in found if token]


def _holds(tokens: list[str], url: str, fields: ImmutableMultiDict[str, str], signature: str) -> bool:
    return any(RequestValidator(token).validate(url, fields, signature) for token in tokens)
