"""The second reader: it adds doubt, takes away nothing that rules settle, and no typing habit silences it.

Seen to fail when: the whole reply alone was scored, so that a long one thinned a red flag out; polite words counted; a
digit was looked at; what the rules found was dropped where it spoke; a negation by the rules needed no more than none.
"""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.triage import Asked, Label, asked_on, read
from reminders.triage.evaluate import Row, evaluate, rows, to_json
from reminders.triage.labels import Finding
from reminders.triage.reading import by_rules
from reminders.triage.scene import build
from reminders.triage.second_reader import Moment, second_look
from reminders.triage.second_reader.features import stretches
from reminders.triage.second_reader.second_look import ALARMS as ALARMS_LEARNT
from reminders.triage.second_reader.second_look import Learnt
from reminders.triage.second_reader.weights import FOLDER, LABELS, Judge, Words, load_words

ROWS = list(rows(Path(__file__).parents[2] / "data" / "replies_third.tsv"))
ALARMS = frozenset({Label.URGENT, Label.STOP})
SURE = 0.6
LARGEST = 800_000  # bytes, of all weights: what a person can still look through
LATER = Moment(7, Asked.CHECK_IN)
ALWAYS, NEVER = (
    Learnt(Words((bias,) * len(LABELS), {}, {}), Judge((bias,) * len(LABELS), {})) for bias in (100.0, -100.0)
)
UNDERSTOOD_BY_IT = [
    "jarrive pas à ouvrir la paupière à matin",
    "there's a burning hole in my cheek",
]
FILLER = "I bought the cream you told me about. We drove to the lake on Sunday. The dog came along. "


def alarms(text: str, row: Row) -> frozenset[Label]:
    return read(text, row.day, asked_on(row.day)).labels & ALARMS


def without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")


HABITS = {
    "capitals": str.upper,
    "swapped": str.swapcase,
    "composed": lambda text: unicodedata.normalize("NFD", text),
    "no accents": without_accents,
    "spaces": lambda text: f"  {text.replace(' ', '  ')}  ",
    "emoji": lambda text: f"😀 {text} 😡😡",
    "greeting": lambda text: f"Hi, {text}",
    "salut": lambda text: f"Bonjour! {text}",
    "sorry": lambda text: f"Sorry to bother you, {text}",
    "thanks": lambda text: f"{text}. Thank you so much.",
    "merci": lambda text: f"{text}, merci",
}


@pytest.mark.parametrize("habit", HABITS)
def test_no_habit_removes_what_was_found(habit: str) -> None:
    lost = [row.text for row in ROWS if not alarms(row.text, row) <= alarms(HABITS[habit](row.text), row)]

    assert lost == []


@pytest.mark.parametrize("label", ALARMS_LEARNT)
def test_a_long_reply_thins_nothing_out(label: Label) -> None:
    """The score of one sentence among thirty is at least what it is alone."""
    weights, column = load_words(), LABELS.index(label)
    told = [row.text for row in ROWS if label in row.expected and len(stretches(build(row.text))) == 1]
    alone = [weights.scores(stretches(build(text))[0])[column] for text in told]
    among = [stretches(build(f"{FILLER * 5}{text}\n{FILLER * 5}")) for text in told]
    best = [max(weights.scores(one)[column] for one in said) for said in among]
    lost = [text for text, most, score in zip(told, best, alone, strict=True) if most < score - 0.01]

    assert len(told) >= 30
    assert lost == []


def test_nearly_every_red_flag_and_every_opt_out_is_found() -> None:
    """Rows that were learnt from since: on held-out ones see decision 28. Relatives' are the rules' alone."""
    evaluation = evaluate(ROWS)

    assert evaluation.of(Label.URGENT).recall >= 0.97
    assert evaluation.of(Label.STOP).recall == 1.0


@pytest.mark.parametrize("text", UNDERSTOOD_BY_IT)
def test_what_it_adds_is_doubt_and_says_so(text: str) -> None:
    reading = read(text, 3, Asked.NONE)
    shown = [one for one in to_json(reading)["evidence"] if one.get("reader") == "second"]

    assert Label.URGENT in reading.labels
    assert (reading.tier, reading.confidence < SURE) == ("urgent", True)
    assert shown
    assert shown[0]["words"]


