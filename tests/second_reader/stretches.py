"""Every stretch of every example as counts of features, laid out once for all that is learnt from them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from reminders.triage.labels import Label
from reminders.triage.second_reader.second_look import ALARMS
from reminders.triage.second_reader.weights import PHRASES_LEAST, PIECES_LEAST
from tests.second_reader.learnable import INVENTED, Example

LEAST_REPLIES = 2
Column = NDArray[np.float64]
Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Stretches:
    """Rows: whole replies first, then their parts. `example` is the place of a row's example."""

    examples: Sequence[Example]
    names: list[str]
    phrases: csr_matrix
    pieces: csr_matrix
    example: NDArray[np.int64]
    counts: Column

    @property
    def whole(self) -> Chosen:
        """The rows that are whole replies."""
        return np.arange(len(self.example)) < len(self.examples)

    def of(self, sets: Sequence[str]) -> Chosen:
        """The rows of these sets."""
        return self._each([one.of in sets for one in self.examples])

    def holds(self, label: Label) -> Chosen:
        """The rows whose reply has the label."""
        return self._each([label in one.row.expected for one in self.examples])

    def tells(self, label: Label) -> Chosen:
        """The rows that teach of a label. Which sentence an alarm is in is not known: only that none is where there is
        none."""
        if label in ALARMS:
            return self.whole | ~self.holds(label)
        return self.whole & ~self.of(sorted(INVENTED))

    def replies_with(self, among: Chosen) -> Column:
        """How many whole replies hold each feature."""
        rows = among & self.whole
        both = [np.asarray((block[rows] > 0).sum(axis=0)).ravel() for block in (self.phrases, self.pieces)]
        return np.concatenate(both).astype(float)

    def values(self, rarity: Column) -> csr_matrix:
        """What a model sees: each block scaled to its size; features of rarity 0 are left out."""
        first = self.phrases.shape[1]
        blocks = ((self.phrases, rarity[:first], PHRASES_LEAST), (self.pieces, rarity[first:], PIECES_LEAST))
        scaled = [_scaled(block, part, least) for block, part, least in blocks]
        return hstack(scaled, format="csr")

    def _each(self, told: Sequence[bool]) -> Chosen:
        return np.array(told, dtype=bool)[self.example]


def laid_out(examples: Sequence[Example]) -> Stretches:
    """The table of all examples."""
    rows = [(at, one.blocks[0]) for at, one in enumerate(examples)]
    rows += [(at, blocks) for at, one in enumerate(examples) for blocks in one.blocks[1:]]
    places = np.array([at for at, _ in rows])
    names, blocks = [], []
    for block in (0, 1):
        found = Counter(name for _, both in rows[: len(examples)] for name in both[block])
        kept = sorted(name for name, times in found.items() if times >= LEAST_REPLIES)
        names += kept
        blocks.append(_counted([both[block] for _, both in rows], kept))
    counts = np.array([one.counts for one in examples])[places]
    return Stretches(examples, names, blocks[0], blocks[1], places, counts)


def rarity_of(times: Column, replies: int) -> Column:
    """How rare each feature is; 0 of one that is not seen often enough."""
    return np.array([log(replies / n) + 1 if n >= LEAST_REPLIES else 0.0 for n in times])


def _counted(rows: Sequence[Counter[str]], names: Sequence[str]) -> csr_matrix:
    place = {name: number for number, name in enumerate(names)}
    known = [{place[name]: times for name, times in row.items() if name in place} for row in rows]
    ends = np.cumsum([0, *(len(row) for row in known)])
    columns = [at for row in known for at in row]
    return csr_matrix(([float(n) for row in known for n in row.values()], columns, ends), shape=(len(rows), len(names)))


def _scaled(block: csr_matrix, rarity: Column, least: float) -> csr_matrix:
    size = np.sqrt(block @ rarity**2 + least)
    return block.multiply(rarity[None, :]).multiply(1 / size[:, None]).tocsr()
