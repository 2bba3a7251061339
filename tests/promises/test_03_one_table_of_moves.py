"""Promise 3: one table of legal moves, in the WHERE of every UPDATE; receipts harmless in any order; late is a state.

A trigger in the database sees every change of a message's state, whoever makes it.
Seen to fail when: `move` or `_plan_again` or `begin` left `may_become` out of its WHERE; `move_due` reached messages
that have left; delivery moved a message by hand; news of a delivery moved only what was sent; `expire` told nobody.
"""

import ast
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reminders import outbox
from reminders.channels.base import ChannelError, Fault
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Attempt, Event, Message, Sender
from reminders.models.kinds import Channel, EventKind, Language, MessageKind, Outcome
from reminders.outbox import Beginning, Claim, Move, Settlement
from schedules.lifecycle import MOVES, State
from tests.promises.practice import MARIE, Practice
from tests.promises.stories import Story
from tests.promises.witness import seen, watching
from tests.promises.world import TUESDAY, World, number

ROOT = Path(__file__).resolve().parents[2]
LEGAL = {(state, target) for state, targets in MOVES.items() for target in targets}
TOKEN = uuid.UUID(int=7)
LATER = TUESDAY + timedelta(minutes=2)
_LIFECYCLE = re.compile(r"(?<!\w)State\b")
"""The states of messages, not those of reminders, treatments, tickets or consults."""


@pytest.fixture(autouse=True)
def _witness(database: Database) -> Iterator[None]:
    with watching(database):
        yield


# Who may write the state at all.


def _is_message(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and "Message" in ast.unparse(node).split(".")


def _writes_state(node: ast.AST) -> bool:
    """An UPDATE or INSERT of messages that may set the state, an assignment of a lifecycle state, or SQL by hand."""
    if isinstance(node, ast.Assign):
        sets_state = any(isinstance(target, ast.Attribute) and target.attr == "state" for target in node.targets)
        return sets_state and bool(_LIFECYCLE.search(ast.unparse(node.value)))
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and "update message" in node.value.lower()
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name) and node.func.id in {"insert", "insert_missing", "Message"}:
        return node.func.id == "Message" or any(map(_is_message, node.args))
    return _is_update_of_state(node)


def _is_update_of_state(call: ast.Call) -> bool:
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "values"):
        return False
    updates = [
        inner
        for inner in ast.walk(call.func.value)
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "update"
    ]
    of_messages = any(_is_message(argument) for inner in updates for argument in inner.args)
    # `**something` might hold a state: it counts.
    return of_messages and any(keyword.arg in {"state", None} for keyword in call.keywords)


