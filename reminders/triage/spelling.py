"""Spelling tolerance: one slip away from a long lexicon word, and never a word that exists."""

from functools import lru_cache

from reminders.triage.lexicon import KNOWN, TOLERANT

SHORTEST_WORD = 5  # of the lexicon's word; shorter ones have too many neighbours
SHORTEST_TYPED = 4


def _without_one(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


def _near(words: frozenset[str]) -> dict[str, list[str]]:
    """Lexicon words by themselves and by themselves less one letter."""
    near: dict[str, list[str]] = {}
    for word in sorted(words):
        if len(word) >= SHORTEST_WORD and word.isalpha():
            for key in {word} | _without_one(word):
                near.setdefault(key, []).append(word)
    return near


_NEAR = _near(TOLERANT)


@lru_cache(maxsize=4096)
def corrected(word: str) -> str:
    """The lexicon word that this is a slip of, or the word itself."""
    if len(word) < SHORTEST_TYPED or word in KNOWN or not word.isalpha():
        return word
    candidates = {near for key in {word} | _without_one(word) for near in _NEAR.get(key, ())}
    close = sorted(near for near in candidates if one_slip(word, near))
    return next((near for near in close if near[0] == word[0]), close[0] if close else word)


def one_slip(typed: str, word: str) -> bool:
    """True when one letter was added, dropped, changed, or swapped with its neighbour."""
    if len(typed) == len(word):
        wrong = [i for i in range(len(word)) if typed[i] != word[i]]
        return len(wrong) == 1 or _swapped(typed, word, wrong)
    short, long = sorted((typed, word), key=len)
    return len(long) - len(short) == 1 and short in _without_one(long)


def _swapped(typed: str, word: str, wrong: list[int]) -> bool:
    adjacent = len(wrong) == 2 and wrong[1] == wrong[0] + 1  # noqa: PLR2004
    return adjacent and typed[wrong[0]] == word[wrong[1]] and typed[wrong[1]] == word[wrong[0]]
