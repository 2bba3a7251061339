"""The shared texts: all there, both languages, both channels, and what they cost."""

import re

import pytest

from reminders.models.kinds import Channel, Language
from reminders.wording.render import PLACEHOLDERS, Rendered, WordingError, placeholders, render
from reminders.wording.segments import count, outside_gsm7
from reminders.wording.texts import FOR_STAFF, Text, find, templates

CLINIC = "Clinique Westmount"
FULL = {
    "clinic": CLINIC,
    "first_name": "Zoé",
    "phone": "514-555-0100",
    "hours": "Mon-Thu 9:00-17:00, Fri 9:00-19:00, Sat 10:00-15:00 or ring",
    "address": "1 Sherbrooke Street, Westmount",
    "booking_url": "https://clinic.example/book",
    "check_in_url": "https://reminders.example/c/abcdefghijklmnop",
    "unsubscribe_url": "https://reminders.example/u/abcdefghijklmnop",
    "answers": "You can also answer this e-mail.",
    "taking": "Answer this e-mail with OK.",
    "text": "Please come by tomorrow at 10. Camille",
    "url": "https://reminders.example/tickets/0199a4c2-7b1e-7c3d-8e4f-5a6b7c8d9e0f",
    "subject": "Day 1",
    "body": "Hello",
}
MINIMAL = dict.fromkeys(PLACEHOLDERS, "") | {"clinic": CLINIC, "text": "Call us."}

SEGMENTS = {
    "answer:clear": (2, 1, 2, 2),
    "answer:improving": (2, 2, 2, 2),
    "answer:persisting": (2, 2, 3, 2),
    "answer:soon": (2, 2, 3, 2),
    "answer:question": (1, 1, 2, 1),
    "answer:unclear": (1, 1, 2, 1),
    "answer:help": (2, 1, 2, 2),
    "confirmation:stop": (1, 1, 2, 1),
    "confirmation:wrong_number": (1, 1, 1, 1),
    "confirmation:start": (1, 1, 2, 1),
    "safety:emergency": (2, 1, 2, 1),
    "safety:urgent": (2, 2, 2, 2),
    "safety:cautious": (3, 2, 3, 3),
    "follow_up:nudge": (2, 2, 3, 3),
    "follow_up:second_look": (2, 2, 3, 3),
    "staff:message": (1, 1, 1, 1),
    "safety:emergency_alone": (2, 1, 2, 1),
    "safety:urgent_alone": (2, 2, 3, 2),
    "safety:cautious_alone": (3, 2, 3, 3),
    "alert:red_flag": (1, 1, 2, 1),
    "alert:emergency": (1, 1, 2, 1),
    "alert:test": (2, 1, 2, 1),
    "alert:draft": (1, 1, 1, 1),
    "alert:silent": (2, 1, 2, 1),
    "alert:sender": (1, 1, 1, 1),
    "alert:taken": (1, 1, 1, 1),
    "alert:already": (1, 1, 1, 1),
    "alert:not_taken": (1, 1, 1, 1),
}
"""Segments of each text message: English full and minimal, French full and minimal."""

EVERY = [(name, language, channel) for name in SEGMENTS for language in Language for channel in Channel]
FOR_PATIENTS = [case for case in EVERY if case[0] not in FOR_STAFF]
TREATMENTS = re.compile(r"needling|aiguilles|laser|peel|botox|filler|injection|treatment|traitement|acne scar", re.I)
REASSURANCE = re.compile(r"harmless|nothing to worry|don.t worry|is normal|sans danger|rien de grave|est normal", re.I)
CARRIER_ANSWER = re.compile(r"\b(reply|text|répondez|textez)\b[^.]*\b(YES|OUI|NO|NON|END|QUIT|CANCEL)\b", re.I)
DIGIT_ANSWER = re.compile(r"\b(reply|text|répondez|textez)\b[^.]*\b(1|2|3)\b", re.I)
ASK = {"follow_up:nudge", "follow_up:second_look"}
"""Further rounds of the check-in: of the shared texts only these are answered by a digit."""


def rendered(case: tuple[str, Language, Channel], values: dict[str, str]) -> Rendered:
    return render(find(*case, None), values)


def test_there_are_these_texts_and_no_other() -> None:
    assert sorted(templates()) == sorted(SEGMENTS)


@pytest.mark.parametrize("case", EVERY)
@pytest.mark.parametrize("values", [FULL, MINIMAL], ids=["full", "minimal"])
def test_renders_cleanly(case: tuple[str, Language, Channel], values: dict[str, str]) -> None:
    text = rendered(case, values)
    assert CLINIC in text.body
    assert (text.subject is None) == (case[2] is Channel.SMS)
    assert not re.search(
        r"[{}]|\[\[|\]\]| {2}|\n{3}| [.,)]|:\s*$|: *\n\n?[A-Z]|\b(at|au|to|call|appelez)[.;]", text.body
    )


@pytest.mark.parametrize("case", EVERY)
def test_names_only_known_placeholders(case: tuple[str, Language, Channel]) -> None:
    assert placeholders(find(*case, None)) <= PLACEHOLDERS


