"""Signed links for patients: they name an id, and show nobody's data to a log."""

import uuid

from reminders.crypto import Keyring
from reminders.errors import CryptoError
from reminders.models.kinds import Channel

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


def check_in_url(keyring: Keyring, public_url: str, message_id: uuid.UUID) -> str:
    """The page on which the patient answers this check-in: signed, and for this message alone.

    Until when it can be answered, the message's own row says (`care.checkins.answerable`).
    """
    return f"{public_url}/c/{keyring.sign(_CHECK_IN, message_id.bytes)}"


def read_check_in_token(keyring: Keyring, token: str) -> uuid.UUID:
    """The message behind a token made by `check_in_url`.

    Raises:
        CryptoError: the token is not ours.
    """
    # Links of before carry an expiry of their own behind the id.
    return uuid.UUID(bytes=keyring.unsign(_CHECK_IN, token)[:_ID_BYTES])
