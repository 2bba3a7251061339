"""The starter protocols: complete in both languages, and texts that may go to a patient."""

import json
import re
from dataclasses import replace
from datetime import time

import pytest
import smsutil

from schedules.library import LibraryProtocol, available, content, load
from schedules.protocol import StepKind, protocol_from_data

LIBRARY = load("microneedling")
ALLOWED = {"clinic", "first_name", "phone", "address", "booking_url", "unsubscribe_url", "check_in_url", "answers"}
LONGEST = dict.fromkeys(ALLOWED, "x" * 40) | {"phone": "(514) 555-0100"}
TEXTS = [
    pytest.param(language, step, channel, texts, id=f"{key} {language} {step} {channel}")
    for key in available()
    for language, steps in load(key).texts.items()
    for step, channels in steps.items()
    for channel, texts in channels.items()
]
SMS = [param for param in TEXTS if param.values[2] == "sms"]
EMAIL = [param for param in TEXTS if param.values[2] == "email"]
all_texts = pytest.mark.parametrize(("language", "step", "channel", "texts"), TEXTS)
sms_texts = pytest.mark.parametrize(("language", "step", "channel", "texts"), SMS)
email_texts = pytest.mark.parametrize(("language", "step", "channel", "texts"), EMAIL)


@pytest.mark.parametrize("key", ["microneedling", "rf-microneedling"])
def test_microneedling_is_tips_tips_check_in(key: str) -> None:
    steps = [(s.key, s.day, s.kind, s.at, s.waits_for_open_day) for s in load(key).protocol.steps]
    assert steps == [
        ("day-1", 1, StepKind.TIPS, time(10), False),
        ("day-3", 3, StepKind.TIPS, time(10), False),
        ("day-7", 7, StepKind.CHECK_IN, time(10), True),
    ]


@pytest.mark.parametrize("key", available())
def test_every_starter_protocol_loads_under_its_own_key_in_both_languages(key: str) -> None:
    library = load(key)
    assert library.protocol.key == key
    assert set(library.texts) == set(library.name) == {"en", "fr"}


def test_a_new_clinic_begins_with_what_needs_no_clinician_first() -> None:
    assert [key for key in available() if load(key).for_new_clinics] == ["microneedling"]


@pytest.mark.parametrize("key", ["botox", "", "..", "../library/microneedling"])
def test_an_unknown_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="no starter protocol"):
        load(key)


def test_content_survives_json_and_reads_back() -> None:
    stored = json.loads(json.dumps(content(LIBRARY)))
    assert protocol_from_data(stored) == LIBRARY.protocol
    assert stored["texts"] == LIBRARY.texts


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("step", ["day-1", "day-3", "day-7"])
def test_a_step_that_lacks_a_text_cannot_be_published(language: str, step: str) -> None:
    texts = load("microneedling").texts
    del texts[language][step]
    with pytest.raises(ValueError, match=language):
        replace(LIBRARY, texts=texts)


@pytest.mark.parametrize(("channel", "field"), [("sms", "body"), ("email", "subject"), ("email", "body")])
def test_an_empty_or_missing_part_is_refused(channel: str, field: str) -> None:
    empty, missing = load("microneedling").texts, load("microneedling").texts
    empty["fr"]["day-3"][channel][field] = " "
    del missing["fr"]["day-3"][channel][field]
    for texts in (empty, missing):
        with pytest.raises(ValueError, match=f"day-3, {channel}"):
            LibraryProtocol(LIBRARY.protocol, LIBRARY.name, texts)


@all_texts
def test_only_known_placeholders_and_never_the_treatment(
    language: str, step: str, channel: str, texts: dict[str, str]
) -> None:
    everything = "\n".join(texts.values())
    assert set(re.findall(r"{(.*?)}", everything)) <= ALLOWED
    assert not re.search(r"needl|aiguill|laser|botox|peeling|radio|\bRF\b", everything, re.IGNORECASE)
    assert everything.count("{clinic}") >= 1


@all_texts
def test_red_flags_and_the_ways_out_are_in_every_text(
    language: str, step: str, channel: str, texts: dict[str, str]
) -> None:
    body = texts["body"]
    assert "{phone}" in body
    assert "911" in body
    words = {"en": ("STOP", "HELP"), "fr": ("ARRET", "AIDE")}[language] if channel == "sms" else ("{unsubscribe_url}",)
    assert all(word in body for word in words)


