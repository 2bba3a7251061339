"""Numbers that are spelt out as a temperature is said: "a hundred and two", "trente-neuf et demi", "38 point 5"."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_UNITS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "oh": 0}
_UNITS |= {"zero": 0, "un": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "sept": 7, "huit": 8, "neuf": 9, "o": 0}
_UNITS |= {str(digit): digit for digit in range(10)}
_TENS = {"thirty": 30, "forty": 40, "fourty": 40, "trente": 30, "quarante": 40}
_HUNDRED = frozenset({"hundred", "hundreds", "cent"})
_LINKS = frozenset({"and", "et", "n", "a"})
_POINTS = frozenset({"point", "points", "virgule", "dot"})
_HALF = frozenset({"half", "demi", "demie"})
_NOUGHT = frozenset({"oh", "o", "zero", "0"})
_BASES = ("30", "31", "35", "36", "37", "38", "39", "40", "41", "42", "100", "101", "102", "103", "104", "105", "106")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A number at words[start:end]; `exact` when its form alone says that it is a temperature ("38.5", "101f")."""

    value: float
    start: int
    end: int
    exact: bool = False


def spoken(words: Sequence[str]) -> Iterator[Spoken]:
    """Numbers that hold a word, from thirty to a hundred and nine; "39" by itself is written, and none of these."""
    for at, word in enumerate(words):
        base = _base(words, at, word)
        if base is None:
            continue
        end, fraction = _fraction(words, base.end)
        if fraction or not word.isdigit():
            yield Spoken(base.value + fraction, at, end, exact=bool(fraction))


def _base(words: Sequence[str], at: int, word: str) -> Spoken | None:
    if word in _BASES:
        return Spoken(float(word), at, at + 1)
    if word in _TENS:
        return _added(words, at, float(_TENS[word]))
    if word in _HUNDRED:
        return _added(words, at, 100.0)
    if (
        word in {"one", "1"}
        and words[at + 1 : at + 2]
        and words[at + 1] in _NOUGHT
        and _unit(words, at + 2) is not None
    ):
        return Spoken(100.0 + _UNITS[words[at + 2]], at, at + 3)
    return None


def _added(words: Sequence[str], at: int, tens: float) -> Spoken:
    """ "Trente-neuf", "hundred and two": the unit after it, a small word between them or none."""
    for after in (at + 1, at + 2):
        unit = _unit(words, after)
        if unit is not None and (after == at + 1 or words[at + 1] in _LINKS):
            return Spoken(tens + unit, at, after + 1)
    return Spoken(tens, at, at + 1)


def _fraction(words: Sequence[str], at: int) -> tuple[int, float]:
    """ "Point five", "and a half", "et demi": where it ends, and what it adds."""
    tail = words[at : at + 3]
    if len(tail) > 1 and tail[0] in _POINTS and _unit(tail, 1) is not None:
        return at + 2, _UNITS[tail[1]] / 10
    for half, word in enumerate(tail):
        if word in _HALF:
            return at + half + 1, 0.5
        if word not in _LINKS:
            break
    return at, 0.0


def _unit(words: Sequence[str], at: int) -> int | None:
    return _UNITS.get(words[at]) if at < len(words) else None
