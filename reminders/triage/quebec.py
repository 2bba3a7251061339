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
        return NO_MORE if before in _NO_MORE_BEFORE and after in _NO_MORE_AFTER else "pu"
    if words[at] == "plus":
        return _plus(words, at, before, after)
    return _pus(before, after, second)


def _around(words: Sequence[str], at: int) -> list[tuple[int, str]]:
    return [(i, words[i] if 0 <= i < len(words) else "") for i in (at - 1, at + 1, at + 2)]


def _pus(before: str, after: str, second: str) -> str:
    if after in _DISCHARGE_AFTER or before in _DISCHARGE_BEFORE:
        return "pus"
    if before in _NO_MORE_BEFORE or before.endswith("ez"):
        return NO_MORE
    if not before and after in _ONE and second != "peu":
        return NO_MORE
    if after in _NO_MORE_AFTER and not (after == "de" and second in _OWNERS):
        return NO_MORE
    return "pus"


def _plus(words: Sequence[str], at: int, before: str, after: str) -> str:
    if before in _PLAIN_PLUS_BEFORE or after in _PLAIN_PLUS_AFTER:
        return "plus"
    if "ne" in words[max(0, at - _NE_REACH) : at]:
        return NO_MORE
    if before in _WANTING and after.endswith(_INFINITIVES):
        return NO_MORE
    if before in _MORE_BEFORE or "que" in words[at + 1 : at + _QUE_REACH]:
        return EVEN_MORE
    return (
        NO_MORE
        if after in _NO_MORE_AFTER or before in {"moi", "me"} or after == "" or before.endswith("ez")
        else "plus"
    )
