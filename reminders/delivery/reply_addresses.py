"""The address that an answer to an e-mail goes to: ours with a short token that tells, and proves, what it answers."""

import hmac
import uuid
from collections.abc import Iterable, Iterator

from reminders.crypto import Keyring

_PURPOSE = "reply"
_HALF = 8
"""Of a message's id and of its keyed hash so many bytes stand in a token, as in a check-in's link (decision 0017)."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
"""No capitals: mail servers and address books do not keep them apart."""

_LENGTH = 25
_LONGEST_LOCAL_PART = 64


def reply_to(keyring: Keyring, address: str, message_id: uuid.UUID) -> str:
    """`clinic+TOKEN@domain` for `clinic@domain`; "" where that would be longer than an address may be (RFC 5321)."""
    local, _, domain = address.rpartition("@")
    local = f"{local}+{_written(message_id.bytes[:_HALF] + _proof(keyring, message_id))}"
    return f"{local}@{domain}" if len(local) <= _LONGEST_LOCAL_PART else ""


def tokens_in(addresses: Iterable[str], own: str) -> Iterator[bytes]:
    """What may be tokens, in addresses that are `own` with something added."""
    mine, _, domain = own.lower().rpartition("@")
    for address in addresses:
        local, _, where = address.lower().rpartition("@")
        base, plus, added = local.rpartition("+")
        token = _read(added) if plus and (base, where) == (mine, domain) else None
        if token is not None:
            yield token


def ids_near(token: bytes) -> tuple[uuid.UUID, uuid.UUID]:
    """The first and the last id that a token may stand for; `is_token_of` tells which it is."""
    begins = token[:_HALF]
    return uuid.UUID(bytes=begins + bytes(_HALF)), uuid.UUID(bytes=begins + b"\xff" * _HALF)


def is_token_of(keyring: Keyring, token: bytes, message_id: uuid.UUID) -> bool:
    """Whether `reply_to` made this token for this message."""
    return hmac.compare_digest(token, message_id.bytes[:_HALF] + _proof(keyring, message_id))


def _proof(keyring: Keyring, message_id: uuid.UUID) -> bytes:
    return keyring.tag(_PURPOSE, message_id.bytes)[:_HALF]


def _written(raw: bytes) -> str:
    number, digits = int.from_bytes(raw), ""
    while len(digits) < _LENGTH:
        number, last = divmod(number, len(_DIGITS))
        digits = _DIGITS[last] + digits
    return digits


def _read(token: str) -> bytes | None:
    if len(token) != _LENGTH or not set(token) <= set(_DIGITS):
        return None
    number = int(token, len(_DIGITS))
    return number.to_bytes(2 * _HALF) if number < 1 << (16 * _HALF) else None
