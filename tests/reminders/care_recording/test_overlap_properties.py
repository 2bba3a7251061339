"""Three treatments of one protocol, two of them on one day: whatever happens, nothing is lost or doubled.

Seen to fail when: `join` linked a reminder without calling its own message off; `part` gave one of two its message;
`end` called off the joined message with the treatment.
"""

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reminders.care import consents, replanning, superseding, treatments
from reminders.care.treatment_input import TreatmentInput
from reminders.errors import RemindersError
from reminders.models import Message, MessageReminder, Patient, Reminder, Treatment
from reminders.models.kinds import Channel, Language, ReminderState, TreatmentState
from schedules.lifecycle import LIVE, State
from tests.conftest import NOW
from tests.reminders.care_recording.conftest import BOTH, Desk
from tests.reminders.care_recording.test_joining import FACE, HANDS, live

REACHED = {State.SENDING, State.SENT, State.DELIVERED, State.UNKNOWN}

Deed = Callable[[Session, Desk, Patient, list[Treatment]], None]


def _cancel(which: int) -> Deed:
    def deed(session: Session, desk: Desk, patient: Patient, all_: list[Treatment]) -> None:
        treatments.cancel(session, desk.actor, all_[which], "", NOW)

    return deed


def _move(which: int, day: int) -> Deed:
    def deed(session: Session, desk: Desk, patient: Patient, all_: list[Treatment]) -> None:
        to = treatments.TreatedWhen(f"2026-03-{day:02}", "09:30")
        treatments.move(session, desk.actor, desk.clinic, all_[which], to, NOW)

    return deed


def _replace(which: int) -> Deed:
    def deed(session: Session, desk: Desk, patient: Patient, all_: list[Treatment]) -> None:
        superseding.replace(session, desk.actor, all_[which], NOW)

    return deed


def _take_back(which: int) -> Deed:
    def deed(session: Session, desk: Desk, patient: Patient, all_: list[Treatment]) -> None:
        superseding.take_back(session, desk.actor, desk.clinic, all_[which], NOW)

    return deed


def _send(step: str, state: str) -> Deed:
    """The first planned message of a step comes to `state`, as delivery moves it."""

    def deed(session: Session, desk: Desk, patient: Patient, all_: list[Treatment]) -> None:
        for message in [one for one in live(session) if one.template == f"step:{step}"][:1]:
            message.state = State(state)
            session.flush()
            if message.state not in LIVE:
                ended = MessageReminder.message_id == message.id
                session.execute(update(MessageReminder).where(ended).values(live=False))

    return deed


def _speak(session: Session, desk: Desk, patient: Patient, all_: list[Treatment]) -> None:
    patient.language = Language.EN if patient.language is Language.FR else Language.FR
    replanning.refresh(session, desk.clinic, patient, NOW)


def _withdraw(channel: Channel) -> Deed:
    def deed(session: Session, desk: Desk, patient: Patient, all_: list[Treatment]) -> None:
        consents.withdraw(session, desk.actor, patient.id, channel, NOW)

    return deed


def _agree(channel: Channel) -> Deed:
    def deed(session: Session, desk: Desk, patient: Patient, all_: list[Treatment]) -> None:
        desk.agree(session, patient, channel)

    return deed


STATES = ("claimed", "sending", "delivered", "failed")
WHICH, STEPS, DAYS = (0, 1, 2), ("day-1", "day-3", "day-7"), (7, 8, 9, 10)
DEEDS: dict[str, Deed] = {
    **{f"cancel {n}": _cancel(n) for n in WHICH},
    **{f"move {n} to {day}": _move(n, day) for n in WHICH for day in DAYS},
    **{f"replace {n}": _replace(n) for n in WHICH},
    **{f"take back {n}": _take_back(n) for n in WHICH},
    **{
        f"{step} {state}": _send(step, state)
        for step in STEPS
        for state in ("claimed", "sending", "delivered", "failed")
    },
    "speak": _speak,
    **{f"withdraw {channel}": _withdraw(channel) for channel in Channel},
    **{f"agree {channel}": _agree(channel) for channel in Channel},
}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(names=st.lists(st.sampled_from(sorted(DEEDS)), max_size=9), supersedes=st.booleans())
def test_nothing_is_lost_or_doubled_whatever_happens(desk: Desk, names: list[str], supersedes: bool) -> None:
    with desk.database.begin() as session:
        patient = desk.add(session)
        for channel in sorted(BOTH):
            desk.agree(session, patient, channel)
        first = desk.record(session, patient, TreatmentInput("microneedling", "2026-03-08", "10:00"))
        all_ = [first, desk.record(session, patient, FACE, supersedes=supersedes)]
        all_.append(desk.record(session, patient, HANDS, confirmed=True, supersedes=supersedes))
        for name in names:
            attempt(session, lambda name=name: DEEDS[name](session, desk, patient, all_))
            check(session)
        session.rollback()


def attempt(session: Session, deed: Callable[[], None]) -> None:
    """What staff are refused is refused, and leaves nothing behind."""
    try:
        with session.begin_nested():
            deed()
    except RemindersError:
        session.expire_all()


def check(session: Session) -> None:
    """Every owed reminder has one live message, or ended ones with their reasons; nobody reads a step twice."""
    session.flush()
    rows = session.execute(
        select(Reminder, Treatment, Message, MessageReminder.live)
        .join(Treatment, Treatment.id == Reminder.treatment_id)
        .outerjoin(MessageReminder, MessageReminder.reminder_id == Reminder.id)
        .outerjoin(Message, Message.id == MessageReminder.message_id)
        .execution_options(populate_existing=True)
    ).all()
    reached: dict[tuple[object, str], set[object]] = {}
    waiting: dict[object, set[object]] = {}
    by_reminder: dict[object, list[tuple[Message, bool]]] = {}
    for reminder, treatment, message, is_live in rows:
        carried = by_reminder.setdefault(reminder, [])
        if message is None:
            continue
        carried.append((message, is_live))
        if message.state in REACHED:
            reached.setdefault((treatment.id, reminder.step), set()).add(message.id)
        if message.state in {State.PLANNED, State.CLAIMED}:
            assert is_live
            assert treatment.state is TreatmentState.ACTIVE
            waiting.setdefault((treatment.id, reminder.step), set()).add(message.id)
    assert all(len(messages) == 1 for messages in (*reached.values(), *waiting.values()))
    assert not reached.keys() & waiting.keys()
    for reminder, messages in by_reminder.items():
        if reminder.state is ReminderState.OWED:
            assert sum(is_live for _, is_live in messages) == 1 or all(
                message.state not in LIVE and (message.reason or message.state in {State.FAILED, State.DELIVERED})
                for message, _ in messages
            )
        else:
            assert reminder.reason
    tips = [one for one in live(session) if one.template in {"step:day-1", "step:day-3"}]
    alike = [(one.template, one.channel, one.language, one.due_at.date()) for one in tips]
    assert len(alike) == len(set(alike))
