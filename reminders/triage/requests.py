"""A consult, a question, a wrong number, thanks."""

from collections.abc import Sequence

from reminders.triage.clauses import Clause
from reminders.triage.labels import Finding, Label
from reminders.triage.lexicon import INTENTS, KNOWN
from reminders.triage.negation import negates
from reminders.triage.patterns import Match
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

SURE = 0.85
LIKELY = 0.7
_PLEASE = word_group("please")
_NOT_NAMES = word_group("not_names")
_YES_OR_NO = frozenset({"yes", "no", "nope", "yep", "yeah", "oui", "non", "none", "aucun", "aucune"})
_NEGATION_REACH = 3
_CONDITION_REACH = 4


def requests(scene: Scene, orders: Sequence[Finding]) -> list[Finding]:
    """What the patient wants of staff. A sentence that asks for a consult or gives an order is no question as well."""
    found = scene.find(INTENTS, "order", "answer")
    wrong = found.get("wrong_number", []) + [m for m in found.get("wrong_name", ()) if _names(scene, m)]
    consults = [match for match in found.get("consult", ()) if not _idle(scene, match)]
    spoken_for = {scene.clause(match.start).sentence for match in (*wrong, *consults)}
    questions = [] if orders else _questions(scene, found.get("question", []), spoken_for)
    return (
        [Finding(Label.WRONG_NUMBER, scene.said(match), SURE) for match in wrong]
        + [Finding(Label.CONSULT, scene.said(match), SURE) for match in consults]
        + questions
    )


def _questions(scene: Scene, asked: Sequence[Match], spoken_for: set[int]) -> list[Finding]:
    marked = [
        Finding(Label.QUESTION, scene.text.said(clause.start, clause.end), SURE)
        for clause in scene.text.clauses
        if clause.asks and clause.sentence not in spoken_for and not _settled(scene, clause)
    ]
    worded = [
        Finding(Label.QUESTION, scene.said(match), LIKELY)
        for match in asked
        if scene.clause(match.start).sentence not in spoken_for and not _told(scene, match)
    ]
    return marked + worded


def _told(scene: Scene, match: Match) -> bool:
    """Words of a question in the middle of a telling clause: "as soon as I can I will", "I know who to call"."""
    clause = scene.clause(match.start)
    return any(word not in _PLEASE for word in scene.words[clause.start : match.start]) and match.end - match.start == 1


def _settled(scene: Scene, clause: Clause) -> bool:
    """True for "ok?" and "3?", and where the patient answers at once: "Fever? Yes. Pus? No."."""
    said = scene.words[clause.start : clause.end]
    answered = clause.end < len(scene.words) and scene.words[clause.end] in _YES_OR_NO
    return answered or all(word in _PLEASE or word in {"1", "2", "3"} for word in said)


def _idle(scene: Scene, match: Match) -> bool:
    """True for "no need to call me" and "I'll call if I need an appointment"."""
    clause = scene.clause(match.start)
    before = range(max(clause.start, match.start - _NEGATION_REACH), match.start)
    denied = any(negates(scene, at) and not (at and scene.words[at - 1] in {"can", "could"}) for at in before)
    conditions = scene.marked("hypothetical", max(clause.start, match.start - _CONDITION_REACH), match.end)
    return denied or any(scene.words[mark.start] in {"if", "si"} for mark in conditions)


def _names(scene: Scene, match: Match) -> bool:
    """True when a word that no rule knows stands where a name would: "this isn't Karen"."""
    named = [word for word in scene.words[match.start : match.end] if word not in KNOWN and word not in _NOT_NAMES]
    return bool(named) and named[0].isalpha()
