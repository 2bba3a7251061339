"""Errors for programs: problem+json (RFC 9457)."""

from typing import Any

from starlette.responses import JSONResponse

from reminders.models.kinds import Language
from reminders.web.i18n import catalogue

MEDIA_TYPE = "application/problem+json"


def problem(status: int, language: Language = Language.EN, **more: Any) -> JSONResponse:
    """An error answer; `more` holds members of this problem (`errors`, `existing`), never a person's data."""
    texts = catalogue(language)
    known = status if texts.has(f"api_error.{status}.title") else 400 if status < 500 else 500  # noqa: PLR2004
    title, detail = texts.text(f"api_error.{known}.title"), texts.text(f"api_error.{known}.detail")
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail} | more
    return JSONResponse(content, status, {"Content-Language": language.value}, media_type=MEDIA_TYPE)
