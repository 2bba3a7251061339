"""Errors for programs: problem+json (RFC 9457)."""

from typing import Any

from starlette.responses import JSONResponse

from reminders.models.kinds import Language
from reminders.web.i18n import catalogue

MEDIA_TYPE = "application/problem+json"


def problem(status: int, **more: Any) -> JSONResponse:
    """An error answer; `more` holds RFC 9457 members of this problem (`detail`, `errors`), never a person's data."""
    title = catalogue(Language.EN).text(f"error.{status}.title")
    return JSONResponse({"type": "about:blank", "title": title, "status": status} | more, status, media_type=MEDIA_TYPE)
