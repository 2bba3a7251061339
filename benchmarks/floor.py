"""The floor under a burst: Twilio's SDK by itself, with nothing to look up, decide or write down."""

import asyncio
import time
from collections.abc import Iterator

from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from benchmarks.figures import Sample, percentile
from benchmarks.practice import phone
from benchmarks.processes import StandIn
from reminders.settings import SANDBOX_ACCOUNT, SANDBOX_NUMBER

_BODY = (
    "Clinique Lumière: How is your skin after 7 days? Reply 1 = clear, 2 = a few breakouts but improving, "
    "3 = breakouts that persist or get worse. If you reply 3, we will offer a consult. Fever, pus, spreading redness, "
    "increasing pain: call +15145550119 or 811 today. Trouble breathing: 911. Reply STOP to opt out, HELP for help."
)
_STATUS_URL = "http://127.0.0.1:8000/webhooks/twilio/status/019cd8f1-0000-7000-8000-000000000000"


def send_all(carrier: StandIn, count: int, in_flight: int) -> Sample:
    """`count` creates through the SDK's async client, `in_flight` at a time."""
    carrier.reset()
    before = carrier.stats()
    began, cpu = time.perf_counter(), time.process_time()
    late = asyncio.run(_send_all(carrier.url, count, in_flight))
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    after = carrier.stats()
    return {
        "per_s": count / wall,
        "p50_s": percentile(late, 0.5),
        "p99_s": percentile(late, 0.99),
        "cpu_per_1000": 1000 * cpu / count,
        "busy": cpu / wall,
        "carrier_cpu_per_1000": 1000 * (after["cpu"] - before["cpu"]) / count,
        "peak": after["peak"],
        "duplicates": after["duplicates"],
        "unsent": count - after["requests"],
    }


async def _send_all(url: str, count: int, in_flight: int) -> list[float]:
    http = AsyncTwilioHttpClient(timeout=10)
    client = Client(SANDBOX_ACCOUNT, "token", http_client=http, environment={"TWILIO_EDGE": ""})
    client.api.base_url = url
    late: list[float] = []
    numbers = iter(range(count))
    began = time.perf_counter()
    try:
        await asyncio.gather(*(_lane(client, numbers, late, began) for _ in range(in_flight)))
    finally:
        await http.close()
    return late


async def _lane(client: Client, numbers: Iterator[int], late: list[float], began: float) -> None:
    for number in numbers:
        fields = {"status_callback": _STATUS_URL, "validity_period": 3600, "from_": SANDBOX_NUMBER}
        await client.messages.create_async(to=phone(number), body=_BODY, **fields)
        late.append(time.perf_counter() - began)
