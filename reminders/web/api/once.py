"""Idempotency-Key: a request that is repeated gets the first one's answer, and does nothing again."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from reminders.database import insert_missing
from reminders.errors import InvalidInputError, Problem
from reminders.models import IdempotencyKey
from reminders.web.api.caller import Caller, KnownCaller

HEADER = "Idempotency-Key"
_LONGEST_KEY = 200
_REPLAYED = "Idempotency-Replayed"


@dataclass(frozen=True)
class Made:
    """What a request came to: the body of the answer, and where the new thing lies if there is one."""

    body: BaseModel
    status: int = 200
    location: str = ""

    def kept(self) -> dict[str, Any]:
        """The answer as the database keeps it."""
        return {"body": self.body.model_dump(mode="json"), "location": self.location}


@dataclass(frozen=True)
class Once:
    """One POST: done now, or answered as it was the first time.

    `fingerprint` is a keyed hash of method, path and body; `key` is "" if the caller gave none.
    """

    caller: Caller
    key: str
    fingerprint: str

    def answer(self, act: Callable[[Session], Made]) -> Response:
        """Carry `act` out in one transaction with its answer. Of two at one moment the second waits for the first.

        What fails leaves nothing behind, so that it may be sent again with the same key.

        Raises:
            InvalidInputError: the key stands for another request.
        """
        with self.caller.begin() as session:
            row = self._claim(session) if self.key else None
            if row is not None and row.status:
                return self._repeated(row)
            made = act(session)
            kept = made.kept()
            if row is not None:
                row.status, row.answer = made.status, kept
        return _response(made.status, kept)

    def _claim(self, session: Session) -> IdempotencyKey:
        """The key's row: new, with status 0, or the one of the request that came first."""
        clinic_id = self.caller.clinic.id
        fresh = {"key": self.key, "fingerprint": self.fingerprint, "status": 0, "answer": {}}
        # Waits here while another request with this key is under way.
        insert_missing(session, IdempotencyKey, {"clinic_id": clinic_id, "created_at": self.caller.now, **fresh})
        same = (IdempotencyKey.clinic_id == clinic_id, IdempotencyKey.key == self.key)
        return session.scalars(select(IdempotencyKey).where(*same)).one()

    def _repeated(self, row: IdempotencyKey) -> Response:
        if row.fingerprint != self.fingerprint:
            raise InvalidInputError({HEADER: Problem("idempotency_key_reused")})
        answer = _response(row.status, row.answer)
        answer.headers[_REPLAYED] = "true"
        return answer


async def _once(
    request: Request,
    caller: KnownCaller,
    key: Annotated[
        str,
        Header(
            alias=HEADER,
            max_length=_LONGEST_KEY,
            description="Any text of your own, new for each thing to be done. A repeat gets the first answer.",
        ),
    ] = "",
) -> Once:
    content = await request.json() if await request.body() else None
    said = json.dumps([request.method, request.url.path, content], sort_keys=True)
    return Once(caller, key.strip(), caller.database.keyring.index("idempotency", said))


OnlyOnce = Annotated[Once, Depends(_once)]


def _response(status: int, kept: dict[str, Any]) -> Response:
    headers = {"Location": kept["location"]} if kept["location"] else {}
    return JSONResponse(kept["body"], status, headers=headers)
