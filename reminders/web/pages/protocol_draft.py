"""A protocol's draft: its steps and texts with what the linter says of each, and publishing it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care import draft_tests, protocol_drafts, protocol_moves, protocol_versions, protocols
from reminders.care.protocol_drafts import TypedText
from reminders.care.protocol_steps import MOST_STEPS, TypedStep
from reminders.care.protocol_versions import BlockedError
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import Protocol, ProtocolVersion
from reminders.models.kinds import Channel
from reminders.web.access import OwnerForm, Reader
from reminders.web.forms import Form
from reminders.web.pages.protocol_view import blocking_count, box_id, draft_steps, name_of
from reminders.web.views import page
from reminders.web.visitors import Member
from reminders.wording import linter
from reminders.wording.findings import Place, replaced
from reminders.wording.purpose import step_placeholders
from reminders.wording.segments import nearest_gsm7, outside_gsm7

router = APIRouter(include_in_schema=False, prefix="/protocols/{protocol_id}")

_OF_STEPS = {name for channel in Channel for name in step_placeholders(channel)}


@router.post("/draft")
def start(sent: OwnerForm, protocol_id: UUID) -> Response:
    """Begin a draft, or go on with the one that is there."""
    member = sent.member
    with member.begin() as session:
        protocol_drafts.start(session, member.actor, _get(session, member, protocol_id), member.now)
    return _back(protocol_id)


@router.get("/draft")
def edit(member: Reader, protocol_id: UUID) -> Response:
    """The draft; without one, the protocol."""
    with member.read() as session:
        found = protocol_versions.versions_of(session, _get(session, member, protocol_id))
    return _page(member, protocol_id) if found.draft else RedirectResponse(f"/protocols/{protocol_id}", 303)


@router.post("/draft/texts")
def change_texts(sent: OwnerForm, protocol_id: UUID) -> Response:
    """Write all that was typed on the page, and send one text to whoever wrote it if they ask for that."""
    member, (act, _, which) = sent.member, sent.form.get("action").partition(":")
    try:
        with member.begin() as session:
            protocol = _get(session, member, protocol_id)
            typed = _typed(sent.form, protocol_versions.draft_of(session, protocol), which if act == "nearest" else "")
            changed = protocol_drafts.change_texts(session, member.actor, protocol, list(typed.values()), member.now)
    except InvalidInputError as error:
        return _page(member, protocol_id, error.problems, typed=typed)
    if act == "test":
        return _test(member, protocol_id, which)
    where = which or (box_id(changed[0]) if changed else "")
    return _back(protocol_id, "text_saved", where)


def _test(member: Member, protocol_id: UUID, which: str) -> Response:
    """Send a saved text to whoever asks."""
    with member.read() as session:
        at = _places(protocol_versions.draft_of(session, _get(session, member, protocol_id))).get(which)
    if at is None:
        raise NotFoundError("no such text")
    try:
        with member.begin() as session:
            protocol = _get(session, member, protocol_id)
            draft_tests.send_test(session, member.actor, member.clinic, protocol, at, member.now)
    except InvalidInputError as error:
        problems = {f"{protocol_drafts.name_of(at)}.{part}": problem for part, problem in error.problems.items()}
        return _page(member, protocol_id, problems)
    return _back(protocol_id, "test_sent", which)


@router.post("/draft/steps")
def change_steps(sent: OwnerForm, protocol_id: UUID) -> Response:
    """Write the schedule: change, add and remove steps."""
    member = sent.member
    typed = _steps(sent.form)
    try:
        with member.begin() as session:
            protocol = _get(session, member, protocol_id)
            protocol_drafts.change_steps(session, member.actor, protocol, typed, member.now)
    except InvalidInputError as error:
        return _page(member, protocol_id, error.problems, steps=typed)
    return _back(protocol_id, "steps_saved")


@router.post("/draft/discard")
def discard(sent: OwnerForm, protocol_id: UUID) -> Response:
    """Throw the draft away."""
    member = sent.member
    with member.begin() as session:
        protocol_drafts.discard(session, member.actor, _get(session, member, protocol_id), member.now)
    return RedirectResponse(f"/protocols/{protocol_id}?done=draft_discarded", 303)


@router.post("/draft/publish")
def publish(sent: OwnerForm, protocol_id: UUID) -> Response:
    """Publish it, in the name of whoever presses the button."""
    member = sent.member
    try:
        with member.begin() as session:
            protocol = _get(session, member, protocol_id)
            protocol_versions.publish(session, member.actor, member.clinic, protocol, member.now)
    except BlockedError as error:
        return _page(member, protocol_id, {"findings": Problem("findings_block", number=str(len(error.findings)))})
    return RedirectResponse(f"/protocols/{protocol_id}?done=published", 303)


def _get(session: Session, member: Member, protocol_id: UUID) -> Protocol:
    return protocols.get(session, member.clinic.id, protocol_id)


def _back(protocol_id: UUID, done: str = "", where: str = "") -> Response:
    query = f"?done={done}" if done else ""
    return RedirectResponse(f"/protocols/{protocol_id}/draft{query}{f'#{where}' if where else ''}", 303)


def _places(draft: ProtocolVersion) -> dict[str, Place]:
    """The draft's texts by their places on the page."""
    return {box_id(at): at for at in linter.places(protocols.parse(draft))}


