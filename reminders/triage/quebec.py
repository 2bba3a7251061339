"""Quebec "pus" and "pu" (no more, or discharge) and French "plus" (no more, or more), told apart by neighbours."""

from collections.abc import Sequence

from reminders.triage.vocabulary import words as word_group

NO_MORE = "nomore"
EVEN_MORE = "evenmore"
_DISCHARGE_BEFORE = word_group("pus_discharge_before")
_DISCHARGE_AFTER = word_group("pus_discharge_after")
_NO_MORE_BEFORE = word_group("pus_no_more_before")
_NO_MORE_AFTER = word_group("pus_no_more_after")
_OWNERS = word_group("owners")
_MORE_BEFORE = word_group("plus_more_before")
_PLAIN_PLUS_BEFORE = word_group("plus_plain_before")
_PLAIN_PLUS_AFTER = word_group("plus_plain_after")
_UNSETTLED = frozenset({"pus", "pu", "plus"})
_WANTING = frozenset({"veux", "veut", "voulons", "voudrais", "souhaite", "peux", "peut", "aimerais"})
_INFINITIVES = ("er", "ir", "re", "oir")
_SUBJECTS = frozenset({"ca", "je", "tu", "il", "elle", "on", "ils", "elles"})
_SUBJECT_REACH = 3
_OF = frozenset({"du", "de", "avec"})
_PRONOUNS = frozenset({"me", "te", "le", "la", "les", "lui", "nous", "vous", "y", "en", "se"})
_AUXILIARIES = frozenset(
    {"ai", "as", "a", "avons", "avez", "ont", "avais", "avait", "aurais", "aurait", "aurai", "pas"}
)
_SENDING = frozenset({"recevoir", "texter", "ecrire", "envoyer", "me"})
_FEW = frozenset({"1", "2", "3", "4", "5", "un", "une", "deux", "trois", "quelques"})
_ONLY_BEFORE = frozenset({"", "reste", "a", "ai", "en"})
_ALONE_BEFORE = frozenset({"", "la", "maintenant", "mais", "puis", "pis", "et", "depuis"})
_OPTIONS = frozenset({"1", "2", "3"})
_ONE = frozenset({"un", "une"})
_NE_REACH = 5
_QUE_REACH = 7


def settle(words: Sequence[str], clause_of: Sequence[int]) -> list[str]:
    """The words with each "pus" and "plus" replaced by what it means where it stands; unsure "pus" stays discharge."""
    return [_settled(words, clause_of, at) if word in _UNSETTLED else word for at, word in enumerate(words)]


def _settled(words: Sequence[str], clause_of: Sequence[int], at: int) -> str:
    near = [w if 0 <= i < len(words) and clause_of[i] == clause_of[at] else "" for i, w in _around(words, at)]
    before, after, second = near
    if {before, after} & {"en"} and words[max(0, at - 3) : at + 4].count(words[at]) > 1:
        return EVEN_MORE
    if words[at] == "pu":
        return _pu(before, after, second)
    if words[at] == "plus":
        return _plus(words, at, before, after)
    told = _of_a_verb(words, clause_of, at)
    return NO_MORE if told and after not in _DISCHARGE_AFTER else _pus(before, after, second)


def _of_a_verb(words: Sequence[str], clause_of: Sequence[int], at: int) -> bool:
    """ "Ça me démange pus": right after a verb whose subject stands a word or two before it, it denies the verb."""
    before = [words[i] for i in range(max(0, at - _SUBJECT_REACH), at) if clause_of[i] == clause_of[at]]
    return len(before) > 1 and not _SUBJECTS.isdisjoint(before[:-1]) and before[-1] not in _DISCHARGE_BEFORE


def _pu(before: str, after: str, second: str) -> str:
    """ "J'ai pu dormir" is "could", "du pu jaune" is discharge, all else is "no more"."""
    if before in _OF and (before == "du" or not (after in _PRONOUNS or after.endswith(_INFINITIVES))):
        return "pus"
    could = before in _AUXILIARIES and any(word.endswith(_INFINITIVES) for word in (after, second) if word)
    return "pu" if could and after not in _NO_MORE_AFTER else NO_MORE


def _around(words: Sequence[str], at: int) -> list[tuple[int, str]]:
    return [(i, words[i] if 0 <= i < len(words) else "") for i in (at - 1, at + 1, at + 2)]


def _pus(before: str, after: str, second: str) -> str:
    if after in _DISCHARGE_AFTER or before in _DISCHARGE_BEFORE:
        return "pus"
    if before in _NO_MORE_BEFORE or before.endswith("ez"):
        return NO_MORE
    if before in _ALONE_BEFORE and after in _ONE and second != "peu":
        return NO_MORE
    if after in _NO_MORE_AFTER and not (after == "de" and second in _OWNERS):
        return NO_MORE
    return "pus"


def _only(words: Sequence[str], at: int, before: str, after: str) -> bool:
    """ "Plus que deux boutons": two, and no more."""
    return after == "que" and before in _ONLY_BEFORE and not _FEW.isdisjoint(words[at + 2 : at + 3])


def _no_longer_to(before: str, after: str) -> bool:
    """ "Je veux plus recevoir", "pour plus recevoir", "de plus recevoir"."""
    if before == "de":
        return after in _SENDING
    return (before in _WANTING or before == "pour") and after.endswith(_INFINITIVES)


def _plus(words: Sequence[str], at: int, before: str, after: str) -> str:
    rather = before == "est" and after in _ONE and not _OPTIONS.isdisjoint(words[at + 2 : at + 3])  # "c'est plus un 3"
    if rather or before in _PLAIN_PLUS_BEFORE or after in _PLAIN_PLUS_AFTER:
        return "plus"
    if "ne" in words[max(0, at - _NE_REACH) : at]:
        return NO_MORE
    if not before and after in _ONE:  # "plus un seul bouton"
        return NO_MORE
    if _only(words, at, before, after) or _no_longer_to(before, after):
        return NO_MORE
    if before in _MORE_BEFORE or "que" in words[at + 1 : at + _QUE_REACH]:
        return EVEN_MORE
    return (
        NO_MORE
        if after in _NO_MORE_AFTER or before in {"moi", "me"} or after == "" or before.endswith("ez")
        else "plus"
    )
