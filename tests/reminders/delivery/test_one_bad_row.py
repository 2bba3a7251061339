"""One row that cannot be read or answered well spoils nothing for the others.

Each, but the guard on a clinic's own zone, was seen to fail on the code before it: the group stayed claimed, the sweep
or the asking broke off, the rest of what was claimed went on at full speed.
"""

from datetime import time, timedelta

from sqlalchemy import LargeBinary, select, type_coerce, update

from reminders.channels.base import ChannelError, Fault
from reminders.database import Database
from reminders.delivery.context import Delivery
from reminders.delivery.reconcile import reconcile
from reminders.delivery.sweep import send_due
from reminders.models import Attempt, Clinic, Message, Patient, Sender
from reminders.models.kinds import Channel, Language
from schedules.lifecycle import State
from tests.reminders.delivery.conftest import Clock
from tests.reminders.delivery.fakes import Provider
from tests.reminders.outbox.rows import NOW, message, owe, sender_of, states

BROKEN = type_coerce(b"not a sealed value", LargeBinary)


def test_a_zone_that_this_host_does_not_know(database: Database, clinic: Clinic, context: Delivery) -> None:
    owed = owe(database, clinic, 5)
    with database.begin() as session:
        patient_id = session.get_one(Message, owed[2]).patient_id
        session.execute(update(Patient).where(Patient.id == patient_id).values(timezone="Mars/Olympus"))
    send_due(context)
    assert states(database) == {State.SENT: 4, State.SKIPPED: 1}
    assert message(database, owed[2]).reason == "unsendable"


def test_a_clinics_own_zone_is_no_messages_fault(database: Database, clinic: Clinic, context: Delivery) -> None:
    owe(database, clinic, 3)
    with database.begin() as session:
        session.execute(update(Clinic).values(timezone="Mars/Olympus"))
    send_due(context)
    assert State.SKIPPED not in states(database), "they wait for somebody to mend it"


def another_clinic(database: Database) -> Clinic:
    other = Clinic(
        name="Autre",
        short_name="Autre",
        timezone="America/Toronto",
        language=Language.FR,
        opens=time(9),
        closes=time(20),
        created_at=NOW,
    )
    with database.begin() as session:
        session.add(other)
        session.flush()
        session.add(
            Sender(
                clinic_id=other.id,
                channel=Channel.SMS,
                account="AC1",
                address="+15145550177",
                rate=100.0,
                next_free_at=NOW,
                created_at=NOW,
            )
        )
    return other


def test_credentials_that_do_not_open_stop_only_their_sender(
    database: Database, clinic: Clinic, context: Delivery
) -> None:
    other = another_clinic(database)
    owe(database, other, 2)
    ours = owe(database, clinic, 3)
    with database.begin() as session:
        theirs = sender_of(session, other).id
        session.execute(update(Sender.__table__).where(Sender.id == theirs).values(credentials=BROKEN))
    assert send_due(context).sent == len(ours)
    assert states(database) == {State.SENT: 3, State.PLANNED: 2}


def test_an_address_that_does_not_open_keeps_nobody_from_being_asked_about(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider, clock: Clock
) -> None:
    provider.deeds = ["accept and say nothing"] * 3
    owed = owe(database, clinic, 3)
    send_due(context)
    with database.begin() as session:
        session.execute(update(Attempt.__table__).where(Attempt.message_id == owed[0]).values(to=BROKEN))
    clock.set(NOW + timedelta(minutes=2))
    assert reconcile(context).found == 2
    assert states(database) == {State.SENT: 2, State.UNKNOWN: 1}


def test_too_fast_puts_back_what_is_claimed(
    database: Database, clinic: Clinic, context: Delivery, provider: Provider
) -> None:
    provider.deeds = [ChannelError("too fast", Fault.RETRY, "20429", timedelta(seconds=30))]
    owe(database, clinic, 60)
    send_due(context)
    assert len(provider.taken) < 40, "no further group begins"
    with database.read() as session:
        assert not session.scalars(select(Message.id).where(Message.state == State.CLAIMED)).all()
