"""Settings: keys by which other systems reach the clinic's data."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from reminders.care.staff import api_keys
from reminders.errors import InvalidInputError
from reminders.web.access import OwnerForm, Reader
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/settings/keys")

_USUAL = "year"


@router.get("")
def show(member: Reader) -> Response:
    """The keys, without what they open with."""
    return _page(member, {"name": "", "lasts": _USUAL}, problems={})


@router.post("")
def make(sent: OwnerForm) -> Response:
    """A new one: it is shown on the answer, and never again."""
    member = sent.member
    form = {"name": sent.form.get("name"), "lasts": sent.form.get("lasts") or _USUAL}
    try:
        with member.begin() as session:
            key = api_keys.make_key(session, member.actor, form["name"], form["lasts"], member.now)
    except InvalidInputError as error:
        return _page(member, form, 422, problems=error.problems)
    answer = _page(member, {"name": "", "lasts": _USUAL}, problems={}, made=(form["name"], key))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/{key_id}/revoke")
def revoke(sent: OwnerForm, key_id: UUID) -> Response:
    """End one: the next request with it is refused."""
    member = sent.member
    with member.begin() as session:
        api_keys.end_key(session, member.actor, key_id, member.now)
    return RedirectResponse("/settings/keys?done=key_revoked", 303)


def _page(member: Member, form: dict[str, str], status: int = 200, **context: Any) -> Response:
    with member.read() as session:
        keys = api_keys.keys_of(session, member.clinic.id) if member.is_owner else ()
    shown = {"made": None, "lasts": list(api_keys.LASTS)} | context
    return page(member, "settings_keys.html", status, keys=keys, form=form, **shown)
