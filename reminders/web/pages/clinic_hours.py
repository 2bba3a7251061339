"""Settings: when the clinic may write to its patients, and the days on which it is closed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from reminders.care.clinic_hours import TypedHours, is_being_followed, set_hours
from reminders.care.closed_days import PROVINCES, Holiday, holidays_of
from reminders.care.zones import is_zone
from reminders.errors import InvalidInputError, Problem
from reminders.models import Clinic
from reminders.web.access import OwnerForm, Reader
from reminders.web.forms import Form
from reminders.web.views import page
from reminders.web.visitors import Member
from reminders.web.zone_names import zone_choices

router = APIRouter(include_in_schema=False, prefix="/settings/hours")


@dataclass(frozen=True)
class Offered:
    """The days that can be ticked: a province's holidays of a year that are still to come, and the clinic's own."""

    years: Mapping[int, list[Holiday]]
    others: list[date]


@router.get("")
def show(member: Reader) -> Response:
    """The hours as they stand."""
    return _page(member, None, {})


@router.post("")
def change(sent: OwnerForm) -> Response:
    """Change them: what is planned follows."""
    member, typed = sent.member, _typed(sent.form)
    try:
        with member.begin() as session:
            changed = set_hours(session, member.actor, member.clinic, typed, member.now)
    except InvalidInputError as error:
        return _page(member, typed, error.problems, 422)
    return RedirectResponse(f"/settings/hours?done={'hours' if changed else 'saved'}", 303)


def _typed(form: Form) -> TypedHours:
    return TypedHours(
        **{name: form.get(name) for name in ("timezone", "opens", "closes", "province", "first", "last")},
        closed_weekdays=form.all("closed_weekdays"),
        closed_dates=form.all("closed_dates"),
    )


def _stored(clinic: Clinic) -> TypedHours:
    return TypedHours(
        clinic.timezone,
        f"{clinic.opens:%H:%M}",
        f"{clinic.closes:%H:%M}",
        clinic.province,
        tuple(map(str, clinic.closed_weekdays)),
        tuple(clinic.closed_dates),
    )


def _page(member: Member, typed: TypedHours | None, problems: Mapping[str, Problem], status: int = 200) -> Response:
    with member.read() as session:
        clinic = session.get_one(Clinic, member.clinic.id)
        follows = is_being_followed(session, clinic)
    form = typed or _stored(clinic)
    context: dict[str, Any] = {
        "form": form if is_zone(form.timezone) else replace(form, timezone=clinic.timezone),
        "follows": follows,
        "provinces": PROVINCES,
        "zones": zone_choices(clinic.timezone, member.language),
        "offered": _offered(member, clinic, form.closed_dates),
    }
    return page(member, "settings_hours.html", status, problems=problems, **context)


def _offered(member: Member, clinic: Clinic, ticked: Collection[str]) -> Offered:
    today = member.now.astimezone(ZoneInfo(clinic.timezone)).date()
    years = (today.year, today.year + 1)
    found = [one for one in holidays_of(clinic.province, years, member.language) if one.day >= today]
    named = {one.day for one in found}
    others = {day for day in (*clinic.closed_on, *_dates(ticked)) if day >= today and day not in named}
    return Offered({year: [one for one in found if one.day.year == year] for year in years}, sorted(others))


def _dates(ticked: Collection[str]) -> list[date]:
    found = []
    for day in ticked:
        try:
            found.append(date.fromisoformat(day))
        except ValueError:
            continue
    return found
