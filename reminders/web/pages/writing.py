"""Writing to a patient: the form that every way to it shares, what it says before anything is typed, and sending."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from reminders.care import patients, saved_answers, thread
from reminders.care.outlook import Outlook, outlooks
from reminders.care.understanding import UNREAD
from reminders.errors import InvalidInputError, Problem
from reminders.models import Patient, Reply, Ticket
from reminders.models.kinds import Channel, TicketKind
from reminders.web.access import Posted, Reader, Writer
from reminders.web.pages.conversation_view import conversation_context
from reminders.web.pages.looks import note_look
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/patients/{patient_id}/write")

_NONCE_BYTES = 16
_NEVER_BY_ITSELF = frozenset({TicketKind.RED_FLAG, TicketKind.CONSULT})


def _nonce() -> str:
    return secrets.token_hex(_NONCE_BYTES)


@dataclass(frozen=True)
class Whom:
    """To whom, and what it answers where somebody has asked."""

    patient: Patient
    reply: Reply | None = None


@dataclass(frozen=True)
class Typed:
    """What stands in the form. `closes` is None until somebody has seen the boxes; `channel` "" until one is chosen;
    `reply` is what had come last when the form was drawn, "" where nothing had."""

    text: str = ""
    nonce: str = field(default_factory=_nonce)
    channel: str = ""
    urgent: bool = False
    closes: frozenset[str] | None = None
    reply: str = ""


@dataclass(frozen=True)
class Way:
    """A channel that something can be written by: what is put around it, and what becomes of it."""

    outlook: Outlook
    before: str
    after: str


@dataclass(frozen=True)
class Door:
    """Where the form was opened: what it is sent to, where one comes back to, to whom it is written, and what the page
    around it shows. An answer is taken to settle the open tickets that `closes_by_itself` says, unless somebody unticks
    them. Where `answers_newest`, it answers what had come last when the form was drawn, and nothing that nobody saw."""

    action: str
    back: str
    find: Callable[[Session], Whom]
    draw: Callable[[Session, Whom], Mapping[str, Any]]
    closes_by_itself: Callable[[Ticket, Whom], bool] = lambda *_: False
    answers_newest: bool = False


@dataclass(frozen=True)
class Said:
    """What the page says of what was sent to it: what is wrong, or how the message would read."""

    problems: Mapping[str, Problem] = field(default_factory=dict)
    shown: thread.Shown | None = None


NOTHING_SAID = Said()


def typed_in(sent: Posted) -> Typed:
    """What came with a form."""
    form = sent.form
    nonce = form.get("nonce") or _nonce()
    ticked = frozenset(form.all("closes"))
    return Typed(form.raw("text"), nonce, form.get("channel"), form.ticked("urgent"), ticked, form.get("reply"))


def respond(sent: Posted, door: Door) -> Response:
    """Send it; or show what would be sent, or put a saved answer into the form."""
    member, typed = sent.member, typed_in(sent)
    try:
        with member.begin() as session:
            whom = door.find(session)
            if sent.form.get("action") == "insert":
                typed, said = _inserted(session, member, whom, typed, sent.form.get("saved")), NOTHING_SAID
            elif sent.form.get("action") == "preview":
                said = Said(
                    shown=thread.preview(
                        session, member.clinic, _to(session, member, whom, typed), typed.text, member.now
                    )
                )
            else:
                _refuse_unseen(session, door, whom, typed)
                _send(session, member, whom, typed)
                return RedirectResponse(door.back, 303)
    except InvalidInputError as error:
        return draw_page(member, door, _drawn_anew(typed, error.problems), Said(error.problems))
    return draw_page(member, door, typed, said)


def draw_page(member: Member, door: Door, typed: Typed, said: Said = NOTHING_SAID) -> Response:
    """The page with the form, as it stands. That somebody looked is noted."""
    with member.read() as session:
        whom = door.find(session)
        context = {**_form(session, member, whom, door, typed), **door.draw(session, whom)}
    note_look(member, whom.patient.id)
    context |= {"shown": said.shown, "problems": said.problems}
    return page(member, "conversations.html", 422 if said.problems else 200, **context)


def _drawn_anew(typed: Typed, problems: Mapping[str, Problem]) -> Typed:
    """What stands in a form that was sent already is another message, with a number of its own; and whoever was told
    that something has come answers that from now on."""
    key = problems["text"].key if "text" in problems else ""
    if key == "written_already":
        return replace(typed, nonce=_nonce())
    return replace(typed, reply="") if key == "came_since" else typed


def _refuse_unseen(session: Session, door: Door, whom: Whom, typed: Typed) -> None:
    """A patient who has gone on to write something worse is not told what was meant for the words before; a second
    press of what was sent in time is no answer to them."""
    if not door.answers_newest or typed.reply == _newest(whom):
        return
    if not thread.was_sent(session, whom.patient, typed.nonce):
        raise InvalidInputError({"text": Problem("came_since")})


def _newest(whom: Whom) -> str:
    return str(whom.reply.id) if whom.reply else ""


def _form(session: Session, member: Member, whom: Whom, door: Door, typed: Typed) -> dict[str, Any]:
    """The form, or why there is none."""
    looks = outlooks(session, member.clinic, whom.patient, member.now)
    ways = [_way(session, member, whom, look) for look in looks if look.is_open]
    about = thread.answerable(session, whom.patient)
    usual = {str(one.id) for one in about if _may_go_by_itself(one) and door.closes_by_itself(one, whom)}
    return {
        "door": door,
        "form": replace(typed, reply=typed.reply or _newest(whom)),
        "closes": usual if typed.closes is None else typed.closes,
        "about": about,
        "looks": looks,
        "ways": ways,
        "way": _chosen(ways, typed, whom),
        "answers": _answers(session, member, whom),
        "longest": thread.LONGEST,
    }


def _may_go_by_itself(ticket: Ticket) -> bool:
    """A text that went out is no sign that somebody with a red flag, or whose words nobody could read, is safe; nor is
    a visit booked by it: closing those is a choice of its own."""
    return ticket.kind not in _NEVER_BY_ITSELF and ticket.priority > UNREAD


@router.get("")
def show(member: Reader, patient_id: UUID) -> Response:
    """The conversation with a patient, and the form to write in it of oneself."""
    return draw_page(member, _door(member, patient_id), Typed())


@router.post("")
def write(sent: Writer, patient_id: UUID) -> Response:
    """Send it, or show first what would be sent and what it costs."""
    return respond(sent, _door(sent.member, patient_id))


def _door(member: Member, patient_id: UUID) -> Door:
    return Door(
        f"/patients/{patient_id}/write",
        f"/patients/{patient_id}?done=answered",
        lambda session: Whom(patients.get(session, member.clinic.id, patient_id)),
        lambda session, whom: conversation_context(session, member, whom.patient, None),
    )


def _way(session: Session, member: Member, whom: Whom, look: Outlook) -> Way:
    before, after = thread.around(session, member.clinic, thread.To(whom.patient, look.channel), member.now)
    return Way(look, before, after)


def _chosen(ways: Sequence[Way], typed: Typed, whom: Whom) -> Way | None:
    """The way that was chosen, else that of what is answered, else the first that is open."""
    wanted = [typed.channel, whom.reply.channel.value if whom.reply else ""]
    by_channel = {way.outlook.channel.value: way for way in ways}
    return next((by_channel[one] for one in wanted if one in by_channel), ways[0] if ways else None)


def _to(session: Session, member: Member, whom: Whom, typed: Typed) -> thread.To:
    """By the channel of the form; a form without one goes where the patient wrote, or where it can."""
    known = {channel.value: channel for channel in Channel}
    channel = known.get(typed.channel) or (whom.reply.channel if whom.reply else None)
    if channel is None:
        looks = outlooks(session, member.clinic, whom.patient, member.now)
        channel = next((look.channel for look in looks if look.is_open), looks[0].channel)
    reply = whom.reply if whom.reply and whom.reply.channel is channel else None
    return thread.To(whom.patient, channel, reply)


def _send(session: Session, member: Member, whom: Whom, typed: Typed) -> None:
    closes = {one.id for one in thread.answerable(session, whom.patient) if str(one.id) in (typed.closes or ())}
    written = thread.Written(typed.text, typed.nonce, typed.urgent, closes)
    thread.write(session, member.actor, _to(session, member, whom, typed), written, member.now)


def _answers(session: Session, member: Member, whom: Whom) -> list[tuple[UUID, str, str]]:
    """The saved answers: what each is called in the reader's language, and what it says in the patient's."""
    kept = saved_answers.kept(session, member.clinic.id)
    named = [
        (one.id, one.title.get(member.language.value, ""), saved_answers.filled(one, whom.patient)) for one in kept
    ]
    return sorted(named, key=lambda one: one[1].casefold())


def _inserted(session: Session, member: Member, whom: Whom, typed: Typed, chosen: str) -> Typed:
    """With the chosen answer after what stands there already."""
    text = next((text for id_, _, text in _answers(session, member, whom) if str(id_) == chosen), "")
    joined = "\n".join(filter(None, (typed.text.rstrip(), text)))
    return replace(typed, text=joined)
