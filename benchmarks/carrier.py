"""A stand-in for Twilio's create endpoint, as a process: answers after a fixed latency, counts, keeps nothing else.

Only for speed: the sandbox carrier, which knows Twilio's rules, is too slow to measure others by.
"""

import argparse
import asyncio
import contextlib
import json
import os
import time
from collections import Counter
from urllib.parse import parse_qs

from aiohttp import web

LONGEST_LIFE_SECONDS = 3600.0

_FIXED = {
    "account_sid": "AC" + "5a" * 16,
    "api_version": "2010-04-01",
    "date_created": "Tue, 10 Mar 2026 15:00:00 +0000",
    "date_sent": None,
    "date_updated": "Tue, 10 Mar 2026 15:00:00 +0000",
    "direction": "outbound-api",
    "error_code": None,
    "error_message": None,
    "messaging_service_sid": None,
    "num_media": "0",
    "num_segments": "1",
    "price": None,
    "price_unit": None,
    "status": "queued",
}


def main() -> None:
    """Listen on a free loopback port, print it, and serve until told to stop, or an hour at most."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency-ms", type=float, default=20.0)
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(arguments.latency_ms / 1000))


async def _serve(latency: float) -> None:
    runner = web.ServerRunner(web.Server(_Carrier(latency).answer, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)  # type: ignore[union-attr]  # noqa: SLF001
    parent, ends = os.getppid(), time.monotonic() + LONGEST_LIFE_SECONDS
    while os.getppid() == parent and time.monotonic() < ends:
        await asyncio.sleep(0.5)
    await runner.cleanup()


class _Carrier:
    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._in_flight = self._peak = 0
        self._texts: Counter[tuple[str, str]] = Counter()

    async def answer(self, request: web.BaseRequest) -> web.Response:
        if request.path == "/stats":
            return web.json_response(self._stats())
        if request.path == "/reset":
            self._reset()
            return web.json_response({})
        arrived = asyncio.get_running_loop().time()
        return await self._create(parse_qs((await request.read()).decode()), arrived)

    async def _create(self, form: dict[str, list[str]], arrived: float) -> web.Response:
        self._texts[form["To"][0], form["Body"][0]] += 1
        self._in_flight += 1
        self._peak = max(self._peak, self._in_flight)
        # Counted from the arrival, so that this process' own work is no latency on top.
        await asyncio.sleep(arrived + self._latency - asyncio.get_running_loop().time())
        self._in_flight -= 1
        return web.Response(status=201, body=_created(form), content_type="application/json")

    def _stats(self) -> dict[str, float]:
        requests = sum(self._texts.values())
        return {
            "requests": requests,
            "duplicates": requests - len(self._texts),
            "peak": self._peak,
            "cpu": time.process_time(),
        }

    def _reset(self) -> None:
        self._texts.clear()
        self._in_flight = self._peak = 0


def _created(form: dict[str, list[str]]) -> bytes:
    """A message in the shape and size of Twilio's answer, for the SDK to read."""
    sid = f"SM{os.urandom(16).hex()}"
    uri = f"/2010-04-01/Accounts/{_FIXED['account_sid']}/Messages/{sid}"
    links = {"uri": f"{uri}.json", "subresource_uris": {"media": f"{uri}/Media.json"}}
    said = {"to": form["To"][0], "from": form.get("From", [None])[0], "body": form["Body"][0]}
    return json.dumps({**_FIXED, **links, **said, "sid": sid}).encode()


if __name__ == "__main__":
    main()
