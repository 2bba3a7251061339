"""Everything of the sandbox that speaks HTTP, to be mounted in the web app or alone."""

from fastapi import APIRouter, Depends, HTTPException, Request

from reminders.sandbox.carrier import Carrier
from reminders.sandbox.controls import controls_router
from reminders.sandbox.hosting import store_router
from reminders.sandbox.pages import pages_router
from reminders.sandbox.twilio_api import twilio_router
from reminders.settings import Settings

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def router(settings: Settings, carrier: Carrier) -> APIRouter:
    """Twilio's REST under /2010-04-01 and the sandbox's pages and JSON under /sandbox.

    Raises:
        ValueError: a channel goes to a real provider; the sandbox is never mounted beside it.
    """
    if not settings.sandboxed:
        raise ValueError("the sandbox is not mounted with real credentials")
    everything = APIRouter()
    everything.include_router(twilio_router(carrier))
    for part in (controls_router(carrier), pages_router(carrier), store_router(carrier)):
        everything.include_router(part, dependencies=[Depends(_from_here)])
    return everything


def _from_here(request: Request) -> None:
    """The sandbox has no sign-in, so a browser must at least not act on another site's behalf."""
    if request.method not in _SAFE_METHODS and request.headers.get("sec-fetch-site") == "cross-site":
        raise HTTPException(403, "This came from another site.")
