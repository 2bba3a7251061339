"""The words that the linter looks for, as data: treatments, carriers' answers, ways out."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from reminders.models.kinds import Language


def fold(text: str) -> str:
    """`text` without capitals and accents, and with plain apostrophes."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(character for character in apart if not unicodedata.combining(character))


def treatment_in(text: str, names: Iterable[str] = ()) -> str | None:
    """The first word in `text` that names a treatment: one of the vocabulary's, or one of `names`, folded."""
    words = [word for language in Language for word in _data()["treatments"][language.value]]
    found = _any_of([*words, *(fold(name) for name in names if name.strip())]).search(fold(text))
    return found[0] if found else None


def carrier_answer_in(text: str) -> str | None:
    """A word of a carrier's that `text` asks for as an answer, if any.

    "Reply STOP to opt out" is none; "Reply YES if ..." and "STOP = it got worse" are.
    """
    found = _asked_answer().search(fold(text)) or _given_a_meaning().search(text)
    return found["word"].upper() if found else None


def shortener_in(text: str) -> str | None:
    """The first of the public link shorteners that `text` has a link of, if any."""
    hosts = "|".join(re.escape(host) for host in _data()["shorteners"]["hosts"])
    found = re.search(rf"(?<![\w.@-])(?:www\.)?({hosts})(?![\w-]|\.\w)", text.casefold())
    return found[1] if found else None


def has_way_out(text: str, language: Language, way: str) -> bool:
    """Whether `text` names the language's word for a `way` out: "stop" or "help"."""
    return _any_of(_data()["ways_out"][language.value][way]).search(fold(text)) is not None


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    return _compiled(tuple(words))


@cache
def _compiled(words: tuple[str, ...]) -> re.Pattern[str]:
    stems = "|".join(re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for word in words)
    return re.compile(rf"(?<!\w)(?:{stems})(?!\w)")


@cache
def _asked_answer() -> re.Pattern[str]:
    """One of the carriers' answers right after an asking word, in capitals or not."""
    asking = "|".join(word for language in Language for word in _data()["asking"][language.value])
    words = "|".join(_data()["carriers"]["answers"]).lower()
    between = r"(?:\s+(?:with|by|par|the word|le mot|only|just|seulement))?\s*[\"'“«]?\s*"
    return re.compile(rf"(?<!\w)(?:{asking}){between}(?P<word>{words})(?!\w)")


@cache
def _given_a_meaning() -> re.Pattern[str]:
    """Any of the carriers' words, in capitals, that is given a meaning: "YES = better", "END si tout va bien"."""
    carriers = _data()["carriers"]
    answers, all_words = ("|".join(words) for words in (carriers["answers"], _every_word(carriers)))
    return re.compile(rf"(?<!\w)(?P<word>(?:{all_words})(?=[\"'”»]?\s*=)|(?:{answers})(?=[\"'”»]?\s+(?:if|si)\b))")


def _every_word(carriers: dict[str, list[str]]) -> list[str]:
    return [*carriers["answers"], *carriers["ways_out"]]


@cache
def _data() -> dict[str, Any]:
    text = (resources.files("reminders.wording") / "vocabulary.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
