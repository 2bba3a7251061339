"""The branches of an answer by e-mail in both languages, on separate processes: beat wakes a worker, which reads the
clinic's mailbox in the sandbox's by IMAP.

Seen to fail when: the task was not in the schedule; a bounce was kept as a reply.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select, update

from reminders.care import staff
from reminders.models import Message, Reply, Sender, Staff, Ticket
from reminders.models.kinds import Language, MessageKind, Role, TicketKind
from schedules.lifecycle import State
from tests import services
from tests.processes import Stack, open_stack
from tests.promises.practice import NURSE
from tests.promises.world import World, address, open_world

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Branch:
    """What is written, by language, and how else; the templates of what the patient gets then; staff's tickets."""

    said: dict[str, str]
    sent: tuple[str, ...] = ()
    tickets: tuple[TicketKind, ...] = ()
    more: dict[str, object] = field(default_factory=dict)


BRANCHES = {
    "persisting": Branch({"en": "3", "fr": "3"}, ("answer:persisting",), (TicketKind.CONSULT,)),
    "fever": Branch(
        {"en": "I have a fever since last night", "fr": "je fais de la fièvre depuis hier soir"},
        ("safety:urgent",),
        (TicketKind.RED_FLAG,),
    ),
    "stop": Branch(
        {"en": "please stop writing to me", "fr": "svp arrêtez de m'écrire"},
        ("confirmation:stop",),
        (TicketKind.OPTED_OUT,),
    ),
    "bounce": Branch({"en": "", "fr": ""}, (), (TicketKind.UNREACHABLE,), {"bounce": "5.1.1"}),
    "out of office": Branch(
        {"en": "Thank you, I am away until Monday.", "fr": "Merci, je suis de retour lundi."},
        more={"headers": {"Auto-Submitted": "auto-replied"}},
    ),
}
Case = tuple[str, str]
CASES: list[Case] = [(name, language.value) for name in BRANCHES for language in Language]
BECAUSE_OF_IT = (MessageKind.ANSWER, MessageKind.SAFETY, MessageKind.CONFIRMATION)


@dataclass
class Walk:
    """All branches walked once, each by a patient of its own."""

    stack: Stack
    world: World
    patients: dict[Case, uuid.UUID] = field(default_factory=dict)

    def mailbox(self, case: Case) -> str:
        return address(20 + CASES.index(case))

    def got(self, case: Case) -> int:
        return len(self.stack.texts(self.mailbox(case)))

    def rows(self, query: object) -> list[object]:
        with self.world.database.read() as session:
            return list(session.scalars(query))  # type: ignore[call-overload]

    def is_over(self) -> bool:
        """Whether everybody has got what they are to get, and all that came is read."""
        read = self.rows(select(func.count()).select_from(Reply).where(Reply.read_at.is_not(None)))
        unreachable = self.rows(select(func.count()).where(Ticket.kind == TicketKind.UNREACHABLE))
        have = all(self.got(case) == 1 + len(BRANCHES[case[0]].sent) for case in CASES)
        return have and read == [8] and unreachable == [2]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    folder = tmp_path_factory.mktemp("mail")
    with open_stack(folder, broker_url=services.given_redis_url()) as (stack, _, database):
        walk = Walk(stack, open_world(database, stack.settings))
        with database.begin() as session:
            session.execute(update(Sender).values(rate=50.0))
            staff.invite(
                session, walk.world.clinic.id, staff.NewStaff("N", address(9), Role.STAFF.value, "en"), walk.world.now
            )
            session.execute(update(Staff).values(phone=NURSE, on_call=True))
        for case in CASES:
            patient = walk.world.patient(email=walk.mailbox(case), language=case[1])
            walk.patients[case] = patient.id
            walk.world.treat(patient)
        stack.start("sandbox", "web", "worker", "beat")
        services.wait_until(lambda: all(walk.got(case) == 1 for case in CASES), 120, "the questions arrive")
        for case in CASES:
            branch = BRANCHES[case[0]]
            stack.write(walk.mailbox(case), branch.said[case[1]], **branch.more)
        services.wait_until(walk.is_over, 120, "all is answered")
        yield walk


@pytest.mark.parametrize(("name", "language"), CASES)
def test_what_follows(walk: Walk, name: str, language: str) -> None:
    branch, patient = BRANCHES[name], walk.patients[name, language]
    theirs = (Message.patient_id == patient, Message.kind.in_(BECAUSE_OF_IT))
    assert walk.rows(select(Message.template).where(*theirs).order_by(Message.id)) == list(branch.sent)
    assert set(walk.rows(select(Message.language).where(*theirs))) <= {Language(language)}
    assert walk.rows(select(Ticket.kind).where(Ticket.patient_id == patient)) == list(branch.tickets)
    replies = walk.rows(select(Reply.body).where(Reply.patient_id == patient))
    assert [str(body).partition("\n")[0] for body in replies] == ([] if name == "bounce" else [branch.said[language]])


def test_what_bounced_is_undelivered(walk: Walk) -> None:
    bounced = [walk.patients["bounce", language] for language in ("en", "fr")]
    states = walk.rows(select(Message.state).where(Message.patient_id.in_(bounced), Message.sent_at.is_not(None)))
    assert states == [State.UNDELIVERED] * 2


def test_the_nurse_is_called(walk: Walk) -> None:
    services.wait_until(lambda: walk.stack.texts(NURSE), 30, "the nurse is called")
