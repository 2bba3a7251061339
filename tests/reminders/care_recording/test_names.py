"""Names folded and cut into tokens: found without being stored."""

import uuid

import pytest

from reminders.care.names import fold, name_tokens, query_tokens, words
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
    assert asked <= held


@pytest.mark.parametrize("typed", ["emblay", "marc", "mar gagnon", "tremblays"])
def test_does_not_find_others(keyring: Keyring, typed: str) -> None:
    assert not query_tokens(keyring, CLINIC, typed) <= name_tokens(keyring, CLINIC, "Marie-Ève", "Tremblay")


def test_long_names_are_found_by_their_whole(keyring: Keyring) -> None:
    name = "Papadopoulosianakis"
    assert query_tokens(keyring, CLINIC, name) <= name_tokens(keyring, CLINIC, name)


def test_tokens_differ_between_clinics_and_fit_their_column(keyring: Keyring) -> None:
    here, there = name_tokens(keyring, CLINIC, "Marie"), name_tokens(keyring, uuid.uuid4(), "Marie")
    assert not here & there
    assert {len(token) for token in here} == {32}


@pytest.mark.parametrize("typed", ["", " ", "a", "- '", "%"])
def test_nothing_to_look_for(keyring: Keyring, typed: str) -> None:
    assert query_tokens(keyring, CLINIC, typed) == frozenset()
