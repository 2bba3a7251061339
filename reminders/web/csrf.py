"""Whether a POST comes from one of our own pages."""

import hmac
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from reminders.settings import Settings

FIELD = "csrf_token"
_OWN_SITE = frozenset({"same-origin", "none"})


def check(request: Request, given: str, expected: str) -> None:
    """Compare the form's token with the session's, in constant time, and look where the browser says it comes from.

    Raises:
        HTTPException: 403, the form is not ours.
    """
    if not (expected and hmac.compare_digest(given.encode(), expected.encode()) and from_own_site(request)):
        raise HTTPException(403, "csrf")


def from_own_site(request: Request) -> bool:
    """Whether Sec-Fetch-Site, or else Origin, names our own site. Browsers too old to say are let through."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN_SITE
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc in _own_hosts(request)


def _own_hosts(request: Request) -> set[str]:
    settings: Settings = request.app.state.settings
    return {request.headers.get("host", ""), urlsplit(settings.public_url).netloc} - {""}
