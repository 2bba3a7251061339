"""A reply made ready for the rules: words settled and corrected, idioms set aside, grammar marked."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from reminders.triage.by_ear import by_ear
from reminders.triage.clauses import Break, Clause, Text, cut
from reminders.triage.language import language
from reminders.triage.lexicon import GRAMMAR, IDIOMS
from reminders.triage.normalise import Token, fold, tokens
from reminders.triage.patterns import Index, Match
from reminders.triage.quebec import settle
from reminders.triage.spelling import corrected

T = TypeVar("T")

LONGEST = 300
"""Words and marks that are read together: more than nearly any e-mail has. What is longer is read in parts, so that the
cost grows with its length and no faster, whatever somebody writes."""
_SHARED = 20  # words that two parts share where no sentence ends between them

_NEAR = 3  # words on either side that tell whether one is French: "Hi, aretté de m'écrire" is
_ENDS = frozenset(".!?;\n")
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
    symptoms: list[tuple[Match, str, bool]] = field(default_factory=list, compare=False)
    """Each symptom named, how it stands and whether it is too slight to count, once that has been asked (redflags)."""
    known: dict[Callable[["Scene"], Any], Any] = field(default_factory=dict, compare=False)

    def once(self, ask: Callable[["Scene"], T]) -> T:
        """What `ask` says of this scene, asked once: rules want it again for each word they look at."""
        if ask not in self.known:
            self.known[ask] = ask(self)
        answer: T = self.known[ask]
        return answer

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
        return self.once(_sentences)[self.text.clauses[self.text.clause_of[at]].sentence]

    def region(self, at: int) -> int:
        """Where the stretch begins that no sentence end and no "but" divides from this word."""
        return self.once(_regions)[self.text.clause_of[at]]

    def marked(self, name: str, start: int, end: int) -> list[Match]:
        """Marks of this name that lie wholly within these words."""
        return [mark for mark in self.marks.get(name, ()) if start <= mark.start and mark.end <= end]

    def said(self, match: Match) -> str:
        """The patient's words behind a match."""
        return self.text.said(match.start, match.end)


def scenes(own_words: str) -> list[Scene]:
    """The scene of a patient's own words, or those of their parts if they are long; at least one."""
    return [_build(part) for part in _parts(tokens(fold(own_words)))]


def build(own_words: str) -> Scene:
    """The scene of words that are read as one, however long."""
    return _build(tokens(fold(own_words)))


def _parts(typed: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Parts of about the same length, each to the end of a sentence or line if it has one."""
    while len(typed) > LONGEST:
        most = -(-len(typed) // -(-len(typed) // LONGEST))
        ends = (at for at in range(most, most // 2, -1) if typed[at - 1].text in _ENDS)
        end = next(ends, 0)
        yield typed[: end or most]
        typed = typed[end or most - _SHARED :]
    yield typed


def _build(typed: Sequence[Token]) -> Scene:
    text = cut(_spelt(typed))
    text.words = settle(text.words, text.clause_of)
    limits = text.limits()
    return Scene(
        text, limits, _by_concept(GRAMMAR.find(text.words, limits)), _by_concept(IDIOMS.find(text.words, limits))
    )


def _sentences(scene: Scene) -> dict[int, tuple[int, int]]:
    """First and past-the-last word of each sentence, by its number."""
    spans: dict[int, tuple[int, int]] = {}
    for clause in scene.text.clauses:
        start, _ = spans.get(clause.sentence, (clause.start, 0))
        spans[clause.sentence] = (start, clause.end)
    return spans


def _regions(scene: Scene) -> list[int]:
    """Where the region of each clause begins."""
    begins: list[int] = []
    for clause in scene.text.clauses:
        opens = not begins or clause.opens in {Break.SENTENCE, Break.CONTRAST}
        begins.append(clause.start if opens else begins[-1])
    return begins


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
