"""What the second reader sees of a reply: its words, the pairs and threes they form, and the pieces they consist of.

Training and reading use the same functions, on the words as the rules have normalised them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reminders.triage.clauses import Break, Clause
from reminders.triage.scene import Scene

LONGEST_PHRASE = 2  # words
SHORTEST_PIECE, LONGEST_PIECE = 2, 5  # characters
MARKS = frozenset(".,;?")
_PARTS = frozenset({Break.SENTENCE, Break.CONTRAST, Break.LINE})
_MARK = {Break.SENTENCE: ".", Break.LINE: ".", Break.CONTRAST: ";"}
_POLITE = frozenset(["please", "svp", "stp", "thanks", "thank", "merci", "hi", "hello", "hey", "bonjour", "bonsoir"])
_POLITE |= {"allo", "salut", "pls", "plz", "thx"}
"""What says nothing of anything; together with the rules' polite phrases it is left out, so it thins nothing out."""
_BEFORE_SO_MUCH = [["you", "so", "much"], ["you", "very", "much"]]


@dataclass(frozen=True, slots=True)
class Said:
    """A word or mark and its place in the scene's words; a mark has none."""

    word: str
    at: int | None


def stretches(scene: Scene) -> list[list[Said]]:
    """The whole reply first, then each sentence, line or "but ..." of it: what is grave in one is not thinned out."""
    whole: list[Said] = []
    parts: list[list[Said]] = [[]]
    polite = _polite(scene)
    for number, clause in enumerate(scene.text.clauses):
        if number and clause.opens in _PARTS:
            parts.append([])
        said = [Said(scene.words[at], at) for at in range(clause.start, clause.end) if at not in polite]
        before = _before(scene, number)
        whole += [*before, *said]
        parts[-1] += ([] if clause.opens in _PARTS else before) + said + _after(scene, number)
    trimmed = [_trimmed(stretch) for stretch in (whole + _asked(scene), *parts)]
    return [one for number, one in enumerate(trimmed) if one and (number == 0 or one != trimmed[0])]


def phrases(said: Sequence[Said]) -> Iterator[tuple[str, list[int]]]:
    """Each word and each run of two, with the places of its words."""
    for start in range(len(said)):
        for end in range(start + 1, min(start + LONGEST_PHRASE, len(said)) + 1):
            run = said[start:end]
            yield " ".join(one.word for one in run), [one.at for one in run if one.at is not None]


def pieces(word: str) -> set[str]:
    """Runs of two to five characters of a word; "^" is its start and "$" its end."""
    marked = f"^{word}$"
    sizes = range(SHORTEST_PIECE, LONGEST_PIECE + 1)
    return {marked[at : at + size] for size in sizes for at in range(len(marked) - size + 1)}


def words(said: Sequence[Said]) -> set[str]:
    """The different words of a stretch, marks aside."""
    return {one.word for one in said if one.at is not None}


def _polite(scene: Scene) -> set[int]:
    marked = {at for mark in scene.marks.get("polite", ()) for at in range(mark.start, mark.end)}
    single = {at for at, word in enumerate(scene.words) if word in _POLITE}
    much = {at + 1 + k for at in single for k in range(3) if scene.words[at + 1 : at + 4] in _BEFORE_SO_MUCH}
    return marked | single | much


def _before(scene: Scene, number: int) -> list[Said]:
    clause = scene.text.clauses[number]
    return [Said(_divider(scene.text.clauses[number - 1], clause), None)] if number else []


def _divider(before: Clause, clause: Clause) -> str:
    ends = clause.opens in {Break.SENTENCE, Break.LINE}
    return "?" if before.asks and ends else _MARK.get(clause.opens, ",")


def _after(scene: Scene, number: int) -> list[Said]:
    return [Said("?", None)] if scene.text.clauses[number].asks else []


def _asked(scene: Scene) -> list[Said]:
    return _after(scene, len(scene.text.clauses) - 1) if scene.text.clauses else []


def _trimmed(said: list[Said]) -> list[Said]:
    """Without marks at the start, and none but a question mark at the end; none of two in a row but the last."""
    kept: list[Said] = []
    for one in said:
        if one.at is None and not kept:
            continue
        if one.at is None and kept[-1].at is None:
            kept.pop()
        kept.append(one)
    while kept and kept[-1].at is None and kept[-1].word != "?":
        kept.pop()
    return kept
