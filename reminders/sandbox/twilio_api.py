"""Twilio's REST for messages: create, fetch and list, with HTTP Basic, and what goes wrong on request."""

import asyncio
import base64
import binascii
import hmac
from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from reminders.sandbox import hosting, refusals, twilio_json
from reminders.sandbox.broken import BrokenResponse
from reminders.sandbox.carrier import Carrier
from reminders.sandbox.faults import Fault, FaultKind, Stage
from reminders.sandbox.refusals import Refusal, RefusedError
from reminders.sandbox.webhook import API_VERSION

_HANG_SECONDS = 30.0
_CREATED = 201


class _TwilioRoute(APIRoute):
    """A route whose refusals are answered as Twilio does, whatever app it is mounted in."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except RefusedError as error:
                return _refused(error.refusal)

        return handle


def twilio_router(carrier: Carrier) -> APIRouter:
    """The three calls on messages, and the one on what they carry."""
    api = APIRouter(route_class=_TwilioRoute, include_in_schema=False)
    base = f"/{API_VERSION}/Accounts/{{account}}/Messages"

    @api.post(f"{base}.json")
    async def create(account: str, request: Request) -> Response:
        _authenticate(carrier, account, request)
        form = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
        return await _create(carrier, form)

    @api.get(f"{base}.json")
    async def list_messages(account: str, request: Request) -> Response:
        _authenticate(carrier, account, request)
        _fail_lookup(carrier)
        return _listed(carrier, request.query_params)

    @api.get(f"{base}/{{sid}}.json")
    async def fetch(account: str, sid: str, request: Request) -> Response:
        _authenticate(carrier, account, request)
        _fail_lookup(carrier)
        record = carrier.store.get(sid)
        if record is None or record.channel != "sms":
            raise RefusedError(refusals.NOT_FOUND)
        return JSONResponse(twilio_json.message(record, account))

    @api.get(f"{base}/{{sid}}/Media/{{media_sid}}")
    async def media(account: str, sid: str, media_sid: str, request: Request) -> Response:
        _authenticate(carrier, account, request)
        return hosting.led_to(carrier, sid, media_sid)

    return api


async def _create(carrier: Carrier, form: Mapping[str, str]) -> Response:
    fault = carrier.faults.take(Stage.BEFORE, Stage.AFTER)
    if fault and fault.kind in _BEFORE:
        return _BEFORE[fault.kind](fault)
    if fault and fault.kind is FaultKind.HANG_BEFORE_ACCEPTING:
        await asyncio.sleep(_seconds(fault))
    answer = twilio_json.message(carrier.accept(form), carrier.account)
    if fault and fault.kind in _AFTER:
        return _AFTER[fault.kind](fault)
    if fault and fault.kind is FaultKind.HANG:
        await asyncio.sleep(_seconds(fault))
    return JSONResponse(answer, _CREATED)


def _listed(carrier: Carrier, query: Mapping[str, str]) -> Response:
    recipient = query.get("To")
    records = carrier.store.sent_to(recipient) if recipient else carrier.store.all()
    try:
        return JSONResponse(twilio_json.page(records, query, carrier.account))
    except ValueError:
        raise RefusedError(refusals.BAD_PAGING) from None


def _authenticate(carrier: Carrier, account: str, request: Request) -> None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
    except binascii.Error:
        given = b""
    wanted = f"{carrier.account}:{carrier.token}".encode()
    if account != carrier.account or not hmac.compare_digest(given, wanted):
        raise RefusedError(refusals.UNAUTHENTICATED)


def _fail_lookup(carrier: Carrier) -> None:
    if carrier.faults.take(Stage.LOOKUP):
        raise RefusedError(refusals.SERVER_ERROR)


def _refused(refusal: Refusal) -> Response:
    wants_login = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if refusal is refusals.UNAUTHENTICATED else None
    return JSONResponse(refusal.to_json(), refusal.status, wants_login)


def _seconds(fault: Fault) -> float:
    return _HANG_SECONDS if fault.seconds is None else fault.seconds


def _server_error(_fault: Fault) -> Response:
    return _refused(refusals.SERVER_ERROR)


def _throttled(fault: Fault) -> Response:
    headers = {} if fault.seconds is None else {"Retry-After": str(round(fault.seconds))}
    return JSONResponse(refusals.THROTTLED.to_json(), refusals.THROTTLED.status, headers)


def _by_code(fault: Fault) -> Response:
    code = fault.code or refusals.INVALID_TO.code
    return _refused(Refusal(code, fault.status or refusals.INVALID_TO.status, f"Error {code}"))


def _wrong_json(_fault: Fault) -> Response:
    return Response("<html><body>Bad gateway</body></html>", _CREATED, media_type="application/json")


def _dropped(_fault: Fault) -> Response:
    return BrokenResponse()


_Answer = Callable[[Fault], Response]

_BEFORE: Mapping[FaultKind, _Answer] = {
    FaultKind.ERROR_500: _server_error,
    FaultKind.DROP: _dropped,
    FaultKind.THROTTLE_429: _throttled,
    FaultKind.ERROR_CODE: _by_code,
}
_AFTER: Mapping[FaultKind, _Answer] = {
    FaultKind.ERROR_500_AFTER_ACCEPTING: _server_error,
    FaultKind.DROP_AFTER_ACCEPTING: _dropped,
    FaultKind.WRONG_JSON: _wrong_json,
}
