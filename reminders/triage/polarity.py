"""Whether a symptom that is named is there now: asserted, in doubt, denied, past, hypothetical or somebody else's."""

from enum import StrEnum

from reminders.triage.clauses import Break, Clause
from reminders.triage.lexicon import FLAG_SETTINGS, INTENTS
from reminders.triage.negation import denied, negates
from reminders.triage.patterns import Match
from reminders.triage.people import somebody_else
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

_TOPICS = word_group("topics")
_FILLERS = word_group("list_fillers")
_IF = frozenset({"if", "si"})
_CONSEQUENCE = word_group("consequence")
_OPENERS = word_group("openers")
_JOINING = word_group("joining")
_SUBJECTS = frozenset({"i", "there", "je", "y"})
_REVERSAL = word_group("reversal")
_PLEASE = word_group("please")
_ORDERS = ("stop", "stop_keyword", "stop_clause")
_AFTER_IT = _PLEASE | {"asking", "curious", "wondering", "demande", "simple", "curiosite", "par"}
_FOLLOWING = 2  # clauses after the symptom's in which "gone now" still speaks of it
_NEGATION_REACH = 3


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
    if _in_general(scene, match):
        return Status.HYPOTHETICAL
    if _hypothetical(scene, match, flags):
        return Status.DOUBT if _goes_on(scene, match, "under_way") else Status.HYPOTHETICAL
    if _past(scene, match, flags):
        return Status.PAST
    return Status.DOUBT if _unsure(scene, match) else Status.ASSERTED


def _in_general(scene: Scene, match: Match) -> bool:
    clause = scene.clause(match.start)
    asks = clause.asks or scene.words[clause.start] in _OPENERS or "combien" in scene.words[clause.start : clause.end]
    return asks and bool(scene.marked("in_general", clause.start, clause.end))


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


def _hypothetical(scene: Scene, match: Match, flags: frozenset[int]) -> bool:
    region = scene.region(match.start)
    start = _list_start(scene, match, flags)
    marks = [mark for mark in scene.marked("hypothetical", region, match.end) if mark.start < match.start]
    return any(
        mark.end > start and not _main_clause(scene, mark, match) and not _excused(scene, mark) for mark in marks
    )


def _excused(scene: Scene, mark: Match) -> bool:
    """True where "if" asks whether it is so now; "what happens if" never does."""
    if any(mark.overlaps(other) for other in scene.marks.get("condition", ())):
        return False
    names = ("indirect_question", "touching", "stated")
    return any(mark.overlaps(other) for name in names for other in scene.marks.get(name, ()))


def _main_clause(scene: Scene, mark: Match, match: Match) -> bool:
    """ "If it helps I have a fever": a second subject begins what is told, unless that is what one would do then."""
    second = [at for at in range(mark.end + 1, match.start) if scene.words[at] in _SUBJECTS]
    if scene.words[mark.start] not in _IF or not second:
        return False
    return _CONSEQUENCE.isdisjoint(scene.words[second[-1] : match.end])


def _list_start(scene: Scene, match: Match, flags: frozenset[int]) -> int:
    """Where the clause of this symptom begins, or that of the list of symptoms which it continues."""
    number = scene.text.clause_of[match.start]
    clause = scene.text.clauses[number]
    while number and all(at in flags or scene.words[at] in _FILLERS for at in range(clause.start, clause.end)):
        number -= 1
        clause = scene.text.clauses[number]
    return clause.start


def _goes_on(scene: Scene, match: Match, sign: str = "present") -> bool:
    """Words such as "since", "still" or "this morning" around the symptom; "tonight" may be yet to come."""
    clause = scene.clause(match.start)
    following = scene.text.clauses[min(scene.text.clause_of[match.start] + 1, len(scene.text.clauses) - 1)]
    reaches = following.end if scene.words[following.start] in {"since", "depuis"} else clause.end
    return bool(scene.marked(sign, match.start, max(reaches, scene.clause(match.end - 1).end)))


def _past(scene: Scene, match: Match, flags: frozenset[int]) -> bool:
    start, end = scene.sentence(match.start)
    if any(not _negated(scene, mark, start) for mark in scene.marked("comes_back", start, end)):
        return False
    if _resolved(scene, match, flags):
        return True
    clause = scene.clause(match.start)
    here = (clause.start, clause.end)
    told = scene.marked("past_verb", *here) and scene.marked("long_past", *here)
    lasting = any(scene.marked(name, *here) for name in ("recent", "ongoing")) or _goes_on(scene, match)
    # A burn or a numb cheek that came "during the session" is there until it is said to be gone.
    return bool(told) and not lasting and not FLAG_SETTINGS[match.concept].get("lasting")


def _resolved(scene: Scene, match: Match, flags: frozenset[int]) -> bool:
    number = scene.text.clause_of[match.end - 1]
    if _ended(scene, _own_part(scene, match), scene.text.clauses[number].end, flags):
        return True
    for clause in scene.text.clauses[number + 1 : number + 1 + _FOLLOWING]:
        span = range(clause.start, clause.end)
        if any(at in flags or scene.words[at] in _TOPICS for at in span):
            return False
        if _ended(scene, clause.start, clause.end, flags):
            return True
    return False


def _own_part(scene: Scene, match: Match) -> int:
    """Where what is said of this symptom begins: "the redness is gone and my throat is swelling" has two parts."""
    clause = scene.clause(match.end - 1)
    joints = (at for at in range(match.start - 1, clause.start, -1) if scene.words[at] in _JOINING)
    return next(joints, clause.start)


def _ended(scene: Scene, start: int, end: int, flags: frozenset[int]) -> bool:
    """True when these words say "gone" and not "not gone"; a word that is itself a symptom ("passed out") is none."""
    became = scene.marks.get("became", ())
    orders = scene.find(INTENTS, "order")
    ended = [match for name in _ORDERS for match in orders.get(name, ())]  # "no more texts", "c'est fini les textos"
    ends = [
        mark
        for mark in scene.marked("resolved", start, end)
        if not flags & set(range(mark.start, mark.end)) and not any(mark.overlaps(other) for other in (*became, *ended))
    ]
    return any(not _negated(scene, mark, start) for mark in ends)


def _negated(scene: Scene, mark: Match, start: int) -> bool:
    return any(negates(scene, at) for at in range(max(start, mark.start - _NEGATION_REACH), mark.start))


def _unsure(scene: Scene, match: Match) -> bool:
    start, end = scene.sentence(match.start)
    names = ("doubt", "indirect_question")
    marks = any(scene.marked(name, start, end) for name in names)
    clause = scene.clause(match.start)
    told = scene.marked("past_verb", clause.start, clause.end) and not _goes_on(scene, match)
    return marks or clause.asks or bool(told)
