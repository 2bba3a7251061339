"""Stories of one text: whatever may happen to it, in whatever order."""

import uuid
from datetime import timedelta

from sqlalchemy import select, text

from reminders import outbox
from reminders.channels.base import ChannelError, Fault
from reminders.delivery.reconcile import reconcile
from reminders.ids import new_id
from reminders.models import Attempt, Message, Patient
from reminders.models.kinds import Channel, Language, MessageKind
from reminders.outbox import Draft
from schedules.lifecycle import State
from tests.promises.practice import MARIE, Practice
from tests.promises.world import TUESDAY


class Story:
    """One text of Marie's, to which things happen; `first` and later attempts are made by sweeps."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self.proven = False
        practice.world.set_clock(TUESDAY)
        self.message_id = _owe_one(practice)

    def attempts(self) -> list[Attempt]:
        """Those made so far, oldest first."""
        return list(self.practice.rows(select(Attempt).order_by(Attempt.number)))

    def tell(self, step: str) -> None:
        """Let one thing happen."""
        what, _, more = step.partition(" ")
        {"sweep": self._sweep, "receipt": self._receipt, "ask": self._ask, "wait": self._wait, "stop": self._stop}[
            what
        ](more)

    def _sweep(self, deed: str) -> None:
        deeds: dict[str, Exception | str | None] = {
            "": None,
            "silent": "accept and say nothing",
            "lost": ChannelError("no answer", Fault.UNKNOWN, "timeout"),
            "busy": ChannelError("later", Fault.RETRY, "20429"),
            "refused": ChannelError("no", Fault.PERMANENT, "21614"),
        }
        self.practice.phones.deeds = [deeds[deed]]
        self.practice.sweep()

    def _receipt(self, more: str) -> None:
        number_, status = more.split()
        attempts = self.attempts()
        if int(number_) > len(attempts):
            unknown = Attempt(id=new_id(), provider_id="SM0")
            assert self.practice.receipt(unknown, status).status_code == 200
            return
        before = self.practice.message(self.message_id).state
        assert self.practice.receipt(attempts[int(number_) - 1], status).status_code == 200
        called_off = before in {State.CANCELLED, State.SKIPPED, State.EXPIRED}
        self.proven = self.proven or (status == "delivered" and not called_off)

    def _ask(self, hidden: str) -> None:
        self.practice.phones.hide = bool(hidden)
        reconcile(self.practice.delivery)

    def _wait(self, minutes: str) -> None:
        self.practice.world.pass_time(timedelta(minutes=int(minutes)))

    def _stop(self, _: str) -> None:
        with self.practice.database.begin() as session:
            outbox.cancel(session, Message.id == self.message_id, "opted_out", self.practice.world.now)


def _owe_one(practice: Practice) -> uuid.UUID:
    """One answer, useful for a day; nothing else is owed."""
    marie = _marie(practice)
    with practice.database.begin() as session:
        for table in ("receipt", "event", "attempt", "ticket", "message_reminder", "message", "witness"):
            session.execute(text(f"DELETE FROM {table}"))
        draft = Draft(
            practice.clinic.id,
            MessageKind.ANSWER,
            Channel.SMS,
            "answer:clear",
            Language.EN,
            f"story:{new_id()}",
            TUESDAY,
            TUESDAY + timedelta(days=1),
            patient_id=marie,
        )
        return outbox.enqueue(session, [draft], TUESDAY)[0]


def _marie(practice: Practice) -> uuid.UUID:
    found = practice.rows(select(Patient.id))
    return found[0] if found else practice.world.patient(phone=MARIE).id
