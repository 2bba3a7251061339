"""From due to sent: once, re-checked, in time, and nothing else."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import LargeBinary, event, select, type_coerce, update

from reminders.channels.base import ChannelError, Fault
from reminders.crypto import Keyring
from reminders.database import Database
from reminders.delivery.context import Delivery, Pace
from reminders.delivery.links import read_unsubscribe_token
from reminders.delivery.sweep import send_due
from reminders.models import Attempt, Clinic, Event, Instance, Message, MessageReminder, OptOut, Patient, Sender
from reminders.models.instance import LAST_SWEEP
from reminders.models.kinds import Channel, ConsentAction, EventKind, MessageKind, Outcome
from reminders.outbox import enqueue
from reminders.settings import Settings
from schedules.lifecycle import State
from tests.reminders.delivery.conftest import Clock
from tests.reminders.delivery.fakes import Provider, delivery
from tests.reminders.outbox.rows import (
    NIGHT,
    NOW,
    PHONE,
    add_patient,
    add_reminder,
    add_treatment,
    draft,
    ledger_entry,
    message,
    owe,
    sender_of,
    states,
)


def _events(database: Database) -> list[EventKind]:
    with database.read() as session:
        return list(session.scalars(select(Event.kind).order_by(Event.at, Event.id)))


def test_what_is_due_is_sent_once(database: Database, clinic: Clinic, context: Delivery, provider: Provider) -> None:
    owe(database, clinic, 45)
    report = send_due(context)
    assert (report.claimed, report.sent) == (45, 45)
    assert send_due(context).claimed == 0
    assert len({one.to for one in provider.taken}) == len(provider.taken) == 45
    assert states(database) == {State.SENT: 45}
    assert provider.opened == provider.closed == 1


def test_what_is_written_down(database: Database, clinic: Clinic, context: Delivery, provider: Provider) -> None:
    (owed,) = owe(database, clinic)
    send_due(context)
    row = message(database, owed)
    assert row.body == provider.taken[0].body == "Clinique Lumière: hello Marie."
    assert row.sent_at is not None
    assert (row.claim_token, row.lease_until) == (None, None)
    with database.read() as session:
        attempt = session.scalars(select(Attempt)).one()
        assert attempt.id == provider.taken[0].attempt_id
        assert (attempt.number, attempt.outcome, attempt.segments) == (1, Outcome.ACCEPTED, 1)
        assert attempt.provider_id == provider.listed[0].provider_id
        assert session.get_one(Instance, LAST_SWEEP).value.startswith("2026-03-10T15:00")


def test_no_call_is_made_before_its_attempt_is_committed(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    seen: list[tuple[State, bool]] = []

    def look(outgoing: object) -> None:
        with database.read() as session:
            attempt = session.get_one(Attempt, provider.taken[-1].attempt_id)
            seen.append((session.get_one(Message, attempt.message_id).state, attempt.outcome is None))

    provider.during = look
    owe(database, clinic)
    send_due(context)
    assert seen == [(State.SENDING, True)]


def test_no_session_is_open_during_a_call(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    out: list[int] = []

    def look(_: object) -> None:
        # The other lane may be looking for further work; it soon has none.
        time.sleep(0.3)
        out.append(database.engine.pool.checkedout())  # type: ignore[attr-defined]

    provider.during = look
    owe(database, clinic)
    send_due(context)
    assert out == [0]


def _opt_out(database: Database, patient: Patient) -> None:
    with database.begin() as session:
        assert patient.phone_index is not None
        session.add(
            OptOut(
                clinic_id=patient.clinic_id,
                channel=Channel.SMS,
                address_index=patient.phone_index,
                at=NOW,
                source="reply",
            )
        )


def _withdraw(database: Database, patient: Patient) -> None:
    with database.begin() as session:
        session.add(ledger_entry(patient, Channel.SMS, ConsentAction.WITHDRAWN, NOW))


def _erase(database: Database, patient: Patient) -> None:
    with database.begin() as session:
        session.execute(update(Patient).values(erased_at=NOW))


def _forget_the_number(database: Database, patient: Patient) -> None:
    with database.begin() as session:
        session.execute(update(Patient).values(phone=None, phone_index=None))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_opt_out, "opted_out"),
        (_withdraw, "no_consent"),
        (_erase, "patient_erased"),
        (_forget_the_number, "no_address"),
    ],
)
def test_asked_again_at_the_last_moment(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, change: object, reason: str
) -> None:
    with database.begin() as session:
        patient = add_patient(session, clinic)
        treatment = add_treatment(session, clinic, patient)
        reminder = add_reminder(session, treatment)
        (owed,) = enqueue(session, [draft(patient, treatment, reminder_ids=(reminder.id,))], NOW)
    change(database, patient)  # type: ignore[operator]
    report = send_due(context)
    assert (provider.taken, report.withheld) == ([], 1)
    row = message(database, owed)
    assert (row.state, row.reason) == (State.SKIPPED, reason)
    with database.read() as session:
        assert session.scalars(select(MessageReminder.live)).all() == [False]
        assert session.scalars(select(Attempt)).all() == []


def test_at_night_a_reminder_waits_for_the_morning_and_a_safety_text_does_not(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    clock.set(NIGHT)
    (reminder,) = owe(database, clinic, useful_until=NIGHT + timedelta(days=1))
    (safety,) = owe(database, clinic, kind=MessageKind.SAFETY, useful_until=NIGHT + timedelta(days=1))
    send_due(context)
    assert message(database, safety).state is State.SENT
    row = message(database, reminder)
    assert (row.state, row.reason) == (State.PLANNED, "outside_window")
    # 9:00 in Montreal, daylight saving time.
    assert row.due_at.isoformat() == "2026-03-11T13:00:00+00:00"


def test_what_cannot_wait_until_morning_expires(
    database: Database, clinic: Clinic, context: Delivery, clock: Clock
) -> None:
    clock.set(NIGHT)
    (owed,) = owe(database, clinic, useful_until=NIGHT + timedelta(hours=2))
    send_due(context)
    row = message(database, owed)
    assert (row.state, row.reason) == (State.EXPIRED, "too_late")
    assert _events(database) == [EventKind.EXPIRED]


def test_too_late_is_a_state(database: Database, clinic: Clinic, context: Delivery, provider: Provider) -> None:
    (owed,) = owe(database, clinic, due_at=NOW - timedelta(days=3), useful_until=NOW - timedelta(days=1))
    assert send_due(context).expired == 1
    row = message(database, owed)
    assert (row.state, row.reason, provider.taken) == (State.EXPIRED, "too_late", [])
    assert _events(database) == [EventKind.EXPIRED]


def test_the_carrier_may_not_deliver_at_night(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    # Two hours before the window closes at 20:00.
    evening = NOW + timedelta(hours=7)
    clock.set(evening)
    owe(database, clinic, useful_until=evening + timedelta(days=2))
    send_due(context)
    assert timedelta(minutes=119) < provider.taken[0].valid_for <= timedelta(hours=2)


def test_in_the_last_minute_the_window_counts_as_shut(
    database: Database, clinic: Clinic, context: Delivery, clock: Clock
) -> None:
    last = NOW + timedelta(hours=9, seconds=-30)
    clock.set(last)
    (owed,) = owe(database, clinic)
    send_due(context)
    assert message(database, owed).due_at.isoformat() == "2026-03-11T13:00:00+00:00"


def test_an_email_says_how_to_unsubscribe_and_keeps_its_message_id(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, keyring: Keyring, clock: Clock
) -> None:
    provider.can_look_up = False
    provider.deeds = [ChannelError("greylisted", Fault.RETRY, "451"), None]
    (owed,) = owe(database, clinic, channel=Channel.EMAIL)
    send_due(context)
    clock.set(NOW + timedelta(hours=1))
    send_due(context)
    (sent,) = provider.taken
    assert sent.headers["Message-ID"] == f"<{owed}@clinic.example>"
    assert sent.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = sent.headers["List-Unsubscribe"].strip("<>")
    patient_id, channel = read_unsubscribe_token(keyring, url.rsplit("/", 1)[1])
    assert (patient_id, channel) == (message(database, owed).patient_id, Channel.EMAIL)
    assert url.startswith("http://127.0.0.1:8000/u/")
    assert url in sent.body


def test_one_unsendable_message_stops_no_other(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    broken, fine = owe(database, clinic, 2)
    with database.begin() as session:
        session.execute(update(Message).where(Message.id == broken).values(template="step:no-such"))
    send_due(context)
    assert message(database, fine).state is State.SENT
    row = message(database, broken)
    assert (row.state, row.reason) == (State.SKIPPED, "unsendable")
    assert _events(database) == [EventKind.FAILED]


def test_a_ciphertext_that_does_not_open_stops_no_other(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    broken, fine = owe(database, clinic, 2)
    with database.begin() as session:
        patient_id = session.get_one(Message, broken).patient_id
        name = type_coerce(Patient.given_name, LargeBinary)
        session.execute(update(Patient).where(Patient.id == patient_id).values(phone=name))
    send_due(context)
    assert message(database, fine).state is State.SENT
    assert message(database, broken).reason == "unsendable"


MEANINGS = {
    Fault.PERMANENT: (State.FAILED, [EventKind.FAILED]),
    Fault.OPTED_OUT: (State.FAILED, [EventKind.OPTED_OUT_BY_CARRIER]),
    Fault.UNKNOWN: (State.UNKNOWN, []),
    Fault.RETRY: (State.PLANNED, []),
    Fault.SENDER: (State.PLANNED, [EventKind.SENDER_PAUSED]),
}


@pytest.mark.parametrize("fault", Fault)
def test_what_a_refusal_means(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, fault: Fault
) -> None:
    provider.deeds = [ChannelError("no", fault, "12345")]
    (owed,) = owe(database, clinic)
    send_due(context)
    row = message(database, owed)
    assert (row.state, _events(database)) == MEANINGS[fault]
    assert row.tries == (fault is Fault.RETRY)
    assert (row.due_at > NOW) == (fault is Fault.RETRY)
    assert (row.check_at is not None) == (fault is Fault.UNKNOWN)


def test_a_provider_that_hangs_leaves_an_unknown(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    provider.deeds = ["hang", None]
    owe(database, clinic, 2)
    send_due(context)
    assert states(database) == {State.UNKNOWN: 1, State.SENT: 1}


def test_what_breaks_in_a_call_is_an_unknown(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    provider.deeds = [RuntimeError("a bug"), None]
    owe(database, clinic, 2)
    send_due(context)
    assert states(database) == {State.UNKNOWN: 1, State.SENT: 1}


def test_trouble_with_the_sender_is_told_once_and_burns_no_tries(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    owed = owe(database, clinic, 60)
    provider.deeds = [ChannelError("no", Fault.SENDER, "20003")] * 60
    send_due(context)
    assert states(database) == {State.PLANNED: 60}
    assert len(provider.deeds) >= 40, "the rest was not even tried"
    assert send_due(context).claimed == 0
    clock.set(NOW + timedelta(minutes=16))
    send_due(context)
    assert _events(database) == [EventKind.SENDER_PAUSED]
    provider.deeds = []
    clock.set(NOW + timedelta(minutes=40))
    send_due(context)
    assert states(database) == {State.SENT: 60}
    assert {message(database, key).tries for key in owed} == {0}
    with database.read() as session:
        assert sender_of(session, clinic).paused_reason is None


def test_a_sender_keeps_its_pace(database: Database, clinic: Clinic, settings: Settings, provider: Provider) -> None:
    owe(database, clinic, 40)
    with database.begin() as session:
        # So slow that a busy machine earns nothing more meanwhile.
        session.execute(update(Sender).values(rate=0.02))
    context = delivery(database, settings, provider, Pace(horizon=timedelta(seconds=400), lease=timedelta(hours=1)))
    assert send_due(context).sent == 8
    assert send_due(context).sent <= 1
    (safety,) = owe(database, clinic, kind=MessageKind.SAFETY)
    send_due(context)
    assert message(database, safety).state is State.SENT, "a safety text waits for no budget"
    context.close()


def test_segments_are_charged(database: Database, clinic: Clinic, context: Delivery) -> None:
    with database.begin() as session:
        session.execute(update(Clinic).values(short_name="œ" * 39))
        session.execute(update(Sender).values(rate=1.0))
        patient = add_patient(session, clinic)
        treatment = add_treatment(session, clinic, patient)
        enqueue(session, [draft(patient, treatment, template="answer:help")], NOW)
    send_due(context)
    with database.read() as session:
        segments = session.scalars(select(Attempt.segments)).one()
        ahead = (sender_of(session, clinic).next_free_at - NOW).total_seconds()
    assert segments > 1
    assert segments <= ahead < segments + 1


def test_a_fixed_number_of_statements_a_group(
    database: Database, clinic: Clinic, settings: Settings, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a slow machine the second sweep would look for further senders, and the first would not.
    monkeypatch.setattr("reminders.delivery.sweep._LOOK_AGAIN_SECONDS", 60)

    def statements(owed: int) -> int:
        owe(database, clinic, owed)
        seen: list[str] = []

        def note(*args: object) -> None:
            seen.append(str(args[2]))

        event.listen(database.engine, "before_cursor_execute", note)
        context = delivery(database, settings, provider, Pace(in_flight={Channel.SMS: 400, Channel.EMAIL: 1}))
        assert send_due(context).sent == owed
        context.close()
        event.remove(database.engine, "before_cursor_execute", note)
        return len(seen)

    assert statements(2) == statements(90)


def test_a_hold_reaches_what_is_claimed_already(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    owe(database, clinic, 60)

    def hold(_: object) -> None:
        with database.begin() as session:
            session.execute(update(Clinic).values(held_at=NOW))

    provider.during = hold
    send_due(context)
    assert len(provider.taken) < 60
    assert states(database)[State.PLANNED] >= 20


def test_the_sandboxed_phone_is_the_patients(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    with database.begin() as session:
        patient = add_patient(session, clinic)
        enqueue(session, [draft(patient, add_treatment(session, clinic, patient))], NOW)
    send_due(context)
    assert provider.taken[0].to == PHONE
