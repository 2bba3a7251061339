"""The sandbox as a process of its own: `reminders sandbox`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response

from reminders.errors import SettingsError
from reminders.sandbox.carrier import Carrier, open_carrier
from reminders.sandbox.mail_servers import MailServers
from reminders.sandbox.routes import router
from reminders.settings import Settings


def create_sandbox_app(settings: Settings) -> FastAPI:
    """The carrier, its pages and the mailbox, already listening for SMTP; the app's shutdown closes them.

    Serve it on settings.sandbox_port. `/` leads to the clinic's own pages at settings.public_url.

    Raises:
        SettingsError: the SMTP port is taken, or DATA_DIR/sandbox.db cannot be used.
    """
    carrier = open_carrier(settings)
    servers = _listening(settings, carrier)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        servers.close()
        carrier.close()

    app = FastAPI(title="Sandbox carrier", lifespan=lifespan, openapi_url=None)
    app.add_exception_handler(RequestValidationError, _say_what_is_wrong)
    app.include_router(router(settings, carrier))

    @app.get("/")
    def clinic() -> Response:
        return RedirectResponse(f"{settings.public_url}/")

    return app


def _listening(settings: Settings, carrier: Carrier) -> MailServers:
    servers = MailServers(settings, carrier)
    try:
        servers.start()
    except SettingsError:
        carrier.close()
        raise
    return servers


async def _say_what_is_wrong(_request: Request, error: Exception) -> Response:
    """The problems without the input itself, which may hold what JSON cannot carry back."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    problems = {".".join(map(str, one["loc"][1:])) or "body": one["msg"] for one in found}
    return JSONResponse({"title": "Invalid input", "status": 422, "problems": problems}, 422)
