"""What sounds like the state of the skin and is said of something else: pain, peeling, the parking, another day."""

from collections.abc import Collection, Sequence

from reminders.triage.clauses import Clause
from reminders.triage.cues import Cue, Said, words_of
from reminders.triage.negation import NEGATORS
from reminders.triage.patterns import Match
from reminders.triage.redflags import named
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

_COMPARING = frozenset(["than", "que", "as", "like", "comme", "before", "avant", "since", "depuis", "same", "meme"])
_PAST = frozenset(["was", "were", "had", "etait", "etaient", "etais", "avait", "avais", "eu"])
_COMPLAINTS = word_group("other_complaints")
_BREAKING = word_group("breakout_words") | {"broke", "broken", "breaking"}
_LEFT = frozenset(
    {"reste", "restent", "left", "remaining", "back", "revenus", "revenu", "revenues"}
)  # "I had 12 and 3 are left" is of today
_NOT_THE_SKIN = word_group("not_the_skin")
_SKIN = word_group("skin_complaints")
_BREAKOUTS = word_group("breakout_words")
_PEELING = word_group("peeling")
_SIZES = word_group("sizes")
_ARTICLES = frozenset({"the", "my", "all", "le", "la", "les", "mon", "ma", "mes"})
_OF_IT = word_group("of_it")
_TIMES = word_group("times")
_UNTIL = frozenset({"until", "till", "til", "jusque", "before"})
_NO_COUNT = _SIZES | _BREAKOUTS | frozenset({"ones", "a", "those", "these", "des", "ces", "les"})


def only_small(said: Collection[str]) -> bool:
    """ "Little bumps" says how big they are; "a few little bumps" how many are left."""
    return not _SIZES.isdisjoint(said) and _NO_COUNT.issuperset(said)


def beside_the_point(scene: Scene, said: Said) -> bool:
    """True where a cue is asked, thought of, past, or said of something that is not how the skin is."""
    if any(aside(scene, said) for aside in _ASIDES):
        return True
    if said.cue is Cue.GONE:
        return _in_a_list_of_others(scene, said.match)
    return _LEFT.isdisjoint(words_of(scene, said.match)) and _past(scene, said.match)


def _thought_of(scene: Scene, said: Said) -> bool:
    clause = scene.clause(said.match.start)
    return bool(scene.marked("hypothetical", clause.start, said.match.start))


def _asked(scene: Scene, said: Said) -> bool:
    """ "Is it better?", "le suivi tient pareil?": nothing is told."""
    match = said.match
    if not (scene.clause(match.start).asks or scene.clause(match.end - 1).asks):
        return False
    of_skin = not _SKIN.isdisjoint(scene.words[slice(*scene.sentence(match.start))])
    return said.plain or said.cue in {Cue.GOOD, Cue.BETTER} or (said.cue is Cue.SAME and not of_skin)


def _another_thing(scene: Scene, said: Said) -> bool:
    if said.cue in {Cue.WORSE, Cue.SAME, Cue.BETTER}:
        return _other_complaint(scene, said.match)
    return said.cue is Cue.GOOD and _of_something_else(scene, said.match)


def _dry_or_flagged(scene: Scene, said: Said) -> bool:
    counts = said.cue in {Cue.FEW, Cue.STILL} or said.match.concept == "many"
    return counts and (_peels(scene, said.match) or _of_a_red_flag(scene, said))


def _well_again(scene: Scene, said: Said) -> bool:
    """ "Tout est revenu normal": back, and as it should be."""
    return said.cue is Cue.SAME and any(said.match.overlaps(mark) for mark in scene.marks.get("well_again", ()))


def _of_time(scene: Scene, said: Said) -> bool:
    """ "2 or 3 days": no count of bumps."""
    return said.cue is Cue.FEW and not _TIMES.isdisjoint(scene.words[said.match.end : said.match.end + 1])


def _in_a_list_of_others(scene: Scene, match: Match) -> bool:
    """ "No pus no redness": that redness is denied among red flags does not make the skin clear."""
    breakouts = _BREAKOUTS & set(words_of(scene, match))
    return not breakouts and bool(_COMPLAINTS & set(_around(scene, scene.clause(match.start))))


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


def _peels(scene: Scene, match: Match) -> bool:
    """ "It still peels a bit": dry skin is no breakout."""
    around = set(_around(scene, scene.clause(match.start)))
    return bool(around & _PEELING) and not around & _SKIN - {"skin", "peau", "face", "visage"}


def _of_a_red_flag(scene: Scene, said: Said) -> bool:
    """ "A cluster of small blisters", "pus from one pimple": the words of a red flag, which count nothing."""
    clause = scene.clause(said.match.start)
    flagged = [flag for flag in named(scene) if clause.start <= flag.start < clause.end]
    if said.match.concept == "many":  # "covered in red streaks"
        near = range(said.match.start, said.match.end + 2)
        return any(flag.start in near for flag in flagged) and _BREAKOUTS.isdisjoint(_around(scene, clause))
    if said.cue is Cue.FEW:
        return any(flag.start - 1 <= said.match.end <= flag.end for flag in flagged) and _BREAKOUTS.isdisjoint(
            words_of(scene, said.match)
        )
    return False


def _complaint_leads(scene: Scene, said: Said) -> bool:
    """ "The swelling from day one is all gone": the swelling is, and nothing is said of the skin."""
    around = _around(scene, scene.clause(said.match.start))
    first = next((word for word in around if word not in _ARTICLES), "")
    return said.cue in {Cue.GOOD, Cue.GONE} and first in _COMPLAINTS and _SKIN.isdisjoint(around)


def _was_fine(scene: Scene, said: Said) -> bool:
    """ "Everything was fine until this morning": no more."""
    after = scene.words[said.match.end : said.match.end + 1]
    inside = set(words_of(scene, said.match))
    return said.cue is Cue.GOOD and not _UNTIL.isdisjoint(after) and bool(inside & _PAST)


def _flag_goes_on(scene: Scene, said: Said) -> bool:
    """ "101.8, I took Tylenol and it's not going down": of the fever, as is "it went away", "still there"."""
    of_it = _OF_IT.issuperset(words_of(scene, said.match)) or (said.cue is Cue.WORSE and said.match.concept == "better")
    start, end = scene.sentence(said.match.start)
    if not of_it or not _SKIN.isdisjoint(scene.words[start:end]):
        return False
    return any(start <= flag.start < said.match.start for flag in named(scene))


_ASIDES = (
    _thought_of,
    _asked,
    _another_thing,
    _of_time,
    _well_again,
    _was_fine,
    _dry_or_flagged,
    _complaint_leads,
    _flag_goes_on,
)
