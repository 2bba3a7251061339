"""Each fresh set read by weights learnt from all the others: what the product comes to on rows that it has not seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reminders.triage import Label, asked_on
from reminders.triage.evaluate import ALARMS
from reminders.triage.second_reader.second_look import Learnt, Moment, second_look
from tests.second_reader.learnable import FRESH, Example
from tests.second_reader.learning import learn
from tests.second_reader.stretches import Stretches

HEADER = f"{'set':<11}{'language':<10}{'rows':>5}{'exact':>8}{'urgent':>8}{'stop':>8}{'harmless':>10}{'called so':>11}"


@dataclass(frozen=True)
class Seen:
    """A held-out example, and the labels that it is given."""

    example: Example
    labels: frozenset[Label]


def seen(examples: Sequence[Example], of: str, learnt: Learnt) -> list[Seen]:
    """The rows of one set, by these weights."""
    return [Seen(one, _labels(one, learnt)) for one in examples if one.of == of]


def _labels(one: Example, learnt: Learnt) -> frozenset[Label]:
    found = second_look(one.scene, one.by_rules, Moment(one.row.day, asked_on(one.row.day)), learnt)
    return frozenset(finding.label for finding in found) or frozenset({Label.OTHER})


def report(table: Stretches) -> Iterator[str]:
    """Lines: the part read exactly right, of red flags and opt-outs the part found, of harmless rows the part called
    either; weights of words and judge learnt without the set."""
    yield HEADER
    for of in FRESH:
        rows = seen(table.examples, of, learn(table, of))
        yield from (
            _line(of, language, [one for one in rows if one.example.row.language == language])
            for language in ("en", "fr")
        )


def _line(of: str, language: str, rows: Sequence[Seen]) -> str:
    exact = _part([one.labels == one.example.row.expected for one in rows])
    found = "".join(
        _part([label in one.labels for one in rows if label in one.example.row.expected])
        for label in (Label.URGENT, Label.STOP)
    )
    harmless = [bool(one.labels & ALARMS) for one in rows if not one.example.row.expected & ALARMS]
    return f"{of:<11}{language:<10}{len(rows):>5}{exact}{found}{len(harmless):>10}{_part(harmless):>11}"


def _part(told: Sequence[bool]) -> str:
    return f"{sum(told) / len(told):>8.3f}" if told else f"{'-':>8}"
