"""The words of the explanations, in English and French, as data."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from reminders.models.kinds import Language


@dataclass(frozen=True)
class Texts:
    """One language's words. A sentence holds {channel}, {at} or {since}, and {because}; the other tables fill them."""

    moment: Mapping[str, str]
    because: str
    sentence: Mapping[str, str]
    channel: Mapping[str, str]
    shared: str
    before: Mapping[str, str]
    reason: Mapping[str, str]
    code: Mapping[str, str]


@cache
def texts(language: Language) -> Texts:
    """The words of `language`."""
    data = resources.files(__package__).joinpath(f"{language.value}.toml").read_text(encoding="utf-8")
    return Texts(**tomllib.loads(data))
