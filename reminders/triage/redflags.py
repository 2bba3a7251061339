"""Red flags: what a nurse must know of at once. Doubt counts, with low confidence."""

from reminders.triage import temperature
from reminders.triage.labels import Finding, Label, Tier
from reminders.triage.lexicon import FLAG_SETTINGS, REDFLAGS
from reminders.triage.negation import NEGATORS
from reminders.triage.patterns import Match
from reminders.triage.polarity import Status, status, told
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

SURE = 0.9
UNSURE = 0.4
_CONFIDENCE: dict[str, float] = {Status.ASSERTED: SURE, Status.DOUBT: UNSURE}
_SMALL = word_group("small")
_GROWING = word_group("growing")
_ELSEWHERE = word_group("elsewhere")
_MANY_TIMES = frozenset({"times", "twice", "double", "triple", "size"})  # "three times its normal size" is not normal
_USUAL = frozenset({"normal", "normale", "usual", "expected"})
_MILD_REACH = 3


def red_flags(scene: Scene) -> list[Finding]:
    """Every red flag that is asserted or in doubt, surest first."""
    found = [_finding(scene, match, stands) for match, stands, slight in standings(scene) if not slight]
    return sorted((finding for finding in found if finding), key=lambda finding: -finding.confidence)


def set_aside(scene: Scene) -> tuple[str, ...]:
    """The words of red flags that would count if they were not somebody else's.

    Whether the sender may be speaking for the patient ("ma fille a de la fièvre") the words alone do not tell.
    """
    theirs = [match for match, stands, slight in standings(scene) if stands == Status.SOMEBODY_ELSE and not slight]
    flags = _places(named(scene)) if theirs else frozenset()
    present = [match for match in theirs if told(scene, match, flags) in _CONFIDENCE]
    return tuple(dict.fromkeys(scene.said(match) for match in present))


def standings(scene: Scene) -> list[tuple[Match, str, bool]]:
    """Each symptom that is named, how it stands (a Status), and whether it is too slight to count; asked once."""
    if not scene.symptoms:
        found = scene.find(REDFLAGS, "symptom", "seen")
        matches = [match for matches in found.values() for match in matches] + list(temperature.fevers(scene))
        flags = _places(matches)
        scene.symptoms.extend((match, status(scene, match, flags), _harmless(scene, match)) for match in matches)
    return scene.symptoms


def named(scene: Scene) -> list[Match]:
    """Every symptom that is named, whatever is said of it."""
    return [match for match, _, _ in standings(scene)]


def _finding(scene: Scene, match: Match, stands: str) -> Finding | None:
    settings = FLAG_SETTINGS[match.concept]
    confidence = _CONFIDENCE.get(stands)
    if confidence is None:
        return None
    confidence = min(confidence, UNSURE) if settings.get("doubt") else confidence
    tier: Tier = "emergency" if settings.get("tier") == "emergency" else "urgent"
    return Finding(Label.URGENT, scene.said(match), confidence, tier)


def _places(matches: list[Match]) -> frozenset[int]:
    return frozenset(at for match in matches for at in range(match.start, match.end))


def _harmless(scene: Scene, match: Match) -> bool:
    mild = bool(FLAG_SETTINGS[match.concept].get("mild")) and _slight(scene, match)
    if FLAG_SETTINGS[match.concept].get("elsewhere") and _ELSEWHERE & set(
        scene.words[slice(*scene.sentence(match.start))]
    ):
        return True
    return mild or (match.concept == "fever" and temperature.normal(scene, match))


def _slight(scene: Scene, match: Match) -> bool:
    clause = scene.clause(match.start)
    if _MANY_TIMES & set(scene.words[match.start : match.end]):
        return False
    start, end = scene.sentence(match.start)
    near = range(max(clause.start, match.start - _MILD_REACH), min(clause.end, match.end + _MILD_REACH))
    itself = set(range(match.start, match.end)) - set(match.skipped)
    small = any(_calls_small(scene, at) for at in near if at not in itself)
    slight = small or bool(scene.marked("expected", start, end)) or easing(scene, match)
    return slight and not _GROWING & set(scene.words[clause.start : clause.end])


def easing(scene: Scene, match: Match) -> bool:
    """ "The swelling is going down": on its way out, and not "down my neck" or "not going down"."""
    clause = scene.clause(match.start)
    here = (max(clause.start, match.start - _MILD_REACH), scene.clause(match.end - 1).end)
    further = (*scene.marked("moving", *here), *scene.marked("comes_back", *scene.sentence(match.start)))
    if any(mark.concept == "comes_back" for mark in further):
        return False
    return any(not any(mark.overlaps(other) for other in further) for mark in scene.marked("easing", *here))


def _calls_small(scene: Scene, at: int) -> bool:
    """ "Slight", "as usual", and not "not normal"."""
    if scene.words[at] in _USUAL and scene.clause(at).asks:  # "is it normal to have huge lips?"
        return False
    return scene.words[at] in _SMALL and not (at and scene.words[at - 1] in NEGATORS)
