"""Opt-outs, opt-ins and HELP: in any wording, but never "stop the cream" or "full stop"."""

from collections.abc import Mapping, Sequence

from reminders.triage.clauses import Clause
from reminders.triage.labels import Finding, Label
from reminders.triage.lexicon import INTENTS, KNOWN
from reminders.triage.negation import NEGATORS
from reminders.triage.patterns import Match
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

Found = Mapping[str, list[Match]]
SURE = 0.95
_PLEASE = word_group("please")
_OPENERS = word_group("openers")
_SENT = word_group("stop_fillers") | word_group("about_messages")
_FILLERS = word_group("stop_fillers") | _PLEASE
_BEFORE = word_group("orders_before")
_AFTER = word_group("orders_after")
_OPTIONS = frozenset(["1", "2", "3", "#", "numero", "number"])
_TOLD = word_group("told_opt_outs")
_LONGEST_END = 6  # words before a closing STOP
_STRANGERS = 2
_DENIAL_REACH = 3
_HALTING = word_group("halting")
_NO_MORE = [["no", "more"], ["plus", "rien"], ["nomore", "rien"], ["aucun", "autre"]]
_SKIN = word_group("skin_complaints")
_ME = frozenset({"me", "moi"})
_THANKS = frozenset({"thanks", "thank", "merci", "cheers", "regards"})


def orders(scene: Scene) -> list[Finding]:
    """What the reply tells us to do: stop, start or help."""
    found = scene.find(INTENTS, "order")
    start, stop = _starts(scene, found), _stops(scene, found)
    standing = [match for match in stop if not _taken_back(scene, match, start)]
    if standing:
        return _findings(scene, Label.STOP, standing)
    return _findings(scene, Label.START, start) or _findings(
        scene, Label.HELP, _alone(scene, found.get("help_alone", ()))
    )


def _findings(scene: Scene, label: Label, matches: Sequence[Match]) -> list[Finding]:
    return [Finding(label, scene.said(match), SURE, start=match.start) for match in matches]


def _taken_back(scene: Scene, match: Match, starts: Sequence[Match]) -> bool:
    """ "I unsubscribed by mistake, put me back": an opt-out that is told, beside the wish to start again."""
    clause = scene.clause(match.start)
    earlier = scene.marked("asked_earlier", clause.start, match.end)
    return bool(starts) and (bool(earlier) or scene.words[match.start] in _TOLD or _overlaps(match, starts))


def _stops(scene: Scene, found: Found) -> list[Match]:
    kept = found.get("keep_going", [])
    frames = [match for match in found.get("stop", ()) if not _overlaps(match, kept)]
    keywords = [match for match in found.get("stop_keyword", ()) if not _overlaps(match, kept) and _bare(scene, match)]
    whole = [match for match in _whole(scene, found.get("stop_clause", ())) if not _of_the_skin(scene, match)]
    alone = [*_alone(scene, found.get("stop_alone", ())), *whole]
    return [*frames, *keywords, *alone]


def _of_the_skin(scene: Scene, match: Match) -> bool:
    """ "No bumps, no more!" carries on what was said of the skin."""
    start, end = scene.sentence(match.start)
    return scene.words[match.start : match.end] in _NO_MORE and not _SKIN.isdisjoint(scene.words[start:end])


def _starts(scene: Scene, found: Found) -> list[Match]:
    frames = [match for match in found.get("start", ()) if not _denied(scene, match)]
    return [*frames, *_whole(scene, found.get("start_clause", ())), *_alone(scene, found.get("start_alone", ()))]


def _overlaps(match: Match, others: Sequence[Match]) -> bool:
    return any(match.overlaps(other) for other in others)


def _denied(scene: Scene, match: Match) -> bool:
    """ "Je veux plus de messages", "no point in texting me": a wish for none."""
    before = max(scene.clause(match.start).start, match.start - _DENIAL_REACH)
    if any(scene.words[at] in _HALTING for at in (*range(before, match.start), *match.skipped)):
        return True
    return any(scene.words[at] in NEGATORS for at in range(before, match.end))


def _alone(scene: Scene, matches: Sequence[Match]) -> Sequence[Match]:
    """These matches, when the whole reply holds nothing else but polite words."""
    polite = scene.marks.get("polite", [])
    matches = [match for match in matches if not _overlaps(match, polite)]
    covered = {at for match in (*matches, *polite) for at in range(match.start, match.end)}
    rest = (at for at in range(len(scene.words)) if at not in covered)
    return matches if all(scene.words[at] in _PLEASE | _ME or _signs(scene, at) for at in rest) else ()


def _signs(scene: Scene, at: int) -> bool:
    """A name after a thank-you, at the end."""
    last = at == len(scene.words) - 1
    return last and at > 0 and scene.words[at - 1] in _THANKS and scene.words[at] not in KNOWN


def _whole(scene: Scene, matches: Sequence[Match]) -> list[Match]:
    """The matches that fill a clause but for polite words."""
    return [match for match in matches if all(word in _PLEASE for word in _rest(scene, match))]


def _rest(scene: Scene, match: Match) -> list[str]:
    clause = scene.clause(match.start)
    return [*scene.words[clause.start : match.start], *scene.words[match.end : clause.end]]


def _bare(scene: Scene, match: Match) -> bool:
    """True when STOP stands alone in its clause but for polite words, opens it as an order, or closes it."""
    clause = scene.clause(match.start)
    before, after = scene.words[clause.start : match.start], scene.words[match.end : clause.end]
    if before and before[-1] in _BEFORE:
        return False
    if all(_filler(word) for word in (*before, *after)):
        return True
    return _opens(before, after) or _closes(before, after) or _short(clause, before, after)


def _filler(word: str) -> bool:
    return word in _FILLERS or word in _OPTIONS


def _opens(before: Sequence[str], after: Sequence[str]) -> bool:
    return all(_filler(word) for word in before) and bool(after) and after[0] in _AFTER


def _short(clause: Clause, before: Sequence[str], after: Sequence[str]) -> bool:
    """ "STOP Maria": a word or two that no rule knows do not take an order back; a question might."""
    unknown = not any(word in KNOWN and not _filler(word) for word in (*before, *after))
    return unknown and not clause.asks and len(before) + len(after) <= _STRANGERS


def _closes(before: Sequence[str], after: Sequence[str]) -> bool:
    return (
        len(before) <= _LONGEST_END
        and all(_filler(word) for word in after)
        and bool(before)
        and before[-1] not in _BEFORE
        and (before[0] not in _OPENERS or before[-1] in _SENT)  # not "when should the redness stop"
    )
