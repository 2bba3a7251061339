"""The order in which a request is looked at: who calls, in what form, and only then what is said."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from reminders.web.api.caller import authenticate
from reminders.web.api.failures import HANDLED, answer_to, language_of

_Pairs = list[tuple[str, Any]]


class ApiRequest(Request):
    """A request whose JSON is read strictly."""

    async def json(self) -> Any:
        """The body as JSON: UTF-8 only, no repeated names, no NaN.

        Raises:
            HTTPException: 400, it is not that.
        """
        if not hasattr(self, "_read"):
            self._read = _parse(await self.body())
        return self._read


class ApiRoute(APIRoute):
    """A route that knows its caller before it reads the body, and answers every error with problem+json."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, with the door before it and the errors behind it."""
        handle = super().get_route_handler()
        takes_body = self.body_field is not None

        async def answer(request: Request) -> Response:
            try:
                request.state.caller = await run_in_threadpool(authenticate, request)
                if takes_body:
                    _check_content_type(request)
                return await handle(ApiRequest(request.scope, request.receive))
            except HANDLED as error:
                return answer_to(error, language_of(request))

        return answer


def _check_content_type(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise HTTPException(415)


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_unrepeated, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400) from error


def _unrepeated(pairs: _Pairs) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice: nobody can say which value is meant")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
