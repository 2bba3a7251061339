"""The learnt weights: what words and pieces of words say of each label, and how that is judged beside the rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from pathlib import Path

from reminders.triage.labels import Label
from reminders.triage.second_reader.features import Said, phrases, pieces, words

FOLDER = Path(__file__).parent / "weights"
LABELS = (
    Label.URGENT,
    Label.STOP,
    Label.CLEAR,
    Label.IMPROVING,
    Label.PERSISTING,
    Label.QUESTION,
    Label.CONSULT,
    Label.WRONG_NUMBER,
)
"""What is learnt, in the order of the files' columns. START and HELP are the rules' alone."""
PIECE = "~"
"""Stands before a piece of a word in the file."""
BIAS = "(start)"
PHRASES_LEAST, PIECES_LEAST = 300.0, 2250.0
"""About three words': of a word or two alone little can be said, however telling they look."""
_WORDS_REMEMBERED = 20_000

Points = tuple[float, ...]
"""Of each label, log-odds."""
Entry = tuple[float, Points]
"""How much of a stretch a feature makes up (rare words more), and what it adds to each label."""
NOTHING: Points = (0.0,) * len(LABELS)


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """A linear model over phrases and pieces of words: log-odds of each label for a stretch of a reply."""

    bias: Points
    phrases: Mapping[str, Entry]
    pieces: Mapping[str, Entry]

    def scores(self, said: Sequence[Said]) -> Points:
        """What phrases add and what pieces add, each for its size, so that length alone adds nothing."""
        by_phrase = _sum([self.phrases[name] for name in {name for name, _ in phrases(said)} & self.phrases.keys()])
        by_piece = _sum([self.of_word(word) for word in words(said)])
        whole, parts = size(by_phrase[0], PHRASES_LEAST), size(by_piece[0], PIECES_LEAST)
        return tuple(
            bias + phrase / whole + piece / parts
            for bias, phrase, piece in zip(self.bias, by_phrase[1], by_piece[1], strict=True)
        )

    def of_word(self, word: str) -> Entry:
        """What the pieces of one word add up to."""
        return _of_word(self, word)

    def shares(self, said: Sequence[Said], label: Label) -> dict[int, float]:
        """What each word adds to a label, by its place; a phrase's weight is shared among its words."""
        by_phrase = [(self.phrases[name], places) for name, places in phrases(said) if name in self.phrases]
        by_piece = [(self.of_word(one.word), [one.at]) for one in said if one.at is not None]
        column = LABELS.index(label)
        total: dict[int, float] = {}
        for entries, least in ((by_phrase, PHRASES_LEAST), (by_piece, PIECES_LEAST)):
            whole = size(sum(mass for (mass, _), _ in entries), least)
            for (_, points), places in entries:
                for place in places:
                    total[place] = total.get(place, 0.0) + points[column] / whole / len(places)
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """What the words' scores and the rules' findings together come to: log-odds of each label."""

    bias: Points
    by_name: Mapping[str, Points]

    def scores(self, seen: Mapping[str, float]) -> Points:
        """`seen` are the names of rules_said (1.0) and the scores of words, by name."""
        rows = [(value, self.by_name[name]) for name, value in seen.items() if name in self.by_name]
        columns = zip(*([value * one for one in points] for value, points in rows), strict=True)
        added = [sum(column) for column in columns] if rows else NOTHING
        return tuple(bias + points for bias, points in zip(self.bias, added, strict=True))


def size(mass: float, least: float) -> float:
    """What the points of a stretch are divided by: so length alone adds nothing."""
    return sqrt(mass + least)


@lru_cache(maxsize=_WORDS_REMEMBERED)
def _of_word(weights: Words, word: str) -> Entry:
    return _sum([weights.pieces[piece] for piece in sorted(pieces(word) & weights.pieces.keys())])


def _sum(entries: Sequence[Entry]) -> Entry:
    if not entries:
        return 0.0, NOTHING
    columns = zip(*(points for _, points in entries), strict=True)
    return sum(mass for mass, _ in entries), tuple(sum(column) for column in columns)


def load_words(folder: Path = FOLDER) -> Words:
    """What words weigh: feature, how rare it is (its mass is that squared), what it adds to each label.

    Raises OSError or ValueError at start, never while reading a reply.
    """
    entries = {name: (float(first) ** 2, _points(rest)) for name, (first, *rest) in _lines(folder / "words.tsv")}
    _, bias = entries.pop(BIAS)
    found = {name.removeprefix(PIECE): entry for name, entry in entries.items() if name.startswith(PIECE)}
    return Words(bias, {name: entry for name, entry in entries.items() if not name.startswith(PIECE)}, found)


def load_judge(folder: Path = FOLDER) -> Judge:
    """What the judge weighs, by name; raises as load_words does."""
    entries = {name: _points(rest) for name, rest in _lines(folder / "judge.tsv")}
    return Judge(entries.pop(BIAS), entries)


def _lines(file: Path) -> list[tuple[str, list[str]]]:
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [(name, rest) for name, *rest in rows]


def _points(texts: Sequence[str]) -> Points:
    if len(texts) != len(LABELS):
        raise ValueError(f"{len(LABELS)} labels, and {len(texts)} columns")
    return tuple(float(text) for text in texts)
