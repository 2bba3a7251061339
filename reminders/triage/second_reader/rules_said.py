"""What the rules have seen in a reply, as names that the second reader weighs beside the words."""

from collections.abc import Iterator, Sequence

from reminders.triage.labels import Asked, Finding, Label
from reminders.triage.language import language
from reminders.triage.lexicon import INTENTS
from reminders.triage.outcome import cues, is_late
from reminders.triage.polarity import Status
from reminders.triage.redflags import standings
from reminders.triage.scene import Scene

_LENGTHS = ((1, "one word"), (3, "to 3 words"), (8, "to 8 words"), (16, "to 16 words"), (32, "to 32 words"))
_MARKS = ("hypothetical", "past_verb", "doubt", "habit", "easing", "resolved", "in_general", "indirect_question")


def rules_said(scene: Scene, found: Sequence[Finding], day: int | None, asked: Asked) -> frozenset[str]:
    """The findings and how sure they are, how each named symptom stands, what is said of the skin, and the day."""
    late = is_late(day, asked)
    orders = scene.find(INTENTS, "order")
    several = sum(one.label is Label.URGENT for one in found) > 1
    named = {f"found {one.label} {one.confidence}" for one in found} | {f"tier {one.tier}" for one in found if one.tier}
    named |= {f"phrase {concept}" for concept in orders} | set(_symptoms(scene))
    named |= {f"skin {one.cue}{' merely named' if one.plain else ''}" for one in cues(scene, late=late)}
    named |= {"late" if late else "early", f"asked {asked}", _length(len(scene.words))}
    named |= {f"language {language(scene.words)}", *(f"grammar {name}" for name in _MARKS if scene.marks.get(name))}
    asks = any(clause.asks for clause in scene.text.clauses)
    return frozenset(named | ({"question mark"} if asks else set()) | ({"several red flags"} if several else set()))


def _symptoms(scene: Scene) -> Iterator[str]:
    for match, stands, slight in standings(scene):
        yield f"symptom {stands}{' and mild' if slight else ''}"
        there = stands in {Status.ASSERTED, Status.DOUBT} and not slight
        yield f"{match.concept} {'there' if there else 'not there'}"


def _length(words: int) -> str:
    return next((name for most, name in _LENGTHS if words <= most), "longer")
