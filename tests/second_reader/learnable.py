"""The rows that may be learnt from, by set: authors' and our own rows whole, paraphrases as a sample.

`replies_unseen.tsv` is not among them. The development rows are, where they lie beside the repository: the weights that
are shipped were learnt with them.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from reminders.triage import Label, asked_on
from reminders.triage.evaluate import Row, rows
from reminders.triage.labels import Finding
from reminders.triage.quoted import Source, own_words
from reminders.triage.reading import by_rules
from reminders.triage.scene import Scene, build
from reminders.triage.second_reader.features import Said, phrases, pieces, stretches, words
from reminders.triage.second_reader.rules_said import rules_said
from reminders.triage.second_reader.weights import PIECE
from tests.reminders.triage import test_lookalikes, test_polarity, test_radiofrequency, test_sheet, test_words
from tests.reminders.triage.test_paraphrases import CASES, asserted, not_there
from tests.reminders.triage.test_rows import DATA, DEVELOPMENT

FRESH = ("fourth", "fifth", "sixth")
"""Sets by people who had seen neither rules nor other rows, and that no rule was written from."""
AUTHORS = (*FRESH, "third", "second", "en", "fr")
"""The same, and those that rules were written from since."""
PARAPHRASES, LOOKALIKES = "paraphrases", "look-alikes"
INVENTED = frozenset({PARAPHRASES, LOOKALIKES})
"""Texts of which no more is known than whether they are an alarm."""
_NO_ALARM: tuple[Callable[..., None], ...] = (
    test_lookalikes.test_no_alarm,
    test_polarity.test_denied,
    test_polarity.test_past,
    test_polarity.test_hypothetical,
    test_polarity.test_somebody_else,
    test_polarity.test_no_fever_by_number,
    test_radiofrequency.test_it_is_none,
    test_words.test_no_opt_out,
)
"""Tests over tables of texts that are neither red flag nor opt-out."""
_SOON = frozenset({"dark_patches", "redness"})
_SEED = 28
_SAID_SO = 1200  # of 8,461 wordings, so that frames do not drown what people write; what denies is taken whole
_WEIGHTS = {PARAPHRASES: 0.3, "classes": 0.6}


@dataclass(frozen=True)
class Example:
    """A labelled reply, the set it is of, and how much it counts in learning."""

    of: str
    row: Row

    @cached_property
    def scene(self) -> Scene:
        """The reply as the rules see it."""
        return build(own_words(self.row.text).text)

    @cached_property
    def said(self) -> list[list[Said]]:
        """What the second reader looks at."""
        return stretches(self.scene)

    @cached_property
    def blocks(self) -> list[tuple[Counter[str], Counter[str]]]:
        """Phrases and pieces of each stretch, with how many words hold the piece."""
        return [
            (
                Counter({name for name, _ in phrases(said)}),
                Counter(PIECE + piece for word in sorted(words(said)) for piece in sorted(pieces(word))),
            )
            for said in self.said
        ]

    @cached_property
    def by_rules(self) -> list[Finding]:
        """What the rules find alone."""
        return by_rules(self.scene, self.row.day, asked_on(self.row.day))

    @cached_property
    def rules_said(self) -> frozenset[str]:
        """What the second reader is told of the rules' reading."""
        return rules_said(self.scene, self.by_rules, self.row.day, asked_on(self.row.day))

    @property
    def counts(self) -> float:
        """Its weight in learning."""
        return _WEIGHTS.get(self.of, 1.0)


def examples() -> list[Example]:
    """Every example in which a person says something."""
    every = (Example(of, row) for of, row in _rows())
    return [one for one in every if own_words(one.row.text).source is Source.PATIENT and one.said]


def _rows() -> Iterator[tuple[str, Row]]:
    for name in (*AUTHORS, "own", "classes"):
        yield from ((name, row) for row in rows(DATA / f"replies_{name}.tsv"))
    if DEVELOPMENT.exists():
        yield from (("development", row) for row in rows(DEVELOPMENT))
    said_so = [(language, text) for language, name in CASES for text in asserted(language, name)]
    sample = random.Random(_SEED).sample(said_so, _SAID_SO)
    denied = [(language, text) for language, name in CASES for text in not_there(language, name)]
    yield from ((LOOKALIKES, row) for row in _lookalikes())
    for label, texts in ((Label.URGENT, sample), (Label.OTHER, denied)):
        yield from ((PARAPHRASES, Row(language, 3, frozenset({label}), text)) for language, text in texts)


def _lookalikes() -> Iterator[Row]:
    """What sounds like an alarm and is none; and the examples of the sheet that a nurse reviews, either way."""
    for test in _NO_ALARM:
        texts = test.pytestmark[0].args[1]  # type: ignore[attr-defined]
        yield from (Row("en", 3, frozenset({Label.OTHER}), text) for text in texts)
    for name, language, side, text in test_sheet.EXAMPLES:
        label = Label.STOP if name == "stop" else Label.PERSISTING if name in _SOON else Label.URGENT
        yield Row(language, 3, frozenset({label if side == "there" else Label.OTHER}), text)
