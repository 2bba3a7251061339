"""What one phrase says of the skin: worse, the same, few left, gone, better, good or still there."""

from dataclasses import dataclass
from enum import StrEnum

from reminders.triage.negation import NEGATORS, answered_no, negates
from reminders.triage.patterns import Match
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

_NEGATION_REACH = 5
_FRENCH_AFTER = frozenset({"pas", "nomore"})
_SKIN = word_group("skin_complaints")
_PLEASE = word_group("please")
_JOINING = word_group("joining")
_INTENSIFIERS = word_group("not_good_before")
_AFTER_GOOD = _PLEASE | _JOINING | word_group("contrast")
_LESS = frozenset({"less", "fewer", "moins", "few", "couple", "diminue", "diminuent", "reduit", "reduisent"})
_NOTHING = frozenset({"nothing", "rien"})


class Cue(StrEnum):
    """What one phrase says of the skin, strongest first."""

    WORSE = "worse"
    SAME = "same"
    FEW = "few"
    GONE = "gone"
    BETTER = "better"
    GOOD = "good"
    STILL = "still"


_CUES = {
    "worse": Cue.WORSE,
    "many": Cue.WORSE,
    "same": Cue.SAME,
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


def said_by(scene: Scene, match: Match) -> Said | None:
    """What a phrase says where it stands; a denial turns it or takes it away."""
    concept, cue = match.concept, _CUES[match.concept]
    if (concept == "clear_word" and not _alone(scene, match)) or _only_more(scene, match):
        return None
    other = {"skin_good": _two_things, "none": _none_of_another}.get(concept)
    if other and other(scene, match):
        return None
    if cue is Cue.WORSE and not _LESS.isdisjoint(scene.words[max(0, match.start - 1) : match.end]):
        return None
    plain = cue is Cue.STILL and not _SAYS_STILL & set(words_of(scene, match))
    if plain and answered_no(scene, match):
        return Said(Cue.GONE, match)
    if not _negated(scene, match):
        return Said(cue, match, plain)
    turned = {Cue.BETTER: Cue.WORSE, Cue.GOOD: Cue.STILL, Cue.GONE: Cue.STILL}.get(cue)
    return Said(turned, match, plain=turned is Cue.STILL) if turned else None


def _two_things(scene: Scene, match: Match) -> bool:
    """ "Slept great, skin feels tight": what is great is not the skin behind the comma."""
    divided = scene.clause(match.start) is not scene.clause(match.end - 1)
    return divided and not match.skipped and scene.words[match.end - 1] in _SKIN


def _none_of_another(scene: Scene, match: Match) -> bool:
    """ "Not only bumps", and "no pus no redness" from its first "no": that one denies another thing."""
    first = scene.words[match.start] in NEGATORS
    return first and (not negates(scene, match.start) or any(scene.words[at] in NEGATORS for at in match.skipped))


def _only_more(scene: Scene, match: Match) -> bool:
    """ "My face is super swollen": the last word says how much of what follows, and nothing of the skin."""
    follows = scene.words[match.end : scene.clause(match.end - 1).end]
    return scene.words[match.end - 1] in _INTENSIFIERS and bool(follows) and follows[0] not in _AFTER_GOOD


def _alone(scene: Scene, match: Match) -> bool:
    clause = scene.clause(match.start)
    return all(
        scene.words[at] in _PLEASE for at in range(clause.start, clause.end) if not match.start <= at < match.end
    )


def _negated(scene: Scene, match: Match) -> bool:
    clause = scene.clause(match.start)
    # "No pain no bumps", "no pain skin good": the first "no" is spent.
    reach = 1 if scene.words[match.start] in NEGATORS | _SKIN else _NEGATION_REACH
    joints = [at + 1 for at in range(clause.start, match.start) if scene.words[at] in _JOINING]
    before = range(max(clause.start, match.start - reach, *joints), match.start)
    inside = (at for at in match.skipped)
    if any(scene.words[at] in _NOTHING for at in before):
        return True
    after = match.end < clause.end and scene.words[match.end] in _FRENCH_AFTER and negates(scene, match.end)
    return after or any(negates(scene, at) for at in (*before, *inside))


def words_of(scene: Scene, match: Match) -> list[str]:
    """The words of a match."""
    return scene.words[match.start : match.end]
