"""Templates turned into pages, with what every page needs."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from reminders.web.i18n import catalogue
from reminders.web.moments import Words
from reminders.web.navigation import navigation_of
from reminders.web.visitors import Visitor
from reminders.wording.values import readable_phone

_HERE = Path(__file__).parent
STATIC = _HERE / "static"


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
        "navigation_of": navigation_of,
    }
    html = environment().get_template(template).render(shared | context)
    return HTMLResponse(html, status)


@cache
def asset(name: str) -> str:
    """The address of a static file, which changes when the file does."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def phone(number: str | None) -> str:
    """An E.164 number as people read it, "" for none."""
    return readable_phone(number or "")
