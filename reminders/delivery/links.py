"""Links that name a patient and a channel without showing either to a database reader or a log."""

import uuid

from reminders.crypto import Keyring
from reminders.errors import CryptoError
from reminders.models.kinds import Channel

_PURPOSE = "unsubscribe"
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
