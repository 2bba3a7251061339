"""The digit that answers a check-in: "2.", "#2", "le 2", "oops meant 2 not 3"; never "see you at 3" or "2 kids"."""

from dataclasses import dataclass

from reminders.triage.clauses import Break, Clause
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

BY_DIGIT = 0.97
"""How sure an answer by its digit is."""
_SPELT = {"one": 1, "two": 2, "three": 3, "un": 1, "deux": 2, "trois": 3, "1": 1, "2": 2, "3": 3}
_RANGES = {"1-2": 2, "2-3": 3, "1/2": 2, "2/3": 3, "1.5": 2, "2.5": 3, "1,5": 2, "2,5": 3}
_ORDINALS = {"1st": "1", "2nd": "2", "3rd": "3", "first": "1", "second": "2", "third": "3"}
_ORDINALS |= {"middle": "2", "milieu": "2", "last": "3", "derniere": "3", "dernier": "3"}
_ORDINALS |= {"premier": "1", "premiere": "1", "deuxieme": "2", "troisieme": "3", "2e": "2", "3e": "3"}
_OPTION_WORDS = frozenset({"option", "choice", "one", "choix", "reponse", "answer", "celui", "celle", "du"})
_FRAMES = word_group("digit_frames") | word_group("please")
_INSTEAD_OF = word_group("instead_of")
_COUNTABLE = word_group("countable")
_NOT_PLURAL = word_group("plural_words")
_BETWEEN = frozenset({"between", "entre", "or", "ou"})
_AROUND = _FRAMES | _INSTEAD_OF | _BETWEEN
_LED_BY = [
    ["is", "a"],
    ["be", "a"],
    ["est", "un"],
    ["est", "le"],
    ["say", "a"],
    ["dis", "un"],
    ["call", "it"],
    ["suis", "au"],
    ["it", "a"],
    ["that", "a"],
    ["un", "gros"],
]
_GOES_ON = frozenset({"avec", "with", "and", "et", "puis", "pis", "parce", "because"})
_HALF = frozenset({"half", "demi", "demie"})
_SAYS_IT_IS = frozenset({"is", "est"})
_PLEASE = word_group("please")
_DATED = frozenset({"rdv", "appointment", "appt", "seance", "session"})
_CHANGES = frozenset({"change", "changed", "changez", "changer", "switch", "switched", "corrigez", "corriger"})
_SHORTEST_PLURAL = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """The option chosen (1 to 3) and the words that say so."""

    option: int
    words: str


def answer(scene: Scene) -> Answer | None:
    """The option that the reply chooses, if it chooses one; of two that are left open, the worse."""
    found = [chosen for clause in scene.text.clauses if (chosen := _of_clause(scene, clause))]
    first = _leading(scene)
    options = found or ([first] if first else [])
    return max(options[-1:], key=lambda one: one.option, default=None)


def _of_clause(scene: Scene, clause: Clause) -> Answer | None:
    return _framed(scene, clause) or _closing(scene, clause) or _opening(scene, clause)


def _opening(scene: Scene, clause: Clause) -> Answer | None:
    """ "C'est un gros 3 avec du pus", "it's a 2 and healing": frames with a verb, the number, and what goes with it."""
    said = scene.words[clause.start : clause.end]
    at = next((place for place, word in enumerate(said) if word not in _FRAMES), len(said))
    if at + 1 >= len(said) or said[at] not in {"1", "2", "3"} or said[at + 1] not in _GOES_ON:
        return None
    if _SAYS_IT_IS.isdisjoint(said[:at]) or not _HALF.isdisjoint(said[at:]):
        return None
    return Answer(int(said[at]), scene.text.said(clause.start, clause.start + at + 1))


