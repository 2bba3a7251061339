"""What practice systems call the starter protocols: the two kinds of microneedling are never taken for each other."""

import pytest

from reminders.care.imports.rows import PROTOCOL_WORDS, protocol_names
from schedules import library

BRANDS = ("morpheus", "sylfirm")
NAMES = {key: library.load(key).name for key in library.available()}


@pytest.mark.parametrize("key", library.available())
def test_every_word_means_one_protocol(key: str) -> None:
    names = protocol_names(NAMES)
    called = [word for word, meant in names.items() if meant == key]
    assert len(called) >= len(PROTOCOL_WORDS[key])
    with_rf = [word for word in called if "rf" in word.split() or "radio" in word or word.startswith(BRANDS)]
    assert with_rf == (called if key == "rf-microneedling" else [])


def test_radiofrequency_is_unknown_until_the_clinic_has_published_it() -> None:
    names = protocol_names({"microneedling": NAMES["microneedling"]})
    assert set(names.values()) == {"microneedling"}
    assert not [word for word in names if "rf" in word.split() or "radio" in word]
