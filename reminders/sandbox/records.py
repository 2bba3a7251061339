"""What the sandbox keeps of one text or e-mail: a frozen value, the same in memory and (sealed) in its file."""

import json
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime

from reminders.ids import new_id

INBOUND, OUTBOUND, OUTBOUND_REPLY = "inbound", "outbound-api", "outbound-reply"
"""Twilio's words for who began: a patient, our software, or our software's answer to a webhook."""


@dataclass(frozen=True, slots=True)
class Media:
    """An attachment by its address; what a phone of the sandbox sent is in `data`, base64, and is kept by us."""

    url: str
    content_type: str
    data: str = ""

    @property
    def sid(self) -> str:
        """What its address ends in."""
        return self.url.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One text or e-mail. Times are the host's, in UTC; `status` is Twilio's word; `seq` orders records for ever."""

    sid: str
    channel: str
    direction: str
    sender: str
    recipient: str
    body: str
    status: str
    created_at: datetime
    updated_at: datetime
    seq: int = 0
    sent_at: datetime | None = None
    error_code: int | None = None
    service_sid: str | None = None
    callback: str = ""
    media: tuple[Media, ...] = ()
    subject: str = ""
    message_id: str = ""
    unsubscribe: str = ""
    raw: str = ""

    @property
    def phone(self) -> str:
        """The number or mailbox on the patient's side."""
        return self.sender if self.direction == INBOUND else self.recipient

    @property
    def clinic(self) -> str:
        """The number or address on the clinic's side."""
        return self.recipient if self.direction == INBOUND else self.sender


_FIELDS = frozenset(field.name for field in fields(Record))


def new_sid(prefix: str = "SM") -> str:
    """An identifier shaped like Twilio's: two letters and 32 hex digits, later ones sort later."""
    return prefix + new_id().hex


def moved(record: Record, status: str, now: datetime, error_code: int | None = None) -> Record:
    """`record` in its next status; the moment it was sent is kept from the first status after the queue."""
    sent_at = record.sent_at or (now if status in {"sent", "delivered", "undelivered"} else None)
    return replace(record, status=status, updated_at=now, sent_at=sent_at, error_code=error_code)


def to_bytes(record: Record) -> bytes:
    """`record` as JSON in UTF-8; undecodable bytes of an e-mail survive as lone surrogates, escaped."""
    return json.dumps({name: getattr(record, name) for name in _FIELDS}, default=_plain).encode()


def from_bytes(data: bytes) -> Record:
    """What `to_bytes` was given. Fields that a later version dropped are ignored."""
    values = json.loads(data)
    kept = {name: value for name, value in values.items() if name in _FIELDS}
    for name in ("created_at", "updated_at", "sent_at"):
        kept[name] = datetime.fromisoformat(kept[name]) if kept.get(name) else None
    kept["media"] = tuple(Media(**one) for one in kept.get("media", ()))
    return Record(**kept)


def _plain(value: object) -> object:
    return asdict(value) if isinstance(value, Media) else str(value)
