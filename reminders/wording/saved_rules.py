"""Whether an answer that staff keep for later may go to patients as it stands, in one language. Pure."""

from collections.abc import Iterator

from reminders.models.kinds import Channel, Language
from reminders.models.options import ContentRules
from reminders.wording.findings import Code, Finding, Place
from reminders.wording.render import WordingError, placeholders, render
from reminders.wording.samples import LONGEST, NOTHING, OWN
from reminders.wording.segments import count, nearest_gsm7, outside_gsm7
from reminders.wording.texts import Text, find
from reminders.wording.vocabulary import carrier_answer_in, shortener_in, treatment_in

FILLED = frozenset({"first_name"})
"""What a saved answer may leave to be filled in."""

_STEP = "saved"
_TEMPLATE = "staff:message"
_ADVICE = frozenset({Code.NOT_GSM7, Code.NAME_MAY_COST})
"""What costs and breaks nothing: whoever keeps the answer decides."""


def check_answer(body: str, language: Language, rules: ContentRules, clinic: str) -> tuple[Finding, ...]:
    """What is found in a saved answer, sent as a text signed by `clinic` (the clinic's short name)."""
    return tuple(_check(body, Place(_STEP, language, Channel.SMS), rules, clinic))


def keeps_out(finding: Finding) -> bool:
    """Whether an answer with this in it cannot be kept."""
    return finding.code not in _ADVICE


def _check(body: str, at: Place, rules: ContentRules, clinic: str) -> Iterator[Finding]:
    text = Text(None, body)
    for name in sorted(placeholders(text) - FILLED):
        yield Finding(Code.PLACEHOLDER_UNKNOWN, at, name)
    known = {name: name for name in placeholders(text)} | {"first_name": OWN["first_name"]}
    try:
        plain = render(Text(None, _readable(body)), {**NOTHING, **known}).body
    except WordingError as error:
        yield Finding(Code.BRACE_ALONE, at, str(error).split(" ", 1)[0])
        return
    yield from _words(plain, at, rules)
    yield from _cost(body, plain, at, (rules, clinic))


def _readable(body: str) -> str:
    """With what cannot be filled in as plain words, so that the rest is judged too."""
    for name in placeholders(Text(None, body)) - FILLED:
        body = body.replace(f"{{{name}}}", name)
    return body


def _words(plain: str, at: Place, rules: ContentRules) -> Iterator[Finding]:
    if not rules.may_name_treatment and (word := treatment_in(plain, ())):
        yield Finding(Code.TREATMENT_NAMED, at, word)
    if word := carrier_answer_in(plain):
        yield Finding(Code.CARRIER_WORD, at, word)
    if host := shortener_in(plain):
        yield Finding(Code.PUBLIC_SHORTENER, at, host)


def _cost(body: str, plain: str, at: Place, limits: tuple[ContentRules, str]) -> Iterator[Finding]:
    rules, clinic = limits
    if dear := "".join(dict.fromkeys(one for one in body if one in outside_gsm7(body))):
        nearest = tuple((one, like) for one in dear if (like := nearest_gsm7(one)) is not None)
        yield Finding(Code.NOT_GSM7, at, dear, nearest)
    if "{first_name}" in body:
        yield Finding(Code.NAME_MAY_COST, at)
    signed = {**NOTHING, "clinic": clinic or LONGEST["clinic"], "text": plain}
    segments = count(render(find(_TEMPLATE, at.language, Channel.SMS, None), signed).body).count
    if segments > rules.most_segments:
        yield Finding(Code.TOO_MANY_SEGMENTS, at, str(segments))
