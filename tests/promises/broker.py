"""Looking into Redis: what lies there for a worker to take."""

import base64
import json
from dataclasses import dataclass
from typing import Any

import redis

_QUEUE = "celery"


@dataclass(frozen=True)
class WakeUp:
    """One task as Celery wrote it."""

    task: str
    arguments: list[Any]
    keywords: dict[str, Any]
    eta: str | None
    expires: str | None
    raw: str


def waiting(url: str) -> list[WakeUp]:
    """Everything that no worker has taken yet."""
    client = redis.Redis.from_url(url)
    found: Any = client.lrange(_QUEUE, 0, -1)
    client.close()
    return [_read(raw.decode()) for raw in found]


def empty(url: str) -> None:
    """Lose all of it, and whatever else Celery keeps there."""
    client = redis.Redis.from_url(url)
    client.flushall()
    client.close()


def _read(raw: str) -> WakeUp:
    message = json.loads(raw)
    headers = message["headers"]
    body = base64.b64decode(message["body"]).decode()
    arguments, keywords, _ = json.loads(body)
    return WakeUp(headers["task"], arguments, keywords, headers["eta"], headers["expires"], raw + body)
