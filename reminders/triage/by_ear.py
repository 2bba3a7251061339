"""French written as it sounds: "jaimerai", "mapel", "feu sovage"; for where its neighbours are French."""

import re
from functools import lru_cache

from reminders.triage.lexicon import FRENCH, KNOWN, expand
from reminders.triage.normalise import ELISIONS

SHORTEST_KEY = 4  # letters of what is heard; shorter words have too many that sound alike
SHORTEST_REST = 4
_GLUED = frozenset("jmtlsdn")  # "jaimerais", "mappeler", "daccord"
_VERBAL = ("e", "er", "ez", "ais")
_VOWELS = frozenset("aeiouyh")
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"(.)\1+", r"\1"),
        (r"eau|au", "o"),
        (r"ph", "f"),
        (r"ch", "$"),
        (r"h", ""),
        (r"q(?:u(?=[aeio]))?", "k"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"ge(?=[ao])|g(?=[eiy])", "j"),
        (r"gu(?=[ei])", "g"),
        (r"(?<=[aeiou])s(?=[aeiou])", "z"),
        (r"y", "i"),
        (r"(?:ai|ei)(?![nl])|est$", "e"),
        (r"em(?=[bp])|en(?=[^aeioun])|am(?=[bp])", "an"),
        (r"[stdxzp]+$", ""),
        (r"(?:er|e|en|ee)$", ""),
        (r"e$", ""),
        (r"(.)\1+", r"\1"),
    )
)


def heard(word: str) -> str:
    """What a French word sounds like, roughly: words that are heard alike have one key."""
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word


def _alike(words: frozenset[str]) -> dict[str, str]:
    """For each sound its shortest word, a verb before a noun: what is glued to "me" or "je" is one."""
    keys: dict[str, str] = {}
    for word in sorted(words, key=lambda word: (not word.endswith(_VERBAL), len(word), word)):
        key = heard(word)
        if word.isalpha() and len(key) >= SHORTEST_KEY:
            keys.setdefault(key, word)
    return keys


_ALIKE = _alike(FRENCH)


@lru_cache(maxsize=4096)
def by_ear(word: str) -> tuple[str, ...]:
    """The French word or words that this unknown one is heard as; nothing where it is known or sounds like none."""
    if word in KNOWN or not word.isalpha():
        return ()
    rest = word[1:]
    if word[0] in _GLUED and rest[:1] and rest[0] in _VOWELS and len(rest) >= SHORTEST_REST - 1:
        whole = _spelt(rest)
        if whole:
            return (ELISIONS[word[0]], *expand(whole))
    alike = _ALIKE.get(heard(word))
    return tuple(expand(alike)) if alike else ()


def _spelt(rest: str) -> str:
    if rest in FRENCH and len(rest) >= SHORTEST_REST:
        return rest
    return _ALIKE.get(heard(rest), "")
