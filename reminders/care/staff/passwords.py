"""Passwords: what makes one acceptable, and argon2id hashes of them."""

import unicodedata
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from reminders.errors import InvalidInputError, Problem

SHORTEST, LONGEST = 10, 200


def check_password(password: str, email: str) -> None:
    """Refuse a password that is easy to guess, or so long that hashing it is a burden.

    Raises:
        InvalidInputError: on password: password_too_short, password_too_long, password_is_email, password_repeats.
    """
    written = _regular(password)
    local = email.lower().partition("@")[0]
    key = ""
    if len(written) < SHORTEST:
        key = "password_too_short"
    elif len(written) > LONGEST:
        key = "password_too_long"
    elif written.lower() in {email.lower(), local}:
        key = "password_is_email"
    elif len(set(written)) == 1:
        key = "password_repeats"
    if key:
        raise InvalidInputError({"password": Problem(key, shortest=str(SHORTEST), longest=str(LONGEST))})


def hash_password(password: str) -> str:
    """The argon2id hash to store. Takes about 50 to 200 ms on purpose: keep it off an event loop."""
    return _hasher().hash(_regular(password))


def matches(password: str, stored: str | None) -> bool:
    """Whether `password` made `stored`. Without anything stored it takes as long, and is never true."""
    if len(password) > LONGEST:
        return False
    fits = _hasher().verify(_regular(password), stored or _nobodys())
    return fits and stored is not None


def _regular(password: str) -> str:
    # Two keyboards may compose "é" differently; NIST SP 800-63B asks for one form.
    return unicodedata.normalize("NFKC", password)


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@cache
def _nobodys() -> str:
    """A hash that stands in where there is none, so that an unknown address takes as long as a known one."""
    return _hasher().hash("nobody has this password")
