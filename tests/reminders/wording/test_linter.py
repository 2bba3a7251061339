"""The linter: what it finds in a text that must not go out so, where, and that the starter texts are clean.

Seen to fail when: what must be there was looked for in the text with everything filled in; "Reply STOP to opt out"
counted as an answer asked for; a placeholder of another purpose passed as known.
"""

import copy
from typing import Any

import pytest

from reminders.models.kinds import Channel, Language
from reminders.models.options import ContentRules, content_rules_of, with_content_rules
from reminders.web.findings import finding_text
from reminders.web.i18n import catalogue
from reminders.wording.findings import Code, Finding, Part, Place, Severity, blocking, replaced
from reminders.wording.linter import Rules, lint
from reminders.wording.samples import any_clinic, longest
from reminders.wording.segments import count, nearest_gsm7, outside_gsm7
from schedules import library

STARTER = library.content(library.load("microneedling"))
EN, FR = Language.EN, Language.FR


def changed(text: str, at: str = "day-1 en sms body") -> dict[str, Any]:
    """The starter's content with one part of one text replaced; "..." in `text` stands for the old one."""
    step, language, channel, part = at.split()
    content = copy.deepcopy(STARTER)
    old = content["texts"][language][step][channel][part]
    content["texts"][language][step][channel][part] = text.replace("...", old)
    return content


def found(content: dict[str, Any], rules: Rules | None = None) -> list[tuple[Code, str]]:
    """What the linter finds: code and what."""
    return [(finding.code, finding.found) for finding in lint(content, rules or Rules())]


@pytest.mark.parametrize("key", library.available())
def test_the_starter_protocols_are_clean(key: str) -> None:
    starter = library.load(key)
    assert lint(library.content(starter), Rules(names=tuple(starter.name.values()))) == ()


BLOCKING = [
    ("Hello. Call 911. STOP, HELP", "day-1 en sms body", Code.CLINIC_MISSING, ""),
    ("Hello {first_name}, 911 {address} {unsubscribe_url}", "day-3 fr email body", Code.CLINIC_MISSING, ""),
    ("[[{phone} {clinic} ]]911 STOP HELP", "day-1 en sms body", Code.CLINIC_MISSING, ""),
    ("{clinic}: 911. HELP", "day-1 en sms body", Code.OPT_OUT_MISSING, ""),
    ("{clinic}: 911. HELP[[ {phone} STOP]]", "day-1 en sms body", Code.OPT_OUT_MISSING, ""),
    ("{clinic} : 911. STOP, AIDE", "day-1 fr sms body", Code.OPT_OUT_MISSING, ""),
    ("{clinic}: 911. STOP", "day-1 en sms body", Code.HELP_MISSING, ""),
    ("{clinic} 911 {address}", "day-3 en email body", Code.UNSUBSCRIBE_MISSING, ""),
    ("{clinic} 911 {unsubscribe_url}", "day-3 en email body", Code.ADDRESS_MISSING, ""),
    ("... After your Microneedling", "day-1 en sms body", Code.TREATMENT_NAMED, "microneedling"),
    ("... Vos micro-aiguilles", "day-1 en sms body", Code.TREATMENT_NAMED, "micro-aiguilles"),
    ("... Radiofréquence", "day-1 fr sms body", Code.TREATMENT_NAMED, "radiofrequence"),
    ("... laser", "day-3 fr email subject", Code.TREATMENT_NAMED, "laser"),
    ("... Reply YES if it is better.", "day-7 en sms body", Code.CARRIER_WORD, "YES"),
    ("... Just text “end”.", "day-7 en sms body", Code.CARRIER_WORD, "END"),
    ("... Répondez START.", "day-7 fr sms body", Code.CARRIER_WORD, "START"),
    ("... STOP = worse", "day-7 en sms body", Code.CARRIER_WORD, "STOP"),
    ("... CANCEL si tout va bien", "day-7 fr sms body", Code.CARRIER_WORD, "CANCEL"),
    ("... QUIT if all is well", "day-7 en sms body", Code.CARRIER_WORD, "QUIT"),
    ("... See https://Bit.ly/3xYz", "day-3 en sms body", Code.PUBLIC_SHORTENER, "bit.ly"),
    ("... www.tinyurl.com/abc", "day-3 fr sms body", Code.PUBLIC_SHORTENER, "tinyurl.com"),
    ("{clinic}: How are you? STOP HELP 911", "day-7 en sms body", Code.ANSWERS_MISSING, ""),
    ("{clinic} 911 {address} {unsubscribe_url} 1 2 3", "day-7 en email body", Code.ANSWERS_MISSING, ""),
    ("... ça va", "day-1 fr sms body", Code.NOT_GSM7, "ç"),
    ("{clinic} 911 STOP HELP 1 2 3 {check_in_url}" + " long" * 70, "day-7 en sms body", Code.TOO_MANY_SEGMENTS, "4"),
    ("... " + "long " * 40, "day-1 en sms body", Code.TOO_MANY_SEGMENTS, "4"),
    ("... {name}", "day-1 en sms body", Code.PLACEHOLDER_UNKNOWN, "name"),
    ("... {clinic.options}", "day-1 en email body", Code.PLACEHOLDER_UNKNOWN, "clinic.options"),
    ("... {url}", "day-1 en sms body", Code.PLACEHOLDER_ELSEWHERE, "url"),
    ("... {unsubscribe_url}", "day-3 en sms body", Code.PLACEHOLDER_ELSEWHERE, "unsubscribe_url"),
    ("... {phone", "day-1 en sms body", Code.BRACE_ALONE, "{"),
    ("... [[", "day-1 en email subject", Code.BRACE_ALONE, "[["),
    ("  ", "day-3 fr sms body", Code.TEXT_MISSING, ""),
    ("", "day-3 fr email subject", Code.TEXT_MISSING, ""),
]


