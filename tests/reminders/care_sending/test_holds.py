"""A hold keeps what it holds, at once, and lets it go when it is lifted. On both databases, with real sweeps.

Seen to fail when: `prepare` did not look at holds; a second hold overwrote the first's reason or was noted again;
lifting left the reason behind; what became useless on hold was called too late and no more.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import holds
from reminders.care.actors import Actor
from reminders.channels.opening import SenderIdentity
from reminders.database import Database
from reminders.delivery.context import Delivery, Pace
from reminders.delivery.housekeeping import HELD_TOO_LONG, TOO_LATE
from reminders.delivery.sweep import send_due
from reminders.errors import InvalidInputError
from reminders.models import Audit, Clinic, Instance, Patient, Protocol, Sender, Treatment
from reminders.models.instance import HOLD_ALL
from reminders.models.kinds import MessageKind
from reminders.outbox import enqueue
from reminders.settings import Settings
from schedules.lifecycle import State
from tests.reminders.delivery.conftest import Clock
from tests.reminders.delivery.fakes import FakeChannel, Provider, delivery
from tests.reminders.outbox.rows import NOW, add_patient, add_treatment, draft, message, owe, states

WHY = "the wrong text in day 1"
HOUR = timedelta(hours=1)


@pytest.fixture
def clock(database: Database, clinic: Clinic) -> Clock:
    """The database's clock, set to NOW."""
    clock = Clock(database)
    clock.set(NOW)
    return clock


class Meddler(Provider):
    """A provider at whose door something happens: after the claim, and before anything is prepared."""

    then: Callable[[], object] | None = None

    def __call__(self, identity: SenderIdentity, settings: Settings) -> FakeChannel:
        if self.then:
            self.then()
        return super().__call__(identity, settings)


@pytest.fixture
def provider(clock: Clock) -> Meddler:
    """A provider that does nothing wrong until told."""
    return Meddler()


@pytest.fixture
def context(database: Database, settings: Settings, provider: Meddler) -> Iterator[Delivery]:
    """A Delivery to the provider."""
    opened = delivery(database, settings, provider, Pace(time_out=2))
    yield opened
    opened.close()


def _target(session: Session, model: type[Any]) -> holds.Holdable:
    """The clinic, the protocol or the patient that everything here is about."""
    if model is Protocol:
        return session.scalars(select(Protocol).join(Treatment, Treatment.protocol_id == Protocol.id)).first()  # type: ignore[return-value]
    found: holds.Holdable = session.scalars(select(model)).one()
    return found


@pytest.fixture
def actor(clinic: Clinic) -> Actor:
    """Somebody at the desk."""
    return Actor(clinic.id, "form")


SCOPES: Mapping[str, type[Any] | None] = {
    "everything": None,
    "clinic": Clinic,
    "protocol": Protocol,
    "patient": Patient,
}


def _put(database: Database, actor: Actor, scope: str, reason: str = WHY) -> bool:
    model = SCOPES[scope]
    if model is None:
        with database.begin() as session:
            return holds.put_everything(session, reason, NOW)
    with database.begin(clinic=actor.clinic_id) as session:
        return holds.put(session, actor, _target(session, model), reason, NOW)


def _lift(database: Database, actor: Actor, scope: str, now: Any = NOW) -> bool:
    model = SCOPES[scope]
    if model is None:
        with database.begin() as session:
            return holds.lift_everything(session, now)
    with database.begin(clinic=actor.clinic_id) as session:
        return holds.lift(session, actor, _target(session, model), now)


@pytest.mark.parametrize("scope", SCOPES)
def test_what_is_claimed_and_not_begun_stays(
    database: Database, clinic: Clinic, context: Delivery, provider: Meddler, actor: Actor, scope: str
) -> None:
    """The hold comes between the claim and the last look, in the middle of a real sweep."""
    (owed,) = owe(database, clinic)
    seen: list[State] = []

    def hold() -> None:
        seen.append(message(database, owed).state)
        _put(database, actor, scope)

    provider.then = hold
    report = send_due(context)
    assert seen == [State.CLAIMED]
    assert (report.claimed, report.withheld, provider.taken) == (1, 1, [])
    kept = message(database, owed)
    assert (kept.state, kept.reason, kept.tries) == (State.PLANNED, "held", 0)
    assert send_due(context).claimed == 0


@pytest.mark.parametrize("scope", SCOPES)
def test_lifted_it_goes_once(
    database: Database, clinic: Clinic, context: Delivery, provider: Meddler, actor: Actor, scope: str
) -> None:
    owe(database, clinic)
    assert _put(database, actor, scope)
    assert send_due(context).claimed == 0
    assert _lift(database, actor, scope)
    assert send_due(context).sent == 1
    assert send_due(context).claimed == 0
    assert len(provider.taken) == 1


@pytest.mark.parametrize("kind", [MessageKind.SAFETY, MessageKind.ALERT])
@pytest.mark.parametrize("scope", SCOPES)
def test_a_safety_text_or_alert_passes_the_narrow_holds(
    database: Database, clinic: Clinic, context: Delivery, actor: Actor, kind: MessageKind, scope: str
) -> None:
    owe(database, clinic, kind=kind)
    _put(database, actor, scope)
    assert send_due(context).sent == (scope in {"protocol", "patient"})


