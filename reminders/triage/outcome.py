"""How the skin is: clear, improving or persisting, from a digit or from words."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reminders.triage import digits
from reminders.triage.clauses import Break, Clause
from reminders.triage.cues import Cue, Said, said_by, words_of
from reminders.triage.labels import Asked, Finding, Label
from reminders.triage.lexicon import OUTCOME
from reminders.triage.negation import NEGATORS
from reminders.triage.patterns import Match, longest
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

BY_DIGIT = 0.97
BY_WORDS = 0.85
BY_MENTION = 0.6
_LABELS = {1: Label.CLEAR, 2: Label.IMPROVING, 3: Label.PERSISTING}
_LATE_DAY = 5  # before it a few pimples are nothing to report, and "still there" says little
_COMPARING = frozenset(["than", "que", "as", "like", "comme", "before", "avant", "since", "depuis", "same", "meme"])
_PAST = frozenset(["was", "were", "had", "etait", "etaient", "etais", "avait", "avais", "eu"])
_COMPLAINTS = word_group("other_complaints")
_SKIN = word_group("skin_complaints")
_BREAKOUTS = word_group("breakout_words")
_REDNESS = frozenset({"red", "redness", "rouge", "rouges", "rougeur", "rougeurs"})
_BREAKING = _BREAKOUTS | {"broke", "broken", "breaking"}
_LEFT = frozenset({"reste", "restent", "left", "remaining"})  # "I had 12 and 3 are left" is of today
_NOT_THE_SKIN = word_group("not_the_skin")
_PROGRESSIVE = word_group("progressive")


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
    progressive = any(one.cue is Cue.BETTER and _PROGRESSIVE & set(words_of(scene, one.match)) for one in said)
    since = _better_since(said) or _few_but(scene, said)
    if Cue.WORSE in cues or (Cue.SAME in cues and not since):
        return _finding(scene, said, Label.PERSISTING, Cue.WORSE, Cue.SAME)
    if Cue.FEW in cues:
        return _finding(scene, said, Label.IMPROVING, Cue.FEW)
    if Cue.BETTER in cues and _better_since(said):
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


def _few_but(scene: Scene, said: list[Said]) -> bool:
    """ "Not all gone but there's only like four"."""
    return any(one.cue is Cue.FEW and scene.clause(one.match.start).opens is Break.CONTRAST for one in said)


def _finding(scene: Scene, said: list[Said], label: Label, *cues: Cue) -> Finding | None:
    of_these = [one for one in said if one.cue in cues]
    if not of_these:
        return None
    plain = all(one.plain for one in of_these)
    return Finding(label, scene.said(of_these[0].match), BY_MENTION if plain else BY_WORDS)


def _cues(scene: Scene, *, late: bool) -> Iterator[Said]:
    found = scene.find(OUTCOME, "symptom", "answer")
    praised = "all_good" in found or "skin_good" in found
    for match in longest([match for matches in found.values() for match in matches]):
        said = said_by(scene, match)
        if (
            said
            and (late or _early(scene, match.concept, said, praised=praised))
            and not _beside_the_point(scene, said)
        ):
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


def _beside_the_point(scene: Scene, said: Said) -> bool:
    clause = scene.clause(said.match.start)
    asks = clause.asks or scene.clause(said.match.end - 1).asks
    if scene.marked("hypothetical", clause.start, said.match.start) or (asks and _only_asked(said)):
        return True
    if said.cue in {Cue.WORSE, Cue.SAME, Cue.BETTER} and _other_complaint(scene, said.match):
        return True
    if said.cue is Cue.GOOD and _of_something_else(scene, said.match):
        return True
    if said.cue is Cue.GONE:
        return _in_a_list_of_others(scene, said.match)
    return _LEFT.isdisjoint(words_of(scene, said.match)) and _past(scene, said.match)


def _in_a_list_of_others(scene: Scene, match: Match) -> bool:
    """ "No pus no redness": that redness is denied among red flags does not make the skin clear."""
    breakouts = _BREAKOUTS & set(words_of(scene, match))
    return not breakouts and bool(_COMPLAINTS & set(_around(scene, scene.clause(match.start))))


def _only_asked(said: Said) -> bool:
    return said.plain or said.cue in {Cue.GOOD, Cue.BETTER}


def _of_something_else(scene: Scene, match: Match) -> bool:
    """ "The texts are perfect" says nothing of the skin."""
    clause = scene.clause(match.start)
    said = set(scene.words[clause.start : match.end])
    return bool(said & _NOT_THE_SKIN) and not said & _SKIN


def _other_complaint(scene: Scene, match: Match) -> bool:
    """True when what gets worse or better is the pain, the fever or the swelling and not the skin."""
    if _BREAKING & set(words_of(scene, match)):
        return False
    clause, words = scene.clause(match.start), scene.without("symptom", "answer")
    span = range(clause.start, clause.end)
    around = {words[at] for at in span if not (words[at] in _COMPLAINTS and _named_as_absent(words, at))}
    if _COMPLAINTS & around and not _SKIN & around:
        return True
    named = (at for at in range(match.end - 1, -1, -1) if words[at] in _SKIN or words[at] in _COMPLAINTS)
    last = next(named, None)
    return last is not None and words[last] in _COMPLAINTS and not _named_as_absent(words, last)


def _named_as_absent(words: Sequence[str], at: int) -> bool:
    """ "No pain and getting better": it is not that pain which gets better."""
    return not NEGATORS.isdisjoint(words[max(0, at - 2) : at])


def _around(scene: Scene, clause: Clause) -> list[str]:
    return scene.words[clause.start : clause.end]


def _past(scene: Scene, match: Match) -> bool:
    clause = scene.clause(match.start)
    verbs = scene.marked("past_verb", clause.start, match.start)
    told = any(scene.words[mark.end - 1] in _PAST for mark in verbs)
    times = scene.marked("long_past", clause.start, clause.end)
    since = any(scene.words[mark.start - 1] not in _COMPARING for mark in times if mark.start)
    return (told or (bool(verbs) and since)) and not scene.marked("ongoing", clause.start, clause.end)
