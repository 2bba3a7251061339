"""Whether the service lives, whether it is ready, and the few numbers worth an alarm."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reminders import migrate
from reminders.database import Database
from reminders.models import Instance, Message
from reminders.models.instance import LAST_SWEEP, now
from schedules.lifecycle import State

_SWEEPS_MISSED = 15
"""After so many sweeps without one, nothing is being sent."""

_LEAST_PATIENCE = timedelta(seconds=60)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Pulse:
    """How sending stands: seconds since the last sweep (None: never), and seconds that the oldest is overdue."""

    sweep_age: float | None
    overdue: float
    unknown: int


def database_of(request: Request) -> Database:
    """The application's database."""
    database: Database = request.app.state.database
    return database


@router.get("/healthz")
def healthz() -> JSONResponse:
    """The process is alive."""
    return JSONResponse({"alive": True})


@router.get("/readyz")
def readyz(request: Request, database: Annotated[Database, Depends(database_of)]) -> JSONResponse:
    """The database answers, its schema is this version's, and somebody is sweeping."""
    checks = {"database": False, "schema": False, "sweep": False}
    try:
        with database.read() as session:
            checks["database"] = True
            checks["schema"] = migrate.is_current(database)
            checks["sweep"] = checks["schema"] and _is_fresh(pulse(session), request.app.state.settings.sweep_seconds)
    except SQLAlchemyError:
        pass
    return JSONResponse(checks, 200 if all(checks.values()) else 503)


@router.get("/metrics")
def metrics(database: Annotated[Database, Depends(database_of)]) -> Response:
    """The same in Prometheus' text format: counts and ages, nothing about anybody."""
    with database.read() as session:
        found = pulse(session)
    registry = CollectorRegistry()
    _gauge(registry, "reminders_oldest_overdue_seconds", "Age of the oldest message due and not sent", found.overdue)
    _gauge(registry, "reminders_unknown_messages", "Messages whose outcome is unknown", found.unknown)
    if found.sweep_age is not None:
        _gauge(registry, "reminders_last_sweep_age_seconds", "Seconds since the last sweep", found.sweep_age)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def pulse(session: Session) -> Pulse:
    """Read the numbers, by the database's clock."""
    moment = now(session)
    swept = session.scalar(select(Instance.value).where(Instance.key == LAST_SWEEP))
    due = session.scalar(select(func.min(Message.due_at)).where(Message.state == State.PLANNED))
    unknown = session.scalar(select(func.count()).where(Message.state == State.UNKNOWN)) or 0
    overdue = max((moment - due).total_seconds(), 0.0) if due else 0.0
    return Pulse(_age(swept, moment), overdue, unknown)


def _age(swept: str | None, moment: datetime) -> float | None:
    return (moment - datetime.fromisoformat(swept)).total_seconds() if swept else None


def _is_fresh(found: Pulse, sweep_seconds: float) -> bool:
    patience = max(_LEAST_PATIENCE.total_seconds(), _SWEEPS_MISSED * sweep_seconds)
    return found.sweep_age is not None and found.sweep_age <= patience


def _gauge(registry: CollectorRegistry, name: str, text: str, value: float) -> None:
    Gauge(name, text, registry=registry).set(value)
