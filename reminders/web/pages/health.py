"""Whether the service lives, whether it is ready, and the few numbers worth an alarm."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reminders import migrate
from reminders.database import Database
from reminders.delivery.pulse import Pulse
from reminders.settings import Settings
from reminders.web.watch import MACHINES_SECONDS, Watch

router = APIRouter(include_in_schema=False)

_MEANING: Mapping[str, str] = {
    "reminders_last_sweep_age_seconds": "Seconds since the last sweep",
    "reminders_oldest_overdue_seconds": "How long the message that waits longest could have gone and has not",
    "reminders_oldest_held_seconds": "How long the oldest message that is due has waited for a hold to be lifted",
    "reminders_unknown_messages": "Messages whose outcome is unknown",
    "reminders_senders_paused": "Senders that rest for now",
    "reminders_clinics_on_hold": "Clinics whose sending is on hold",
    "reminders_everything_on_hold": "1 while all sending is on hold, else 0",
}


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
    """The database answers, its schema is this version's, somebody is sweeping, and what could go does in time."""
    settings: Settings = request.app.state.settings
    checks = {"database": False, "schema": False, "sweep": False, "in_time": False}
    try:
        with database.read() as session:
            checks["database"] = True
            checks["schema"] = migrate.is_current(database)
            if checks["schema"]:
                found = _pulse(request, session)
                checks["sweep"] = found.sweeps(settings.sweep_seconds)
                checks["in_time"] = found.in_time(settings.overdue_seconds)
    except SQLAlchemyError:
        pass
    return JSONResponse(checks, 200 if all(checks.values()) else 503)


@router.get("/metrics")
def metrics(request: Request, database: Annotated[Database, Depends(database_of)]) -> Response:
    """The same in Prometheus' text format: counts and ages, nothing about anybody."""
    with database.read() as session:
        found = _pulse(request, session)
    registry = CollectorRegistry()
    for name, value in figures(found).items():
        if value is not None:
            Gauge(name, _MEANING[name], registry=registry).set(value)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _pulse(request: Request, session: Session) -> Pulse:
    watch: Watch = request.app.state.watch
    return watch.pulse(session, MACHINES_SECONDS)


def figures(found: Pulse) -> dict[str, float | None]:
    """The pulse as gauges; an age without a beginning is 0, but that of the last sweep is None: there was none."""
    return {
        "reminders_last_sweep_age_seconds": _age(found, found.swept_at),
        "reminders_oldest_overdue_seconds": _age(found, found.overdue_since) or 0.0,
        "reminders_oldest_held_seconds": _age(found, found.held_since) or 0.0,
        "reminders_unknown_messages": found.unknown,
        "reminders_senders_paused": found.senders_paused,
        "reminders_clinics_on_hold": found.clinics_held,
        "reminders_everything_on_hold": float(found.everything_held),
    }


def _age(found: Pulse, since: datetime | None) -> float | None:
    return None if since is None else (found.at - since).total_seconds()