@pytest.mark.parametrize(("text", "at", "code", "what"), BLOCKING)
def test_what_must_not_go_out_is_found_where_it_stands(text: str, at: str, code: Code, what: str) -> None:
    findings = lint(changed(text, at), Rules())
    assert (code, what) in [(finding.code, finding.found) for finding in findings]
    step, language, channel, part = at.split()
    assert {finding.place for finding in findings} == {Place(step, Language(language), Channel(channel), Part(part))}
    assert [finding.code for finding in blocking(findings)].count(code) == 1


WARNING = [
    ("{clinic}: 911. HELP", "day-3 en sms body", Code.OPT_OUT_MISSING_LATER, ""),
    ("... laser", "day-3 fr email body", Code.TREATMENT_NAMED_INSIDE, "laser"),
    ("{clinic}: STOP HELP", "day-1 en sms body", Code.EMERGENCY_MISSING, ""),
    ("{clinic} {first_name} 911 STOP HELP", "day-1 en sms body", Code.NAME_MAY_COST, ""),
]


@pytest.mark.parametrize(("text", "at", "code", "what"), WARNING)
def test_what_staff_should_look_at_does_not_block(text: str, at: str, code: Code, what: str) -> None:
    findings = lint(changed(text, at), Rules())
    assert [(finding.code, finding.found, finding.severity) for finding in findings] == [(code, what, Severity.WARNS)]


HARMLESS = [
    ("... Reply STOP to stop, HELP for help.", "day-7 en sms body"),
    ("... Stop at the end. Start again if you cancel.", "day-3 en email body"),
    ("... Stop picking. End.", "day-1 en sms body"),
    ("... Peeling?", "day-3 en sms body"),
    ("... See rabbit.ly/x or bit.lyon.example", "day-3 en sms body"),
    ("... acne treatment", "day-3 en email body"),
    ("... Infos", "day-1 fr sms body"),
    ("{clinic} 1 = 2 = 3 = 911 STOP HELP {check_in_url}", "day-7 en sms body"),
    ("{clinic} 911 STOP HELP {check_in_url}", "day-7 en sms body"),
    ("... {check_in_url}", "day-3 en email body"),
    # Sent without its link where that would be a segment more.
    ("{clinic} 911 STOP HELP 1 2 3[[ {check_in_url}]]" + " long" * 70, "day-7 en sms body"),
    ("... [[ {booking_url}]]", "day-3 en email body"),
]


@pytest.mark.parametrize(("text", "at"), HARMLESS)
def test_what_may_go_out_is_left_alone(text: str, at: str) -> None:
    assert found(changed(text, at)) == []


