"""Filling in: what is missing, unknown, empty, or hostile."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.wording.render import PLACEHOLDERS, Rendered, Text, WordingError, placeholders, render

EMPTY = dict.fromkeys(PLACEHOLDERS, "")


def body(template: str, **values: str) -> str:
    return render(Text(None, template), EMPTY | values).body


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        ("{clinic}: hello", {"clinic": "Westmount"}, "Westmount: hello"),
        ("Call us[[ at {phone}]].", {"phone": "514-555-0100"}, "Call us at 514-555-0100."),
        ("Call us[[ at {phone}]].", {}, "Call us."),
        ("a[[ {phone} or {booking_url}]]b", {"phone": "1"}, "ab"),
        ("[[Hello {first_name},\n\n]]Text", {}, "Text"),
        ("[[Hello {first_name},\n\n]]Text", {"first_name": "Zoé"}, "Hello Zoé,\n\nText"),
        ("a\n\n[[{phone}]]\n\nb", {}, "a\n\nb"),
        ("a [[{phone}]] b", {}, "a b"),
        ("[x] stays", {}, "[x] stays"),
        # Without the brackets an empty value leaves a gap in the words, but none in the layout.
        ("Call {phone} today", {}, "Call today"),
        ("{clinic}\n{address}\n{phone}\n\nBye", {"clinic": "Westmount"}, "Westmount\n\nBye"),
    ],
)
def test_fills_in(template: str, values: dict[str, str], expected: str) -> None:
    assert body(template, **values) == expected


@pytest.mark.parametrize(
    "template",
    ["{surname}", "{}", "{clinic", "clinic}", "{{clinic}}", "[[ {phone}", "{phone} ]]", "[[a [[{phone}]] b]]", "{0}"],
)
def test_refuses_a_broken_template(template: str) -> None:
    with pytest.raises(WordingError):
        body(template)


def test_refuses_when_a_value_was_not_given() -> None:
    with pytest.raises(WordingError, match="phone"):
        render(Text(None, "Call [[{phone}]]"), {"clinic": "Westmount"})


@settings(deadline=None)
@given(st.text())
def test_what_is_filled_in_is_never_read_as_a_template(value: str) -> None:
    one_line = " ".join(value.split())
    assert body("<{first_name}>", first_name=value) == f"<{one_line}>"


@settings(deadline=None)
@given(st.text())
def test_a_value_cannot_add_a_line_to_the_subject(value: str) -> None:
    rendered = render(Text("{clinic}: news", ""), EMPTY | {"clinic": value})
    assert rendered.subject is not None
    assert len(rendered.subject.splitlines()) == 1


def test_hostile_values_stay_as_they_are() -> None:
    assert body("{clinic}[[ {phone}]]", clinic="[[{url}]]", phone="{clinic}") == "[[{url}]] {clinic}"


def test_no_subject_stays_none() -> None:
    assert render(Text(None, "x"), {}) == Rendered(None, "x")


def test_names_placeholders_known_or_not() -> None:
    assert placeholders(Text("{clinic}", "[[{phone}]] {nonsense}")) == {"clinic", "phone", "nonsense"}


def test_a_text_that_is_passed_on_keeps_its_lines_and_nothing_else_does() -> None:
    passed_on = {"body": "\nHello {clinic}\n\nBye[[ x]]\n", "subject": "One\nTwo"}
    assert render(Text("{subject}", "Test:\n{body}"), passed_on) == Rendered(
        "One Two", "Test:\nHello {clinic}\n\nBye[[ x]]"
    )
