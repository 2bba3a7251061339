"""pgqueuer: one job a text in PostgreSQL itself, over asyncpg. `install`, `defer EPOCH` or `work BATCH`."""

import asyncio
import signal
import sys
import time
from datetime import UTC, datetime, timedelta

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from benchmarks.peers import messages, sdk

READY = "pgqueuer is ready"
_AT_ONCE = 1000
_LOAD = "SELECT to_number, body, state FROM message WHERE id = $1"
_SETTLE = "UPDATE message SET state = 'sent', sid = $1, sent_at = $2 WHERE id = $3"


async def install() -> None:
    """Make pgqueuer's own tables."""
    connection = await asyncpg.connect(messages.database_url())
    await Queries(AsyncpgDriver(connection)).install()
    await connection.close()


async def defer(due: float) -> None:
    """A job for each text that is due at `due`, to be run then."""
    connection = await asyncpg.connect(messages.database_url())
    queries = Queries(AsyncpgDriver(connection))
    at = datetime.fromtimestamp(due, UTC)
    ids = [row[0] for row in await connection.fetch("SELECT id FROM message WHERE due_at = $1 ORDER BY id", at)]
    for start in range(0, len(ids), _AT_ONCE):
        some = [str(one).encode() for one in ids[start : start + _AT_ONCE]]
        wait = timedelta(seconds=max(0.0, due - time.time()))
        await queries.enqueue(["deliver"] * len(some), some, [0] * len(some), [wait] * len(some))
    await connection.execute("VACUUM ANALYZE pgqueuer")
    await connection.close()


async def work(batch: int) -> None:
    """Send until told to stop."""
    pool = await asyncpg.create_pool(messages.database_url(), min_size=10, max_size=20)
    client, queue = sdk.awaited(), PgQueuer.from_asyncpg_pool(pool)

    @queue.entrypoint("deliver")
    async def deliver(job: Job) -> None:
        message_id = int(job.payload or b"0")
        row = await pool.fetchrow(_LOAD, message_id)
        if row is None or row[2] != "scheduled":
            return
        created = await client.messages.create_async(**sdk.fields(row[0], row[1]))
        await pool.execute(_SETTLE, created.sid, datetime.now(UTC), message_id)

    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, queue.shutdown.set)
    print(READY, flush=True)
    await queue.run(batch_size=batch, dequeue_timeout=timedelta(seconds=1))


def main(command: str, *given: str) -> None:
    """Run one command."""
    jobs = {"install": install, "defer": lambda: defer(float(given[0])), "work": lambda: work(int(given[0]))}
    asyncio.run(jobs[command]())


if __name__ == "__main__":
    main(*sys.argv[1:])
