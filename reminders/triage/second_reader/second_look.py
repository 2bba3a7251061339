"""What the second reader makes of a reply: it weighs its words beside all that the rules have seen.

It may add a label, in doubt, with the words that weighed, or take away one that the rules have found.

A reply without a word of its own (a digit) is not its business, nor what rules settle: a digit that answers, a keyword,
START and HELP, whose the message is where a red flag is a relative's. Whatever it takes away, a person reads.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reminders.triage.digits import BY_DIGIT
from reminders.triage.labels import Asked, Finding, Label, Tier
from reminders.triage.lexicon import INTENTS
from reminders.triage.redflags import UNSURE, set_aside, standings
from reminders.triage.scene import Scene
from reminders.triage.second_reader.features import Said, stretches, words
from reminders.triage.second_reader.rules_said import rules_said
from reminders.triage.second_reader.weights import LABELS, Judge, Points, Words, load_judge, load_words
from reminders.triage.soon import soon
from reminders.triage.vocabulary import words as word_group

ALARMS = (Label.URGENT, Label.STOP)
OUTCOMES = (Label.CLEAR, Label.IMPROVING, Label.PERSISTING)
ADDED_FROM: Mapping[Label, float] = dict.fromkeys(LABELS, 0.0) | {Label.URGENT: -0.5, Label.STOP: -0.5}
"""Log-odds from which a label holds that the rules have not found (decision 37: held-out authors' rows)."""
KEPT_FROM: Mapping[Label, float] = dict.fromkeys(LABELS, -1.0) | {Label.STOP: -3.0}
"""Log-odds below which a label is taken away that the rules have found."""
OUTWEIGHED = 1.0
"""Log-odds by which another outcome must be likelier to stand instead of the rules'."""
WORDS_ALONE: Mapping[Label, float] = {Label.URGENT: 1.25, Label.STOP: 1.0}
"""Log-odds of a stretch's own words from which an alarm holds whatever the judge says: recall comes first."""
AGAINST_THE_RULES = 3.0
"""The same for a red flag where the rules saw the symptom and took it for denied, past or hypothetical."""
_NOT_UNDERSTOOD = 0.3
_MOST = 8.0
_SCALE = 4.0
_KEYWORDS = frozenset({"stop_keyword", "stop_alone", "stop_clause"})
_FRAMES = word_group("digit_frames")  # "number 2", "c'est un 3"
_TELLING = 3  # words shown
_LEAST_SHARE = 0.3  # of what the weightiest word adds


@dataclass(frozen=True, slots=True)
class Learnt:
    """All that is learnt."""

    words: Words
    judge: Judge


@dataclass(frozen=True, slots=True)
class Moment:
    """When a reply came, and what was asked."""

    day: int | None
    asked: Asked


_LEARNT = Learnt(load_words(), load_judge())


def second_look(scene: Scene, found: Sequence[Finding], moment: Moment, learnt: Learnt = _LEARNT) -> list[Finding]:
    """The rules' findings and what is added to them, without what is taken away; what is added is in doubt."""
    said = stretches(scene)
    labels = {one.label for one in found}
    own = bool(said) and any(word.isalpha() and word not in _FRAMES for word in words(said[0]))
    if not own or Label.HELP in labels:
        return list(found)
    by_stretch = [learnt.words.scores(one) for one in said]
    seen = weighed(rules_said(scene, found, moment.day, moment.asked), by_stretch)
    scores = dict(zip(LABELS, learnt.judge.scores(seen), strict=True))
    scores |= {label: _with_words_alone(scene, label, scores[label], seen) for label in ALARMS if label not in labels}
    kept = _kept(scene, found, scores)
    gone = len(kept) < len(found)
    added = [
        _finding(scene, learnt.words, label, _weightiest(said, by_stretch, label))
        for label in _added(scene, kept, scores)
    ]
    left = [_doubted(one) if gone else one for one in kept] + added
    return left if left or not gone else [Finding(Label.OTHER, "", _NOT_UNDERSTOOD)]


def weighed(rules: frozenset[str], by_stretch: Sequence[Points]) -> dict[str, float]:
    """All that the judge sees: the rules' names, the scores of the whole reply, and of its most alarming stretch."""
    seen = dict.fromkeys(sorted(rules), 1.0)
    for label, score in zip(LABELS, by_stretch[0], strict=True):
        seen[f"words {label}"] = _bounded(score)
    for label in ALARMS:
        seen[f"sentence {label}"] = _bounded(max(scores[LABELS.index(label)] for scores in by_stretch))
    return seen


def _with_words_alone(scene: Scene, label: Label, score: float, seen: Mapping[str, float]) -> float:
    """The judge's score of an alarm that the rules lack: certain where the words are, and none where no stretch speaks
    for it."""
    alone = seen[f"sentence {label}"] * _SCALE
    against = label is Label.URGENT and bool(standings(scene) or soon(scene))
    if alone > (AGAINST_THE_RULES if against else WORDS_ALONE[label]):
        return _MOST
    return -_MOST if alone <= 0 or (against and soon(scene)) else score


def _bounded(score: float) -> float:
    return max(-_MOST, min(_MOST, score)) / _SCALE


def _kept(scene: Scene, found: Sequence[Finding], scores: Mapping[Label, float]) -> list[Finding]:
    settled = _settled(scene, found)
    return [one for one in found if one.label in settled or scores[one.label] > _least(one.label, scores)]


def _least(label: Label, scores: Mapping[Label, float]) -> float:
    """What the score of a label that the rules have found must exceed: of an outcome more, where another is likely."""
    others = [scores[other] for other in OUTCOMES if other is not label and scores[other] > ADDED_FROM[other]]
    outweighed = max(others, default=-_MOST * _MOST) - OUTWEIGHED if label in OUTCOMES else -_MOST * _MOST
    return max(KEPT_FROM[label], outweighed)


def _settled(scene: Scene, found: Sequence[Finding]) -> set[Label]:
    """What rules alone decide. No red flag that they have found is taken away (promise 6)."""
    settled = {Label.URGENT, Label.START, Label.HELP, Label.OTHER}
    settled |= {one.label for one in found if one.confidence == BY_DIGIT}
    if any(one.tier == "soon" for one in found):
        settled.add(Label.PERSISTING)
    if _KEYWORDS & scene.find(INTENTS, "order").keys():
        settled.add(Label.STOP)
    return settled


def _added(scene: Scene, kept: Sequence[Finding], scores: Mapping[Label, float]) -> Iterator[Label]:
    """What the rules lack: of the outcomes the likeliest, and none beside another or where a stranger writes."""
    labels = {one.label for one in kept}
    likely = [label for label in LABELS if label not in labels and scores[label] > ADDED_FROM[label]]
    barred = _barred(scene, labels)
    outcomes = [label for label in likely if label in OUTCOMES and label not in barred]
    likeliest = max(outcomes, key=lambda label: scores[label], default=None)
    yield from (label for label in likely if label not in barred and (label not in OUTCOMES or label is likeliest))


def _barred(scene: Scene, labels: set[Label]) -> set[Label]:
    """Whether a relative's red flag alerts is decided by whose number it is; "don't stop these" is no opt-out; "no pus"
    says nothing of the rest of the skin."""
    barred = set(OUTCOMES) if labels & {*OUTCOMES, Label.WRONG_NUMBER} else set()
    if standings(scene):
        barred.add(Label.CLEAR)
    if set_aside(scene):
        barred.add(Label.URGENT)
    if Label.START in labels or scene.find(INTENTS, "order").get("keep_going"):
        barred.add(Label.STOP)
    return barred


def _doubted(one: Finding) -> Finding:
    """What is found beside something that was taken away: a person looks at it. A red flag is no less of one."""
    return one if one.label is Label.URGENT else replace(one, confidence=min(one.confidence, UNSURE))


def _weightiest(said: Sequence[Sequence[Said]], by_stretch: Sequence[Points], label: Label) -> Sequence[Said]:
    column = LABELS.index(label)
    return said[max(range(len(said)), key=lambda number: (by_stretch[number][column], -number))]


def _finding(scene: Scene, weights: Words, label: Label, said: Sequence[Said]) -> Finding:
    tier: Tier | None = "urgent" if label is Label.URGENT else None
    return Finding(label, _telling(scene, weights.shares(said, label)), UNSURE, tier, reader="second")


def _telling(scene: Scene, shares: Mapping[int, float]) -> str:
    """The words that added most, as the patient wrote them and in their order."""
    most = sorted(shares, key=lambda at: -shares[at])[:_TELLING]
    kept = sorted(at for at in most if shares[at] > 0 and shares[at] >= _LEAST_SHARE * shares[most[0]])
    return " … ".join(filter(None, (scene.text.said(at, at + 1) or scene.words[at] for at in kept)))
