"""The address that an answer to an e-mail goes to: ours with a short token that tells, and proves, what it answers."""

import string
import uuid
from collections.abc import Iterable, Iterator

from reminders.crypto import Keyring
from reminders.delivery.short_tokens import ShortTokens, ids_near

__all__ = ["ids_near", "is_token_of", "reply_to", "tokens_in"]

_TOKENS = ShortTokens("reply", string.digits + string.ascii_lowercase, 25)
"""No capitals: mail servers and address books do not keep them apart."""

_LONGEST_LOCAL_PART = 64


def reply_to(keyring: Keyring, address: str, message_id: uuid.UUID) -> str:
    """`clinic+TOKEN@domain` for `clinic@domain`; "" where that would be longer than an address may be (RFC 5321)."""
    local, _, domain = address.rpartition("@")
    local = f"{local}+{_TOKENS.make(keyring, message_id)}"
    return f"{local}@{domain}" if len(local) <= _LONGEST_LOCAL_PART else ""


def tokens_in(addresses: Iterable[str], own: str) -> Iterator[bytes]:
    """What may be tokens, in addresses that are `own` with something added."""
    mine, _, domain = own.lower().rpartition("@")
    for address in addresses:
        local, _, where = address.lower().rpartition("@")
        base, plus, added = local.rpartition("+")
        token = _TOKENS.read(added) if plus and (base, where) == (mine, domain) else None
        if token is not None:
            yield token


def is_token_of(keyring: Keyring, token: bytes, message_id: uuid.UUID) -> bool:
    """Whether `reply_to` made this token for this message."""
    return _TOKENS.is_of(keyring, token, message_id)
