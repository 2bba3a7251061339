"""Signed links for patients: they name an id, and show nobody's data to a log."""

import string
import uuid

from reminders.crypto import Keyring
from reminders.delivery import short_tokens
from reminders.delivery.short_tokens import ShortTokens
from reminders.errors import CryptoError
from reminders.models.kinds import Channel

_PURPOSE = "unsubscribe"
_CHECK_IN = "check-in"
DIGITS = 22
_TOKENS = ShortTokens(_CHECK_IN, string.digits + string.ascii_uppercase + string.ascii_lowercase, DIGITS)
"""In base 62: without - and _, at which phones end a link."""

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
    """The page on which the patient answers this check-in: for this message alone, and short enough for a text.

    Until when it can be answered, the message's own row says (`care.checkins.answerable`).
    """
    return f"{public_url}/c/{_TOKENS.make(keyring, message_id)}"


def ids_near(token: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The first and the last id that a token made by `check_in_url` may stand for; `is_token_of` tells which it is.

    Raises:
        CryptoError: it is no token of ours.
    """
    return short_tokens.ids_near(_said(token))


def is_token_of(keyring: Keyring, token: str, message_id: uuid.UUID) -> bool:
    """Whether `check_in_url` made this token for this message."""
    return _TOKENS.is_of(keyring, _said(token), message_id)


def read_long_token(keyring: Keyring, token: str) -> uuid.UUID:
    """The message behind a token of the form before, which lies in mailboxes still: its id, an expiry and a tag.

    Raises:
        CryptoError: it is no token of ours.
    """
    return uuid.UUID(bytes=keyring.unsign(_CHECK_IN, token)[:_ID_BYTES])


def _said(token: str) -> bytes:
    said = _TOKENS.read(token)
    if said is None:
        raise CryptoError("not a token")
    return said
