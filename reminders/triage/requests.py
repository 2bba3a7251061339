"""A consult, a question, a wrong number, thanks."""

from collections.abc import Sequence

from reminders.triage.clauses import Break, Clause
from reminders.triage.labels import Finding, Label
from reminders.triage.lexicon import INTENTS, KNOWN
from reminders.triage.negation import negates
from reminders.triage.patterns import Match
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

SURE = 0.85
LIKELY = 0.7
_PLEASE = word_group("please")
_GIVEN = word_group("given_names")
_NOT_NAMES = word_group("not_names")
_YES_OR_NO = frozenset({"yes", "no", "nope", "yep", "yeah", "oui", "non", "none", "nada", "aucun", "aucune"})
_LEADING = (word_group("leading") | _PLEASE) - word_group("selves")
_ECHOES = word_group("echoes")
_ABOUT_MESSAGES = word_group("about_messages")
_ASKED_TO_CEASE = [[halt, "de"] for halt in sorted(word_group("halting"))]
_ASKED_LAST = frozenset({"quand", "quoi", "comment", "combien", "lequel", "laquelle", "pourquoi"})
_BEFORE_SUBJECT = _PLEASE | word_group("before_tu")
_VERBS_OF_TU = word_group("verbs_of_tu")
_OR_NOT = [["ou", "pas"], ["ou", "non"], ["ou", "demain"]]
_FINE = [["fine"], ["correct"]]
_FEW_ECHOED = 3
_WHOLE = frozenset({"everything", "all"})  # "everything is fine, skin looks normal"
_SHORTEST_ASKED = 3
_NEGATION_REACH = 3
_RELATIVE = (["is"], ["are"], ["was"], ["were"], ["has"], ["have"], ["i"])
_SUIVI = frozenset({"suivi", "suivis", "followup", "followups"})
_FEW_ASKED = 2  # words: "microwhat?" of a stranger
_CONDITION_REACH = 4


def requests(scene: Scene, orders: Sequence[Finding]) -> list[Finding]:
    """What the patient wants of staff. A sentence that asks for a consult or gives an order is no question as well."""
    found = scene.find(INTENTS, "order", "answer")
    wrong = found.get("wrong_number", []) + [m for m in found.get("wrong_name", ()) if _names(scene, m)]
    if orders or found.get("who"):  # alone, "not Jenny" may be anything
        wrong += [m for m in found.get("wrong_name_alone", ()) if _names(scene, m) and _alone(scene, m)]
    consults = [match for match in found.get("consult", ()) if not _idle(scene, match)]
    consults = [match for match in consults if not _of_messages(scene, match, orders, wrong)]
    starts = [match.start for match in (*wrong, *consults)] + [one.start for one in orders if one.start is not None]
    spoken_for = {scene.clause(start).sentence for start in starts}
    if orders:  # "another text?? stop" asks nothing
        spoken_for |= {clause.sentence for clause in scene.text.clauses if _ABOUT_MESSAGES & set(_words(scene, clause))}
    if wrong:
        spoken_for |= {scene.clause(match.start).sentence for match in found.get("who", ())}
        spoken_for |= {one.sentence for one in scene.text.clauses if one.end - one.start <= _FEW_ASKED}
    asked = [match for match in found.get("question_opening", ()) if _opens(scene, match)] + _particles(scene)
    questions = _questions(scene, found.get("question", []) + asked, spoken_for)
    return (
        [Finding(Label.WRONG_NUMBER, scene.said(match), SURE) for match in wrong]
        + [Finding(Label.CONSULT, scene.said(match), SURE) for match in consults]
        + questions
    )


def _questions(scene: Scene, asked: Sequence[Match], spoken_for: set[int]) -> list[Finding]:
    marked = [
        Finding(Label.QUESTION, scene.text.said(clause.start, clause.end), SURE)
        for clause in scene.text.clauses
        if clause.sentence not in spoken_for and _asks(scene, clause)
    ]
    worded = [
        Finding(Label.QUESTION, scene.said(match), LIKELY)
        for match in asked
        if scene.clause(match.start).sentence not in spoken_for and not _told(scene, match)
    ]
    return marked + worded


def _particles(scene: Scene) -> list[Match]:
    """Quebec's "tu" after the verb: "l'assurance rembourse tu ça", "c'est tu grave"; not "merci tu es fine"."""
    words = scene.words
    return [
        Match("question", at - 1, at + 1)
        for at, word in enumerate(words)
        if word == "tu" and at > scene.clause(at).start and not _subject(words, at)
    ]


def _subject(words: Sequence[str], at: int) -> bool:
    """True where "tu" is whom one speaks to: after "que" or "merci", before its own verb."""
    after = words[at + 1] if at + 1 < len(words) else ""
    return words[at - 1] in _BEFORE_SUBJECT or after in _VERBS_OF_TU


