"""What stands before every route: limits on what comes in, headers on what goes out, no exception beyond."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reminders import ids, logs

MOST_BYTES = 1024 * 1024
"""The largest body that any endpoint reads, but for pictures."""

MOST_WITH_PICTURES = 96 * MOST_BYTES
"""The largest form with pictures. What is too much of a picture is dropped as it is read, so it costs no memory; only
so can the rest of a patient's answer be kept."""

_WITH_PICTURES = (("/c/", "/sandbox/phone/"), b"multipart/form-data")

_MOST_DRAINED = 32 * MOST_BYTES
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_HSTS = {"Strict-Transport-Security": "max-age=31536000"}
_log = logs.get(__name__)


class SecurityHeaders:
    """Adds the headers that a response did not set itself. HSTS only where the service is reached by https."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.headers = _HEADERS | _HSTS if https else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class LastResort:
    """Turns an exception that nobody handled into a page, and logs its type and place but not its text."""

    def __init__(self, app: ASGIApp, *, page: Callable[[Request, str], Response]) -> None:
        self.app = app
        self.page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            request_id = str(ids.new_id())
            _log.error("request failed", exc_info=error, request_id=request_id)
            if scope["type"] != "http" or started:
                raise
            await self.page(Request(scope), request_id)(scope, receive, send)


class BodyLimit:
    """Refuses a body above its limit when the application reads it, whether or not its length was announced.

    The rest of a refused body is read and dropped (up to 32 MB), or the browser would see a broken connection
    instead of the page that explains.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read, most = 0, _most(scope)

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                await _drain(message, read, receive)
                raise HTTPException(413)
            return message

        await self.app(scope, limited if scope["type"] == "http" else receive, send)


def _most(scope: Scope) -> int:
    paths, kind = _WITH_PICTURES
    if scope["type"] != "http" or not scope["path"].startswith(paths):
        return MOST_BYTES
    sent = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    return MOST_WITH_PICTURES if sent.partition(b";")[0].strip().lower() == kind else MOST_BYTES


async def _drain(message: Message, read: int, receive: Receive) -> None:
    while message.get("more_body") and read < _MOST_DRAINED:
        message = await receive()
        read += len(message.get("body", b""))


async def readable_url(request: Request) -> None:
    """A dependency of every route.

    Raises:
        HTTPException: 400 when the path or the query, once unescaped, is not UTF-8 text or holds a NUL.
    """
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    for part in (path, request.scope["query_string"]):
        try:
            text = unquote_to_bytes(part).decode()
        except UnicodeDecodeError as error:
            raise HTTPException(400) from error
        if "\0" in text:
            raise HTTPException(400)
