"""Records in the shape of Twilio's answers (its OpenAPI document, api.v2010.account.message): pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import partial
from operator import eq, ge, le
from urllib.parse import urlencode

from reminders.sandbox.records import Record
from reminders.sandbox.webhook import API_VERSION
from reminders.wording.segments import count

_DEFAULT_PAGE, _MAX_PAGE = 50, 1000
_NOT_YET_ASSIGNED = "accepted"
_DATE_LENGTH = len("2026-03-10")

# Twilio looks at the day alone (facts: "DateSent by day"), although its client sends an hour with it.
_DATE_FILTERS: Mapping[str, Callable[[str, str], bool]] = {"DateSent": eq, "DateSent<": le, "DateSent>": ge}


def message(record: Record, account: str) -> dict[str, object]:
    """One message. Through a Messaging Service it has no sender and no segments until one is assigned."""
    assigned = record.status != _NOT_YET_ASSIGNED
    uri = f"/{API_VERSION}/Accounts/{account}/Messages/{record.sid}"
    return {
        "account_sid": account,
        "api_version": API_VERSION,
        "body": record.body,
        "date_created": _stamp(record.created_at),
        "date_sent": _stamp(record.sent_at),
        "date_updated": _stamp(record.updated_at),
        "direction": record.direction,
        "error_code": record.error_code,
        "error_message": None if record.error_code is None else f"Error {record.error_code}",
        "from": record.sender if assigned else None,
        "messaging_service_sid": record.service_sid,
        "num_media": str(len(record.media)),
        "num_segments": str(count(record.body).count) if assigned else "0",
        "price": None,
        "price_unit": None,
        "sid": record.sid,
        "status": record.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": record.recipient,
        "uri": f"{uri}.json",
    }


def page(records: Sequence[Record], query: Mapping[str, str], account: str) -> dict[str, object]:
    """One page of a list, newest first, of `records` (newest last) that fit the query's filters.

    A page begins below the record that its PageToken names, so texts that arrive while a client pages through
    shift nothing.

    Raises:
        ValueError: Page, PageSize or PageToken is not a number that Twilio gave out.
    """
    size = min(max(int(query.get("PageSize") or _DEFAULT_PAGE), 1), _MAX_PAGE)
    number = max(int(query.get("Page") or 0), 0)
    token = query.get("PageToken", "")
    below = int(token.removeprefix("PA")) if token else None
    fitting = [record for record in reversed(records) if _fits(record, query) and (not below or record.seq < below)]
    rest = fitting if token else fitting[number * size :]
    shown = rest[:size]
    uri = partial(_uri, account, query, size)
    return {
        "end": max(number * size + len(shown) - 1, 0),
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1, f"PA{shown[-1].seq}") if len(rest) > size else None,
        "page": number,
        "page_size": size,
        "previous_page_uri": uri(number - 1) if number else None,
        "messages": [message(record, account) for record in shown],
        "start": number * size,
        "uri": uri(number, token),
    }


def _fits(record: Record, query: Mapping[str, str]) -> bool:
    """Whether a record is a text that passes To, From and DateSent."""
    if record.channel != "sms":
        return False
    if query.get("To", record.recipient) != record.recipient or query.get("From", record.sender) != record.sender:
        return False
    bounds = {name: query[name][:_DATE_LENGTH] for name in _DATE_FILTERS if query.get(name)}
    sent = record.sent_at.date().isoformat() if record.sent_at else None
    return not bounds or (sent is not None and all(_DATE_FILTERS[name](sent, day) for name, day in bounds.items()))


def _uri(account: str, query: Mapping[str, str], size: int, number: int, token: str = "") -> str:
    filters = {name: value for name, value in query.items() if name in {"To", "From"} or name.startswith("DateSent")}
    paging = {"PageSize": str(size), "Page": str(number)} | ({"PageToken": token} if token else {})
    return f"/{API_VERSION}/Accounts/{account}/Messages.json?{urlencode(filters | paging)}"


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else format_datetime(moment)
