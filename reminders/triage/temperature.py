"""A temperature given as a number: a fever when it is one, and no fever when it is normal."""

import re
from collections.abc import Iterator

from reminders.triage.patterns import Match
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

_NUMBER = re.compile(r"(\d{2,3}(?:[.,]\d{1,2})?)(°|c|f)?")
_PLEASE = word_group("please")
_HAVING = frozenset({"ai", "fais", "fait", "at", "running"})
_ABOUT = word_group("normal_temperature_words")
_WEATHER = word_group("weather")
_FEVER = ((38.0, 42.5), (100.3, 108.0))  # Celsius, Fahrenheit
_NORMAL = ((35.5, 37.7), (96.0, 99.9))


def fevers(scene: Scene) -> Iterator[Match]:
    """Numbers that are a fever, where the sentence speaks of temperature or the number is written as one."""
    for at, _ in _readings(scene, _FEVER):
        yield Match("fever", at, at + 1)


def normal(scene: Scene, match: Match) -> bool:
    """True when the clause of this mention gives a normal temperature."""
    clause = scene.clause(match.start)
    return any(clause.start <= at < clause.end for at, _ in _readings(scene, _NORMAL))


def _readings(scene: Scene, ranges: tuple[tuple[float, float], ...]) -> Iterator[tuple[int, float]]:
    for at, word in enumerate(scene.words):
        found = _NUMBER.fullmatch(word)
        if found is None:
            continue
        value = float(found.group(1).replace(",", "."))
        if any(low <= value <= high for low, high in ranges) and _of_a_body(scene, at, found):
            yield at, value


def _of_a_body(scene: Scene, at: int, found: re.Match[str]) -> bool:
    start, end = scene.sentence(at)
    said = set(scene.words[start:end])
    written = found.group(2) is not None or "." in found.group(1) or "," in found.group(1)
    return not said & _WEATHER and (written or bool(said & _ABOUT) or _all_that_is_had(scene, at))


def _all_that_is_had(scene: Scene, at: int) -> bool:
    """ "J'ai 39": nothing follows that the number could count."""
    rest = scene.words[at + 1 : scene.clause(at).end]
    return at > 0 and scene.words[at - 1] in _HAVING and all(word in _PLEASE for word in rest)
