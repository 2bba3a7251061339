"""Whether a symptom that is named is there now: asserted, in doubt, denied, past, hypothetical or somebody else's."""

from enum import StrEnum

from reminders.triage.clauses import Break, Clause
from reminders.triage.hypothesis import habitual, hypothetical, in_general
from reminders.triage.negation import denied
from reminders.triage.patterns import Match
from reminders.triage.people import somebody_else
from reminders.triage.scene import Scene
from reminders.triage.tense import goes_on, past
from reminders.triage.vocabulary import words as word_group

_REVERSAL = word_group("reversal")
_PLEASE = word_group("please")
_AFTER_IT = _PLEASE | {"asking", "curious", "wondering", "demande", "simple", "curiosite", "par"}
_UNDERSTOOD = ["got", "it"]
_FOLLOWING = 2  # clauses after the symptom's in which "gone now" still speaks of it


class Status(StrEnum):
    """How a symptom stands. Only the first two alert anybody."""

    ASSERTED = "asserted"
    DOUBT = "doubt"
    DENIED = "denied"
    PAST = "past"
    HYPOTHETICAL = "hypothetical"
    SOMEBODY_ELSE = "somebody_else"


def status(scene: Scene, match: Match, flags: frozenset[int]) -> Status:
    """How the symptom at `match` stands; whatever is not confidently otherwise is asserted or in doubt."""
    of_it = _said_of_it(scene, match, flags)
    if of_it:
        return of_it
    if denied(scene, match, flags):
        return Status.DOUBT if _until_now(scene, match) or _reversed(scene, match) else Status.DENIED
    if somebody_else(scene, match):
        return Status.SOMEBODY_ELSE
    return told(scene, match, flags)


def _said_of_it(scene: Scene, match: Match, flags: frozenset[int]) -> Status | None:
    """ "I checked for pus, there isn't any"; "you said to call if there's pus, well there is some"."""
    number = scene.text.clause_of[match.end - 1] + 1
    following = scene.text.clauses[number : number + _FOLLOWING]
    for clause in following:
        if clause.asks or any(at in flags for at in range(clause.start, clause.end)):
            return None
        if scene.words[clause.start : clause.end] == _UNDERSTOOD:
            return None
        if _closed_by(scene, "none_of_it", clause):
            return Status.DENIED
        if _closed_by(scene, "some_of_it", clause):
            return Status.ASSERTED
    return None


def _closed_by(scene: Scene, name: str, clause: Clause) -> bool:
    """ "Y'en a" at the end of a clause is said of what was named; "y'en a des nouveaux" is of something else."""
    marks = scene.marked(name, clause.start, clause.end)
    return any(_AFTER_IT.issuperset(scene.words[mark.end : clause.end]) for mark in marks)


def told(scene: Scene, match: Match, flags: frozenset[int]) -> Status:
    """How a symptom stands that is not denied, whoever has it."""
    if in_general(scene, match) or habitual(scene, match):
        return Status.HYPOTHETICAL
    if hypothetical(scene, match, flags):
        return Status.DOUBT if goes_on(scene, match, "under_way") else Status.HYPOTHETICAL
    if past(scene, match, flags):
        return Status.PAST
    return Status.DOUBT if _unsure(scene, match) else Status.ASSERTED


def _until_now(scene: Scene, match: Match) -> bool:
    """ "Never had hives before" says that there are some now."""
    clause = scene.clause(match.start)
    never = any(scene.words[at] in {"never", "jamais"} for at in range(clause.start, match.start))
    return never and bool({"before", "avant", "until"} & set(scene.words[match.end : clause.end + 1]))


def _reversed(scene: Scene, match: Match) -> bool:
    """ "No fever yesterday, but now yes": the clause after "but" takes the denial back."""
    number = scene.text.clause_of[match.end - 1] + 1
    if number >= len(scene.text.clauses) or scene.text.clauses[number].opens is not Break.CONTRAST:
        return False
    clause = scene.text.clauses[number]
    return set(scene.words[clause.start : clause.end]) - _PLEASE <= _REVERSAL


def _unsure(scene: Scene, match: Match) -> bool:
    start, end = scene.sentence(match.start)
    names = ("doubt", "indirect_question")
    marks = any(scene.marked(name, start, end) for name in names)
    clause = scene.clause(match.start)
    told = scene.marked("past_verb", clause.start, clause.end) and not goes_on(scene, match)
    return marks or clause.asks or bool(told)
