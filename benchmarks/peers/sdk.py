"""Twilio's SDK as every peer calls it, and Celery as those that use it set it up."""

import os
from typing import Any

from celery import Celery
from requests.adapters import HTTPAdapter
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from reminders.settings import SANDBOX_ACCOUNT, SANDBOX_NUMBER

IN_FLIGHT = 100
_POOL = 32


def fields(number: str, body: str) -> dict[str, Any]:
    """What a call says: as much as the product's."""
    return {
        "to": number,
        "body": body,
        "from_": SANDBOX_NUMBER,
        "status_callback": "http://127.0.0.1:8000/webhooks/twilio/status/019cd8f1-0000-7000-8000-000000000000",
        "validity_period": 3600,
    }


def blocking() -> Client:
    """The usual client, with as many kept connections as for https."""
    client = Client(SANDBOX_ACCOUNT, "token", environment={"TWILIO_EDGE": ""})
    client.api.base_url = os.environ["BENCH_CARRIER_URL"]
    client.http_client.session.mount("http://", HTTPAdapter(pool_maxsize=_POOL))
    return client


def awaited() -> Client:
    """The async client; make it in the loop that uses it, and close its `http_client`."""
    http = AsyncTwilioHttpClient(timeout=10)
    client = Client(SANDBOX_ACCOUNT, "token", http_client=http, environment={"TWILIO_EDGE": ""})
    client.api.base_url = os.environ["BENCH_CARRIER_URL"]
    return client


def celery_app(name: str) -> Celery:
    """An app on the broker that the environment names."""
    app = Celery(name, broker=os.environ.get("BENCH_BROKER_URL"))
    app.conf.update(
        task_ignore_result=True,
        broker_connection_retry_on_startup=True,
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=4 if name == "per_message" else 1,
    )
    return app
