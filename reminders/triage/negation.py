"""Whether a symptom is denied: "no fever, pus or chills", "ça coule pas", "fever? no"."""

from reminders.triage.clauses import Break
from reminders.triage.patterns import Match
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

NEGATORS = word_group("negators")
_FENCES = word_group("fences")
_FILLERS = word_group("list_fillers")
_DENIALS = word_group("denials")
_HOLDING = word_group("holding")
_BEFORE_HOLDING = word_group("before_holding")
_FRENCH_AFTER = frozenset({"pas", "nomore", "jamais"})
_PARTITIVES = frozenset(["de", "du", "des", "d", "un", "une", "le", "la", "les"])
_NO = frozenset({"no", "non", "nope"})
_SUBJECTS = frozenset({"i", "they", "it", "there", "we", "je", "ca", "ce", "y", "ils", "elles"})
_VERBS = frozenset({"is", "are", "was", "has", "have", "est", "sont", "a", "ai"})
_REACH = 8
_OWN = frozenset({"ma", "mon", "mes", "la", "le", "les", "ca", "je", "ce", "il", "elle", "y"})
_NOTHING = frozenset({"nothing", "rien"})
_LINKS = frozenset({"de", "qui", "that", "is"})


def negates(scene: Scene, at: int) -> bool:
    """True when the word here is a negation, and no part of "not sure", "no doubt" and their like."""
    if scene.words[at] not in NEGATORS or _answers(scene, at):
        return False
    lookalikes = (*scene.marks.get("pseudo_negation", ()), *scene.marks.get("doubt", ()))
    return not any(mark.start <= at < mark.end for mark in lookalikes)


def _answers(scene: Scene, at: int) -> bool:
    """ "No they are still there": this "no" answers our question and denies nothing that follows."""
    return scene.words[at] in _NO and at + 1 < len(scene.words) and scene.words[at + 1] in _SUBJECTS


def denied(scene: Scene, match: Match, flags: frozenset[int]) -> bool:
    """True when the words deny the match. `flags` are the positions of all symptoms, for lists of them."""
    if any(negates(scene, at) for at in match.skipped):
        return True
    return _nothing(scene, match) or _denied_before(scene, match, flags) or _denied_after(scene, match)


def _nothing(scene: Scene, match: Match) -> bool:
    """ "Nothing weepy", "rien qui coule"; "nothing helps the pain" denies the help."""
    at = match.start - 1
    if at >= 0 and scene.words[at] in _LINKS:
        at -= 1
    return at >= scene.clause(match.start).start and scene.words[at] in _NOTHING


def _denied_before(scene: Scene, match: Match, flags: frozenset[int]) -> bool:
    number = scene.text.clause_of[match.start]
    for at in range(match.start - 1, max(-1, match.start - 1 - _REACH * 2), -1):
        here = scene.text.clause_of[at]
        if here != number and not _carries(scene, number, here, flags):
            return False
        number = here
        if negates(scene, at):
            return True
        if _fenced(scene, at):
            return False
    return False


def _fenced(scene: Scene, at: int) -> bool:
    word = scene.words[at]
    if word in _FENCES or (word == "tellement" and not _OWN.isdisjoint(scene.words[at + 1 : at + 2])):
        return True  # "my glasses no longer fit, so swollen is my face"
    before = scene.words[at - 1] if at else ""
    return word in _HOLDING and before not in NEGATORS and before not in _BEFORE_HOLDING


def _carries(scene: Scene, number: int, before: int, flags: frozenset[int]) -> bool:
    """True when a negation may reach from the clause before over a comma: both are parts of one list of symptoms."""
    clause, earlier = scene.text.clauses[number], scene.text.clauses[before]
    listed = all(at in flags or _fills(scene, at) for at in range(clause.start, clause.end))
    named = any(at in flags for at in range(earlier.start, earlier.end))
    tells = not _VERBS.isdisjoint(scene.words[clause.start : clause.end])
    return clause.opens is Break.COMMA and listed and named and not tells


def _fills(scene: Scene, at: int) -> bool:
    return scene.words[at] in _FILLERS or scene.words[at] in NEGATORS


def _denied_after(scene: Scene, match: Match) -> bool:
    words, clause = scene.words, scene.clause(match.end - 1)
    after = words[match.end] if match.end < clause.end else ""
    beyond = words[match.end + 1] if match.end + 1 < clause.end else ""
    if after == "free" or (after in _FRENCH_AFTER and beyond not in _PARTITIVES and negates(scene, match.end)):
        return True
    return all(_fills(scene, at) for at in range(match.end, clause.end)) and answered_no(scene, match)


def answered_no(scene: Scene, match: Match) -> bool:
    """True for "fever? no": the clause after the symptom's says no and nothing else."""
    number = scene.text.clause_of[match.end - 1]
    if number + 1 >= len(scene.text.clauses):
        return False
    clause, answer = scene.text.clauses[number], scene.text.clauses[number + 1]
    said = scene.words[answer.start : answer.end]
    asks = clause.asks or answer.opens is Break.COMMA
    return asks and said[0] in _DENIALS and all(word in _DENIALS or word in _FILLERS for word in said)
