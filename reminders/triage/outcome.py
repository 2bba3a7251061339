"""How the skin is: clear, improving or persisting, from a digit or from words."""

from collections.abc import Iterator
from dataclasses import replace

from reminders.triage import digits
from reminders.triage.beside import beside_the_point, only_small
from reminders.triage.clauses import Break
from reminders.triage.cues import Cue, Said, said_by, words_of
from reminders.triage.labels import Asked, Finding, Label
from reminders.triage.lexicon import OUTCOME
from reminders.triage.patterns import longest
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

BY_WORDS = 0.85
BY_MENTION = 0.6
_LABELS = {1: Label.CLEAR, 2: Label.IMPROVING, 3: Label.PERSISTING}
_LATE_DAY = 5  # before it a few pimples are nothing to report, and "still there" says little
_SKIN = word_group("skin_complaints")
_BREAKOUTS = word_group("breakout_words")
_REDNESS = frozenset({"red", "redness", "rouge", "rouges", "rougeur", "rougeurs"})
_PROGRESSIVE = word_group("progressive")
_WELL = frozenset({Cue.BETTER, Cue.FEW, Cue.GONE})
_NOW = frozenset({"now", "la", "maintenant", "today"})
_GONE = frozenset({"gone", "cleared", "clear", "disparu", "partis", "parti", "parties"})


def outcome(scene: Scene, day: int | None, asked: Asked) -> list[Finding]:
    """The state of the skin, at most one label."""
    said = list(cues(scene, late=is_late(day, asked)))
    by_words = _decide(scene, said)
    chosen = digits.answer(scene) if asked is Asked.CHECK_IN else None
    if chosen is None:
        return [by_words] if by_words else []
    contradicted = chosen.option == 1 and by_words is not None and by_words.label is Label.PERSISTING
    if by_words is not None and contradicted and by_words.confidence > BY_MENTION:
        return [replace(by_words, confidence=BY_MENTION)]
    return [Finding(_LABELS[chosen.option], chosen.words, digits.BY_DIGIT)]


def is_late(day: int | None, asked: Asked) -> bool:
    """Whether a few pimples are something to report yet."""
    return asked is Asked.CHECK_IN or day is None or day >= _LATE_DAY


def _decide(scene: Scene, said: list[Said]) -> Finding | None:
    """One label for all cues: worse outranks few left, that outranks clear; a pimple merely named comes last."""
    said = [one for one in said if not _since_better(scene, one, said)]
    cues = {one.cue for one in said if not one.plain}
    progressive = any(one.cue is Cue.BETTER and _PROGRESSIVE & set(words_of(scene, one.match)) for one in said)
    better_since = _better_since(said) or _not_gone_but_better(scene, said)
    for_weeks = Cue.BETTER not in cues and _small_for_weeks(scene, said)
    if Cue.WORSE in cues or for_weeks or (Cue.SAME in cues and not (better_since or _few_but(scene, said))):
        return _finding(scene, said, Label.PERSISTING, Cue.WORSE, Cue.SAME, *((Cue.STILL,) if for_weeks else ()))
    if Cue.FEW in cues:
        return _finding(scene, said, Label.IMPROVING, Cue.FEW)
    if Cue.BETTER in cues and better_since:
        return _finding(scene, said, Label.IMPROVING, Cue.BETTER)
    if cues & {Cue.GONE, Cue.GOOD} and not progressive and Cue.STILL not in cues:
        return _finding(scene, said, Label.CLEAR, Cue.GONE, Cue.GOOD)
    if Cue.BETTER in cues:
        return _finding(scene, said, Label.IMPROVING, Cue.BETTER)
    return _finding(scene, said, Label.PERSISTING, Cue.STILL)


def _better_since(said: list[Said]) -> bool:
    """ "Still there but a lot smaller": better is said after what is still so."""
    still = [one.match.end for one in said if one.cue in {Cue.SAME, Cue.STILL} and not one.plain]
    return bool(still) and any(one.cue is Cue.BETTER and one.match.start >= max(still) for one in said)


def _since_better(scene: Scene, one: Said, said: list[Said]) -> bool:
    """ "Broke out day 3 but it's going down": what was worse then is better now."""
    clause = scene.clause(one.match.start)
    then = scene.marked("long_past", clause.start, clause.end)
    if one.cue is not Cue.WORSE or not then:
        return False
    later = (other for other in said if other.cue in _WELL and not other.plain and other.match.start >= clause.end)
    turns = [scene.clause(other.match.start) for other in later]
    return any(turn.opens is Break.CONTRAST or scene.words[turn.start] in _NOW for turn in turns)


def _not_gone_but_better(scene: Scene, said: list[Said]) -> bool:
    """ "Better than last week. Not gone tho": not the same, and nothing worse."""
    cues = {one.cue for one in said}
    same = [one for one in said if one.cue is Cue.SAME]
    not_gone = all(_GONE.intersection(words_of(scene, one.match)) for one in same)
    return bool(same) and not_gone and Cue.BETTER in cues and Cue.WORSE not in cues


def _small_for_weeks(scene: Scene, said: list[Said]) -> bool:
    """ "Still have those little bumps after 3 weeks": little is their size, not how many there are."""
    few = [one for one in said if one.cue is Cue.FEW]
    lasting = any(
        scene.marked("for_weeks", *scene.sentence(one.match.start))
        for one in said
        if one.cue is Cue.STILL and not one.plain
    )
    return lasting and bool(few) and all(only_small(words_of(scene, one.match)) for one in few)


def _few_but(scene: Scene, said: list[Said]) -> bool:
    """ "Not all gone but there's only like four"."""
    return any(one.cue is Cue.FEW and scene.clause(one.match.start).opens is Break.CONTRAST for one in said)


def _finding(scene: Scene, said: list[Said], label: Label, *cues: Cue) -> Finding | None:
    of_these = [one for one in said if one.cue in cues]
    if not of_these:
        return None
    plain = all(one.plain for one in of_these)
    return Finding(label, scene.said(of_these[0].match), BY_MENTION if plain else BY_WORDS)


def cues(scene: Scene, *, late: bool) -> Iterator[Said]:
    found = scene.find(OUTCOME, "symptom", "answer")
    praised = "all_good" in found or "skin_good" in found
    for match in longest([match for matches in found.values() for match in matches]):
        said = said_by(scene, match)
        if said and (late or _early(scene, match.concept, said, praised=praised)) and not beside_the_point(scene, said):
            yield said


def _early(scene: Scene, concept: str, said: Said, *, praised: bool) -> bool:
    """What counts before the check-in: worse, clear skin, and a trend of the breakouts; not that there are some."""
    if concept == "none":
        counted = _BREAKOUTS | _REDNESS if praised else _BREAKOUTS
        return bool(counted & set(words_of(scene, said.match)))
    if concept == "skin_good":
        return not said.plain and bool(_SKIN & set(words_of(scene, said.match)))
    if concept == "worse":
        return not said.plain
    return concept == "better" and bool(_SKIN & set(scene.words))