def test_a_missing_translation_is_named() -> None:
    content = copy.deepcopy(STARTER)
    del content["texts"]["fr"]
    missing = [(finding.place.step, finding.place.channel) for finding in lint(content, Rules())]
    assert missing.count(("day-3", Channel.SMS)) == 1
    assert missing.count(("day-3", Channel.EMAIL)) == 2, "subject and body"
    assert {code for code, _ in found(content)} == {Code.TEXT_MISSING}


def test_a_clinic_may_allow_the_name_and_more_segments() -> None:
    content = changed("... Microneedling " + "long " * 40)
    allowed = ContentRules(most_segments=5, may_name_treatment=True)
    assert found(content, Rules(allowed)) == []
    assert content_rules_of(with_content_rules({"sending": {}}, allowed)) == allowed


@pytest.mark.parametrize("kept", [None, {}, "x", {"most_segments": True, "may_name_treatment": "yes"}])
def test_rules_that_nobody_could_have_set_are_the_default(kept: object) -> None:
    assert content_rules_of({"content": kept}) == ContentRules(most_segments=3, may_name_treatment=False)


def test_the_protocols_own_name_is_a_treatment() -> None:
    content = changed("... after your Éclat Royal")
    assert found(content) == []
    assert found(content, Rules(names=("éclat royal", " "))) == [(Code.TREATMENT_NAMED, "eclat royal")]


def test_each_dear_character_is_named_with_the_nearest() -> None:
    content = changed("... C’est ça… l’œil\u00a0ê 😀")
    finding = next(one for one in lint(content, Rules()) if one.code is Code.NOT_GSM7)
    assert finding.found == "’ç…œ\u00a0ê😀"
    nearest = dict(finding.nearest)
    assert nearest == {"’": "'", "ç": "c", "…": "...", "œ": "oe", "\u00a0": " ", "ê": "e"}
    mended = replaced("C’est ça… l’œil\u00a0ê", nearest)
    assert mended == "C'est ca... l'oeil e"
    assert not outside_gsm7(mended)


@pytest.mark.parametrize("character", "âôîûïëœÂçÔ«»–—•\u202f\u200b×")
def test_what_is_offered_is_in_the_cheap_alphabet(character: str) -> None:
    nearest = nearest_gsm7(character)
    assert nearest is not None
    assert not outside_gsm7(nearest)


@pytest.mark.parametrize("character", "😀日→")
def test_nothing_is_offered_where_nothing_is_near(character: str) -> None:
    assert nearest_gsm7(character) is None


def test_the_clinics_own_name_is_weighed_but_blocks_by_length_alone() -> None:
    """A name with ç makes each text UCS-2; that is said, and the segments are those of the name as it is."""
    values = {channel: longest(any_clinic(channel) | {"clinic": "Clinique François"}) for channel in Channel}
    short = changed("{clinic}: 911 STOP HELP")
    of_first = [f for f in lint(short, Rules(values=values)) if (f.place.step, f.place.language) == ("day-1", EN)]
    assert [(f.code, f.found, f.severity) for f in of_first] == [(Code.VALUE_NOT_GSM7, "ç", Severity.WARNS)]
    long = [f for f in lint(STARTER, Rules(values=values)) if f.code is Code.TOO_MANY_SEGMENTS]
    assert len(long) == 6
    assert count("Clinique François").encoding == "UCS-2"


def test_steps_that_are_no_protocol_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        lint({"steps": [], "texts": {}}, Rules())


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("code", list(Code))
def test_every_finding_is_said_in_words(code: Code, language: Language) -> None:
    finding = Finding(code, Place("day-1", FR, Channel.SMS), "ç", (("ç", "c"),))
    said = finding_text(catalogue(language), finding)
    assert "ç → c" in said
    assert "{found}" not in said


def test_what_nobody_sees_is_called_by_its_name() -> None:
    finding = Finding(Code.NOT_GSM7, Place("day-1", FR, Channel.SMS), "\u00a0", (("\u00a0", " "), ("\u200b", "")))
    assert "NO-BREAK SPACE → SPACE, ZERO WIDTH SPACE → ∅" in finding_text(catalogue(EN), finding)
