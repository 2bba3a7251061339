"""Whether a symptom is somebody else's: "my son has a fever", "mon chum a un feu sauvage"."""

from reminders.triage.patterns import Match
from reminders.triage.proxies import is_the_patient
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

_OTHERS = word_group("others")
_OWNERS = word_group("others_owner")
_SELVES = word_group("selves")
_REPORTERS = word_group("reporters")
_PRONOUNS = frozenset(["he", "she", "they", "il", "elle", "ils", "elles"])
_PLACES = frozenset({"chez", "avec", "at", "with"})
_AT = frozenset({"at", "a"})
_THERE = frozenset({"there", "y", "virus", "bug", "gastro"})
_OF_MINE = (["of", "mine"], ["a", "moi"])
_WHERE = frozenset({"at", "in", "from", "a", "dans"})
_ROOMS = word_group("rooms")
_GREETING = (["hi"], ["hello"], ["hey"], ["bonjour"], ["allo"], ["salut"])
_REACH = 5
_FAR = 16  # words; further back another person is no longer the subject
_UNOWNED = frozenset(["everyone", "everybody", "kids"])


def somebody_else(scene: Scene, match: Match) -> bool:
    """True when another person is the subject, says nothing about the patient, and was not treated here."""
    start, end = scene.sentence(match.start)
    if _goes_around(scene, match, start, end):
        return True
    if is_the_patient(scene, match):
        return False
    person = _person_before(scene, start, match.start)
    person = _person_within(scene, match) if person is None else person
    if person is None:
        return _carried_on(scene, start, match.start)
    after = person + 1 + 2 * (scene.words[person + 1 : person + 3] in _OF_MINE)
    between = {scene.words[at] for at in range(after, match.start) if not _in_passing(scene, at)}
    return not between & _SELVES and not between & _REPORTERS


def _in_passing(scene: Scene, at: int) -> bool:
    """ "Everyone at my office", "hubby says hi": not of whoever writes, and nothing reported."""
    place = scene.words[at - 1] in _WHERE and not _ROOMS.isdisjoint(scene.words[at + 1 : at + 2])
    return place or scene.words[at + 1 : at + 2] in _GREETING


def _goes_around(scene: Scene, match: Match, start: int, end: int) -> bool:
    """ "Fever is going around", "pus at school"; "I fainted at work" is of whoever writes."""
    marks = scene.marked("going_around", match.end, min(end, match.end + _REACH))
    theirs = not (_OTHERS | _UNOWNED | _THERE).isdisjoint(scene.words[start : match.start])
    return any(theirs or scene.words[mark.start] not in _AT for mark in marks)


def _person_before(scene: Scene, start: int, end: int) -> int | None:
    for at in range(end - 1, max(start, end - _FAR) - 1, -1):
        if scene.words[at] in _OTHERS and _owned(scene, start, at) and not _beside(scene, start, at):
            return at
    by_age = [mark.end - 1 for mark in scene.marked("another_person", max(start, end - _FAR), end)]
    return max(by_age, default=None)


def _person_within(scene: Scene, match: Match) -> int | None:
    """ "Taking my dad to the ER": between the words of the symptom."""
    within = (at for at in match.skipped if scene.words[at] in _OTHERS and scene.words[at - 1] in _OWNERS)
    return next(within, None)


def _beside(scene: Scene, start: int, at: int) -> bool:
    """ "Chez ma mère avec son chat", "at my mom's": where and with whom it was, not who has it."""
    return not _PLACES.isdisjoint(scene.words[max(start, at - 2) : at])


def _mentioned(scene: Scene) -> bool:
    """True when another person is named anywhere: "she has a fever, my little one"."""
    return any(word in _OTHERS and _owned(scene, 0, at) for at, word in enumerate(scene.words))


def _owned(scene: Scene, start: int, at: int) -> bool:
    before = scene.words[max(start, at - 2) : at]
    return at == start or scene.words[at] in _UNOWNED or bool(_OWNERS & set(before))


def _carried_on(scene: Scene, start: int, end: int) -> bool:
    """ "My son is sick. He has a fever." """
    said = set(scene.words[start:end])
    return bool(said & _PRONOUNS) and not said & _SELVES and _mentioned(scene)
