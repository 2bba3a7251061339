"""A check-in's link is short, for one message alone, and nobody can guess it.

Seen to fail with a token without its proof, and with ids that are looked for by the first milliseconds alone.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.crypto import Keyring, new_key, parse_key
from reminders.delivery.links import DIGITS, check_in_url, ids_near, is_token_of, read_long_token
from reminders.errors import CryptoError
from reminders.ids import new_id

KEYRING = Keyring([parse_key(new_key())], b"a secret for tests only, 32 bytes")
IDS = st.uuids()


def token(id_: object, keyring: Keyring = KEYRING) -> str:
    return check_in_url(keyring, "", id_).removeprefix("/c/")  # type: ignore[arg-type]


@given(IDS)
def test_a_token_is_short_plain_and_leads_back(id_: object) -> None:
    made = token(id_)
    assert len(made) == DIGITS
    assert made.isalnum()
    assert made.isascii()
    first, last = ids_near(made)
    assert first <= id_ <= last  # type: ignore[operator]
    assert is_token_of(KEYRING, made, id_)  # type: ignore[arg-type]


@given(IDS, IDS)
def test_a_token_is_one_messages(one: object, other: object) -> None:
    assert is_token_of(KEYRING, token(one), other) is (one == other)  # type: ignore[arg-type]


def test_few_messages_are_near_a_token() -> None:
    ids = [new_id() for _ in range(2_000)]
    for id_ in ids[::100]:
        first, last = ids_near(token(id_))
        assert sum(first <= other <= last for other in ids) <= 5


def test_another_secret_makes_another_token() -> None:
    id_ = new_id()
    theirs = Keyring([parse_key(new_key())], b"another secret for tests, 32 byte")
    assert not is_token_of(KEYRING, token(id_, theirs), id_)


@pytest.mark.parametrize("wrong", ["", "A", "z" * 22, "A" * 21, "A" * 23, "é" * 22, "-" * 22, "A" * 54])
def test_what_is_no_token_is_refused(wrong: str) -> None:
    with pytest.raises(CryptoError):
        ids_near(wrong)


def test_a_link_of_the_form_before_leads_back() -> None:
    id_ = new_id()
    sent = KEYRING.sign("check-in", id_.bytes + bytes(8))
    assert len(sent) > DIGITS
    assert read_long_token(KEYRING, sent) == id_
    with pytest.raises(CryptoError):
        read_long_token(KEYRING, sent[:-1] + ("A" if sent[-1] != "A" else "B") * 2)


def test_each_character_counts() -> None:
    id_ = new_id()
    made = token(id_)
    for at, was in enumerate(made):
        changed = made[:at] + ("a" if was != "a" else "b") + made[at + 1 :]
        try:
            assert not is_token_of(KEYRING, changed, id_)
        except CryptoError:
            continue
