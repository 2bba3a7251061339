"""What people and programs see when something went wrong: a page, or problem+json."""

from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from reminders.errors import NotFoundError
from reminders.models.kinds import Language
from reminders.web.access import SignInNeededError
from reminders.web.i18n import catalogue, preferred
from reminders.web.problems import problem
from reminders.web.views import asset, environment, page
from reminders.web.visitors import Visitor, visitor_of

_FOR_PROGRAMS = ("/api/", "/webhooks/", "/2010-04-01/", "/sandbox/", "/healthz", "/readyz", "/metrics")
_FOR_PATIENTS = "/c/"
_NOWHERE = frozenset({400, 404, 405})
_EXPLAINED = frozenset({400, 403, 404, 405, 413, 415, 422, 500, 503})


def install(app: FastAPI) -> None:
    """Make `app` answer every error in the visitor's own terms."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _unreadable_request)
    app.add_exception_handler(NotFoundError, _not_found)
    app.add_exception_handler(SignInNeededError, _to_sign_in)


def last_resort(request: Request, request_id: str) -> Response:
    """The answer to an exception that nobody expected. It asks nothing of the database, which may be the cause."""
    if _for_program(request):
        return problem(500, _program_language(request), request_id=request_id)
    accepted = preferred(request.headers.get("accept-language", ""), Language.FR)
    language = visitor_of(request).language if hasattr(request.state, "visitor") else accepted
    texts = catalogue(language)
    template = environment().get_template("broken.html")
    return HTMLResponse(
        template.render(t=texts.text, lang=language.value, request_id=request_id, style=asset("style.css")), 500
    )


def error_page(request: Request, status: int, reason: str = "") -> Response:
    """The page (or problem+json) for an HTTP status, in the language of whoever asked."""
    if _for_program(request):
        return problem(status, _program_language(request))
    key = f"{status}" if status in _EXPLAINED else "400"
    try:
        visitor = visitor_of(request)
    except SQLAlchemyError:
        return last_resort(request, "")
    if request.url.path.startswith(_FOR_PATIENTS) and status in _NOWHERE:
        return _lost_link(visitor, status)
    return page(visitor, "error.html", status, key=f"error.{key}_{reason}" if reason else f"error.{key}")


def _lost_link(visitor: Visitor, status: int) -> Response:
    """For a patient whose link is garbled or not in use any more: no way into the staff's pages."""
    languages = (visitor.language, *(one for one in Language if one is not visitor.language))
    both = [(language.value, catalogue(language).text) for language in languages]
    return page(visitor, "lost_link.html", status, both=both)


def _for_program(request: Request) -> bool:
    return request.url.path.startswith(_FOR_PROGRAMS)


def _program_language(request: Request) -> Language:
    return preferred(request.headers.get("accept-language", ""), Language.EN)


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    reason = "csrf" if isinstance(error, HTTPException) and error.detail == "csrf" else ""
    answer = error_page(request, status, reason)
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


def _unreadable_request(request: Request, error: Exception) -> Response:
    """A path that holds no id of ours leads nowhere; anything else about the request is 422."""
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    if any(found["loc"][:1] == ("path",) for found in errors):
        return error_page(request, 404)
    if _for_program(request):
        fields = [{"field": ".".join(map(str, found["loc"])), "key": found["type"]} for found in errors]
        return problem(422, _program_language(request), errors=fields)
    return error_page(request, 422)


def _not_found(request: Request, _error: Exception) -> Response:
    return error_page(request, 404)


def _to_sign_in(_request: Request, error: Exception) -> Response:
    next_path = error.next_path if isinstance(error, SignInNeededError) else "/"
    query = "" if next_path == "/" else f"?next={quote(next_path, safe='')}"
    return RedirectResponse(f"/sign-in{query}", 303)
