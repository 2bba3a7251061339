"""A reply's text -> what it means: the rules in their order, and what outranks what."""

from collections.abc import Sequence

from reminders.triage.labels import Asked, Evidence, Finding, Label, Reading, Tier
from reminders.triage.language import language
from reminders.triage.lexicon import INTENTS
from reminders.triage.orders import orders
from reminders.triage.outcome import outcome
from reminders.triage.quoted import Source, own_words
from reminders.triage.redflags import red_flags, set_aside
from reminders.triage.requests import requests
from reminders.triage.scene import Scene, scenes
from reminders.triage.second_reader import Moment, second_look
from reminders.triage.soon import soon

CHECK_IN_DAY = 7
ANSWERABLE = range(CHECK_IN_DAY, CHECK_IN_DAY + 7)
"""Days on which the check-in of day 7 is answered: a week, as in care.checkins."""

_THANKED = 0.8
_NOT_UNDERSTOOD = 0.3  # below what anybody should act on: a person reads it
_MACHINE_SAID = 0.95
_TO_CALL = frozenset({"911", "811", "ambulance", "emergency", "urgence"})
"""What absence notices say of emergencies, which is nobody's red flag."""

_STATES = (Label.PERSISTING, Label.IMPROVING, Label.CLEAR)  # the worst first
_GRAVEST: tuple[Tier, ...] = ("emergency", "urgent", "soon")


def asked_on(day: int | None) -> Asked:
    """What a patient was asked on this day after the treatment, where nothing else tells."""
    return Asked.CHECK_IN if day is not None and day in ANSWERABLE else Asked.NONE


def read(text: str, day: int | None, asked: Asked) -> Reading:
    """What a reply means. `day` counts from the treatment; a digit answers only when `asked` is CHECK_IN.

    Pure and total: any text gives at least one label, and none raises.
    """
    own = own_words(text)
    parts = scenes(own.text)
    words = [word for part in parts for word in part.words]
    tongue = language(words)
    if own.source is Source.PATIENT and words:
        moment = Moment(day, asked)
        read_alone = [second_look(part, by_rules(part, day, asked), moment) for part in parts]
        findings = _together(read_alone) or [_other(parts)]
    else:
        # What begins like an absence notice may be somebody's who is away, and has a fever.
        flags = [finding for part in parts for finding in red_flags(part)]
        findings = [one for one in flags if _TO_CALL.isdisjoint(one.words.lower().split())]
    if not findings:
        confidence = _NOT_UNDERSTOOD if own.source is Source.PATIENT else _MACHINE_SAID
        return Reading(frozenset({Label.OTHER}), confidence, tongue, (), None)
    return Reading(
        labels=frozenset(finding.label for finding in findings),
        confidence=_confidence(findings),
        language=tongue,
        evidence=tuple(dict.fromkeys(Evidence(finding.label, finding.words, finding.reader) for finding in findings)),
        tier=_tier(findings),
        set_aside=tuple(dict.fromkeys(words for part in parts for words in set_aside(part))),
    )


def by_rules(scene: Scene, day: int | None, asked: Asked) -> list[Finding]:
    """What the rules find, before the second reader has looked; nothing where they see nothing."""
    ordered = orders(scene)
    wanted = requests(scene, ordered)
    found = red_flags(scene) + ordered + wanted
    if all(finding.label is not Label.WRONG_NUMBER for finding in wanted):  # a stranger's skin is not the patient's
        # What is back, or new, outranks what is said of the rest of the skin.
        flagged = any(finding.label is Label.URGENT for finding in found)
        found += ([] if flagged else soon(scene)) or outcome(scene, day, asked)
    return found


def _together(parts: Sequence[Sequence[Finding]]) -> list[Finding]:
    """What the parts of a reply say, as if one had been read: at most one state of the skin, the worst, and so on."""
    found = [finding for part in parts for finding in part]
    if len(parts) == 1:
        return found
    labels = {finding.label for finding in found}
    states = [label for label in _STATES if label in labels]
    outranked = set(_STATES if Label.WRONG_NUMBER in labels else states[1:])
    outranked |= {Label.START} if Label.STOP in labels else set()
    outranked |= {Label.OTHER} if labels != {Label.OTHER} else set()
    kept = [finding for finding in found if finding.label not in outranked]
    return [finding for finding in kept if not (Label.URGENT in labels and finding.tier == "soon")]


def _other(parts: Sequence[Scene]) -> Finding:
    thanks = next(((part, found[0]) for part in parts if (found := part.find(INTENTS).get("thanks"))), None)
    if thanks:
        part, match = thanks
        return Finding(Label.OTHER, part.said(match), _THANKED)
    return Finding(Label.OTHER, "", _NOT_UNDERSTOOD)


def _confidence(findings: Sequence[Finding]) -> float:
    urgent = [finding.confidence for finding in findings if finding.label is Label.URGENT]
    if urgent:
        return max(urgent)
    best: dict[Label, float] = {}
    for finding in findings:
        best[finding.label] = max(finding.confidence, best.get(finding.label, 0.0))
    return min(best.values())


def _tier(findings: Sequence[Finding]) -> Tier | None:
    tiers = {finding.tier for finding in findings if finding.tier}
    return next((tier for tier in _GRAVEST if tier in tiers), None)
