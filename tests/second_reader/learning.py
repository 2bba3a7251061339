"""Labelled replies -> weights: a logistic regression over phrases and pieces of words, the same for every run.

Each block (phrases, pieces) is scaled to its size as `Weights.score` does, and rare features weigh more. Of a reply
that lacks the label every sentence lacks it, too. What weighs least is left out, and the rest learnt anew.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from reminders.triage.labels import Label
from reminders.triage.second_reader import weights
from reminders.triage.second_reader.weights import BIAS, PIECE, Entry, Weights
from tests.second_reader.learnable import Example

KEPT = 9000
"""Features of a label: about 200 kB, and as good on held-out rows as ten times as many."""
_LEAST_REPLIES = 2
_LOOSENESS = 80.0  # scikit-learn's C
_SEED = 28
_HEADER = (
    "# {label}: feature, what it adds, how rare it is; ~ a piece of a word, ^ its start, $ its end (decision 28)\n"
)


@dataclass(frozen=True)
class _Stretch:
    phrases: Counter[str]
    pieces: Counter[str]
    holds: bool
    counts: float


def learn(examples: Sequence[Example], label: Label, kept: int = KEPT) -> Weights:
    """The weights of one label."""
    whole = [_Stretch(*one.blocks[0], label in one.row.expected, one.counts) for one in examples]
    lacking = [one for one in examples if label not in one.row.expected]
    parts = [_Stretch(*blocks, holds=False, counts=one.counts) for one in lacking for blocks in one.blocks[1:]]
    seen = Counter(name for one in whole for block in (one.phrases, one.pieces) for name in block)
    rarity = {name: log(len(whole) / n) + 1 for name, n in sorted(seen.items()) if n >= _LEAST_REPLIES}
    first = _fitted([*whole, *parts], rarity)
    most = sorted(rarity, key=lambda name: (-abs(first[name]) * sqrt(seen[name]), name))[:kept]
    rarity = {name: rarity[name] for name in sorted(most)}
    return _weights(_fitted([*whole, *parts], rarity), rarity)


def write(learnt: Weights, label: Label, folder: Path) -> None:
    """The weights as a file that a person can read: what speaks most for the label first."""
    entries = {**learnt.phrases, **{PIECE + name: entry for name, entry in learnt.pieces.items()}}
    ordered = sorted(entries.items(), key=lambda one: (-one[1][0], one[0]))
    lines = [f"{name}\t{points:.2f}\t{sqrt(mass):.2f}\n" for name, (points, mass) in ordered]
    text = _HEADER.format(label=label) + f"{BIAS}\t{learnt.bias:.3f}\t0\n" + "".join(lines)
    (folder / f"{label}.tsv").write_text(text, encoding="utf-8")


def _fitted(stretches: Sequence[_Stretch], rarity: Mapping[str, float]) -> dict[str, float]:
    """What each feature adds, and the bias."""
    place = {name: number for number, name in enumerate(rarity)}
    rows = [_values(one, rarity) for one in stretches]
    ends = np.cumsum([0, *(len(row) for row in rows)])
    columns = [place[name] for row in rows for name in row]
    values = [value for row in rows for value in row.values()]
    matrix = csr_matrix((values, columns, ends), shape=(len(rows), len(place)))
    model = LogisticRegression(
        C=_LOOSENESS, class_weight="balanced", solver="liblinear", max_iter=1000, random_state=_SEED
    )
    model.fit(matrix, [one.holds for one in stretches], sample_weight=[one.counts for one in stretches])
    added = {name: float(weight) * rarity[name] for name, weight in zip(rarity, model.coef_[0], strict=True)}
    return added | {BIAS: float(model.intercept_[0])}


def _values(stretch: _Stretch, rarity: Mapping[str, float]) -> dict[str, float]:
    values: dict[str, float] = {}
    for block, least in ((stretch.phrases, weights.PHRASES_LEAST), (stretch.pieces, weights.PIECES_LEAST)):
        known = {name: times for name, times in sorted(block.items()) if name in rarity}
        whole = weights.size(sum(times * rarity[name] ** 2 for name, times in known.items()), least)
        values |= {name: times * rarity[name] / whole for name, times in known.items()}
    return values


def _weights(added: Mapping[str, float], rarity: Mapping[str, float]) -> Weights:
    def entry(name: str) -> Entry:
        return added[name], rarity[name] ** 2

    found = {name.removeprefix(PIECE): entry(name) for name in rarity if name.startswith(PIECE)}
    return Weights(added[BIAS], {name: entry(name) for name in rarity if not name.startswith(PIECE)}, found)