def _framed(scene: Scene, clause: Clause) -> Answer | None:
    """A clause that holds nothing but a number and the words that introduce one."""
    polite = {at for mark in scene.marks.get("polite", ()) for at in range(mark.start, mark.end)}
    said = _ordinal([scene.words[at] for at in range(clause.start, clause.end) if at not in polite])
    places = [at for at, word in enumerate(said) if word in _SPELT or word in _RANGES]
    others = [word for at, word in enumerate(said) if at not in places]
    if not places or any(word not in _AROUND for word in others):
        return None
    if said[0] == "at" or (clause.asks and _asks_what_it_means(said)):
        return None
    if _joined_number(scene, clause):
        return None
    kept = [at for at in places if not _INSTEAD_OF & set(said[max(0, at - 2) : at]) or _second(said, at)]
    if not kept or (len(kept) == 1 and _an_article(said, kept[0])):
        return None
    if not _CHANGES.isdisjoint(said):  # "change my 3 to a 1"
        kept = kept[-1:]
    return Answer(max(_value(said[at]) for at in kept), scene.text.said(clause.start, clause.end))


def _asks_what_it_means(said: list[str]) -> bool:
    """ "1 c'est bon ou pas bon?": of the question, not of the skin."""
    return said[0] in _SPELT and not _SAYS_IT_IS.isdisjoint(said[1:])


def _closing(scene: Scene, clause: Clause) -> Answer | None:
    """ "In the daylight it's a 3 for sure": a clause that ends in a number with its verb, after other words."""
    said = scene.words[clause.start : clause.end]
    places = [at for at, word in enumerate(said) if word in {"1", "2", "3"}]
    if not places or any(word not in _AROUND for word in said[places[-1] + 1 :]):
        return None
    led = said[max(0, places[-1] - 2) : places[-1]] in _LED_BY and _DATED.isdisjoint(said)
    return Answer(int(said[places[-1]]), scene.text.said(clause.start + places[-1], clause.end)) if led else None


def _ordinal(said: list[str]) -> list[str]:
    """ "2nd option", "la deuxième": an ordinal beside a word for an option is that option."""
    chosen = _ORDINALS.keys() & set(said)
    alone = all(word in _ORDINALS or word in _PLEASE for word in said)
    if not chosen or not (alone or _OPTION_WORDS & set(said)):
        return said
    return [_ORDINALS.get(word, word) for word in said if word not in _OPTION_WORDS]


def _second(said: list[str], at: int) -> bool:
    """ "not 3, 2" and "not 3 2": the number right after the one that is set aside."""
    return said[at - 1] in _SPELT


def _an_article(said: list[str], at: int) -> bool:
    """ "un" and "one" count only alone or after a frame such as "c'est un", never before more words."""
    return said[at] in {"un", "one"} and any(word not in _PLEASE for word in said[at + 1 :])


def _leading(scene: Scene) -> Answer | None:
    """A digit that begins the reply and counts nothing: "3 please call me"."""
    if not scene.text.clauses or _joined_number(scene, scene.text.clauses[0]):
        return None
    first = scene.text.clauses[0]
    start = next((at for at in range(first.start, first.end) if scene.words[at] not in _FRAMES), first.end)
    if start >= first.end or scene.words[start] not in _SPELT or scene.words[start] not in {"1", "2", "3"}:
        return None
    if start + 1 < first.end and (
        _counts(scene.words[start + 1]) or not _HALF.isdisjoint(scene.words[start : first.end])
    ):
        return None
    return Answer(_SPELT[scene.words[start]], scene.text.said(start, start + 1))


def _joined_number(scene: Scene, clause: Clause) -> bool:
    """ "2 - 3 boutons", "1, 2 bumps": the first number is part of a count."""
    if clause.end >= len(scene.words) or scene.clause(clause.end).opens is not Break.COMMA:
        return False
    after = scene.words[clause.end + 1 : clause.end + 2]
    return scene.words[clause.end].isdigit() and bool(after) and _counts(after[0])


def _counts(word: str) -> bool:
    plural = word.endswith("s") and len(word) >= _SHORTEST_PLURAL and word not in _NOT_PLURAL
    return word in _COUNTABLE or word.isdigit() or plural


def _value(word: str) -> int:
    return _SPELT.get(word) or _RANGES[word]
