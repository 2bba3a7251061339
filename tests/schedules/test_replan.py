"""A moved date: what is kept, moved, added and cancelled, and that it comes to the plan made afresh."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.hours import Hours
from schedules.plan import Plan, plan
from schedules.protocol import Protocol
from schedules.replan import Changes, Existing, replan
from tests.schedules.values import MICRONEEDLING, MINUTE, TORONTO, protocols, situations

Situation = tuple[datetime, Hours, datetime]
Row = tuple[str, int, str, str]


def local(text: str) -> datetime:
    """`05-04 14:00` of 2026 on Toronto's clocks."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=TORONTO)


def shown(changes: Changes) -> dict[str, list[str]]:
    """The changes as short strings."""
    return {
        "keep": [f"{row.key} {row.round}" for row in changes.keep],
        "move": [f"{m.existing.key} {m.existing.round} to {_when(m.to.due_at)}" for m in changes.move],
        "add": [f"{a.planned.step.key} {a.round} at {_when(a.planned.due_at)}" for a in changes.add],
        "cancel": [f"{row.key} {row.round}" for row in changes.cancel],
    }


def _when(at: datetime) -> str:
    return f"{at.astimezone(TORONTO):%m-%d %H:%M}"


D1, D3, D7 = ("day-1", 1, "05-05 10:00"), ("day-3", 1, "05-07 10:00"), ("day-7", 1, "05-11 10:00")
ALL_OPEN = [(*row, "open") for row in (D1, D3, D7)]

# What, what is there (from a treatment on May 4), the new date, now, and what must be done (what is empty left out).
CASES: list[tuple[str, list[Row], str, str, dict[str, list[str]]]] = [
    ("same day", ALL_OPEN, "05-04 16:00", "05-04 17:00", {"keep": ["day-1 1", "day-3 1", "day-7 1"]}),
    (
        "a day later",
        ALL_OPEN,
        "05-05 09:00",
        "05-04 17:00",
        {"move": ["day-1 1 to 05-06 10:00", "day-3 1 to 05-08 10:00", "day-7 1 to 05-12 10:00"]},
    ),
    (
        "was a week earlier",
        ALL_OPEN,
        "04-27 09:00",
        "05-04 17:00",
        {"move": ["day-7 1 to 05-04 17:00"], "cancel": ["day-1 1", "day-3 1"]},
    ),
    (
        "was a month earlier",
        ALL_OPEN,
        "04-04 09:00",
        "05-04 17:00",
        {"cancel": ["day-1 1", "day-3 1", "day-7 1"]},
    ),
    (
        "sent once is never sent again",
        [(*D1, "done"), (*D3, "open"), (*D7, "open")],
        "05-06 09:00",
        "05-06 12:00",
        {"keep": ["day-1 1"], "move": ["day-3 1 to 05-09 10:00", "day-7 1 to 05-13 10:00"]},
    ),
    (
        "skipped and cancelled ones come back in a new round",
        [(*D1, "skipped"), (*D3, "cancelled"), ("day-3", 2, "05-07 10:00", "cancelled"), (*D7, "open")],
        "05-04 14:00",
        "05-04 17:00",
        {"keep": ["day-7 1"], "add": ["day-1 2 at 05-05 10:00", "day-3 3 at 05-07 10:00"]},
    ),
    (
        "a new step",
        [(*D1, "open"), (*D3, "open")],
        "05-04 14:00",
        "05-04 17:00",
        {"keep": ["day-1 1", "day-3 1"], "add": ["day-7 1 at 05-11 10:00"]},
    ),
    (
        "a step that the protocol no longer has",
        [*ALL_OPEN, ("day-5", 1, "05-09 10:00", "open")],
        "05-04 14:00",
        "05-04 17:00",
        {"keep": ["day-1 1", "day-3 1", "day-7 1"], "cancel": ["day-5 1"]},
    ),
    (
        "a nudge after a check-in that was sent follows the answer, not the calendar",
        [(*D1, "done"), (*D3, "done"), (*D7, "done"), ("day-7", 2, "05-13 10:00", "open")],
        "05-05 14:00",
        "05-12 17:00",
        {"keep": ["day-1 1", "day-3 1", "day-7 1", "day-7 2"]},
    ),
    (
        "of two open rounds the newest counts",
        [*ALL_OPEN, ("day-7", 2, "05-12 10:00", "open")],
        "05-05 14:00",
        "05-04 17:00",
        {
            "keep": ["day-7 2"],
            "move": ["day-1 1 to 05-06 10:00", "day-3 1 to 05-08 10:00"],
            "cancel": ["day-7 1"],
        },
    ),
]


