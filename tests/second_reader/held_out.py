"""Each author's rows read by weights learnt from all the others': what the second reader finds that it has not seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reminders.triage import Label
from reminders.triage.evaluate import ALARMS
from reminders.triage.second_reader.second_look import SURE_ENOUGH, needed
from reminders.triage.second_reader.weights import Weights
from tests.second_reader.learnable import LOOKALIKES, PARAPHRASES, Example
from tests.second_reader.learning import learn

HEADER = f"{'set':<13}{'label':<8}{'rows':>5}{'rules':>7}{'second':>8}{'union':>7}{'harmless':>10}{'rules':>7}{'union':>7}"


@dataclass(frozen=True)
class Seen:
    """A held-out example with the second reader's score for the label, and the score that it would need."""

    example: Example
    score: float
    needs: float

    @property
    def found(self) -> bool:
        """Whether the second reader would say so."""
        return self.score > self.needs


def scored(examples: Sequence[Example], of: str, label: Label) -> list[Seen]:
    """The rows of one set, by weights learnt from the others."""
    weights = learn([one for one in examples if one.of != of], label)
    return [_seen(one, weights, label) for one in examples if one.of == of]


def _seen(example: Example, weights: Weights, label: Label) -> Seen:
    worded = any(one.word.isalpha() for one in example.said[0])
    score = max(weights.score(said) for said in example.said) if worded else float("-inf")
    return Seen(example, score, needed(example.scene, label))


def table(examples: Sequence[Example]) -> Iterator[str]:
    """Lines: of the rows with the label the part found, of harmless rows the part called so, by rules, then with it."""
    yield HEADER
    for of in dict.fromkeys(one.of for one in examples if one.of not in {PARAPHRASES, LOOKALIKES}):
        for label in SURE_ENOUGH:
            yield _line(of, label, scored(examples, of, label))


def _line(of: str, label: Label, seen: Sequence[Seen]) -> str:
    there = [one for one in seen if label in one.example.row.expected]
    harmless = [one for one in seen if not one.example.row.expected & ALARMS]
    rules = [label in one.example.by_rules for one in there]
    second = [one.found for one in there]
    union = [a or b for a, b in zip(rules, second, strict=True)]
    called = [label in one.example.by_rules for one in harmless]
    either = [a or one.found for a, one in zip(called, harmless, strict=True)]
    parts = f"{_part(rules)}{_part(second):>8}{_part(union)}{len(harmless):>10}{_part(called)}{_part(either)}"
    return f"{of:<13}{label:<8}{len(there):>5}{parts}"


def _part(told: Sequence[bool]) -> str:
    return f"{sum(told) / len(told):>7.3f}" if told else f"{'-':>7}"
