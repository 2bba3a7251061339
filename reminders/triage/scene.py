"""A reply made ready for the rules: words settled and corrected, idioms set aside, grammar marked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reminders.triage.clauses import Break, Clause, Text, cut
from reminders.triage.lexicon import GRAMMAR, IDIOMS
from reminders.triage.normalise import Token, fold, tokens
from reminders.triage.patterns import Index, Match
from reminders.triage.quebec import settle
from reminders.triage.spelling import corrected

SET_ASIDE = "_"  # stands where an idiom's word stood; no phrase holds it


@dataclass(frozen=True, slots=True)
class Scene:
    """What every rule looks at. `marks` are the grammar phrases found, by name."""

    text: Text
    limits: Sequence[int]
    marks: Mapping[str, list[Match]]
    idioms: Mapping[str, list[Match]]

    @property
    def words(self) -> list[str]:
        """The words, idioms included."""
        return self.text.words

    def find(self, index: Index, *idioms: str) -> dict[str, list[Match]]:
        """Matches of an index by concept, the words of these kinds of idiom set aside first."""
        words = list(self.words)
        for idiom in (match for kind in idioms for match in self.idioms.get(kind, ())):
            words[idiom.start : idiom.end] = [SET_ASIDE] * (idiom.end - idiom.start)
        return _by_concept(index.find(words, self.limits))

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
    text = cut([Token(corrected(token.text), token.raw) for token in tokens(fold(own_words))])
    text.words = settle(text.words, text.clause_of)
    limits = text.limits()
    return Scene(
        text, limits, _by_concept(GRAMMAR.find(text.words, limits)), _by_concept(IDIOMS.find(text.words, limits))
    )


def _by_concept(matches: Sequence[Match]) -> dict[str, list[Match]]:
    found: dict[str, list[Match]] = defaultdict(list)
    for match in matches:
        found[match.concept].append(match)
    return found