def _typed(form: Form, draft: ProtocolVersion, nearest: str) -> dict[str, TypedText]:
    """The texts that came, by their places; of `nearest` each dear character replaced by the nearest cheap one."""
    return {
        which: TypedText(at, _parts(form, which, cheap=which == nearest), form.get(f"shown-{which}"))
        for which, at in _places(draft).items()
        if f"body-{which}" in form.fields
    }


def _parts(form: Form, which: str, *, cheap: bool) -> dict[str, str]:
    parts = {name: form.get(f"{name}-{which}") for name in ("subject", "body")}
    if not cheap:
        return parts
    nearest = {one: like for one in outside_gsm7(parts["body"]) if (like := nearest_gsm7(one)) is not None}
    return {**parts, "body": replaced(parts["body"], nearest)}


def _steps(form: Form) -> list[TypedStep]:
    """The rows of the schedule that are filled in and not to be removed; the last row is for a new one."""
    numbered = range(MOST_STEPS + 1)
    rows = [number for number in numbered if form.get(f"day-{number}") and not form.ticked(f"remove-{number}")]
    return [
        TypedStep(
            form.get(f"key-{number}"),
            form.get(f"day-{number}"),
            form.get(f"at-{number}"),
            form.get(f"hours-{number}"),
            is_check_in=form.ticked(f"asks-{number}"),
            apart=form.ticked(f"apart-{number}"),
        )
        for number in rows
    ]


def _page(
    member: Member,
    protocol_id: UUID,
    problems: Mapping[str, Problem] | None = None,
    steps: list[TypedStep] | None = None,
    typed: Mapping[str, TypedText] | None = None,
) -> Response:
    with member.read() as session:
        protocol = _get(session, member, protocol_id)
        found = protocol_versions.versions_of(session, protocol)
        draft = protocol_versions.draft_of(session, protocol)
    changes = list(protocol_moves.changed_texts(found.published, draft)) if found.published else []
    boxes = draft_steps(member.clinic, protocol, draft.content, member.language)
    context: dict[str, Any] = {
        "protocol": protocol,
        "name": name_of(protocol, member),
        "draft": draft,
        "steps": boxes,
        "rows": _rows(boxes) if steps is None else steps,
        "typed": {which: one.parts for which, one in (typed or {}).items()},
        "changes": changes,
        "published": found.published,
        "changed": {box_id(one.place) for one in changes},
        "blocking": blocking_count(boxes),
        "placeholders": sorted(_OF_STEPS),
        "problems": _by_field(problems or {}),
    }
    return page(member, "protocol_draft.html", 422 if problems else 200, **context)


def _by_field(problems: Mapping[str, Problem]) -> dict[str, Problem]:
    """Problems by the fields' names: "day-3.fr.sms.body" is the field "body-day-3-fr-sms"."""
    return {
        "-".join((name.rpartition(".")[2], *name.split(".")[:-1])) if "." in name else name: problem
        for name, problem in problems.items()
    }


def _rows(boxes: Any) -> list[TypedStep]:
    return [
        TypedStep(
            box.step.key,
            str(box.step.day),
            f"{box.step.at:%H:%M}",
            str(int(box.step.useful_for.total_seconds() // 3600)),
            is_check_in=box.step.waits_for_open_day,
            apart=box.step.apart,
        )
        for box in boxes
    ]
