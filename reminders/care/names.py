"""Names made searchable without being stored readably: keyed hashes of their folded beginnings."""

import re
import unicodedata
import uuid

from reminders.crypto import Keyring

_SHORTEST, _LONGEST = 2, 12
_TOKEN_LENGTH = 32
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


def name_tokens(keyring: Keyring, clinic_id: uuid.UUID, *names: str) -> frozenset[str]:
    """The tokens under which a patient of these names is found: each word's beginnings of 2 to 12 letters."""
    beginnings = {word[:size] for name in names for word in words(name) for size in _sizes(word)}
    return frozenset(_token(keyring, clinic_id, beginning) for beginning in beginnings)


def query_tokens(keyring: Keyring, clinic_id: uuid.UUID, text: str) -> frozenset[str]:
    """The tokens that a patient must all have to match what somebody typed. Single letters are passed over."""
    spoken = _APOSTROPHES.sub("", fold(text))
    asked = [word[:_LONGEST] for word in _NOT_A_WORD.split(spoken) if len(word) >= _SHORTEST]
    return frozenset(_token(keyring, clinic_id, word) for word in asked[:_MOST_WORDS])


def _sizes(word: str) -> range:
    return range(_SHORTEST, min(len(word), _LONGEST) + 1)


def _token(keyring: Keyring, clinic_id: uuid.UUID, beginning: str) -> str:
    # The clinic is part of it, so that equal names in two clinics do not look equal.
    return keyring.index("name", f"{clinic_id}:{beginning}")[:_TOKEN_LENGTH]