@pytest.mark.parametrize(("there", "treated", "now", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_replan(there: list[Row], treated: str, now: str, expected: dict[str, list[str]]) -> None:
    existing = [Existing(key, number, local(due), state) for key, number, due, state in there]
    wanted = plan(MICRONEEDLING, local(treated), Hours(TORONTO), local(now))
    nothing: dict[str, list[str]] = {"keep": [], "move": [], "add": [], "cancel": []}
    assert shown(replan(existing, wanted)) == nothing | expected


@pytest.mark.parametrize(
    ("number", "due_at", "state"),
    [
        (0, local("05-04 10:00"), "open"),
        (1, local("05-04 10:00"), "sent"),
        (1, datetime.fromisoformat("2026-05-04 10:00"), "open"),
    ],
)
def test_a_senseless_row_is_refused(number: int, due_at: datetime, state: str) -> None:
    with pytest.raises(ValueError, match=r"not a reminder|naive"):
        Existing("day-1", number, due_at, state)


@st.composite
def moved(draw: st.DrawFn) -> tuple[list[Existing], Plan]:
    """What a first plan left behind some time later, and the plan after the date was moved by up to three weeks."""
    protocol = draw(protocols())
    treated_at, hours, now = draw(situations())
    first = plan(protocol, treated_at, hours, now)
    later = now + timedelta(minutes=draw(st.integers(0, 14 * 1440)))
    shift = draw(st.integers(-21 * 1440, 21 * 1440)) * MINUTE
    states = st.sampled_from(("open", "done", "cancelled"))
    there = [Existing(one.step.key, 1, one.due_at, draw(states)) for one in first.planned]
    there += [Existing(one.step.key, 1, one.due_at, "skipped") for one in first.skipped]
    protocol = draw(st.sampled_from((protocol, Protocol("any", protocol.steps[:1]))))
    return there, plan(protocol, treated_at + shift, hours, later)


def applied(existing: list[Existing], changes: Changes) -> list[Existing]:
    """What is there once the changes are made."""
    gone = {(row.key, row.round) for row in (*changes.cancel, *(move.existing for move in changes.move))}
    there = [row for row in existing if (row.key, row.round) not in gone]
    there += [Existing(row.key, row.round, row.due_at, "cancelled") for row in changes.cancel]
    there += [Existing(m.existing.key, m.existing.round, m.to.due_at, "open") for m in changes.move]
    return there + [Existing(a.planned.step.key, a.round, a.planned.due_at, "open") for a in changes.add]


@given(moved())
def test_replanning_comes_to_the_plan_made_afresh(case: tuple[list[Existing], Plan]) -> None:
    existing, wanted = case
    done = {row.key for row in existing if row.state == "done"}
    there = applied(existing, replan(existing, wanted))
    open_now = sorted((row.key, row.due_at) for row in there if row.state == "open")
    assert open_now == sorted((p.step.key, p.due_at) for p in wanted.planned if p.step.key not in done)


@given(moved())
def test_a_second_replan_changes_nothing(case: tuple[list[Existing], Plan]) -> None:
    existing, wanted = case
    again = replan(applied(existing, replan(existing, wanted)), wanted)
    assert (again.move, again.add, again.cancel) == ((), (), ())


@given(moved())
def test_what_is_done_is_only_ever_kept_and_no_round_is_used_twice(case: tuple[list[Existing], Plan]) -> None:
    existing, wanted = case
    changes = replan(existing, wanted)
    done = {row for row in existing if row.state == "done"}
    assert done <= set(changes.keep)
    assert not {row.key for row in done} & {addition.planned.step.key for addition in changes.add}
    rounds = [(row.key, row.round) for row in applied(existing, changes)]
    assert len(set(rounds)) == len(rounds)
