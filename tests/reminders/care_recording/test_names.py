"""Names folded and cut into tokens: found without being stored."""

import uuid
from collections.abc import Callable

import pytest

from reminders.care.names import LONGEST_TOKEN, after, fold, name_tokens, query_tokens, words
from reminders.crypto import Keyring

CLINIC = uuid.uuid4()


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Hélène", "helene"),
        ("ŒUVRARD", "oeuvrard"),
        ("Łukasz Straße", "lukasz strasse"),
        ("Zoe\u0301", "zoe"),
        ("Nguyễn", "nguyen"),
    ],
)
def test_folds_accents_and_case(typed: str, folded: str) -> None:
    assert fold(typed) == folded


def token_begins(asked: bytes) -> Callable[[bytes], bool]:
    """Whether a token lies where the database looks for those that begin with what is asked."""
    return lambda held: asked <= held < after(asked)


def test_takes_names_apart() -> None:
    assert words("Jean-François O’Neil") == ["jean", "francois", "o", "neil", "oneil"]


@pytest.mark.parametrize(
    "typed",
    [
        "mar tre",
        "TREMBLAY",
        "eve",
        "Marie-Ève Tremblay",
        "trem marie x",
        "tremblay, marie",
        "tr",
        "o'neil",
        "oneil",
        "ne",
    ],
)
def test_finds_by_beginnings(keyring: Keyring, typed: str) -> None:
    held = name_tokens(keyring, CLINIC, "Marie-Ève", "Tremblay O'Neil")
    asked = query_tokens(keyring, CLINIC, typed)
    assert asked
    assert all(any(map(token_begins(one), held)) for one in asked)


@pytest.mark.parametrize("typed", ["emblay", "marc", "mar gagnon", "tremblays"])
def test_does_not_find_others(keyring: Keyring, typed: str) -> None:
    held = name_tokens(keyring, CLINIC, "Marie-Ève", "Tremblay")
    assert not all(any(map(token_begins(one), held)) for one in query_tokens(keyring, CLINIC, typed))


def test_long_names_are_found_by_their_whole(keyring: Keyring) -> None:
    name = "Papadopoulosianakis"
    assert query_tokens(keyring, CLINIC, name) <= name_tokens(keyring, CLINIC, name)


def test_tokens_differ_between_clinics(keyring: Keyring) -> None:
    here, there = name_tokens(keyring, CLINIC, "Marie"), name_tokens(keyring, uuid.uuid4(), "Marie")
    assert not here & there
    assert {token[:4] for token in here} != {token[:4] for token in there}


def test_a_word_is_one_token_whatever_its_length(keyring: Keyring) -> None:
    assert len(name_tokens(keyring, CLINIC, "Marie", "Tremblay")) == 2
    (longest,) = name_tokens(keyring, CLINIC, "Papadopoulosianakis")
    assert len(longest) == LONGEST_TOKEN


@pytest.mark.parametrize("typed", ["", " ", "a", "- '", "%"])
def test_nothing_to_look_for(keyring: Keyring, typed: str) -> None:
    assert query_tokens(keyring, CLINIC, typed) == frozenset()
