"""A temperature given as a number: a fever when it is one, and no fever when it is normal."""

import re
from collections.abc import Iterator

from reminders.triage.numbers import Spoken, spoken
from reminders.triage.patterns import Match
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

_NUMBER = re.compile(r"(\d{2,3}(?:[.,]\d{1,2})?)(°|c|f)?")
_PLEASE = word_group("please")
_HAVING = frozenset({"ai", "fais", "fait", "at", "running"})
_ABOUT = word_group("normal_temperature_words")
_WEATHER = word_group("weather")
_IT_IS_OUT = (["il", "fait"], ["y", "fait"])
_INSTEAD_OF = frozenset({"pas", "not"})
_FEVER = ((38.0, 42.5), (100.3, 108.0))  # Celsius, Fahrenheit
_NORMAL = ((35.5, 37.7), (96.0, 99.9))


def fevers(scene: Scene) -> Iterator[Match]:
    """Numbers that are a fever, where the sentence speaks of temperature or the number is written as one."""
    for one in scene.once(_fevers):
        yield Match("fever", one.start, one.end)


def normal(scene: Scene, match: Match) -> bool:
    """True when the clause of this mention gives a normal temperature: "36.8", but not "39 and not 36"."""
    clause = scene.clause(match.start)
    return any(clause.start <= one.start < clause.end for one in scene.once(_normals)) and not any(
        clause.start <= one.start < clause.end for one in scene.once(_fevers)
    )


def _fevers(scene: Scene) -> list[Spoken]:
    return list(_readings(scene, _FEVER))


def _normals(scene: Scene) -> list[Spoken]:
    return list(_readings(scene, _NORMAL))


def _readings(scene: Scene, ranges: tuple[tuple[float, float], ...]) -> Iterator[Spoken]:
    for one in (*_written(scene), *spoken(scene.words)):
        if any(low <= one.value <= high for low, high in ranges) and _of_a_body(scene, one):
            yield one


def _written(scene: Scene) -> Iterator[Spoken]:
    for at, word in enumerate(scene.words):
        found = _NUMBER.fullmatch(word)
        if found and scene.words[max(0, at - 1)] not in _INSTEAD_OF:
            exact = found.group(2) is not None or "." in found.group(1) or "," in found.group(1)
            yield Spoken(float(found.group(1).replace(",", ".")), at, at + 1, exact)


def _of_a_body(scene: Scene, one: Spoken) -> bool:
    start, end = scene.sentence(one.start)
    said = set(scene.words[start:end])
    if scene.words[max(0, one.start - 2) : one.start] in _IT_IS_OUT:
        return False
    return not said & _WEATHER and (one.exact or bool(said & _ABOUT) or _all_that_is_had(scene, one))


def _all_that_is_had(scene: Scene, one: Spoken) -> bool:
    """ "J'ai 39": nothing follows that the number could count."""
    rest = scene.words[one.end : scene.clause(one.start).end]
    return one.start > 0 and scene.words[one.start - 1] in _HAVING and all(word in _PLEASE for word in rest)
