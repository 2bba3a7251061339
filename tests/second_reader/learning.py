"""Labelled replies -> weights: logistic regressions over phrases and pieces of words, the same for every run.

Each block (phrases, pieces) is scaled to its size as `Words.scores` does, and rare features weigh more. Of a reply
that is neither red flag nor opt-out every sentence is neither, too. What weighs least is left out, and the rest learnt
anew. How words are judged beside the rules is learnt from rows that no rule was written from, each scored by words
learnt from the other sets.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from reminders.triage.labels import Label
from reminders.triage.second_reader.second_look import Learnt, weighed
from reminders.triage.second_reader.weights import BIAS, LABELS, PIECE, Judge, Words
from tests.second_reader.learnable import FRESH
from tests.second_reader.stretches import Chosen, Column, Stretches, rarity_of

KEPT = 9000
"""Features: about 500 kB, and as good on held-out rows as four times as many."""
_LEAST_SEEN = 15
_LOOSENESS, _JUDGES_LOOSENESS = 80.0, 0.3  # scikit-learn's C
_SEED = 28
_TITLES = ", ".join(LABELS)


def learn(table: Stretches, without: str = "") -> Learnt:
    """All that the second reader knows, from every set but one."""
    fresh = [of for of in FRESH if of != without]
    return Learnt(learn_words(table, without), learn_judge(table, fresh, without))


def learn_words(table: Stretches, *without: str) -> Words:
    """What words and pieces of words say of each label."""
    among = ~table.of(without)
    times = table.replies_with(among)
    rarity = rarity_of(times, int((among & table.whole).sum()))
    first, _ = _fitted(table, among, rarity)
    telling = np.abs(first).max(axis=0) * np.sqrt(times)
    rarity[np.argsort(-telling, kind="stable")[KEPT:]] = 0.0
    return _words(table, rarity, *_fitted(table, among, rarity))


def learn_judge(table: Stretches, fresh: Sequence[str], without: str) -> Judge:
    """How words are weighed beside the rules."""
    seen: list[dict[str, float]] = []
    holds: list[frozenset[Label]] = []
    for of in fresh:
        known = learn_words(table, of, without)
        for one in (one for one in table.examples if one.of == of):
            seen.append(weighed(one.rules_said, [known.scores(said) for said in one.said]))
            holds.append(one.row.expected)
    return _judge(seen, holds)


def _judge(seen: Sequence[Mapping[str, float]], holds: Sequence[frozenset[Label]]) -> Judge:
    times = Counter(name for one in seen for name in one)
    names = sorted(name for name, n in times.items() if n >= _LEAST_SEEN)
    matrix = np.array([[one.get(name, 0.0) for name in names] for one in seen])
    models = [
        LogisticRegression(C=_JUDGES_LOOSENESS, max_iter=1000).fit(matrix, [label in one for one in holds])
        for label in LABELS
    ]
    points = {name: tuple(float(model.coef_[0][at]) for model in models) for at, name in enumerate(names)}
    return Judge(tuple(float(model.intercept_[0]) for model in models), points)


def write(learnt: Learnt, folder: Path) -> None:
    """The weights as files that a person can read: what speaks most for anything first."""
    words = learnt.words
    entries = {**words.phrases, **{PIECE + name: entry for name, entry in words.pieces.items()}}
    ordered = sorted(entries.items(), key=lambda one: (-max(one[1][1]), one[0]))
    lines = [f"# feature; how rare it is; what it adds to: {_TITLES}; ~ a piece of a word, ^ its start, $ its end"]
    lines += [f"{BIAS}\t0\t{_row(words.bias, 3)}"]
    lines += [f"{name}\t{sqrt(mass):.2f}\t{_row(points, 0)}" for name, (mass, points) in ordered]
    (folder / "words.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    judged = sorted(learnt.judge.by_name.items(), key=lambda one: (-max(one[1]), one[0]))
    lines = [
        f"# what was seen; what it adds to: {_TITLES} (decision 37)",
        f"{BIAS}\t{_row(learnt.judge.bias, 3)}",
    ]
    lines += [f"{name}\t{_row(points, 2)}" for name, points in judged]
    (folder / "judge.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _row(points: Iterable[float], digits: int) -> str:
    return "\t".join(f"{one:.{digits}f}" for one in points)


def _fitted(table: Stretches, among: Chosen, rarity: Column) -> tuple[NDArray[np.float64], list[float]]:
    """What each feature adds to each label (a row a label), and the bias of each."""
    values = table.values(rarity)
    models = [_model(table, values, label, among & table.tells(label)) for label in LABELS]
    return np.array([model.coef_[0] * rarity for model in models]), [float(model.intercept_[0]) for model in models]


def _model(table: Stretches, values: csr_matrix, label: Label, rows: Chosen) -> LogisticRegression:
    model = LogisticRegression(
        C=_LOOSENESS, class_weight="balanced", solver="liblinear", max_iter=1000, random_state=_SEED
    )
    return model.fit(values[rows], table.holds(label)[rows], sample_weight=table.counts[rows])


def _words(table: Stretches, rarity: Column, added: NDArray[np.float64], bias: Sequence[float]) -> Words:
    entries = {
        name: (float(rarity[at]) ** 2, tuple(map(float, added[:, at])))
        for at, name in enumerate(table.names)
        if rarity[at]
    }
    found = {name.removeprefix(PIECE): entry for name, entry in entries.items() if name.startswith(PIECE)}
    return Words(tuple(bias), {name: entry for name, entry in entries.items() if not name.startswith(PIECE)}, found)