RF_FLAGS = {
    "en": ("blister", "burn", "numb"),
    "fr": ("cloque", "engourdi"),
}
RF_DETAIL = {
    "en": ("tingling", "weakness", "dent", "scar", "suddenly droops, call 911"),
    "fr": (
        "brûlure",
        "picotements",
        "faiblesse",
        "creux",
        "cicatrice",
        "s'affaisse soudainement, appelez tout de suite le 911",
    ),
}
"""Burns, scarring, fat loss and nerve damage: the FDA, 15 October 2025."""


@pytest.mark.parametrize("language", ["en", "fr"])
def test_radiofrequency_asks_about_what_the_fda_names_and_waits_longer(language: str) -> None:
    texts, without = load("rf-microneedling").texts[language], LIBRARY.texts[language]
    for channels in texts.values():
        for channel, parts in channels.items():
            named = " ".join(parts["body"].lower().split())
            wanted = RF_FLAGS[language] + (RF_DETAIL[language] if channel == "email" else ())
            assert not [word for word in wanted if word.lower() not in named], channel
    assert all("72" in texts["day-1"][channel]["body"] for channel in ("sms", "email"))
    assert not any("72" in without["day-1"][channel]["body"] for channel in ("sms", "email"))
    assert all(re.search(r"\b7\b", texts["day-3"][channel]["body"]) for channel in ("sms", "email"))


@sms_texts
def test_a_text_is_three_plain_segments_at_most_and_starts_with_the_clinic(
    language: str, step: str, channel: str, texts: dict[str, str]
) -> None:
    assert texts["body"].startswith("{clinic}")
    assert "\n" not in texts["body"]
    # The link that a text can do without is left out where there is no room for it.
    counted = smsutil.split(re.sub(r"\[\[.*?\]\]", "", texts["body"]).format(**LONGEST))
    assert counted.encoding == "gsm0338"
    assert len(counted.parts) <= 3


@email_texts
def test_an_email_greets_explains_and_says_who_writes(
    language: str, step: str, channel: str, texts: dict[str, str]
) -> None:
    assert texts["subject"].startswith("{clinic}")
    assert "\n" not in texts["subject"]
    assert "{first_name}" in texts["body"].split("\n\n")[0]
    assert len(texts["body"].split("\n\n")) >= 7
    assert "{clinic}\n{address}\n{phone}" in texts["body"]
    assert "811" in texts["body"]


@pytest.mark.parametrize("key", available())
@pytest.mark.parametrize("channel", ["sms", "email"])
@pytest.mark.parametrize(
    ("language", "answers", "consult"),
    [
        (
            "en",
            ("1 = skin is clear", "2 = a few breakouts but improving", "3 = breakouts persist or are getting worse"),
            "consult",
        ),
        (
            "fr",
            (
                "1 = peau nette",
                "2 = quelques boutons mais en amélioration",
                "3 = boutons qui persistent ou qui empirent",
            ),
            "consultation",
        ),
    ],
)
def test_the_check_in_asks_for_a_digit_and_offers_a_consult(
    key: str, channel: str, language: str, answers: tuple[str, ...], consult: str
) -> None:
    body = load(key).texts[language]["day-7"][channel]["body"]
    # An e-mail is answered on a page: nobody reads its mailbox.
    assert all(answer in body for answer in answers) if channel == "sms" else "{check_in_url}" in body
    assert consult in body
    assert not re.search(r"\b(YES|OUI|NO|NON|START|END)\b", body)


@pytest.mark.parametrize("key", available())
def test_no_text_spells_a_word_without_its_accent(key: str) -> None:
    """A French text that avoids an accent must not do so by dropping it."""
    wrong = (
        r"\b(apres|ecran|etes|tete|meme|dela|desabonner|deja|gene|tres|ameliorer|reponse|repondez|fievre|retinoides"
        r"|brulure|etendue)\b"
    )
    french = json.dumps(load(key).texts["fr"], ensure_ascii=False)
    assert not re.findall(wrong, french, re.IGNORECASE)
