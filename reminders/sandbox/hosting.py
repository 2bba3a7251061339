"""What phones of the sandbox send, kept and given out as Twilio does: by HTTP Basic, then by a redirect to a store."""

import base64

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from reminders.sandbox import refusals
from reminders.sandbox.carrier import Carrier
from reminders.sandbox.faults import FaultKind, Stage
from reminders.sandbox.records import Media
from reminders.sandbox.refusals import RefusedError

MOST_BYTES = 5 * 1024 * 1024
"""What Twilio carries at most."""

_ELSEWHERE = "https://media.example/elsewhere"
_HEADERS = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
_SHOWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


def held(data: bytes, content_type: str) -> Media:
    """A file that a phone sends."""
    return Media("", content_type, base64.b64encode(data).decode())


def led_to(carrier: Carrier, sid: str, media_sid: str) -> Response:
    """Where Twilio's API leads whoever has signed in.

    Raises:
        RefusedError: there is no such file, or a fault says so.
    """
    fault = carrier.faults.take(Stage.MEDIA)
    if fault and fault.kind is FaultKind.MEDIA_404:
        raise RefusedError(refusals.NOT_FOUND)
    if fault and fault.kind is FaultKind.MEDIA_ELSEWHERE:
        return RedirectResponse(_ELSEWHERE, 307)
    record = carrier.store.get(sid)
    if record is None or media_sid not in {one.sid for one in record.media if one.data}:
        raise RefusedError(refusals.NOT_FOUND)
    cut = "?cut=1" if fault else ""
    return RedirectResponse(f"{carrier.api_url}/sandbox/store/{sid}/{media_sid}{cut}", 307)


def store_router(carrier: Carrier) -> APIRouter:
    """The store. Like Twilio's it refuses whoever brings credentials along: it knows nobody."""
    store = APIRouter(prefix="/sandbox", include_in_schema=False)

    @store.get("/store/{sid}/{media_sid}")
    def give(sid: str, media_sid: str, request: Request, *, cut: bool = False) -> Response:
        if "authorization" in request.headers:
            raise HTTPException(400, "Only one way to sign in is allowed.")
        record = carrier.store.get(sid)
        found = [one for one in record.media if one.data and one.sid == media_sid] if record else []
        if not found:
            raise HTTPException(404)
        data = base64.b64decode(found[0].data)
        kind = found[0].content_type if found[0].content_type in _SHOWN else "application/octet-stream"
        return Response(data[: len(data) // 2] if cut else data, media_type=kind, headers=_HEADERS)

    return store
