"""A thread with an event loop that posts webhooks, so that no create call ever waits for one."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import httpx

from reminders import logs
from reminders.sandbox.webhook import Post, signature

_log = logs.get(__name__)
_T = TypeVar("_T")

_TIMEOUT_SECONDS = 15.0
"""How long Twilio waits for a webhook (facts: read time-out 15 s, one retry)."""

_RETRY_AFTER_SECONDS = 0.5
_AT_ONCE = 8
_SERVER_ERROR = 500


class Courier:
    """Runs jobs on its own loop and posts signed forms from there. Jobs still waiting at `close` are dropped."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._loop = asyncio.new_event_loop()
        self._client = httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False)
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox-courier", daemon=True)
        self._thread.start()

    def run(self, job: Coroutine[Any, Any, _T]) -> "Future[_T]":
        """Start `job` on the courier's loop."""
        return asyncio.run_coroutine_threadsafe(job, self._loop)

    async def post(self, post: Post) -> httpx.Response | None:
        """The webhook's answer, asked once more after a broken connection or a server error; None if there is none.

        Call it on the courier's loop.
        """
        answer = await self._try(post)
        if answer is None or answer.status_code >= _SERVER_ERROR:
            await asyncio.sleep(_RETRY_AFTER_SECONDS)
            answer = await self._try(post)
        return answer

    def close(self) -> None:
        """Drop what is waiting and join the thread."""
        if self._loop.is_closed():
            return
        self.run(self._wind_up()).result(timeout=_TIMEOUT_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _try(self, post: Post) -> httpx.Response | None:
        headers = {"X-Twilio-Signature": signature(post, self._token), "User-Agent": "TwilioProxy/1.1"}
        async with self._slots:
            try:
                return await self._client.post(post.url, data=dict(post.form), headers=headers)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                _log.warning("webhook not reached", reason=type(error).__name__)
                return None

    async def _wind_up(self) -> None:
        waiting = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await self._client.aclose()
