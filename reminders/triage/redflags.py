"""Red flags: what a nurse must know of at once. Doubt counts, with low confidence."""

from reminders.triage import temperature
from reminders.triage.labels import Finding, Label, Tier
from reminders.triage.lexicon import FLAG_SETTINGS, REDFLAGS
from reminders.triage.patterns import Match
from reminders.triage.polarity import Status, status
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

SURE = 0.9
UNSURE = 0.4
_CONFIDENCE = {Status.ASSERTED: SURE, Status.DOUBT: UNSURE}
_SMALL = word_group("small")
_GROWING = word_group("growing")
_MILD_REACH = 3


def red_flags(scene: Scene) -> list[Finding]:
    """Every red flag that is asserted or in doubt, surest first."""
    matches = named(scene)
    flags = frozenset(at for match in matches for at in range(match.start, match.end))
    found = [_finding(scene, match, flags) for match in matches]
    return sorted((finding for finding in found if finding), key=lambda finding: -finding.confidence)


def named(scene: Scene) -> list[Match]:
    """Every symptom that is named, whatever is said of it."""
    found = scene.find(REDFLAGS, "symptom")
    return [match for matches in found.values() for match in matches] + list(temperature.fevers(scene))


def _finding(scene: Scene, match: Match, flags: frozenset[int]) -> Finding | None:
    settings = FLAG_SETTINGS[match.concept]
    if settings.get("mild") and _slight(scene, match):
        return None
    if match.concept == "fever" and temperature.normal(scene, match):
        return None
    confidence = _CONFIDENCE.get(status(scene, match, flags))
    if confidence is None:
        return None
    confidence = min(confidence, UNSURE) if settings.get("doubt") else confidence
    tier: Tier = "emergency" if settings.get("tier") == "emergency" else "urgent"
    return Finding(Label.URGENT, scene.said(match), confidence, tier)


def _slight(scene: Scene, match: Match) -> bool:
    clause = scene.clause(match.start)
    start, end = scene.sentence(match.start)
    near = scene.words[max(clause.start, match.start - _MILD_REACH) : min(clause.end, match.end + _MILD_REACH)]
    slight = bool(_SMALL & set(near)) or bool(scene.marked("expected", start, end))
    return slight and not _GROWING & set(scene.words[clause.start : clause.end])
