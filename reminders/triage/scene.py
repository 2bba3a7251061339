"""A reply made ready for the rules: words settled and corrected, idioms set aside, grammar marked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reminders.triage.by_ear import by_ear
from reminders.triage.clauses import Break, Clause, Text, cut
from reminders.triage.language import language
from reminders.triage.lexicon import GRAMMAR, IDIOMS
from reminders.triage.normalise import Token, fold, tokens
from reminders.triage.patterns import Index, Match
from reminders.triage.quebec import settle
from reminders.triage.spelling import corrected

_NEAR = 3  # words on either side that tell whether one is French: "Hi, aretté de m'écrire" is
SET_ASIDE = "_"  # stands where an idiom's word stood; no phrase holds it


@dataclass(frozen=True, slots=True)
class Scene:
    """What every rule looks at. `marks` are the grammar phrases found, by name."""

    text: Text
    limits: Sequence[int]
    marks: Mapping[str, list[Match]]
    idioms: Mapping[str, list[Match]]
    found: dict[tuple[int, tuple[str, ...]], dict[str, list[Match]]] = field(default_factory=dict, compare=False)
    """What was found already: several rules look for the same."""

    @property
    def words(self) -> list[str]:
        """The words, idioms included."""
        return self.text.words

    def find(self, index: Index, *idioms: str) -> dict[str, list[Match]]:
        """Matches of an index by concept, the words of these kinds of idiom set aside first."""
        key = (id(index), tuple(kind for kind in idioms if kind in self.idioms))
        if key not in self.found:
            self.found[key] = _by_concept(index.find(self.without(*idioms), self.limits))
        return self.found[key]

    def without(self, *idioms: str) -> list[str]:
        """The words, those of these kinds of idiom set aside."""
        words = list(self.words)
        for idiom in (match for kind in idioms for match in self.idioms.get(kind, ())):
            words[idiom.start : idiom.end] = [SET_ASIDE] * (idiom.end - idiom.start)
        return words

    def clause(self, at: int) -> Clause:
        """The clause that holds this word."""
        return self.text.clauses[self.text.clause_of[at]]

    def sentence(self, at: int) -> tuple[int, int]:
        """First and past-the-last word of the sentence that holds this word."""
        clauses = self.text.clauses
        first = last = self.text.clause_of[at]
        while first and clauses[first - 1].sentence == clauses[first].sentence:
            first -= 1
        while last + 1 < len(clauses) and clauses[last + 1].sentence == clauses[last].sentence:
            last += 1
        return clauses[first].start, clauses[last].end

    def region(self, at: int) -> int:
        """Where the stretch begins that no sentence end and no "but" divides from this word."""
        number = self.text.clause_of[at]
        while number and self.text.clauses[number].opens not in {Break.SENTENCE, Break.CONTRAST}:
            number -= 1
        return self.text.clauses[number].start

    def marked(self, name: str, start: int, end: int) -> list[Match]:
        """Marks of this name that lie wholly within these words."""
        return [mark for mark in self.marks.get(name, ()) if start <= mark.start and mark.end <= end]

    def said(self, match: Match) -> str:
        """The patient's words behind a match."""
        return self.text.said(match.start, match.end)


def build(own_words: str) -> Scene:
    """The scene of a patient's own words."""
    text = cut(_spelt(tokens(fold(own_words))))
    text.words = settle(text.words, text.clause_of)
    limits = text.limits()
    return Scene(
        text, limits, _by_concept(GRAMMAR.find(text.words, limits)), _by_concept(IDIOMS.find(text.words, limits))
    )


def _spelt(typed: Sequence[Token]) -> list[Token]:
    """The words as they should be spelt: French by ear first where its neighbours are French, else one slip away."""
    words = [token.text for token in typed]
    return [word for at, token in enumerate(typed) for word in _word(token, _near(words, at))]


def _near(words: Sequence[str], at: int) -> Sequence[str]:
    return words[max(0, at - _NEAR) : at + _NEAR + 1]


def _word(token: Token, near: Sequence[str]) -> list[Token]:
    heard = by_ear(token.text)
    if not heard or language(near) not in {"fr", "mixed"}:
        return [Token(corrected(token.text), token.raw)]
    return [Token(word, "" if place else token.raw) for place, word in enumerate(heard)]


def _by_concept(matches: Sequence[Match]) -> dict[str, list[Match]]:
    found: dict[str, list[Match]] = defaultdict(list)
    for match in matches:
        found[match.concept].append(match)
    return found
