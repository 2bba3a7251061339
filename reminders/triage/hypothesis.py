"""Whether a symptom is only thought of: "what if", "is it common", "I sometimes get"; not "if I touch it"."""

from reminders.triage.lexicon import FLAG_SETTINGS
from reminders.triage.negation import negates
from reminders.triage.patterns import Match
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

_FILLERS = word_group("list_fillers")
_IF = frozenset({"if", "si"})
_CONSEQUENCE = word_group("consequence")
_OPENERS = word_group("openers")
_SUBJECTS = frozenset({"i", "there", "je", "y"})
_WATCHING = frozenset({"surveiller", "watch", "watching", "eye", "guetter", "lookout"})
_WOULD = ("erait", "eraient", "drait", "draient")
_SEEMS = frozenset({"dirait", "serait", "seraient", "voudrait", "faudrait", "aimerait", "viendrait", "derangerait"})
_SUPPOSING = frozenset({"suppose", "say", "imagine"})
_SAYING = frozenset({"i", "would", "to", "must", "they"})
_WILL = frozenset({"will", "vais", "irai", "irait", "going", "would"})
_HOSPITAL = frozenset({"er", "emerg", "emergency", "hospital", "urgence", "hopital"})
_TELLS = _SUBJECTS | {"my", "mon", "ma", "mes", "ca", "it", "have", "ai"}
_PRONE_TO = frozenset({"blisters", "hives"})  # "sometimes it oozes" is said of today
_USUAL = frozenset({"normal", "normale", "expected", "usual", "ok", "okay"})
_GENERAL = _USUAL | {"is", "a", "some", "little", "le", "la", "ce", "est", "tu", "un", "peu", "de", "l"}
_COME = frozenset({"out", "today", "now", "just", "sorti", "sort", "la", "maintenant", "aujourd'hui", "commence"})


def in_general(scene: Scene, match: Match) -> bool:
    clause = scene.clause(match.start)
    asks = clause.asks or scene.words[clause.start] in _OPENERS or "combien" in scene.words[clause.start : clause.end]
    if _conditional(scene, max(clause.start, match.start - 3), min(clause.end, match.end + 2)) or _then(scene, match):
        return True
    general = bool(scene.marked("in_general", clause.start, clause.end))
    here = asks and (general or _bare(scene, match))
    return here or _asked_about(scene, match)


def _conditional(scene: Scene, start: int, end: int) -> bool:
    """ "Ça donnerait-tu des cloques": French says with the verb what would be; "on dirait du pus" says what is."""
    return any(word.endswith(_WOULD) and word not in _SEEMS for word in scene.words[start:end])


def _then(scene: Scene, match: Match) -> bool:
    """ "I'll go to emerg if": what one would do."""
    clause = scene.clause(match.start)
    said, after = set(scene.words[clause.start : match.end]), scene.words[match.end : match.end + 1]
    return bool(said & _WILL) and bool(said & _HOSPITAL) and not _IF.isdisjoint(after)


def _asked_about(scene: Scene, match: Match) -> bool:
    """ "What are the signs, fever I guess?": a list of what to look for, in which nobody has anything."""
    start, end = scene.sentence(match.start)
    if scene.marked("as_written", match.end, end) and not _WATCHING.isdisjoint(scene.words[start : match.start]):
        return True
    marks = scene.marked("asks_signs", start, match.start)
    return any(_TELLS.isdisjoint(scene.words[mark.end : match.start]) for mark in marks)


def _bare(scene: Scene, match: Match) -> bool:
    """ "Is swelling normal?" and nothing of one's own."""
    clause = scene.clause(match.start)
    rest = scene.words[clause.start : match.start] + scene.words[match.end : clause.end]
    mild = bool(FLAG_SETTINGS.get(match.concept, {}).get("mild"))
    return mild and _GENERAL.issuperset(rest) and not _USUAL.isdisjoint(rest)


def hypothetical(scene: Scene, match: Match, flags: frozenset[int]) -> bool:
    region = scene.region(match.start)
    start = _list_start(scene, match, flags)
    marks = [mark for mark in scene.marked("hypothetical", region, match.end) if mark.start < match.start]
    told = _told_from(scene, region, match)
    return any(
        mark.end > start
        and _whole(scene, mark)
        and not _opinion(scene, mark)
        and not (mark.end < told and scene.words[mark.start] in _IF)
        and not _excused(scene, mark)
        for mark in marks
    )


def _whole(scene: Scene, mark: Match) -> bool:
    """ "I'm worried, there's pus": words on both sides of a comma make no "worried about"."""
    return scene.text.clause_of[mark.start] == scene.text.clause_of[mark.end - 1]


def _opinion(scene: Scene, mark: Match) -> bool:
    """ "I'd say my lips are swollen", "I suppose": said of now."""
    before = scene.words[max(0, mark.start - 1) : mark.start]
    return scene.words[mark.start] in _SUPPOSING and not _SAYING.isdisjoint(before)


def _excused(scene: Scene, mark: Match) -> bool:
    """True where "if" asks whether it is so now; "what happens if" never does."""
    if any(mark.overlaps(other) for other in scene.marks.get("condition", ())):
        return False
    names = ("indirect_question", "touching", "stated")
    return any(mark.overlaps(other) and _whole(scene, other) for name in names for other in scene.marks.get(name, ()))


def _told_from(scene: Scene, start: int, match: Match) -> int:
    """ "If it helps I have a fever": where a further subject begins what is told; `start` if none does, or if
    that is what one would do then."""
    words = scene.words
    second = next((at for at in range(match.start - 1, start, -1) if words[at] in _SUBJECTS), start)
    return second if _CONSEQUENCE.isdisjoint(words[second : match.end]) else start


def _list_start(scene: Scene, match: Match, flags: frozenset[int]) -> int:
    """Where the clause of this symptom begins, or that of the list of symptoms which it continues."""
    number = scene.text.clause_of[match.start]
    clause = scene.text.clauses[number]
    while number and all(at in flags or scene.words[at] in _FILLERS for at in range(clause.start, clause.end)):
        number -= 1
        clause = scene.text.clauses[number]
    return clause.start


def habitual(scene: Scene, match: Match) -> bool:
    """ "I get cold sores sometimes": what one is prone to, where nothing in the sentence says that it is so today."""
    clause, (_, end) = scene.clause(match.start), scene.sentence(match.start)
    marks = scene.marked("habit", clause.start, clause.end)
    if (
        match.concept not in _PRONE_TO
        or not marks
        or any(negates(scene, at) for at in range(clause.start, match.start))
    ):
        return False
    return not scene.marked("present", match.end, end) and _COME.isdisjoint(scene.words[match.start : end])