@pytest.mark.parametrize("name", SEGMENTS)
def test_costs_what_the_table_says(name: str) -> None:
    cases = [(name, language, Channel.SMS) for language in Language]
    found = tuple(count(rendered(case, values).body).count for case in cases for values in (FULL, MINIMAL))
    assert found == SEGMENTS[name]


@pytest.mark.parametrize("case", [case for case in EVERY if case[2] is Channel.SMS])
def test_text_messages_keep_to_the_cheap_alphabet_and_name_the_clinic_first(
    case: tuple[str, Language, Channel],
) -> None:
    text = find(*case, None)
    assert not outside_gsm7(text.body)
    assert text.body.startswith("{clinic}: " if case[1] is Language.EN else "{clinic} : ")


@pytest.mark.parametrize("case", FOR_PATIENTS)
def test_says_no_treatment_no_reassurance_no_carrier_word_as_answer(case: tuple[str, Language, Channel]) -> None:
    text = rendered(case, FULL)
    for pattern in (TREATMENTS, REASSURANCE, CARRIER_ANSWER):
        assert not pattern.search(f"{text.subject}\n{text.body}")
    asked = DIGIT_ANSWER.search(text.body)
    assert bool(asked) == (case[0] in ASK and case[2] is Channel.SMS)


@pytest.mark.parametrize("case", [case for case in FOR_PATIENTS if case[2] is Channel.EMAIL])
def test_e_mail_ends_with_who_writes_and_how_to_stop(case: tuple[str, Language, Channel]) -> None:
    footer = rendered(case, FULL).body.split("\n\n")[-2:]
    assert footer[0].startswith(f"{CLINIC}\n{FULL['address']}\n")
    assert footer[1].endswith(FULL["unsubscribe_url"])


@pytest.mark.parametrize("case", [case for case in EVERY if case[0] in FOR_STAFF - {"alert:draft", "alert:sender"}])
def test_alerts_hold_nothing_of_the_patient(case: tuple[str, Language, Channel]) -> None:
    assert placeholders(find(*case, None)) - {"taking"} == {"clinic", "url"}


@pytest.mark.parametrize("case", [case for case in EVERY if case[0] == "alert:sender"])
def test_a_test_of_a_sender_says_whose_it_is_and_nothing_else(case: tuple[str, Language, Channel]) -> None:
    assert placeholders(find(*case, None)) == {"clinic"}


_BOTH = ["911", "811"]
ATTENDED = {"safety:emergency": ["911"], "safety:urgent": _BOTH, "safety:cautious": _BOTH}
ALONE = {f"{name}_alone": numbers for name, numbers in ATTENDED.items()}
SAFETY = ATTENDED | ALONE
PROMISES = re.compile(r"alert|our team|notre équipe", re.I)


@pytest.mark.parametrize("case", [case for case in EVERY if case[0] in SAFETY])
@pytest.mark.parametrize("values", [FULL, MINIMAL], ids=["full", "minimal"])
def test_safety_texts_say_whom_to_call(case: tuple[str, Language, Channel], values: dict[str, str]) -> None:
    text = rendered(case, values).body
    assert all(number in text for number in SAFETY[case[0]])
    assert values["phone"] in text
    assert not re.search(r"lukewarm|cleanser|SPF|FPS|nettoyant|hydratant|moisturizer", text)


@pytest.mark.parametrize("case", [case for case in EVERY if case[0] in SAFETY])
def test_only_where_somebody_is_on_call_a_text_says_that_they_know(case: tuple[str, Language, Channel]) -> None:
    """Where nobody is, it says when somebody is there."""
    text = rendered(case, FULL).body
    assert bool(PROMISES.search(text)) == (case[0] in ATTENDED)
    assert (FULL["hours"] in text) == (case[0] in ALONE)


def test_consult_texts_hold_the_booking_link_and_the_phone() -> None:
    for case in [case for case in EVERY if case[0] == "answer:persisting"]:
        text = rendered(case, FULL).body
        assert FULL["booking_url"] + "\n" in text
        assert FULL["phone"] in text


CONTENT = {"texts": {"en": {"day-1": {"sms": {"body": "{clinic}: tips"}, "email": {"subject": "s", "body": "b"}}}}}


def test_a_step_has_its_protocol_versions_text() -> None:
    assert find("step:day-1", Language.EN, Channel.SMS, CONTENT) == Text(None, "{clinic}: tips")
    assert find("step:day-1", Language.EN, Channel.EMAIL, CONTENT) == Text("s", "b")


@pytest.mark.parametrize(
    ("template", "language", "content"),
    [
        ("step:day-1", Language.FR, CONTENT),
        ("step:day-9", Language.EN, CONTENT),
        ("step:day-1", Language.EN, None),
        ("answer:nonsense", Language.EN, CONTENT),
        ("footer", Language.EN, None),
    ],
)
def test_a_missing_text_is_named(template: str, language: Language, content: dict[str, object] | None) -> None:
    with pytest.raises(WordingError, match=template.removeprefix("step:")):
        find(template, language, Channel.SMS, content)
