"""What should be seen within 24 to 48 hours (facts/aftercare): redness that is back, new dark patches. No red flag."""

from collections.abc import Sequence

from reminders.triage.labels import Finding, Label
from reminders.triage.lexicon import SOON
from reminders.triage.negation import negates
from reminders.triage.patterns import Match
from reminders.triage.polarity import Status, status
from reminders.triage.redflags import easing
from reminders.triage.scene import Scene

_SURE = 0.85
_NEGATION_REACH = 3
_REDNESS = frozenset({"redness", "red", "flush", "flushing", "pinkness", "rash", "irritation"})
_REDNESS |= {"rougeur", "rougeurs", "rouge", "rouges"}


def soon(scene: Scene) -> list[Finding]:
    """Each thing of this tier that is there now, as `persisting`: redness or marks that are there and should not be."""
    found = scene.find(SOON, "symptom", "answer")
    told = [match for match in found.get("dark_patches", ()) if _there(scene, match)]
    back = [match for match in _returned(scene, found.get("redness", ())) if _there(scene, match)]
    return [Finding(Label.PERSISTING, scene.said(match), _SURE, "soon") for match in (*told, *back)]


def _there(scene: Scene, match: Match) -> bool:
    flags = frozenset(range(match.start, match.end))
    if scene.clause(match.start).asks and scene.marked("in_general", *scene.sentence(match.start)):
        return False
    standing = status(scene, match, flags)
    return standing in {Status.ASSERTED, Status.DOUBT} and not easing(scene, match)


def _returned(scene: Scene, named: Sequence[Match]) -> list[Match]:
    """ "The redness had gone but is back": from what is named to the words that say so, in one sentence."""
    found = []
    for match in named:
        if scene.words[match.start] not in _REDNESS:
            continue
        _, end = scene.sentence(match.start)
        found += [Match("redness", match.start, mark.end) for mark in _back(scene, match.end, end)]
    return found


def _back(scene: Scene, start: int, end: int) -> list[Match]:
    """The marks that say that it is there again, and not "back to normal" or "never came back"."""
    marks = scene.marked("returned", start, end)
    normal = scene.marks.get("to_normal", ())
    denied = (mark for mark in marks if _denied(scene, mark, start) or any(mark.overlaps(one) for one in normal))
    return [mark for mark in marks if mark not in set(denied)]


def _denied(scene: Scene, mark: Match, start: int) -> bool:
    return any(negates(scene, at) for at in range(max(start, mark.start - _NEGATION_REACH), mark.start))
