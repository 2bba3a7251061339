"""The learnt weights of one label, and what a stretch of a reply adds up to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from pathlib import Path

from reminders.triage.labels import Label
from reminders.triage.second_reader.features import Said, phrases, pieces, words

FOLDER = Path(__file__).parent / "weights"
PIECE = "~"
"""Stands before a piece of a word in the file."""
BIAS = "(start)"
PHRASES_LEAST, PIECES_LEAST = 300.0, 2250.0
"""About three words': of a word or two alone little can be said, however telling they look."""
_WORDS_REMEMBERED = 20_000

Entry = tuple[float, float]
"""What a feature adds, and how much of a stretch it makes up (rare words more)."""


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A linear model: `score` is the log-odds that a stretch means the label."""

    bias: float
    phrases: Mapping[str, Entry]
    pieces: Mapping[str, Entry]

    def score(self, said: Sequence[Said]) -> float:
        """Log-odds: what phrases add and what pieces add, each for its size, so that length alone adds nothing."""
        by_phrase = _sum([self.phrases[name] for name in {name for name, _ in phrases(said)} & self.phrases.keys()])
        by_piece = _sum([self.of_word(word) for word in words(said)])
        return (
            self.bias + by_phrase[0] / size(by_phrase[1], PHRASES_LEAST) + by_piece[0] / size(by_piece[1], PIECES_LEAST)
        )

    def of_word(self, word: str) -> Entry:
        """What the pieces of one word add up to."""
        return _of_word(self, word)

    def shares(self, said: Sequence[Said]) -> dict[int, float]:
        """What each word adds, by its place; a phrase's weight is shared among its words."""
        by_phrase = [(self.phrases[name], places) for name, places in phrases(said) if name in self.phrases]
        by_piece = [(self.of_word(one.word), [one.at]) for one in said if one.at is not None]
        total: dict[int, float] = {}
        for entries, least in ((by_phrase, PHRASES_LEAST), (by_piece, PIECES_LEAST)):
            whole = size(sum(mass for (_, mass), _ in entries), least)
            for (points, _), places in entries:
                for place in places:
                    total[place] = total.get(place, 0.0) + points / whole / len(places)
        return total


def size(mass: float, least: float) -> float:
    """What the points of a stretch are divided by: so length alone adds nothing."""
    return sqrt(mass + least)


@lru_cache(maxsize=_WORDS_REMEMBERED)
def _of_word(weights: Weights, word: str) -> Entry:
    return _sum([weights.pieces[piece] for piece in pieces(word) & weights.pieces.keys()])


def _sum(entries: Sequence[Entry]) -> Entry:
    return sum(points for points, _ in entries), sum(mass for _, mass in entries)


def load(label: Label, folder: Path = FOLDER) -> Weights:
    """The weights of a label from its file: feature, what it adds, and how rare it is (its mass is that squared).

    Raises OSError or ValueError at start, never while reading a reply.
    """
    lines = (folder / f"{label}.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    entries = {name: (float(points), float(rarity) ** 2) for name, points, rarity in rows}
    bias, _ = entries.pop(BIAS)
    found = {name.removeprefix(PIECE): entry for name, entry in entries.items() if name.startswith(PIECE)}
    return Weights(bias, {name: entry for name, entry in entries.items() if not name.startswith(PIECE)}, found)
