"""Signed links for patients: they name an id, and show nobody's data to a log."""

import uuid
from datetime import UTC, datetime, timedelta

from reminders.crypto import Keyring
from reminders.errors import CryptoError
from reminders.models.kinds import Channel

CHECK_IN_LASTS = timedelta(days=7)
"""How long after its usefulness a check-in can still be answered; later, the answer would be about other days."""

_PURPOSE = "unsubscribe"
_CHECK_IN = "check-in"
_ID_BYTES = 16
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


def check_in_url(keyring: Keyring, public_url: str, message_id: uuid.UUID, useful_until: datetime) -> str:
    """The page on which the patient answers this check-in: signed, for this message alone, and expiring."""
    until = int((useful_until + CHECK_IN_LASTS).timestamp())
    token = keyring.sign(_CHECK_IN, message_id.bytes + until.to_bytes(8, "big"))
    return f"{public_url}/c/{token}"


def read_check_in_token(keyring: Keyring, token: str, now: datetime) -> uuid.UUID:
    """The message behind a token made by `check_in_url`.

    Raises:
        CryptoError: the token is not ours, or has expired.
    """
    payload = keyring.unsign(_CHECK_IN, token)
    if datetime.fromtimestamp(int.from_bytes(payload[_ID_BYTES:], "big"), UTC) <= now:
        raise CryptoError("a check-in link that has expired")
    return uuid.UUID(bytes=payload[:_ID_BYTES])
