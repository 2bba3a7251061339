"""A message's id as a short token that proves itself: half of the id, and half of its keyed hash (decision 0017)."""

import hmac
import uuid
from dataclasses import dataclass

from reminders.crypto import Keyring

_HALF = 8
"""Of a message's id, and of its keyed hash, so many bytes stand in a token: 64 bits that nobody can guess."""


@dataclass(frozen=True, slots=True)
class ShortTokens:
    """Tokens for one purpose, each of `length` of these digits: as many as 16 bytes take."""

    purpose: str
    digits: str
    length: int

    def make(self, keyring: Keyring, message_id: uuid.UUID) -> str:
        """The message's token."""
        number, written = int.from_bytes(message_id.bytes[:_HALF] + self._proof(keyring, message_id)), ""
        while len(written) < self.length:
            number, last = divmod(number, len(self.digits))
            written = self.digits[last] + written
        return written

    def read(self, token: str) -> bytes | None:
        """What a token says, not proven yet; None for what cannot be one."""
        if len(token) != self.length or not set(token) <= set(self.digits):
            return None
        number = 0
        for digit in token:
            number = number * len(self.digits) + self.digits.index(digit)
        return number.to_bytes(2 * _HALF) if number < 1 << (16 * _HALF) else None

    def is_of(self, keyring: Keyring, said: bytes, message_id: uuid.UUID) -> bool:
        """Whether `read` gave this of the message's own token."""
        return hmac.compare_digest(said, message_id.bytes[:_HALF] + self._proof(keyring, message_id))

    def _proof(self, keyring: Keyring, message_id: uuid.UUID) -> bytes:
        return keyring.tag(self.purpose, message_id.bytes)[:_HALF]


def ids_near(said: bytes) -> tuple[uuid.UUID, uuid.UUID]:
    """The first and the last id that what a token says may stand for; `is_of` tells which it is."""
    begins = said[:_HALF]
    return uuid.UUID(bytes=begins + bytes(_HALF)), uuid.UUID(bytes=begins + b"\xff" * _HALF)
