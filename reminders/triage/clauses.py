"""Cutting a reply into clauses, each knowing its sentence and what divides it from the clause before."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from reminders.triage.normalise import Token
from reminders.triage.vocabulary import words as word_group

_CONTRAST = word_group("contrast")
_REASON = word_group("reason")
_JOINING = word_group("joining")
_SUBJECTS = word_group("subjects")
_SENTENCE_ENDS = frozenset(".!?;")


class Break(StrEnum):
    """What stands before a clause, from strong to weak."""

    SENTENCE = "sentence"
    CONTRAST = "contrast"
    LINE = "line"
    JOIN = "join"
    COMMA = "comma"


@dataclass(slots=True)
class Clause:
    """words[start:end] of one sentence; `asks` when a question mark ends it."""

    start: int
    end: int
    opens: Break
    sentence: int
    asks: bool = False


@dataclass(slots=True)
class Text:
    """A reply ready for the rules: words (marks removed), what was written for each, and the clauses over them."""

    words: list[str]
    raws: list[str]
    clauses: list[Clause]
    clause_of: list[int]

    def limits(self) -> list[int]:
        """For each word, the end of the region that a phrase beginning there may reach into."""
        ends = [0] * len(self.words)
        limit = len(self.words)
        for clause in reversed(self.clauses):
            ends[clause.start : clause.end] = [limit] * (clause.end - clause.start)
            if clause.opens in {Break.SENTENCE, Break.CONTRAST}:
                limit = clause.start
        return ends

    def said(self, start: int, end: int) -> str:
        """What the patient wrote between two word positions."""
        return " ".join(raw for raw in self.raws[start:end] if raw)


def cut(tokens: Sequence[Token]) -> Text:
    """The text of these tokens: sentence ends, commas, line ends, contrasts and new subjects divide it."""
    text = Text([], [], [], [])
    pending: Break | None = Break.SENTENCE
    sentence = 0
    for position, token in enumerate(tokens):
        mark = _mark(token.text)
        if mark is None:
            opens = _opening(tokens, position, pending, text)
            sentence = _place(text, token, opens, sentence)
            pending = None
            continue
        if token.text == "?" and text.clauses:
            text.clauses[-1].asks = True
        pending = mark if pending is None or mark is Break.SENTENCE else pending
    return text


def _place(text: Text, token: Token, opens: Break | None, sentence: int) -> int:
    if opens is not None or not text.clauses:
        sentence += opens is Break.SENTENCE
        text.clauses.append(Clause(len(text.words), len(text.words), opens or Break.SENTENCE, sentence))
    text.words.append(token.text)
    text.raws.append(token.raw)
    text.clause_of.append(len(text.clauses) - 1)
    text.clauses[-1].end = len(text.words)
    return sentence


def _mark(word: str) -> Break | None:
    if word in _SENTENCE_ENDS:
        return Break.SENTENCE
    if word == "\n":
        return Break.LINE
    return Break.COMMA if len(word) == 1 and not word.isalnum() else None


def _opening(tokens: Sequence[Token], position: int, pending: Break | None, text: Text) -> Break | None:
    """What divides this word from the one before, if anything does."""
    word = tokens[position].text
    if pending is Break.SENTENCE:
        return pending
    if word in _CONTRAST or word in _REASON:
        return Break.CONTRAST
    if pending is None and word in _JOINING and _new_subject(tokens, position):
        return Break.JOIN
    return pending if text.words else Break.SENTENCE


def _new_subject(tokens: Sequence[Token], position: int) -> bool:
    after = position + 1
    return after < len(tokens) and tokens[after].text in _SUBJECTS
