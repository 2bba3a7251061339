"""The sandbox phone: what patients' phones and mailboxes show, and a box to answer from."""

from collections.abc import Mapping
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reminders.sandbox import phones
from reminders.sandbox.carrier import Carrier, PatientText
from reminders.sandbox.hosting import held
from reminders.sandbox.letters import PatientMail, incoming, written
from reminders.sandbox.records import INBOUND, Record
from reminders.sandbox.typed import Typed, typed

_HERE = Path(__file__).parent
_MAX_TEXT = 1600
_SHOWN = 200
_STATIC: Mapping[str, str] = {
    "phone.css": "text/css; charset=utf-8",
    "phone.js": "text/javascript; charset=utf-8",
    "phone.svg": "image/svg+xml",
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_pages = Environment(
    loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_pages.filters["pretty"] = phones.pretty
_pages.policies["urlize.rel"] = "noopener noreferrer"


def pages_router(carrier: Carrier) -> APIRouter:
    """The pages under /sandbox/."""
    pages = APIRouter(prefix="/sandbox", include_in_schema=False)
    pages.get("/static/{name}")(_static)

    @pages.get("/")
    def index() -> Response:
        known = [phones.phone(phone_id, newest) for phone_id, newest in carrier.store.phones()]
        return _page("index.html", carrier, {"phones": known[:_SHOWN], "more": max(len(known) - _SHOWN, 0)})

    @pages.get("/phone/{phone_id}")
    def conversation(phone_id: str) -> Response:
        return _conversation(carrier, phone_id, _found(carrier, phone_id))

    @pages.post("/phone/{phone_id}/reply")
    async def reply(phone_id: str, request: Request) -> Response:
        records = _found(carrier, phone_id)
        given = await typed(request)
        problem = _problem(records, given)
        if problem:
            return _conversation(carrier, phone_id, records, typed=given.body, problem=problem)
        if records[-1].channel == "email":
            _write(carrier, records, given.body)
        else:
            media = (held(given.picture, given.content_type),) if given.picture else ()
            to = given.to or phones.clinics(records)[0]
            await carrier.bring(PatientText(records[-1].phone, to, given.body, media))
        return RedirectResponse(f"/sandbox/phone/{phone_id}", 303)

    return pages


def _static(name: str) -> Response:
    if name not in _STATIC:
        raise HTTPException(404)
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return FileResponse(_HERE / "static" / name, media_type=_STATIC[name], headers=headers)


def _found(carrier: Carrier, phone_id: str) -> list[Record]:
    records = carrier.store.conversation(phone_id)
    if not records:
        raise HTTPException(404, "No such phone. It appears once something was sent to it.")
    return records


def _problem(records: list[Record], given: Typed) -> str:
    """Why this answer cannot be sent, for the person at the phone; empty when it can."""
    if given.to and given.to not in phones.clinics(records):
        return "This phone does not know that number."
    if not (given.body.strip() or given.picture):
        return "Write something first."
    if given.is_too_large:
        return "This picture is too large: a carrier takes 5 MB at most."
    return f"Too long: at most {_MAX_TEXT} characters." if len(given.body) > _MAX_TEXT else ""


def _write(carrier: Carrier, records: list[Record], body: str) -> None:
    """Put an answer to the newest e-mail into the clinic's mailbox."""
    answered = next((one for one in reversed(records) if one.direction != INBOUND), None)
    letter = PatientMail(records[-1].phone, body, answered=answered)
    carrier.keep(incoming(written(letter), letter.sender, phones.clinics(records)[0], body))


def _conversation(
    carrier: Carrier, phone_id: str, records: list[Record], *, typed: str = "", problem: str = ""
) -> Response:
    values = {
        "phone": phones.phone(phone_id, records[-1]),
        "bubbles": [phones.bubble(record) for record in records[-_SHOWN:]],
        "clinics": phones.clinics(records),
        "typed": typed,
        "problem": problem,
        "max_text": _MAX_TEXT,
    }
    return _page("conversation.html", carrier, values, 422 if problem else 200)


def _page(template: str, carrier: Carrier, values: Mapping[str, object], status: int = 200) -> Response:
    html = _pages.get_template(template).render(values, version=carrier.store.version)
    return HTMLResponse(html, status, _HEADERS)
