"""The linter's rules for one text, each a small function that yields what it finds."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reminders.models.kinds import Channel
from reminders.models.options import ContentRules
from reminders.wording.findings import Code, Finding, Part, Place
from reminders.wording.purpose import step_placeholders
from reminders.wording.render import PLACEHOLDERS, Rendered, WordingError, placeholders, render
from reminders.wording.samples import NOTHING, weighed
from reminders.wording.segments import count, nearest_gsm7, outside_gsm7
from reminders.wording.texts import Text
from reminders.wording.vocabulary import carrier_answer_in, has_way_out, shortener_in, treatment_in
from schedules.protocol import Step, StepKind

_EMERGENCY = "911"
_DIGITS = ("1", "2", "3")


@dataclass(frozen=True, slots=True)
class Subject:
    """A text under scrutiny: where it stands, which step it is for, and whether that is the protocol's first."""

    text: Text
    at: Place
    step: Step
    is_first: bool

    @property
    def is_sms(self) -> bool:
        """Whether it is a text message."""
        return self.at.channel is Channel.SMS

    @property
    def parts(self) -> dict[Part, str]:
        """What it says, by part."""
        body = {Part.BODY: self.text.body}
        return body if self.text.subject is None else {Part.SUBJECT: self.text.subject, **body}

    def found(self, code: Code, found: str = "", part: Part = Part.BODY) -> Finding:
        """A finding here."""
        return Finding(code, replace(self.at, part=part), found)


def check_text(
    subject: Subject, rules: ContentRules, values: Mapping[str, str], names: Sequence[str]
) -> Iterator[Finding]:
    """What is wrong with one text, as these values fill it."""
    yield from _placeholders(subject)
    readable = _readable(subject.text)
    try:
        full, bare = (render(readable, given) for given in (values, {**NOTHING, "clinic": values["clinic"]}))
    except WordingError as error:
        yield subject.found(Code.BRACE_ALONE, str(error).split(" ", 1)[0], _part_of_brace(subject))
        return
    # What must be there must be there however little is known: a part in [[...]] may drop out.
    yield from _must_have(subject, bare, values["clinic"])
    if not rules.may_name_treatment:
        yield from _treatment(subject, full, names)
    if subject.is_sms:
        yield from _carriers(subject)
        yield from _alphabet(subject, values)
        yield from _length(subject, render(readable, weighed(readable, values)), rules.most_segments)


def _placeholders(subject: Subject) -> Iterator[Finding]:
    allowed = step_placeholders(subject.at.channel)
    for part, text in subject.parts.items():
        for name in sorted(placeholders(Text(None, text)) - allowed):
            code = Code.PLACEHOLDER_ELSEWHERE if name in PLACEHOLDERS else Code.PLACEHOLDER_UNKNOWN
            yield subject.found(code, name, part)


def _readable(text: Text) -> Text:
    """The text with what cannot be filled in as plain words, so that the rest of it is judged too."""
    return Text(None if text.subject is None else _known(text.subject), _known(text.body))


def _known(text: str) -> str:
    for name in placeholders(Text(None, text)) - PLACEHOLDERS:
        text = text.replace(f"{{{name}}}", name)
    return text


def _part_of_brace(subject: Subject) -> Part:
    """The part that does not render: the subject, unless it does alone."""
    if subject.text.subject is None:
        return Part.BODY
    try:
        render(Text(None, _known(subject.text.subject)), NOTHING)
    except WordingError:
        return Part.SUBJECT
    return Part.BODY


def _must_have(subject: Subject, bare: Rendered, clinic: str) -> Iterator[Finding]:
    if clinic not in bare.body:
        yield subject.found(Code.CLINIC_MISSING)
    if _EMERGENCY not in bare.body:
        yield subject.found(Code.EMERGENCY_MISSING)
    yield from _ways_out(subject, bare) if subject.is_sms else _casl(subject)
    if subject.step.kind is StepKind.CHECK_IN and not _can_be_answered(subject, bare):
        yield subject.found(Code.ANSWERS_MISSING)


def _ways_out(subject: Subject, bare: Rendered) -> Iterator[Finding]:
    stop, aid = (has_way_out(bare.body, subject.at.language, way) for way in ("stop", "help"))
    if not stop:
        yield subject.found(Code.OPT_OUT_MISSING if subject.is_first else Code.OPT_OUT_MISSING_LATER)
    if not aid and subject.is_first:
        yield subject.found(Code.HELP_MISSING)


def _casl(subject: Subject) -> Iterator[Finding]:
    """Canada's law asks for both in each e-mail, and nothing adds them to a step's."""
    for name, code in (("unsubscribe_url", Code.UNSUBSCRIBE_MISSING), ("address", Code.ADDRESS_MISSING)):
        if f"{{{name}}}" not in subject.text.body:
            yield subject.found(code)


def _can_be_answered(subject: Subject, bare: Rendered) -> bool:
    """By its page, or a text with digits: nobody reads answers to an e-mail."""
    by_digits = subject.is_sms and all(re.search(rf"\b{digit}\b", bare.body) for digit in _DIGITS)
    return by_digits or "{check_in_url}" in subject.text.body


def _treatment(subject: Subject, full: Rendered, names: Sequence[str]) -> Iterator[Finding]:
    """A text, and an e-mail's subject, are read by whoever holds the phone; an e-mail's body less so."""
    if full.subject and (word := treatment_in(full.subject, names)):
        yield subject.found(Code.TREATMENT_NAMED, word, Part.SUBJECT)
    if word := treatment_in(full.body, names):
        yield subject.found(Code.TREATMENT_NAMED if subject.is_sms else Code.TREATMENT_NAMED_INSIDE, word)


def _carriers(subject: Subject) -> Iterator[Finding]:
    if word := carrier_answer_in(subject.text.body):
        yield subject.found(Code.CARRIER_WORD, word)
    if host := shortener_in(subject.text.body):
        yield subject.found(Code.PUBLIC_SHORTENER, host)


def _alphabet(subject: Subject, values: Mapping[str, str]) -> Iterator[Finding]:
    body = subject.text.body
    dear = _in_order(body)
    if dear:
        nearest = tuple((one, like) for one in dear if (like := nearest_gsm7(one)) is not None)
        yield replace(subject.found(Code.NOT_GSM7, dear), nearest=nearest)
    for name in sorted(placeholders(subject.text) & PLACEHOLDERS - {"first_name"}):
        if outside_gsm7(values.get(name, "")):
            yield subject.found(Code.VALUE_NOT_GSM7, _in_order(values[name]))
    if "{first_name}" in body:
        yield subject.found(Code.NAME_MAY_COST)


def _length(subject: Subject, full: Rendered, most: int) -> Iterator[Finding]:
    segments = count(full.body).count
    if segments > most:
        yield subject.found(Code.TOO_MANY_SEGMENTS, str(segments))


def _in_order(text: str) -> str:
    """The characters that force UCS-2, each once, as they come."""
    dear = outside_gsm7(text)
    return "".join(dict.fromkeys(one for one in text if one in dear))
