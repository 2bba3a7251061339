"""The JSON API for practice systems, under /api/v1."""

from functools import cache
from typing import Any

from fastapi import APIRouter

from reminders.web.api import consents, consults, patients, reminders, replies, reports, tickets, treatments
from reminders.web.api.errors import BASE
from reminders.web.api.openapi import PROBLEMS, describe

_described = APIRouter(prefix=BASE, responses=PROBLEMS)
for _module in (patients, consents, treatments, reminders, replies, tickets, consults, reports):
    _described.include_router(_module.router)

router = APIRouter()
router.include_router(_described)


@router.get(f"{BASE}/openapi.json", include_in_schema=False)
def openapi() -> dict[str, Any]:
    """What this API can do. It holds nobody's data, so that it needs no key."""
    return _description()


@cache
def _description() -> dict[str, Any]:
    return describe(_described)
