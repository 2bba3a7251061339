"""Sealing personal data at rest, blind indexes to find it again, and signed tokens."""

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from reminders.errors import CryptoError

_KEY_BYTES = 32
_NONCE_BYTES = 12
_KEY_ID_BYTES = 4
_TAG_BYTES = 16


def new_key() -> str:
    """A fresh encryption key: 32 random bytes in URL-safe base64, as REMINDERS_ENCRYPTION_KEYS wants them."""
    return base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)).decode()


def parse_key(text: str) -> bytes:
    """The 32 bytes behind a base64 key.

    Raises:
        CryptoError: the text is not base64 of 32 bytes.
    """
    try:
        key = base64.urlsafe_b64decode(text.encode())
    except ValueError as error:
        raise CryptoError("an encryption key is not URL-safe base64") from error
    if len(key) != _KEY_BYTES:
        raise CryptoError(f"an encryption key has {len(key)} bytes instead of {_KEY_BYTES}")
    return key


class Keyring:
    """Seals with the newest key, opens with any; derives the other keys from the secret.

    A sealed value is key id (4 bytes), nonce (12), AES-256-GCM ciphertext with tag. Its *context* ("patient.phone")
    is bound as associated data, so a value moved to another column no longer opens. It does not bind to the row.
    """

    def __init__(self, encryption_keys: Sequence[bytes], secret: bytes) -> None:
        if not encryption_keys:
            raise CryptoError("at least one encryption key is needed")
        self._ciphers = {hashlib.sha256(key).digest()[:_KEY_ID_BYTES]: AESGCM(key) for key in encryption_keys}
        self._newest = hashlib.sha256(encryption_keys[0]).digest()[:_KEY_ID_BYTES]
        self._secret = secret
        self._derived: dict[str, bytes] = {}
        self._index_key = self.derive("blind index")

    def seal(self, plain: bytes, context: str) -> bytes:
        """`plain`, unreadable without the newest key."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, plain, context.encode())
        return self._newest + nonce + sealed

    def open(self, sealed: bytes, context: str) -> bytes:
        """What `seal` was given.

        Raises:
            CryptoError: no key at hand made it, or it was changed or moved.
        """
        cipher = self._ciphers.get(sealed[:_KEY_ID_BYTES])
        if cipher is None:
            raise CryptoError(f"no key at hand opens this {context}")
        nonce, body = sealed[_KEY_ID_BYTES : _KEY_ID_BYTES + _NONCE_BYTES], sealed[_KEY_ID_BYTES + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, body, context.encode())
        except InvalidTag as error:
            raise CryptoError(f"a sealed {context} was changed or moved") from error

    def index(self, kind: str, value: str) -> str:
        """A keyed hash (HMAC-SHA256, hex) by which `value` can be looked up but not read."""
        return hmac.digest(self._index_key, f"{kind}\0{value}".encode(), "sha256").hex()

    def short_hashes(self, kind: str, owner: bytes, values: Iterable[str], size: int) -> bytes:
        """Keyed hashes (BLAKE2b) of `size` bytes each, one after the other: to look values up without reading them.

        `owner` has 16 bytes at most; another owner's hashes of the same values are others. They are many times
        cheaper than `index`, and so short that two values may look alike.
        """
        key = self.derive(kind)
        return b"".join(
            [hashlib.blake2b(one.encode(), digest_size=size, key=key, person=owner).digest() for one in values]
        )

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key of its own for `purpose` (HKDF-SHA256, RFC 5869), derived once for each of the few."""
        if purpose not in self._derived:
            info = f"reminders {purpose}".encode()
            self._derived[purpose] = HKDF(SHA256(), _KEY_BYTES, salt=None, info=info).derive(self._secret)
        return self._derived[purpose]

    def sign(self, purpose: str, payload: bytes) -> str:
        """A URL-safe token that carries `payload` readably and proves that we made it for `purpose`."""
        tag = self.tag(purpose, payload)
        return base64.urlsafe_b64encode(payload + tag).rstrip(b"=").decode()

    def unsign(self, purpose: str, token: str) -> bytes:
        """The payload of a token made by `sign` for the same purpose.

        Raises:
            CryptoError: the token is not ours, or was made for something else.
        """
        try:
            raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        except (ValueError, UnicodeEncodeError) as error:
            raise CryptoError("not a token") from error
        payload, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
        if not hmac.compare_digest(tag, self.tag(purpose, payload)):
            raise CryptoError("a token that is not ours")
        return payload

    def tag(self, purpose: str, payload: bytes) -> bytes:
        """16 bytes that prove that we meant `payload` for `purpose`, for whoever has it by another way."""
        return hmac.digest(self.derive(purpose), payload, "sha256")[:_TAG_BYTES]


def hash_token(token: str) -> str:
    """What the database keeps of a random bearer token (SHA-256, hex): enough to recognise it, not to use it."""
    return hashlib.sha256(token.encode()).hexdigest()
