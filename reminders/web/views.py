"""Templates turned into pages, with what every page needs."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import phonenumbers
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from reminders.web.i18n import catalogue
from reminders.web.moments import Words
from reminders.web.visitors import Visitor

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
_NORTH_AMERICA = 1


@cache
def environment() -> Environment:
    """The templates; every value is escaped, and a name that a handler forgot is an error instead of a gap."""
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(visitor: Visitor, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page in the visitor's language."""
    texts = catalogue(visitor.language)
    shared = {
        "t": texts.text,
        "tn": texts.count,
        "problem_text": texts.problem,
        "words": Words(visitor.language, visitor.zone),
        "visitor": visitor,
        "lang": visitor.language.value,
        "has": texts.has,
        "phone": phone,
        "asset": asset,
    }
    html = environment().get_template(template).render(shared | context)
    return HTMLResponse(html, status)


@cache
def asset(name: str) -> str:
    """The address of a static file, which changes when the file does."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def phone(number: str | None) -> str:
    """An E.164 number as people read it: 514 555-0134 at home, +33 1 23 45 67 89 abroad. Other text stays as it is."""
    if not number or not number.startswith("+"):
        return number or ""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    shown = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return shown.removeprefix("+1 ").replace("-", " ", 1) if parsed.country_code == _NORTH_AMERICA else shown