@pytest.mark.parametrize(
    "text",
    [
        "not sure but I might have pus",
        "my cheek is oozing yellow",
        "1",
        "STOP",
        "arrêt svp",
        "my lips are swelling and I can't breathe",
    ],
)
def test_what_rules_settle_it_does_not_take_away(text: str) -> None:
    """A red flag, in doubt or not, one for an ambulance, a digit that answers, a keyword."""
    found = by_rules(build(text), 7, Asked.CHECK_IN)

    assert found
    assert {one.label for one in found} <= {one.label for one in second_look(build(text), found, LATER, NEVER)}


def test_what_it_takes_away_a_person_reads() -> None:
    """Nothing is left of what the rules found, or of what else they found nothing is sure."""
    taken = second_look(build("see you around"), [Finding(Label.CONSULT, "see you", 0.9)], LATER, NEVER)
    beside = [Finding(Label.QUESTION, "", 0.85), Finding(Label.CLEAR, "1", 0.97)]
    left = second_look(build("all clear, what now"), beside, LATER, NEVER)

    assert [(one.label, one.confidence < SURE) for one in taken] == [(Label.OTHER, True)]
    assert [(one.label, one.confidence < SURE) for one in left] == [(Label.CLEAR, True)]


def test_one_outcome_at_most() -> None:
    added = second_look(build("it went the way I hoped"), [], LATER, ALWAYS)

    assert len({Label.CLEAR, Label.IMPROVING, Label.PERSISTING} & {one.label for one in added}) == 1


@pytest.mark.parametrize("text", ["1", "2.", "3 please", " #2 ", "1️⃣", "10/10", "2-3", "", "?", "👍", "merci", "38.9"])
def test_no_word_of_their_own_no_look(text: str) -> None:
    assert second_look(build(text), [], LATER, ALWAYS) == []


def test_no_opt_out_beside_what_settles_the_messages() -> None:
    added = second_look(build("put me back on the list"), [Finding(Label.START, "", 0.9)], LATER, ALWAYS)

    assert Label.STOP not in {one.label for one in added}


def test_who_wants_the_messages_to_go_on_is_not_stopped() -> None:
    assert Label.STOP not in {one.label for one in second_look(build("don't stop these"), [], LATER, ALWAYS)}


def test_a_relatives_is_decided_by_whose_number_it_is() -> None:
    reading = read("ma fille a de la fièvre et du pus", 3, Asked.NONE)

    assert Label.URGENT not in reading.labels
    assert reading.set_aside


def test_where_the_rules_had_a_reason_it_must_be_surer() -> None:
    """At the same score, with nothing named, it would speak."""
    between = Learnt(Words((2.0,) * len(LABELS), {}, {}), NEVER.judge)

    assert Label.URGENT not in {one.label for one in second_look(build("no fever at all"), [], LATER, between)}
    assert Label.URGENT in {one.label for one in second_look(build("something is off"), [], LATER, between)}


@given(st.text(max_size=400))
def test_it_is_total(text: str) -> None:
    assert all(one.confidence < SURE for one in second_look(build(text), [], LATER, ALWAYS))


def test_a_very_long_text_is_read() -> None:
    assert read("blah fièvre " * 3000, 3, Asked.NONE).labels


def test_the_weights_can_be_looked_through() -> None:
    """Real words and pieces of words, what adds most first."""
    files = {FOLDER / "words.tsv": 2, FOLDER / "judge.tsv": 1}
    assert sum(file.stat().st_size for file in files) <= LARGEST
    for file, first in files.items():
        lines = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()[2:]]
        most = [max(float(points) for points in line[first:]) for line in lines]
        assert most == sorted(most, reverse=True)
        assert all(name.strip() for name, *_ in lines)


@pytest.mark.parametrize(("day", "asked"), [(6, "none"), (7, "checkin"), (13, "checkin"), (14, "none"), (None, "none")])
def test_the_check_in_is_asked_about_for_a_week(day: int | None, asked: str) -> None:
    assert asked_on(day) == asked
