"""Sending: what is on hold, how the clinic's senders do, and the clinic's rules; holds of the clinic and protocols."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from reminders.care import protocols
from reminders.care.follow_up_settings import set_follow_up
from reminders.care.sending_rules import TypedRules, set_rules
from reminders.errors import InvalidInputError, Problem
from reminders.models import Clinic
from reminders.models.follow_up_rules import LIMITS
from reminders.web.access import Reader, Writer
from reminders.web.pages import holding
from reminders.web.pages.sending_view import RULES, rules_form, sending_context
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/sending")


@router.get("")
def show(member: Reader) -> Response:
    """The page."""
    return _page(member, rules_form(member.clinic), {})


@router.post("/rules")
def change_rules(sent: Writer) -> Response:
    """Change the clinic's sending rules."""
    member = sent.member
    given = {name: sent.form.get(name) for name in RULES}
    # A page from before there was this choice leaves it as it is.
    typed = TypedRules(**given | {"link_in_texts": given["link_in_texts"] or None})
    try:
        with member.begin() as session:
            set_rules(session, member.actor, member.clinic, typed, member.now)
    except InvalidInputError as error:
        form = {name: sent.form.get(name) or "" for name in RULES}
        return _page(member, rules_form(member.clinic) | form, error.problems, 422)
    return RedirectResponse("/sending?done=saved", 303)


@router.post("/follow-up")
def change_follow_up(sent: Writer) -> Response:
    """Change how patients are followed up who do not answer or are getting better."""
    member = sent.member
    typed = {name: sent.form.get(name) for name in LIMITS}
    try:
        with member.begin() as session:
            set_follow_up(session, member.actor, member.clinic, typed, member.now)
    except InvalidInputError as error:
        return _page(member, rules_form(member.clinic) | typed, error.problems, 422)
    return RedirectResponse("/sending?done=saved", 303)


@router.get("/hold")
def ask_hold(member: Reader) -> Response:
    """Ask before."""
    return holding.ask(member, _clinic(member), lifting=False)


@router.post("/hold")
def hold(sent: Writer) -> Response:
    """Put the clinic on hold."""
    return holding.put(sent, _clinic(sent.member))


@router.get("/release")
def ask_release(member: Reader) -> Response:
    """Ask before."""
    return holding.ask(member, _clinic(member), lifting=True)


@router.post("/release")
def release(sent: Writer) -> Response:
    """Lift the clinic's hold."""
    return holding.lift(sent, _clinic(sent.member))


@router.get("/protocols/{protocol_id}/hold")
def ask_hold_protocol(member: Reader, protocol_id: UUID) -> Response:
    """Ask before."""
    return holding.ask(member, _protocol(member, protocol_id), lifting=False)


@router.post("/protocols/{protocol_id}/hold")
def hold_protocol(sent: Writer, protocol_id: UUID) -> Response:
    """Put a protocol on hold."""
    return holding.put(sent, _protocol(sent.member, protocol_id))


@router.get("/protocols/{protocol_id}/release")
def ask_release_protocol(member: Reader, protocol_id: UUID) -> Response:
    """Ask before."""
    return holding.ask(member, _protocol(member, protocol_id), lifting=True)


@router.post("/protocols/{protocol_id}/release")
def release_protocol(sent: Writer, protocol_id: UUID) -> Response:
    """Lift a protocol's hold."""
    return holding.lift(sent, _protocol(sent.member, protocol_id))


def _clinic(member: Member) -> holding.Subject:
    return holding.Subject("clinic", "/sending", "/sending", lambda session: session.get_one(Clinic, member.clinic.id))


def _protocol(member: Member, protocol_id: UUID) -> holding.Subject:
    return holding.Subject(
        "protocol",
        f"/sending/protocols/{protocol_id}",
        "/sending",
        lambda session: protocols.get(session, member.clinic.id, protocol_id),
    )


def _page(member: Member, form: dict[str, str], problems: dict[str, Problem], status: int = 200) -> Response:
    with member.read() as session:
        context: dict[str, Any] = sending_context(session, member)
    return page(member, "sending.html", status, form=form, problems=problems, **context)