def _opens(scene: Scene, match: Match) -> bool:
    """True at the beginning of a clause, polite words apart: "hi is the gym ok", not "I know what is best"."""
    clause = scene.clause(match.start)
    if scene.words[max(clause.start, match.start - 1)] in _WHOLE or _relative(scene, match, clause):
        return False
    return clause.asks or all(word in _LEADING for word in scene.words[clause.start : match.start])


def _relative(scene: Scene, match: Match, clause: Clause) -> bool:
    """ "On my chin, which are still there": tells, where "which cream" asks."""
    tells = scene.words[match.start + 1 : match.start + 2] in _RELATIVE
    return scene.words[match.start] == "which" and clause.opens is Break.COMMA and not clause.asks and tells


def _told(scene: Scene, match: Match) -> bool:
    """Words of a question in the middle of a telling clause: "as soon as I can I will", "I know who to call"."""
    clause = scene.clause(match.start)
    return any(word not in _PLEASE for word in scene.words[clause.start : match.start]) and match.end - match.start == 1


def _settled(scene: Scene, clause: Clause) -> bool:
    """True for "ok?", "3?" and "clear?? I wish", where the patient answers at once, and where a red flag is told."""
    said = scene.words[clause.start : clause.end]
    answered = clause.end < len(scene.words) and scene.words[clause.end] in _YES_OR_NO
    answered = answered or (len(said) <= _FEW_ECHOED and scene.words[clause.end : clause.end + 1] in _FINE)
    return answered or all(word in _PLEASE or word in _ECHOES for word in said) or _tells(scene, clause)


def _asks(scene: Scene, clause: Clause) -> bool:
    return (clause.asks and not _settled(scene, clause)) or _ends_asking(scene, clause)


def _ends_asking(scene: Scene, clause: Clause) -> bool:
    """ "J'arrête la crème quand", "je me lave avec quoi": spoken French asks with its last word."""
    last = scene.words[clause.end - 1] in _ASKED_LAST or _words(scene, clause)[-2:] in _OR_NOT
    return last and clause.end - clause.start >= _SHORTEST_ASKED and "importe" not in _words(scene, clause)


def _words(scene: Scene, clause: Clause) -> list[str]:
    return scene.words[clause.start : clause.end]


def _tells(scene: Scene, clause: Clause) -> bool:
    """ "I have blisters on my chin??": a statement, whatever mark ends it."""
    told = scene.marked("statement", clause.start, clause.end)
    return any(all(word in _LEADING for word in scene.words[clause.start : mark.start]) for mark in told)


def _idle(scene: Scene, match: Match) -> bool:
    """True for "no need to call me" and "I'll call if I need an appointment"."""
    clause = scene.clause(match.start)
    before = range(max(clause.start, match.start - _NEGATION_REACH), match.start)
    denied = any(negates(scene, at) and not (at and scene.words[at - 1] in {"can", "could"}) for at in before)
    denied = denied or scene.words[max(0, match.start - 2) : match.start] in _ASKED_TO_CEASE
    denied = denied or bool(scene.marked("asks_whether", clause.start, match.end))
    denied = denied or bool(scene.marked("how_long", clause.start, match.end))
    denied = denied or any(negates(scene, at) for at in match.skipped)
    denied = denied or scene.words[match.end : min(match.end + 1, scene.clause(match.end - 1).end)] in (
        ["pas"],
        ["nomore"],
    )
    conditions = scene.marked("hypothetical", max(clause.start, match.start - _CONDITION_REACH), match.end)
    polite = scene.marked("polite_if", clause.start, match.end)
    ifs = (mark for mark in conditions if scene.words[mark.start] in {"if", "si"})
    return denied or any(not any(mark.overlaps(one) for one in polite) for mark in ifs)


def _of_messages(scene: Scene, match: Match, orders: Sequence[Finding], wrong: Sequence[Match]) -> bool:
    """ "Wrong person stop texting this phone", "enlever du suivi svp": no call, no visit."""
    ordered = {scene.clause(one.start).sentence for one in orders if one.start is not None}
    of_messages = not _SUIVI.isdisjoint(scene.words[match.start : match.end])
    here = scene.clause(match.start).sentence in ordered
    return any(match.overlaps(other) for other in wrong) or (of_messages and here)


def _alone(scene: Scene, match: Match) -> bool:
    """ "Not Jenny." and nothing else but polite words in the clause."""
    clause = scene.clause(match.start)
    rest = scene.words[clause.start : match.start] + scene.words[match.end : clause.end]
    return all(word in _PLEASE for word in rest)


def _names(scene: Scene, match: Match) -> bool:
    """True when a word that no rule knows stands where a name would: "this isn't Karen"."""
    said = scene.words[match.start : match.end]
    named = [word for word in said if word in _GIVEN or (word not in KNOWN and word not in _NOT_NAMES)]
    return bool(named) and named[0].isalpha()
