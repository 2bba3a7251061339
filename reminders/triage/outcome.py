"""How the skin is: clear, improving or persisting, from a digit or from words."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from reminders.triage import digits
from reminders.triage.clauses import Clause
from reminders.triage.labels import Asked, Finding, Label
from reminders.triage.lexicon import OUTCOME
from reminders.triage.negation import NEGATORS, negates
from reminders.triage.patterns import Match, longest
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

BY_DIGIT = 0.97
BY_WORDS = 0.85
BY_MENTION = 0.6
_LABELS = {1: Label.CLEAR, 2: Label.IMPROVING, 3: Label.PERSISTING}
_LATE_DAY = 5  # before it a few pimples are nothing to report, and "still there" says little
_NEGATION_REACH = 4
_FRENCH_AFTER = frozenset({"pas", "nomore"})
_COMPARING = frozenset(["than", "que", "as", "like", "comme", "before", "avant", "since", "depuis", "same", "meme"])
_PAST = frozenset(["was", "were", "had", "etait", "etaient", "etais", "avait", "avais", "eu"])
_COMPLAINTS = word_group("other_complaints")
_SKIN = word_group("skin_complaints")
_BREAKOUTS = word_group("breakout_words")
_PLEASE = word_group("please")
_LESS = frozenset({"less", "fewer", "moins"})
_NOTHING = frozenset({"nothing", "rien"})
_PROGRESSIVE = word_group("progressive")


class Cue(StrEnum):
    """What one phrase says of the skin, strongest first."""

    WORSE = "worse"
    FEW = "few"
    GONE = "gone"
    BETTER = "better"
    GOOD = "good"
    STILL = "still"


_CUES = {
    "worse": Cue.WORSE,
    "many": Cue.WORSE,
    "same": Cue.WORSE,
    "few": Cue.FEW,
    "none": Cue.GONE,
    "better": Cue.BETTER,
    "skin_good": Cue.GOOD,
    "clear_word": Cue.GOOD,
    "all_good": Cue.GOOD,
    "still": Cue.STILL,
}
_SAYS_STILL = frozenset({"still", "encore", "toujours"})


@dataclass(frozen=True, slots=True)
class Said:
    """A cue where it was found; `plain` when a pimple is merely named."""

    cue: Cue
    match: Match
    plain: bool = False


def outcome(scene: Scene, day: int | None, asked: Asked) -> list[Finding]:
    """The state of the skin, at most one label."""
    late = asked is Asked.CHECK_IN or day is None or day >= _LATE_DAY
    said = list(_cues(scene, late=late))
    by_words = _decide(scene, said)
    chosen = digits.answer(scene) if asked is Asked.CHECK_IN else None
    if chosen is None:
        return [by_words] if by_words else []
    contradicted = chosen.option == 1 and by_words is not None and by_words.label is Label.PERSISTING
    if by_words is not None and contradicted and by_words.confidence > BY_MENTION:
        return [replace(by_words, confidence=BY_MENTION)]
    return [Finding(_LABELS[chosen.option], chosen.words, BY_DIGIT)]


def _decide(scene: Scene, said: list[Said]) -> Finding | None:
    """One label for all cues: worse outranks few left, that outranks clear; a pimple merely named comes last."""
    cues = {one.cue for one in said if not one.plain}
    progressive = any(one.cue is Cue.BETTER and _PROGRESSIVE & set(_words(scene, one.match)) for one in said)
    if Cue.WORSE in cues:
        return _finding(scene, said, Label.PERSISTING, Cue.WORSE)
    if Cue.FEW in cues:
        return _finding(scene, said, Label.IMPROVING, Cue.FEW)
    if cues & {Cue.GONE, Cue.GOOD} and not progressive and Cue.STILL not in cues:
        return _finding(scene, said, Label.CLEAR, Cue.GONE, Cue.GOOD)
    if Cue.BETTER in cues:
        return _finding(scene, said, Label.IMPROVING, Cue.BETTER)
    return _finding(scene, said, Label.PERSISTING, Cue.STILL)


def _finding(scene: Scene, said: list[Said], label: Label, *cues: Cue) -> Finding | None:
    of_these = [one for one in said if one.cue in cues]
    if not of_these:
        return None
    plain = all(one.plain for one in of_these)
    return Finding(label, scene.said(of_these[0].match), BY_MENTION if plain else BY_WORDS)


def _cues(scene: Scene, *, late: bool) -> Iterator[Said]:
    found = scene.find(OUTCOME, "symptom", "answer")
    for match in longest([match for matches in found.values() for match in matches]):
        said = _cue(scene, match.concept, match)
        if said and (late or _early(scene, match.concept, said)) and not _beside_the_point(scene, said):
            yield said


def _cue(scene: Scene, concept: str, match: Match) -> Said | None:
    cue = _CUES[concept]
    if concept == "clear_word" and not _alone(scene, match):
        return None
    if concept == "none" and scene.words[match.start] in NEGATORS and not negates(scene, match.start):
        return None
    if concept == "many" and not _LESS.isdisjoint(scene.words[match.start : match.end]):
        return None
    plain = cue is Cue.STILL and not _SAYS_STILL & set(_words(scene, match))
    if not _negated(scene, match):
        return Said(cue, match, plain)
    turned = {Cue.BETTER: Cue.WORSE, Cue.GOOD: Cue.STILL, Cue.GONE: Cue.STILL}.get(cue)
    return Said(turned, match, plain=turned is Cue.STILL) if turned else None


def _alone(scene: Scene, match: Match) -> bool:
    clause = scene.clause(match.start)
    return all(
        scene.words[at] in _PLEASE for at in range(clause.start, clause.end) if not match.start <= at < match.end
    )


def _negated(scene: Scene, match: Match) -> bool:
    clause = scene.clause(match.start)
    before = range(max(clause.start, match.start - _NEGATION_REACH), match.start)
    inside = (at for at in match.skipped)
    if any(scene.words[at] in _NOTHING for at in before):
        return True
    after = match.end < clause.end and scene.words[match.end] in _FRENCH_AFTER and negates(scene, match.end)
    return after or any(negates(scene, at) for at in (*before, *inside))


def _early(scene: Scene, concept: str, said: Said) -> bool:
    """What counts before the check-in: worse, clear skin, and a trend of the breakouts; not that there are some."""
    if concept == "none":
        return bool(_BREAKOUTS & set(_words(scene, said.match)))
    if concept == "skin_good":
        return not said.plain and bool(_SKIN & set(_words(scene, said.match)))
    if concept == "worse":
        return not said.plain
    return concept == "better" and bool(_SKIN & set(scene.words))


def _beside_the_point(scene: Scene, said: Said) -> bool:
    clause = scene.clause(said.match.start)
    if scene.marked("hypothetical", clause.start, said.match.start) or (clause.asks and _only_asked(said)):
        return True
    if said.cue in {Cue.WORSE, Cue.BETTER} and _other_complaint(scene, said.match):
        return True
    return said.cue is not Cue.GONE and _past(scene, said.match)


def _only_asked(said: Said) -> bool:
    return said.plain or said.cue in {Cue.GOOD, Cue.BETTER}


def _other_complaint(scene: Scene, match: Match) -> bool:
    """True when what gets worse or better is the pain, the fever or the swelling and not the skin."""
    clause = scene.clause(match.start)
    if _COMPLAINTS & set(_around(scene, clause)) and not _SKIN & set(_around(scene, clause)):
        return True
    for at in range(match.end - 1, -1, -1):
        if scene.words[at] in _SKIN:
            return False
        if scene.words[at] in _COMPLAINTS:
            return True
    return False


def _around(scene: Scene, clause: Clause) -> list[str]:
    return scene.words[clause.start : clause.end]


def _past(scene: Scene, match: Match) -> bool:
    clause = scene.clause(match.start)
    verbs = scene.marked("past_verb", clause.start, match.start)
    told = any(scene.words[mark.end - 1] in _PAST for mark in verbs)
    times = scene.marked("long_past", clause.start, clause.end)
    since = any(scene.words[mark.start - 1] not in _COMPARING for mark in times if mark.start)
    return (told or (bool(verbs) and since)) and not scene.marked("ongoing", clause.start, clause.end)


def _words(scene: Scene, match: Match) -> list[str]:
    return scene.words[match.start : match.end]
