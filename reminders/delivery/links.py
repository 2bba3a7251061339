"""Signed links for patients: they name an id, and show nobody's data to a log."""

import hmac
import string
import uuid

from reminders.crypto import Keyring
from reminders.errors import CryptoError
from reminders.models.kinds import Channel

_PURPOSE = "unsubscribe"
_CHECK_IN = "check-in"
_HALF = 8
"""Of a message's id, and of its keyed hash, so many bytes stand in a token: 64 bits that nobody can guess."""

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
DIGITS = 22
"""16 bytes in base 62: without - and _, at which phones end a link."""

_BYTE = {Channel.SMS: b"s", Channel.EMAIL: b"e"}
_CHANNEL = {byte: channel for channel, byte in _BYTE.items()}


def unsubscribe_token(keyring: Keyring, patient_id: uuid.UUID, channel: Channel) -> str:
    """What stands behind /u/: the patient's id and the channel, signed; it never expires, as the law wants."""
    return keyring.sign(_PURPOSE, patient_id.bytes + _BYTE[channel])


def read_unsubscribe_token(keyring: Keyring, token: str) -> tuple[uuid.UUID, Channel]:
    """The patient's id and the channel of a token made by `unsubscribe_token`.

    Raises:
        CryptoError: the token is not ours.
    """
    payload = keyring.unsign(_PURPOSE, token)
    try:
        return uuid.UUID(bytes=payload[:-1]), _CHANNEL[payload[-1:]]
    except (ValueError, KeyError) as error:
        raise CryptoError("not an unsubscribe token") from error


def unsubscribe_url(public_url: str, token: str) -> str:
    """The page, and the one-click target (RFC 8058), of an unsubscribe token."""
    return f"{public_url}/u/{token}"


def check_in_url(keyring: Keyring, public_url: str, message_id: uuid.UUID) -> str:
    """The page on which the patient answers this check-in: for this message alone, and short enough for a text.

    Until when it can be answered, the message's own row says (`care.checkins.answerable`).
    """
    return f"{public_url}/c/{_base62(message_id.bytes[:_HALF] + _proof(keyring, message_id))}"


def ids_near(token: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The first and the last id that a token made by `check_in_url` may stand for; `is_token_of` tells which it is.

    Raises:
        CryptoError: it is no token of ours.
    """
    begins = _from_base62(token)[:_HALF]
    return uuid.UUID(bytes=begins + bytes(_HALF)), uuid.UUID(bytes=begins + b"\xff" * _HALF)


def is_token_of(keyring: Keyring, token: str, message_id: uuid.UUID) -> bool:
    """Whether `check_in_url` made this token for this message."""
    return hmac.compare_digest(_from_base62(token), message_id.bytes[:_HALF] + _proof(keyring, message_id))


def read_long_token(keyring: Keyring, token: str) -> uuid.UUID:
    """The message behind a token of the form before, which lies in mailboxes still: its id, an expiry and a tag.

    Raises:
        CryptoError: it is no token of ours.
    """
    return uuid.UUID(bytes=keyring.unsign(_CHECK_IN, token)[: 2 * _HALF])


def _proof(keyring: Keyring, message_id: uuid.UUID) -> bytes:
    return keyring.tag(_CHECK_IN, message_id.bytes)[:_HALF]


def _base62(raw: bytes) -> str:
    number, digits = int.from_bytes(raw), ""
    while len(digits) < DIGITS:
        number, last = divmod(number, len(_BASE62))
        digits = _BASE62[last] + digits
    return digits


def _from_base62(token: str) -> bytes:
    if len(token) != DIGITS or not set(token) <= set(_BASE62):
        raise CryptoError("not a token")
    number = 0
    for digit in token:
        number = number * len(_BASE62) + _BASE62.index(digit)
    try:
        return number.to_bytes(2 * _HALF)
    except OverflowError as error:
        raise CryptoError("not a token") from error