def _writers(folder: Path) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in sorted(folder.rglob("*.py"))
        if any(_writes_state(node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    }


def test_only_the_outbox_writes_a_messages_state() -> None:
    found = _writers(ROOT / "reminders")
    assert {path for path in found if not path.startswith("reminders/outbox/")} == set(), "move messages by the outbox"
    assert {f"reminders/outbox/{name}.py" for name in ("moves", "begin", "cancel", "settle")} <= found


# Every pair of states, through every function that moves.


def _stand_in_every_state(session: Session, world: World) -> dict[State, uuid.UUID]:
    """One message in each state, as a worker would hold it."""
    sender_id = session.scalars(select(Sender.id).where(Sender.channel == Channel.SMS)).one()
    ids = {state: new_id() for state in State}
    for state, message_id in ids.items():
        session.add(
            Message(
                id=message_id,
                clinic_id=world.clinic.id,
                sender_id=sender_id,
                kind=MessageKind.REMINDER,
                channel=Channel.SMS,
                priority=5,
                language=Language.EN,
                template="answer:clear",
                dedupe_key=str(message_id),
                due_at=TUESDAY,
                useful_until=TUESDAY + timedelta(days=1),
                state=state,
                state_at=TUESDAY,
                claim_token=TOKEN,
                created_at=TUESDAY,
            )
        )
    session.flush()
    return ids


def _by_settling(session: Session, ids: list[uuid.UUID], target: State) -> None:
    outcomes = [Settlement(message_id, new_id(), target, Outcome.ACCEPTED) for message_id in ids]
    outbox.settle(session, outcomes, TOKEN, LATER)


def _by_claiming(session: Session, ids: list[uuid.UUID]) -> None:
    sender_id = session.scalars(select(Message.sender_id).where(Message.id.in_(ids)).distinct()).one()
    outbox.claim(session, Claim(sender_id, TOKEN, 100, LATER, LATER + timedelta(minutes=2)))


def _by_beginning(session: Session, ids: list[uuid.UUID]) -> None:
    rows = session.execute(select(Message.id, Message.clinic_id, Message.sender_id).where(Message.id.in_(ids))).all()
    calls = [Beginning(row.id, new_id(), *row[1:], 1, MARIE, "index", None, "body", "hash", 1) for row in rows]
    outbox.begin(session, calls, LATER, LATER + timedelta(minutes=2))


Mover = Callable[[Session, list[uuid.UUID], State], object]

GENERAL: dict[str, Mover] = {
    "move": lambda session, ids, target: outbox.move(session, Move(target, LATER), Message.id.in_(ids)),
    "end": lambda session, ids, target: outbox.end(session, ids, target, "why", LATER),
    "settle": _by_settling,
}
"""What takes any target: every legal pair moves, no other does."""

SPECIAL: dict[str, tuple[State, Mover, frozenset[State]]] = {
    "cancel": (
        State.CANCELLED,
        lambda session, ids, _: outbox.cancel(session, Message.id.in_(ids), "why", LATER),
        frozenset({State.PLANNED, State.CLAIMED}),
    ),
    "claim": (State.CLAIMED, lambda session, ids, _: _by_claiming(session, ids), frozenset({State.PLANNED})),
    "begin": (State.SENDING, lambda session, ids, _: _by_beginning(session, ids), frozenset({State.CLAIMED})),
    "release": (
        State.PLANNED,
        lambda session, ids, _: outbox.release(session, ids, TOKEN, LATER),
        frozenset({State.CLAIMED}),
    ),
    "move_due": (
        State.PLANNED,
        lambda session, ids, _: outbox.move_due(session, dict.fromkeys(ids, (LATER, LATER)), LATER),
        frozenset({State.CLAIMED}),
    ),
}
"""What has one target, and the states from which it moves there."""


def _moved(world: World, mover: Mover, target: State) -> set[State]:
    """The states from which `mover` moved a message; each must have come to `target`."""
    with world.database.begin() as session:
        ids = _stand_in_every_state(session, world)
        mover(session, list(ids.values()), target)
        session.expire_all()
        after = {state: session.get_one(Message, message_id).state for state, message_id in ids.items()}
        session.rollback()
    assert all(now in {before, target} for before, now in after.items())
    return {before for before, now in after.items() if now is not before}


@pytest.mark.parametrize("mover", GENERAL.values(), ids=GENERAL.keys())
def test_every_legal_pair_moves_and_no_other(world: World, mover: Mover) -> None:
    for target in State:
        assert _moved(world, mover, target) == {state for state, to in LEGAL if to is target}, target


def test_what_has_one_target_moves_from_its_own_states_alone(world: World) -> None:
    for name, (target, mover, wanted) in SPECIAL.items():
        assert {(state, target) for state in wanted} <= LEGAL
        assert _moved(world, mover, target) == wanted, name


def test_the_witness_sees_a_move_that_goes_round_the_outbox(world: World) -> None:
    with world.database.begin() as session:
        ids = _stand_in_every_state(session, world)
        session.execute(update(Message).where(Message.id == ids[State.DELIVERED]).values(state=State.PLANNED))
    assert seen(world.database) == {(State.DELIVERED, State.PLANNED): 1}


# Stories: whatever happens in whatever order.


STATUSES = ["queued", "sent", "delivered", "undelivered", "failed", "nonsense"]
STEPS = [
    *(f"sweep {deed}".strip() for deed in ("", "silent", "lost", "busy", "refused")),
    *(f"receipt {n} {status}" for n in (1, 2, 3) for status in STATUSES),
    *("ask", "ask hidden", "wait 2", "wait 20", "wait 1500", "stop"),
]


def _hold(practice: Practice, steps: list[str]) -> State:
    story = Story(practice)
    for step in steps:
        story.tell(step)
    illegal = {move: n for move, n in seen(practice.database).items() if move not in LEGAL}
    assert not illegal
    state = practice.message(story.message_id).state
    assert state is State.DELIVERED or not story.proven, "a delivery was lost"
    return state


KNOWN = [
    (["receipt 1 delivered", "sweep"], State.SENT),
    (["sweep", "receipt 1 delivered", "receipt 1 sent", "receipt 1 undelivered", "sweep", "ask"], State.DELIVERED),
    (["sweep", "receipt 1 undelivered", "receipt 1 undelivered", "receipt 1 delivered"], State.DELIVERED),
    (["sweep refused", "receipt 1 delivered"], State.DELIVERED),
    (["sweep refused", "receipt 1 sent", "sweep"], State.FAILED),
    (["sweep lost", "receipt 1 sent"], State.SENT),
    (["sweep lost", "wait 2", "ask hidden", "wait 2", "ask hidden", "receipt 1 delivered", "sweep"], State.DELIVERED),
    (["sweep lost", "wait 2", "ask hidden", "wait 2", "ask hidden", "stop", "receipt 1 delivered"], State.CANCELLED),
    (["sweep silent", "wait 2", "ask", "receipt 1 delivered"], State.DELIVERED),
    (["sweep busy", "wait 1500", "sweep"], State.EXPIRED),
    (["wait 1500", "sweep", "receipt 1 delivered"], State.EXPIRED),
    (["stop", "sweep", "receipt 2 delivered"], State.CANCELLED),
]


def test_known_stories_end_as_they_must(practice: Practice) -> None:
    """On both databases."""
    for steps, end in KNOWN:
        assert _hold(practice, steps) is end, steps


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.sampled_from(STEPS), max_size=10))
def test_any_story_keeps_to_the_table_and_loses_no_delivery(practice: Practice, steps: list[str]) -> None:
    _hold(practice, ["sweep silent", *steps])


def test_too_late_is_a_state_with_its_reason(practice: Practice) -> None:
    practice.world.owe_texts(2)
    practice.world.pass_time(timedelta(days=4))
    report = practice.sweep()
    assert (report.expired, practice.got()) == (2, [])
    assert set(practice.rows(select(Message.reason).where(Message.state == State.EXPIRED))) == {"too_late"}
    assert practice.rows(select(Event.kind)) == [EventKind.EXPIRED] * 2
    assert set(seen(practice.database)) == {(State.PLANNED, State.EXPIRED)}


def test_a_week_of_a_clinic_keeps_to_the_table(practice: Practice) -> None:
    """Sent, delivered, failed, opted out, expired, answered: every writer at work, the witness looking on."""
    practice.world.owe_texts(3)
    practice.phones.deeds = [None, ChannelError("no", Fault.PERMANENT, "21614"), None]
    practice.sweep()
    for attempt, status in zip(practice.rows(select(Attempt)), ("delivered", "failed", "undelivered"), strict=True):
        practice.receipt(attempt, status)
    practice.text("3", sender=number(0))
    practice.text("STOP", sender=number(2))
    practice.sweep()
    moves = seen(practice.database)
    assert set(moves) <= LEGAL
    assert len(moves) >= 6
