"""The words of the interface in both languages, read once from `locale/{en,fr}/*.toml`, a file for each part of it."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale

from reminders.errors import Problem
from reminders.models.kinds import Language

_FOLDER = Path(__file__).parent / "locale"
_LOCALES = {Language.EN: Locale("en", "CA"), Language.FR: Locale("fr", "CA")}
_BLANK = re.compile(r"\{(\w+)\}")


def locale_of(language: Language) -> Locale:
    """Babel's locale for a language as it is written in Canada."""
    return _LOCALES[language]


@dataclass(frozen=True)
class Catalogue:
    """Every text of the interface in one language, by dotted key ("patients.title")."""

    language: Language
    texts: Mapping[str, str]

    def text(self, key: str, **params: object) -> str:
        """The text of `key` with its blanks filled. An unknown key comes back readable, never as an error."""
        found = self.texts.get(key)
        if found is None:
            return key.rpartition(".")[2].replace("_", " ").capitalize()
        return _BLANK.sub(lambda blank: str(params.get(blank[1], blank[0])), found)

    def count(self, key: str, number: int) -> str:
        """The text of `key.one` or `key.other`, by the language's own rule (French says 0 jour, English 0 days)."""
        form = "one" if locale_of(self.language).plural_form(number) == "one" else "other"
        return self.text(f"{key}.{form}", number=number)

    def problem(self, problem: Problem) -> str:
        """What is wrong with a field, as a sentence."""
        return self.text(f"problem.{problem.key}", **problem.params)

    def has(self, key: str) -> bool:
        """Whether the catalogue has a text for `key`."""
        return key in self.texts


@cache
def catalogue(language: Language) -> Catalogue:
    """The texts of one language.

    Raises:
        ValueError: two files give a text to one key, so that which of them is read would be chance.
    """
    texts: dict[str, str] = {}
    for path in sorted((_FOLDER / language.value).glob("*.toml")):
        found = dict(_flatten(tomllib.loads(path.read_text(encoding="utf-8")), ""))
        if twice := texts.keys() & found.keys():
            raise ValueError(f"{path.name} says again: {', '.join(sorted(twice))}")
        texts |= found
    return Catalogue(language, texts)


def blanks(text: str) -> frozenset[str]:
    """The names of the blanks ("{name}") in a text."""
    return frozenset(_BLANK.findall(text))


def preferred(accept_language: str, default: Language) -> Language:
    """The language of ours that an Accept-Language header (RFC 9110, 12.5.4) likes best."""
    wishes = sorted(_wishes(accept_language), key=lambda wish: -wish[1])
    ours = [language for tag, weight in wishes if weight > 0 for language in Language if tag == language.value]
    return ours[0] if ours else default


def _wishes(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(","):
        tag, _, weight = part.partition(";q=")
        try:
            yield tag.strip().lower().partition("-")[0], float(weight or 1)
        except ValueError:
            continue


def _flatten(data: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
