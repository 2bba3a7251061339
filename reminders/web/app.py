"""The web application, put together."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from reminders.database import Database
from reminders.settings import Settings
from reminders.web import failures, guards
from reminders.web.api import router as api
from reminders.web.pages import (
    account,
    api_keys,
    attachments,
    audit_trail,
    check_in,
    clinic_hours,
    clinic_settings,
    consents,
    consults,
    conversations,
    design,
    evidence,
    health,
    inbox,
    on_call,
    overlap,
    patient_hold,
    patient_list,
    patients,
    people,
    protocol_draft,
    protocols,
    record,
    record_live,
    report_files,
    report_lists,
    reports,
    saved_answers,
    sender_tests,
    sending,
    sign_in,
    thread,
    treatments,
    unsubscribe,
    writing,
)
from reminders.web.views import STATIC
from reminders.web.watch import Watch
from reminders.web.webhooks import router as webhooks

# fmt: off
_PAGES = (
    health, sign_in, account, inbox, record, record_live, patient_list, patients, patient_hold, treatments,
    overlap, sending, report_files, reports, report_lists, protocols, protocol_draft, unsubscribe, check_in, thread,
    consults, attachments, consents, evidence, on_call, design, conversations, writing, saved_answers, clinic_settings,
    clinic_hours, people, sender_tests, api_keys, audit_trail,
)
# fmt: on


class _Static(StaticFiles):
    """Static files, kept by browsers: their address changes when they do."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def create_app(settings: Settings, database: Database, extra_routers: Sequence[APIRouter] = ()) -> FastAPI:
    """The application on one database. `extra_routers` is for the sandbox, which the web may not know."""
    app = FastAPI(
        title="Aftercare Reminders",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(guards.readable_url)],
        middleware=[
            Middleware(guards.SecurityHeaders, https=settings.public_url.startswith("https:")),
            Middleware(guards.LastResort, page=failures.last_resort),
            Middleware(guards.BodyLimit),
        ],
    )
    app.state.settings = settings
    app.state.database = database
    app.state.watch = Watch()
    failures.install(app)
    app.state.phone_path = "/sandbox/" if extra_routers else ""
    # Routes are tried in their order, and nothing is asked for as often as the webhooks.
    for router in (webhooks, *(module.router for module in _PAGES), api, *extra_routers):
        app.include_router(router)
    app.mount("/static", _Static(directory=STATIC), name="static")
    return app
