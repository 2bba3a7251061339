"""What the second reader adds to the rules' findings: a red flag or an opt-out in doubt, with the words that weighed.

It takes nothing away, and a reply without a word of its own (a digit) is not its business.
"""

from collections.abc import Mapping, Sequence
from math import inf

from reminders.triage.labels import Finding, Label, Tier
from reminders.triage.lexicon import INTENTS
from reminders.triage.redflags import UNSURE, named, set_aside
from reminders.triage.scene import Scene
from reminders.triage.second_reader.features import Said, stretches, words
from reminders.triage.second_reader.weights import Weights, load
from reminders.triage.soon import soon
from reminders.triage.vocabulary import words as word_group

SURE_ENOUGH: Mapping[Label, float] = {Label.URGENT: 1.25, Label.STOP: 1.0}
"""Log-odds from which the label holds (decision 28: what held-out rows lose and gain by it)."""
AGAINST_THE_RULES = 3.0
"""The same for a red flag where the rules saw the symptom and took it for denied, past or hypothetical."""
_ANOTHER_WILL: Mapping[Label, frozenset[Label]] = {
    Label.URGENT: frozenset({Label.URGENT}),
    Label.STOP: frozenset({Label.STOP, Label.START, Label.WRONG_NUMBER}),
}
"""What the rules have found that leaves nothing to add."""
_FRAMES = word_group("digit_frames")  # "number 2", "c'est un 3"
_TELLING = 3  # words shown
_LEAST_SHARE = 0.3  # of what the weightiest word adds
_WEIGHTS = {label: load(label) for label in SURE_ENOUGH}


def second_look(scene: Scene, found: Sequence[Finding], learnt: Mapping[Label, Weights] = _WEIGHTS) -> list[Finding]:
    """A finding for each label that the rules lack and the second reader holds likely; its confidence is that of doubt.

    An opt-out in doubt is an opt-out: its confirmation says how to take it back, and staff see a ticket.
    """
    labels = {finding.label for finding in found}
    said = stretches(scene)
    if not said or not any(word.isalpha() and word not in _FRAMES for word in words(said[0])):
        return []
    wanted = [label for label in learnt if labels.isdisjoint(_ANOTHER_WILL[label])]
    return [finding for label in wanted for finding in _look(scene, said, label, learnt[label])]


def _look(scene: Scene, said: Sequence[Sequence[Said]], label: Label, weights: Weights) -> list[Finding]:
    score, _, weightiest = max((weights.score(one), -number, one) for number, one in enumerate(said))
    if score <= SURE_ENOUGH[label] or score <= needed(scene, label):
        return []
    tier: Tier | None = "urgent" if label is Label.URGENT else None
    return [Finding(label, _telling(scene, weights, weightiest), UNSURE, tier, reader="second")]


def needed(scene: Scene, label: Label) -> float:
    """The score that the label needs: more for a red flag where the rules saw it and had a reason, or read `soon`.

    No score makes one of what the rules took for somebody else's: whether the sender speaks for the patient, and it
    alerts after all, is decided by whose number it is (`set_aside`). None makes an opt-out of "don't stop these".
    """
    if label is Label.STOP:
        return inf if scene.find(INTENTS, "order").get("keep_going") else SURE_ENOUGH[label]
    if set_aside(scene):
        return inf
    return AGAINST_THE_RULES if named(scene) or soon(scene) else SURE_ENOUGH[label]


def _telling(scene: Scene, weights: Weights, said: Sequence[Said]) -> str:
    """The words that added most, as the patient wrote them and in their order."""
    shares = weights.shares(said)
    most = sorted(shares, key=lambda at: -shares[at])[:_TELLING]
    kept = sorted(at for at in most if shares[at] > 0 and shares[at] >= _LEAST_SHARE * shares[most[0]])
    return " … ".join(filter(None, (scene.text.said(at, at + 1) or scene.words[at] for at in kept)))
