"""Each author's rows read by weights learnt from all the others': what the second reader finds that it has not seen."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reminders.triage import Label
from reminders.triage.evaluate import ALARMS
from reminders.triage.labels import Finding
from reminders.triage.second_reader.second_look import SURE_ENOUGH, second_look
from reminders.triage.second_reader.weights import Weights
from tests.second_reader.learnable import LOOKALIKES, PARAPHRASES, Example
from tests.second_reader.learning import learn

HEADER = (
    f"{'set':<13}{'label':<8}{'rows':>5}{'rules':>7}{'second':>7}{'union':>7}{'harmless':>10}{'rules':>7}{'union':>7}"
)


@dataclass(frozen=True)
class Seen:
    """A held-out example, and whether the second reader finds the label beside what the rules find, and by itself."""

    example: Example
    added: bool
    found: bool


def seen(examples: Sequence[Example], of: str, label: Label) -> list[Seen]:
    """The rows of one set, by weights learnt from the others."""
    learnt = {label: learn([one for one in examples if one.of != of], label)}
    return [_seen(one, learnt) for one in examples if one.of == of]


def _seen(example: Example, learnt: Mapping[Label, Weights]) -> Seen:
    by_rules = [Finding(label, "", 1.0) for label in example.by_rules]
    return Seen(
        example, bool(second_look(example.scene, by_rules, learnt)), bool(second_look(example.scene, [], learnt))
    )


def table(examples: Sequence[Example]) -> Iterator[str]:
    """Lines: of the rows with the label the part found, of harmless rows the part called so, by rules, then with it."""
    yield HEADER
    for of in dict.fromkeys(one.of for one in examples if one.of not in {PARAPHRASES, LOOKALIKES}):
        for label in SURE_ENOUGH:
            yield _line(of, label, seen(examples, of, label))


def _line(of: str, label: Label, rows: Sequence[Seen]) -> str:
    there = [one for one in rows if label in one.example.row.expected]
    harmless = [one for one in rows if not one.example.row.expected & ALARMS]
    alone = _part([one.found for one in there])
    return f"{of:<13}{label:<8}{len(there):>5}{_both(there, label, alone)}{len(harmless):>10}{_both(harmless, label)}"


def _both(rows: Sequence[Seen], label: Label, between: str = "") -> str:
    rules = [label in one.example.by_rules for one in rows]
    union = [found or one.added for found, one in zip(rules, rows, strict=True)]
    return f"{_part(rules)}{between}{_part(union)}"


def _part(told: Sequence[bool]) -> str:
    return f"{sum(told) / len(told):>7.3f}" if told else f"{'-':>7}"
