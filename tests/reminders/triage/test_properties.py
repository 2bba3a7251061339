"""What no typing habit may change: a red flag and an opt-out are found, and every text is read."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.triage import Asked, Label, asked_on, read
from reminders.triage.evaluate import Row, rows

DATA = Path(__file__).parents[2] / "data"
FILES = ("own", "en", "fr", "classes")
ALARMS = frozenset({Label.URGENT, Label.STOP})
LABELLED = [row for file in FILES for row in rows(DATA / f"replies_{file}.tsv")]
ALARMING = [row for row in LABELLED if row.expected & ALARMS and "\n" not in row.text]
EMOJI = st.sampled_from(["😀", "🙏", "😡😡", "❤️", "👍🏽", "😭", "🇨🇦", "✨"])
BEFORE = st.sampled_from(["Hi,", "Hello!", "Bonjour,", "Allo!", "Sorry to bother you,", "Désolée de vous déranger,"])
AFTER = st.sampled_from([" thanks!", ", merci", " svp", " please", ". Thank you so much.", ". Bonne journée!"])


def alarms(text: str, row: Row) -> frozenset[Label]:
    return read(text, row.day, asked_on(row.day)).labels & ALARMS


def still_there(text: str, row: Row) -> None:
    assert row.expected & ALARMS <= alarms(text, row), text


@given(st.sampled_from(ALARMING), st.sampled_from([str.upper, str.lower, str.title, str.swapcase]))
def test_case_removes_no_alarm(row: Row, change) -> None:  # type: ignore[no-untyped-def]
    still_there(change(row.text), row)


@given(st.sampled_from(ALARMING), st.sampled_from(["NFC", "NFD", "NFKD"]))
def test_how_accents_are_encoded_removes_no_alarm(row: Row, form: str) -> None:
    still_there(unicodedata.normalize(form, row.text), row)  # type: ignore[arg-type]


@given(st.sampled_from(ALARMING))
def test_missing_accents_remove_no_alarm(row: Row) -> None:
    bare = "".join(c for c in unicodedata.normalize("NFD", row.text) if unicodedata.category(c) != "Mn")

    still_there(bare, row)


@given(st.sampled_from(ALARMING), st.sampled_from(["  ", "   ", "\t", "\u00a0", "\u2009 "]))
def test_spacing_removes_no_alarm(row: Row, space: str) -> None:
    still_there(f"{space}{row.text.replace(' ', space)}{space}", row)


@given(st.sampled_from(ALARMING), EMOJI, st.booleans())
def test_emoji_remove_no_alarm(row: Row, emoji: str, after: bool) -> None:
    still_there(f"{row.text} {emoji}" if after else f"{emoji} {row.text}", row)


@given(st.sampled_from(ALARMING), BEFORE, AFTER)
def test_politeness_removes_no_alarm(row: Row, before: str, after: str) -> None:
    still_there(f"{before} {row.text}{after}", row)


@given(st.sampled_from(ALARMING), st.sampled_from(["’", "ʼ", "`"]))
def test_apostrophes_remove_no_alarm(row: Row, apostrophe: str) -> None:
    still_there(row.text.replace("'", apostrophe), row)


@settings(max_examples=300)
@given(st.text(max_size=300), st.sampled_from([None, 1, 3, 7]), st.sampled_from(Asked))
def test_any_text_gets_a_label(text: str, day: int | None, asked: Asked) -> None:
    reading = read(text, day, asked)

    assert reading.labels
    assert Label.OTHER not in reading.labels or reading.labels == {Label.OTHER}
    assert (reading.tier in {"emergency", "urgent"}) == (Label.URGENT in reading.labels)
    assert 0 <= reading.confidence <= 1


@given(
    st.lists(
        st.sampled_from(
            [
                "no",
                "pas",
                "1",
                "2",
                "3",
                "STOP",
                "fever",
                "fièvre",
                "pus",
                "plus",
                "if",
                "si",
                ",",
                ".",
                "?",
                "!",
                ">",
                "\n",
                "gone",
                "my",
                "son",
            ]
        )
    )
)
def test_any_order_of_telling_words_gets_a_label(words: list[str]) -> None:
    assert read(" ".join(words), 7, Asked.CHECK_IN).labels


@given(st.sampled_from(["1", "2", "3"]), st.sampled_from([1, 3, None]))
def test_a_bare_digit_answers_only_the_check_in(digit: str, day: int | None) -> None:
    assert read(digit, day, Asked.NONE).labels == {Label.OTHER}
    assert read(digit, 7, Asked.CHECK_IN).labels != {Label.OTHER}


VOCABULARY = sorted({word for row in LABELLED for word in row.text.split()})
WHAT_IS_SEEN_SOON = ["the redness", "my cheeks are red again", "dark patches", "brown spots", "les taches brunes"]
ASKING = ["If {} comes back should I call?", "Is {} normal?", "Est-ce que {} va s'enlever?", "what about {}?", "Si {}?"]


@pytest.mark.parametrize("seen", WHAT_IS_SEEN_SOON)
@pytest.mark.parametrize("frame", ASKING)
def test_what_is_seen_soon_can_be_asked_about(seen: str, frame: str) -> None:
    """Seen to fail as it stood: the settings of red flags were asked for a symptom that is none, and reading broke."""
    assert read(frame.format(seen), 3, Asked.NONE).labels


@given(st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=14), st.sampled_from([1, 3, 7, 9]))
@settings(max_examples=400)
def test_any_words_in_any_order_are_read(words: list[str], day: int) -> None:
    assert read(" ".join(words), day, asked_on(day)).labels
