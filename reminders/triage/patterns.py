"""The pattern language of the lexicon files, and finding its phrases in a list of words.

A phrase is words in order. `a|b` either word; `stem*` any word that begins so; `<group>` any word of a group; `word?`
may be missing; `_` any one word; `~` up to three words between, `~~` up to seven; `A & B` both, in either order, up to
five words apart. Matches never cross the end of a sentence or a "but" (see clauses.py).
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain

Expand = Callable[[str], list[str]]
Groups = Mapping[str, str]
GAPS = {"~": 3, "~~": 7}
APART = 5
SHORTEST_STEM = 2
MOST_MET = 10_000


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a phrase: these words, or words that begin so; or a gap of up to `gap` words."""

    words: frozenset[str] = frozenset()
    stems: tuple[str, ...] = ()
    optional: bool = False
    anything: bool = False
    gap: int = 0

    def holds(self, word: str) -> bool:
        """True when this word fits the slot."""
        return word in self.words or self.anything or (bool(self.stems) and word.startswith(self.stems))


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled phrase and the concept that it stands for."""

    concept: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A concept found at words[start:end]; `skipped` are the positions that gaps passed over."""

    concept: str
    start: int
    end: int
    skipped: tuple[int, ...] = ()

    def overlaps(self, other: "Match") -> bool:
        """True when the two share a word."""
        return self.start < other.end and other.start < self.end


@dataclass(slots=True)
class Index:
    """Phrases by their first word, so that only phrases that could begin here are tried."""

    by_word: dict[str, list[Phrase]] = field(default_factory=lambda: defaultdict(list))
    by_stem: dict[str, list[Phrase]] = field(default_factory=lambda: defaultdict(list))
    stem_lengths: tuple[int, ...] = ()
    met: dict[str, tuple[Phrase, ...]] = field(default_factory=dict)
    """The candidates of words that came lately: most words of a reply are common, and begin nothing."""

    def add(self, phrase: Phrase) -> None:
        """File a phrase under every word that may begin it; raises ValueError for one that begins with a gap."""
        first = phrase.slots[0]
        if first.gap or first.optional or first.anything:
            raise ValueError(f"{phrase.concept}: a phrase begins with a word")
        for word in first.words:
            self.by_word[word].append(phrase)
        for stem in first.stems:
            self.by_stem[stem].append(phrase)
        self.stem_lengths = tuple(sorted({len(stem) for stem in self.by_stem}))
        self.met.clear()

    def candidates(self, word: str) -> Iterable[Phrase]:
        """Phrases whose first slot holds this word."""
        known = self.met.get(word)
        if known is None:
            if len(self.met) >= MOST_MET:
                self.met.clear()
            known = self.met[word] = tuple(self._candidates(word))
        return known

    def _candidates(self, word: str) -> Iterator[Phrase]:
        yield from self.by_word.get(word, ())
        for length in self.stem_lengths:
            yield from self.by_stem.get(word[:length], ()) if len(word) >= length else ()

    def find(self, words: Sequence[str], limits: Sequence[int]) -> list[Match]:
        """Every match in these words; limits[i] is where a match that begins at i must end at the latest."""
        found: list[Match] = []
        for start, word in enumerate(words):
            for phrase in self.candidates(word):
                # The first slot holds, or the phrase would be no candidate.
                end, skipped = _match(phrase.slots, 1, words, (start + 1, limits[start]))
                if end:
                    found.append(Match(phrase.concept, start, end, skipped))
        return found

    def vocabulary(self) -> set[str]:
        """Every word that some phrase spells out."""
        filed = chain.from_iterable((*self.by_word.values(), *self.by_stem.values()))
        return {word for phrase in filed for slot in phrase.slots for word in slot.words}


def compile_phrase(concept: str, text: str, groups: Groups, expand: Expand) -> list[Phrase]:
    """The phrase or, for `A & B`, both its orders; raises KeyError for an unknown group."""
    if " & " not in text:
        return [Phrase(concept, tuple(_slots(text, groups, expand)))]
    left, right = (_slots(part, groups, expand) for part in text.split(" & "))
    apart = [Slot(gap=APART)]
    return [Phrase(concept, tuple(left + apart + right)), Phrase(concept, tuple(right + apart + left))]


def longest(matches: Sequence[Match]) -> list[Match]:
    """The matches that lie in no longer one that has no gaps: "never better" holds "better"."""
    whole = sorted((match.start, match.end) for match in matches if not match.skipped)
    reach = list(accumulate((end for _, end in whole), max))
    return [match for match in matches if not _covered(match, whole, reach)]


def _covered(match: Match, whole: Sequence[tuple[int, int]], reach: Sequence[int]) -> bool:
    """`whole` are the spans in order, `reach` the furthest end of each and those before it."""
    earlier = bisect_left(whole, (match.start, 0))
    not_later = bisect_right(whole, (match.start + 1, 0))
    return bool(earlier and reach[earlier - 1] >= match.end) or bool(not_later and reach[not_later - 1] > match.end)


def _slots(text: str, groups: Groups, expand: Expand) -> list[Slot]:
    return [slot for part in text.split() for slot in _part(part, groups, expand)]


def _part(part: str, groups: Groups, expand: Expand) -> list[Slot]:
    if part in GAPS:
        return [Slot(gap=GAPS[part])]
    if part == "_":
        return [Slot(anything=True)]
    optional = part.endswith("?")
    choices = [word for choice in part.rstrip("?").split("|") for word in _group(choice, groups)]
    if len(choices) == 1 and not choices[0].endswith("*"):
        return [Slot(frozenset({word}), optional=optional) for word in expand(choices[0])]
    stems = tuple(word[:-1] for word in choices if word.endswith("*"))
    if any(len(stem) < SHORTEST_STEM for stem in stems):
        raise ValueError(f"{part}: a stem has at least {SHORTEST_STEM} letters")
    whole = frozenset(_single(word, expand) for word in choices if not word.endswith("*"))
    return [Slot(whole, stems, optional)]


def _single(word: str, expand: Expand) -> str:
    written = expand(word)
    if len(written) != 1:
        raise ValueError(f"{word}: an alternative is one word, and this is {written}")
    return written[0]


def _group(choice: str, groups: Groups) -> list[str]:
    return groups[choice[1:-1]].split() if choice.startswith("<") else [choice]


def _match(
    slots: Sequence[Slot], number: int, words: Sequence[str], room: tuple[int, int]
) -> tuple[int, tuple[int, ...]]:
    """Where the slots from `number` on end in `room`, from a word to a limit (0: they do not fit), and the positions
    that gaps skipped."""
    at, limit = room
    while number < len(slots):
        slot = slots[number]
        number += 1
        if slot.gap:
            return _match_gap(slots, number, words, (at, min(limit, at + slot.gap), limit))
        fits = at < limit and slot.holds(words[at])
        if fits and slot.optional:
            end, skipped = _match(slots, number, words, (at + 1, limit))
            if end:
                return end, skipped
        elif fits:
            at += 1
        elif not slot.optional:
            return 0, ()
    return at, ()


def _match_gap(
    slots: Sequence[Slot], number: int, words: Sequence[str], room: tuple[int, int, int]
) -> tuple[int, tuple[int, ...]]:
    first, last, limit = room
    for at in range(first, last + 1):
        end, skipped = _match(slots, number, words, (at, limit))
        if end:
            return end, (*range(first, at), *skipped)
    return 0, ()
