"""Names made searchable without being stored readably: each word as a row of keyed hashes, one for each beginning."""

import re
import unicodedata
import uuid

from reminders.crypto import Keyring

_SHORTEST, _LONGEST = 2, 12
_PIECE = 4
"""Bytes of the hash of one beginning: two different letters after the same ones look alike once in four billion."""

LONGEST_TOKEN = _PIECE * (_LONGEST - _SHORTEST + 1)

_MOST_WORDS = 12
_APOSTROPHES = re.compile("['’ʼ`]")
_NOT_A_WORD = re.compile(r"[\W_]+")
# Letters that Unicode does not take apart into a letter and an accent.
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ß": "ss"})


def fold(text: str) -> str:
    """`text` in lower case without accents: "Hélène-Œuvrard" -> "helene-oeuvrard"."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LIGATURES))
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


def words(text: str) -> list[str]:
    """The words of a name, folded: "Jean-François O'Neil" -> jean, francois, o, neil, oneil."""
    folded = fold(text)
    parts = _NOT_A_WORD.split(folded)
    joined = _NOT_A_WORD.split(_APOSTROPHES.sub("", folded))
    return [word for word in dict.fromkeys(parts + joined) if word][:_MOST_WORDS]


def name_tokens(keyring: Keyring, clinic_id: uuid.UUID, *names: str) -> frozenset[bytes]:
    """The tokens under which a patient of these names is found, one for each word of two letters or more.

    A word's token begins with the token of each of its beginnings, up to 12 letters: that of "tremblay" with that of
    "tre". So it shows which words of a clinic begin alike, and how long they are, but no letter.
    """
    return frozenset(_token(keyring, clinic_id, word) for name in names for word in words(name) if _is_long(word))


def query_tokens(keyring: Keyring, clinic_id: uuid.UUID, text: str) -> frozenset[bytes]:
    """What a patient must have a token beginning with, each of them, to match what somebody typed.

    Single letters are passed over. A whole name's are the very tokens of who has it.
    """
    spoken = _APOSTROPHES.sub("", fold(text))
    asked = [word for word in _NOT_A_WORD.split(spoken) if _is_long(word)]
    return frozenset(_token(keyring, clinic_id, word) for word in asked[:_MOST_WORDS])


def after(token: bytes) -> bytes:
    """What comes after every token that begins with this one, and before all others that come after it."""
    return token.ljust(LONGEST_TOKEN + 1, b"\xff")


def _is_long(word: str) -> bool:
    return len(word) >= _SHORTEST


def _token(keyring: Keyring, clinic_id: uuid.UUID, word: str) -> bytes:
    # The clinic is part of it, so that equal names in two clinics do not look equal.
    beginnings = [word[:size] for size in range(_SHORTEST, min(len(word), _LONGEST) + 1)]
    return keyring.short_hashes("names", clinic_id.bytes, beginnings, _PIECE)
