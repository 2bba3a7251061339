"""Whether a symptom is over: "gone now", "day 1 it hurt"; not "gone numb", "back again" or "since yesterday"."""

from reminders.triage.lexicon import FLAG_SETTINGS, INTENTS
from reminders.triage.negation import negates
from reminders.triage.patterns import Match
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

_TOPICS = word_group("topics")
_JOINING = word_group("joining")
_ORDERS = ("stop", "stop_keyword", "stop_clause")
_FOLLOWING = 2  # clauses after the symptom's in which "gone now" still speaks of it
_NEGATION_REACH = 3
_WOULD = frozenset({"could", "can", "should", "would", "will", "may", "puis", "peux", "pourrais", "dois", "devrais"})


def goes_on(scene: Scene, match: Match, sign: str = "present") -> bool:
    """Words such as "since", "still" or "this morning" around the symptom; "tonight" may be yet to come."""
    clause = scene.clause(match.start)
    following = scene.text.clauses[min(scene.text.clause_of[match.start] + 1, len(scene.text.clauses) - 1)]
    reaches = following.end if scene.words[following.start] in {"since", "depuis"} else clause.end
    end = max(reaches, scene.clause(match.end - 1).end)
    if sign == "under_way":  # "if it became a blister could I still come": of what one would do then
        end = next((at for at in range(match.end, end) if scene.words[at] in _WOULD), end)
    return bool(scene.marked(sign, match.start, end))


def past(scene: Scene, match: Match, flags: frozenset[int]) -> bool:
    start, end = scene.sentence(match.start)
    well = scene.marked("well_again", start, end)
    back = (mark for mark in scene.marked("comes_back", start, end) if not any(mark.overlaps(one) for one in well))
    if any(not _negated(scene, mark, start) for mark in back):
        return False
    if _resolved(scene, match, flags):
        return True
    clause = scene.clause(match.start)
    here = (clause.start, clause.end)
    told = scene.marked("past_verb", *here) and scene.marked("long_past", *here)
    lasting = any(scene.marked(name, *here) for name in ("recent", "ongoing")) or goes_on(scene, match)
    lasting = lasting or bool(scene.marked("there_now", match.end, end))
    # A burn or a numb cheek that came "during the session" is there until it is said to be gone.
    return bool(told) and not lasting and not FLAG_SETTINGS.get(match.concept, {}).get("lasting")


def _resolved(scene: Scene, match: Match, flags: frozenset[int]) -> bool:
    number = scene.text.clause_of[match.end - 1]
    if scene.text.clauses[number].asks:  # "yellow that runs, is that fine now?"
        return False
    if _ended(scene, _own_part(scene, match), scene.text.clauses[number].end, flags):
        return True
    for clause in scene.text.clauses[number + 1 : number + 1 + _FOLLOWING]:
        span = range(clause.start, clause.end)
        other = next((at for at in span if at in flags or scene.words[at] in _TOPICS), clause.end)
        if _ended(scene, clause.start, other, flags):
            return True
        if other < clause.end:
            return False
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
