"""The word tables that every rule reads: abbreviations, emoji and the small grammar words."""

import tomllib
from pathlib import Path
from typing import Any

LEXICON = Path(__file__).parent / "lexicon"


def load(name: str) -> dict[str, Any]:
    """One lexicon file as a dict; raises OSError or TOMLDecodeError at start, never while reading a reply."""
    return tomllib.loads((LEXICON / f"{name}.toml").read_text(encoding="utf-8"))


def _listed(name: str) -> frozenset[str]:
    lines = (LEXICON / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


_SPELLING = load("spelling")
_GRAMMAR = load("grammar")
_TONGUES = load("tongues")

EXPANSIONS: dict[str, list[str]] = {short: str(full).split() for short, full in _SPELLING["written_out"].items()}
JOINED: dict[str, str] = _SPELLING["joined"]
EMOJI: dict[str, str] = _SPELLING["emoji"]
REAL_WORDS: frozenset[str] = _listed("real_words")
TONGUES: dict[str, frozenset[str]] = {tongue: frozenset(words.split()) for tongue, words in _TONGUES.items()}


def words(group: str) -> frozenset[str]:
    """A named group of single words from grammar.toml."""
    return frozenset(str(_GRAMMAR["words"][group]).split())
