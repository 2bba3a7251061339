"""The floor: one task claims 500 in a statement, sends them 100 at a time, writes down the answers in a statement.

No rendering, no decryption, no consent, no attempts: what any design over this SDK and this database must spend.
"""

import asyncio
import gc
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, LiteralString

import psycopg
from twilio.rest import Client

from benchmarks.peers import messages, sdk

app = sdk.celery_app("batch")

# As in our own worker: the floor is not to lose by how often Python collects.
gc.freeze()
gc.set_threshold(10_000)

_AT_ONCE = 500
_CLAIM: LiteralString = """
UPDATE message SET state = 'sending', claimed_at = now() WHERE id IN (
    SELECT id FROM message WHERE state = 'scheduled' AND due_at <= now()
    ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED
) RETURNING id, to_number, body
"""
_SETTLE: LiteralString = """
UPDATE message AS m SET state = 'sent', sid = v.sid, sent_at = v.at
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS v(id, sid, at) WHERE m.id = v.id
"""


@app.task(name="batch.drain")  # type: ignore[untyped-decorator]
def drain() -> None:
    """Send what is due, on the event loop that BENCH_LOOP names; asyncio's own without."""
    name = os.environ.get("BENCH_LOOP")
    with asyncio.Runner(loop_factory=import_module(name).new_event_loop if name else None) as runner:
        runner.run(_drain())


async def _drain() -> None:
    client = sdk.awaited()
    async with await psycopg.AsyncConnection.connect(messages.database_url(), autocommit=True) as connection:
        try:
            while rows := await (await connection.execute(_CLAIM, (_AT_ONCE,))).fetchall():
                sent: list[tuple[int, str, datetime]] = []
                waiting = iter(rows)
                await asyncio.gather(*(_lane(client, waiting, sent) for _ in range(sdk.IN_FLIGHT)))
                await connection.execute(_SETTLE, tuple(map(list, zip(*sent, strict=True))))
        finally:
            await client.http_client.close()


async def _lane(client: Client, waiting: Iterator[tuple[Any, ...]], sent: list[tuple[int, str, datetime]]) -> None:
    for number, to, body in waiting:
        created = await client.messages.create_async(**sdk.fields(to, body))
        sent.append((number, created.sid, datetime.now(UTC)))