@pytest.mark.parametrize("sweeps_meanwhile", [True, False])
@pytest.mark.parametrize("scope", SCOPES)
def test_what_became_useless_on_hold_says_so(
    database: Database,
    clinic: Clinic,
    context: Delivery,
    clock: Clock,
    actor: Actor,
    scope: str,
    *,
    sweeps_meanwhile: bool,
) -> None:
    with database.begin() as session:
        patient = add_patient(session, clinic)
        treatment = add_treatment(session, clinic, patient)
        drafts = [draft(patient, treatment, useful_until=NOW + span) for span in (HOUR, 3 * HOUR)]
        short, long = enqueue(session, drafts, NOW)
    _put(database, actor, scope)
    clock.set(NOW + 2 * HOUR)
    if sweeps_meanwhile:
        send_due(context)
    _lift(database, actor, scope, NOW + 2 * HOUR)
    send_due(context)
    ended = message(database, short)
    assert (ended.state, ended.reason) == (State.EXPIRED, HELD_TOO_LONG)
    assert message(database, long).state is State.SENT


def test_what_was_free_to_go_is_only_too_late(
    database: Database, clinic: Clinic, context: Delivery, clock: Clock
) -> None:
    (owed,) = owe(database, clinic, useful_until=NOW + HOUR)
    clock.set(NOW + 2 * HOUR)
    send_due(context)
    assert message(database, owed).reason == TOO_LATE


@pytest.mark.parametrize("scope", SCOPES)
def test_twice_is_once(database: Database, clinic: Clinic, actor: Actor, scope: str) -> None:
    owe(database, clinic)
    assert [_put(database, actor, scope, why) for why in (WHY, "another reason")] == [True, False]
    with database.read(clinic=clinic.id) as session:
        assert _reason(session, scope) == WHY
    assert [_lift(database, actor, scope) for _ in range(2)] == [True, False]
    with database.read(clinic=clinic.id) as session:
        assert _reason(session, scope) is None
        trail = session.scalars(select(Audit).order_by(Audit.id)).all()
    assert [entry.action for entry in trail] == [f"{scope}.held", f"{scope}.released"]
    assert all(WHY not in repr(entry.detail) for entry in trail)
    assert {entry.clinic_id for entry in trail} == {clinic.id}
    assert _put(database, actor, scope), "and again"


def _reason(session: Session, scope: str) -> str | None:
    model = SCOPES[scope]
    if model is None:
        found = holds.everything(session)
        return found.reason if found else None
    return _target(session, model).held_reason


def test_the_kill_switch_keeps_its_reason_sealed(database: Database, actor: Actor) -> None:
    _put(database, actor, "everything")
    with database.read() as session:
        found = holds.everything(session)
        assert found == holds.EverythingHeld(NOW, WHY)
        assert WHY not in session.get_one(Instance, HOLD_ALL).value


@pytest.mark.parametrize(
    ("value", "since"), [("2026-03-10", NOW.replace(hour=0)), ("yes please", None), ("1 AAAA", None)]
)
def test_a_switch_thrown_by_hand_is_shown_and_can_be_lifted(
    database: Database, actor: Actor, value: str, since: datetime | None
) -> None:
    with database.begin() as session:
        session.add(Instance(key=HOLD_ALL, value=value))
    with database.read() as session:
        assert holds.everything(session) == holds.EverythingHeld(since, "")
    assert _lift(database, actor, "everything")


@pytest.mark.parametrize(
    ("reason", "key"),
    [("", "reason_missing"), ("  ", "reason_missing"), ("a" * 201, "too_long"), ("a\tb", "control_characters")],
)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_hold_needs_a_reason_that_can_be_read(
    database: Database, clinic: Clinic, actor: Actor, scope: str, reason: str, key: str
) -> None:
    owe(database, clinic)
    with pytest.raises(InvalidInputError) as refused:
        _put(database, actor, scope, reason)
    assert refused.value.problems["reason"].key == key


def test_lifting_takes_no_budget_and_moves_only_the_own_senders(
    database: Database, clinic: Clinic, actor: Actor
) -> None:
    with database.begin() as session:
        idle, busy = session.scalars(select(Sender).order_by(Sender.channel)).all()
        idle.next_free_at, busy.next_free_at = NOW - HOUR, NOW + HOUR
    _put(database, actor, "clinic")
    _lift(database, actor, "clinic")
    with database.read() as session:
        found = session.scalars(select(Sender.next_free_at).order_by(Sender.channel)).all()
    assert found == [NOW, NOW + HOUR]


def test_what_is_on_hold_is_listed(database: Database, clinic: Clinic, actor: Actor) -> None:
    owe(database, clinic)
    for scope in SCOPES:
        _put(database, actor, scope)
    with database.read() as session:
        found = (holds.held_clinics(session), holds.held_protocols(session), holds.held_patients(session))
        assert [len(each) for each in found] == [1, 1, 1]
        session.rollback()
    for scope in SCOPES:
        _lift(database, actor, scope)
    with database.read() as session:
        assert not any((holds.held_clinics(session), holds.held_protocols(session), holds.held_patients(session)))
    assert states(database) == {State.PLANNED: 1}
