"""The lexicon files compiled: one index of phrases a family, English and French together."""

import re
from collections.abc import Iterable
from typing import Any

from reminders.triage.normalise import fold, tokens
from reminders.triage.patterns import Index, Phrase, compile_phrase
from reminders.triage.vocabulary import EXPANSIONS, REAL_WORDS, TONGUES, load

_LANGUAGES = ("en", "fr")
_WORDS = re.compile(r"(?<![a-z*<])[a-z]+(?![a-z*>])")


def expand(text: str) -> list[str]:
    """The words of a lexicon entry, written out as a reply's are."""
    if text.endswith("*"):
        return [fold(text[:-1]) + "*"]
    return [token.text for token in tokens(fold(text)) if any(c.isalnum() for c in token.text)]


def _groups(files: Iterable[dict[str, Any]]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for file in files:
        for name, listed in file.get("groups", {}).items():
            merged[name] = f"{merged.get(name, '')} {listed}".strip()
    return merged


def _family(family: str) -> tuple[Index, dict[str, dict[str, Any]]]:
    """The index of one family and the settings (tier and so on) of its concepts."""
    files = [load(f"{family}_{language}") for language in _LANGUAGES]
    groups, index = _groups(files), Index()
    concepts: dict[str, dict[str, Any]] = {}
    for file in files:
        for concept, entry in file.items():
            if concept != "groups":
                concepts.setdefault(concept, {}).update(entry)
                _add(index, concept, entry["phrases"], groups)
    return index, concepts


def _add(index: Index, concept: str, phrases: Iterable[str], groups: dict[str, str]) -> None:
    for text in phrases:
        for phrase in _compiled(concept, text, groups):
            index.add(phrase)


def _compiled(concept: str, text: str, groups: dict[str, str]) -> list[Phrase]:
    try:
        return compile_phrase(concept, text, groups, expand)
    except (KeyError, ValueError, IndexError) as problem:
        raise ValueError(f"{concept}: {text!r}: {problem}") from problem


def _grammar() -> Index:
    index, groups = Index(), load("grammar")["words"]
    for concept, phrases in load("grammar")["phrases"].items():
        _add(index, concept, phrases, groups)
    return index


def _known() -> frozenset[str]:
    grammar = load("grammar")["words"]
    listed = {word for group in grammar.values() for word in group.split()}
    written = {word for full in EXPANSIONS.values() for word in full}
    spelt = set().union(*(index.vocabulary() for index in (REDFLAGS, INTENTS, OUTCOME, SOON, IDIOMS, GRAMMAR)))
    return frozenset(listed | written | spelt | REAL_WORDS | TONGUES["en"] | TONGUES["fr"])


def _french() -> frozenset[str]:
    """Every word that the French files spell out."""
    files = [load(f"{family}_fr") for family in ("redflags", "intents", "outcome", "soon")]
    entries = [text for file in files for name, entry in file.items() for text in _texts(name, entry)]
    return frozenset(word for text in entries for word in _WORDS.findall(text))


def _texts(name: str, entry: dict[str, Any]) -> Iterable[str]:
    return entry.values() if name == "groups" else entry["phrases"]


REDFLAGS, _OF_FLAGS = _family("redflags")
INTENTS, _ = _family("intents")
OUTCOME, _ = _family("outcome")
SOON, _OF_SOON = _family("soon")
FLAG_SETTINGS = _OF_SOON | _OF_FLAGS
"""By concept, of both tiers: how either stands is asked by the same rules."""
IDIOMS, _ = _family("idioms")
GRAMMAR = _grammar()
KNOWN = _known()
FRENCH = _french()
TOLERANT = frozenset().union(*(index.vocabulary() for index in (REDFLAGS, INTENTS, OUTCOME, SOON)))
