"""The lexicons as a sheet that a nurse reads without reading code: classes, examples and entries in plain words."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from reminders.triage.vocabulary import load

Language = Literal["en", "fr"]
ABOUT: Mapping[str, Mapping[Language, Mapping[str, Any]]] = load("about")
FAMILIES = ("redflags", "soon", "intents")
_MOST = 6  # words of a group that are shown; the rest are in the file
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "there": "Is read so",
        "not_there": "Is not",
        "entries": "Entries",
        "+": "with, in either order,",
        "_": "(any word)",
    },
    "fr": {
        "there": "Est lu ainsi",
        "not_there": "Ne l'est pas",
        "entries": "Entrées",
        "+": "avec, dans un ordre ou l'autre,",
        "_": "(un mot)",
    },
}


def sheet(language: Language) -> Iterator[str]:
    """Lines of the sheet in one language: a title a class, texts that are read so or are not, and every entry."""
    for family in FAMILIES:
        file = load(f"{family}_{language}")
        for name, entry in file.items():
            if name != "groups" and language in ABOUT.get(name, {}):
                yield from _class(language, ABOUT[name][language], entry["phrases"], file["groups"])


def _class(
    language: Language, about: Mapping[str, Any], phrases: list[str], groups: Mapping[str, str]
) -> Iterator[str]:
    words = _WORDS[language]
    yield f"## {about['title']}"
    yield from (f"{words[side]}: {text}" for side in ("there", "not_there") for text in about[side])
    yield f"{words['entries']}:"
    yield from (f"  - {plain(phrase, groups, language)}" for phrase in phrases)
    yield ""


def plain(phrase: str, groups: Mapping[str, str], language: Language = "en") -> str:
    """An entry without the signs of the pattern language: "…" stands for words between, "/" for "or"."""
    return " ".join(_part(part, groups, language) for part in phrase.split())


def _part(part: str, groups: Mapping[str, str], language: Language) -> str:
    if part in {"~", "~~"}:
        return "…"
    if part == "&":
        return _WORDS[language]["+"]
    if part == "_":
        return _WORDS[language]["_"]
    choices = [word for choice in part.rstrip("?").split("|") for word in _choice(choice, groups)]
    shown = "/".join(choices[:_MOST]) + ("/…" if len(choices) > _MOST else "")
    return f"({shown})" if part.endswith("?") else shown


def _choice(choice: str, groups: Mapping[str, str]) -> list[str]:
    if choice.startswith("<"):
        return groups[choice[1:-1]].split() if choice[1:-1] in groups else [choice[1:-1]]
    return [f"{choice[:-1]}…" if choice.endswith("*") else choice]
