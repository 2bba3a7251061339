"""A change of the clinic's hours moves what is planned, and nothing leaves outside the new hours meanwhile.

Seen to fail when: the event was not written; a day that is past was dropped from the closed ones; `follow` took an
event that had only just been written; one patient's failure ended the run.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reminders.care import clinic_hours, new_hours, replanning
from reminders.care.actors import Actor
from reminders.care.clinic_hours import TypedHours
from reminders.care.closed_days import holidays_of
from reminders.care.events import handle_events
from reminders.database import Database
from reminders.errors import InvalidInputError
from reminders.models import Audit, Clinic, Event, Message, Patient, Reminder, Ticket
from reminders.models.kinds import Language, TicketKind
from reminders.settings import Settings
from schedules.lifecycle import State
from tests.promises.practice import Practice, open_practice
from tests.promises.world import number, open_world

USUAL = TypedHours("America/Toronto", "09:00", "20:00", "QC", ("7",))
CHECK_IN = "day-7"


@pytest.fixture
def practice(database: Database, settings: Settings) -> Iterator[Practice]:
    """A clinic on Tuesday, 16 June 2026, 11:00 in Montreal: eight days before Saint-Jean-Baptiste."""
    with open_practice(open_world(database, settings, datetime(2026, 6, 16, 15, tzinfo=UTC)), settings) as practice:
        yield practice


def set_hours(practice: Practice, typed: TypedHours) -> bool:
    with practice.database.begin(clinic=practice.clinic.id) as session:
        actor = Actor(practice.clinic.id, "form")
        return clinic_hours.set_hours(session, actor, practice.clinic, typed, practice.world.now)


def follow(practice: Practice) -> int:
    practice.world.pass_time(new_hours.SETTLED_AFTER)
    return new_hours.follow(practice.database)


def planned(practice: Practice) -> list[tuple[str, datetime]]:
    """What is still to come, by step, due (UTC)."""
    with practice.database.read() as session:
        waiting = select(Message.template, Message.due_at).where(Message.state == State.PLANNED)
        return [
            (template.removeprefix("step:"), due) for template, due in session.execute(waiting.order_by(Message.due_at))
        ]


def treated(practice: Practice, phone: int = 0, days_ago: int = 0) -> None:
    practice.world.treat(practice.world.patient(phone=number(phone)), days_ago=days_ago)


def due(practice: Practice, step: str) -> datetime:
    return dict(planned(practice))[step]


def test_a_holiday_moves_the_check_in_to_the_next_open_day(practice: Practice) -> None:
    treated(practice)
    before = due(practice, CHECK_IN)
    assert before.date().isoformat() == "2026-06-23"
    assert set_hours(practice, replace(USUAL, closed_dates=("2026-06-23", "2026-06-24")))
    assert due(practice, CHECK_IN) == before, "the worker moves it, not the form"
    assert follow(practice) == 1
    assert due(practice, CHECK_IN) == before + timedelta(days=2)
    with practice.database.read() as session:
        assert due(practice, CHECK_IN) in set(session.scalars(select(Reminder.due_at)))
    assert set_hours(practice, USUAL)
    follow(practice)
    assert due(practice, CHECK_IN) == before, "an open day again"


def test_a_narrower_window_moves_everything_into_it(practice: Practice) -> None:
    treated(practice)
    set_hours(practice, replace(USUAL, opens="13:00", closes="15:30"))
    follow(practice)
    local = [at.astimezone(UTC).time() for _, at in planned(practice)]
    assert local
    assert all(time(17) <= at < time(19, 30) for at in local), local


def test_another_zone_moves_everything(practice: Practice) -> None:
    treated(practice)
    before = dict(planned(practice))
    set_hours(practice, replace(USUAL, timezone="America/Vancouver"))
    follow(practice)
    assert {step: at - before[step] for step, at in planned(practice)} == dict.fromkeys(before, timedelta(hours=3))


def test_nothing_leaves_outside_the_new_hours_before_the_worker_has_come(practice: Practice) -> None:
    """The clinic moves to Vancouver; the worker that follows never comes. What was due at 9:00 in Montreal waits."""
    treated(practice)
    first = planned(practice)[0][1]
    set_hours(practice, replace(USUAL, timezone="America/Vancouver"))
    practice.world.set_clock(first + timedelta(minutes=1))
    practice.sweep()
    assert practice.got() == []
    practice.world.set_clock(planned(practice)[0][1] + timedelta(minutes=1))
    practice.sweep()
    assert len(practice.got()) == 1


def test_a_change_that_has_only_just_been_made_waits_for_who_is_recording(practice: Practice) -> None:
    treated(practice)
    set_hours(practice, replace(USUAL, opens="13:00"))
    at = practice.world.now
    with practice.database.begin() as session:
        session.execute(update(Event).values(at=at + timedelta(minutes=1)))
    assert new_hours.follow(practice.database) == 0
    assert handle_events(practice.database) == 0, "it is not delivery's"
    with practice.database.begin() as session:
        session.execute(update(Event).values(at=at - new_hours.SETTLED_AFTER))
    assert new_hours.follow(practice.database) == 1
    assert new_hours.follow(practice.database) == 0, "once"


def test_who_has_nothing_to_come_is_passed_over(practice: Practice) -> None:
    treated(practice, 0)
    treated(practice, 1, days_ago=60)
    set_hours(practice, replace(USUAL, opens="13:00"))
    assert follow(practice) == 1


class Breaking:
    """Replanning that fails for the first `broken` patients it meets, as long as `broken` is not set to none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, broken: int = 1) -> None:
        self.broken, self.met, self._whole = broken, list[object](), replanning.refresh
        monkeypatch.setattr(replanning, "refresh", self)

    def __call__(self, session: Session, clinic: Clinic, patient: Patient, now: datetime) -> None:
        self.met.append(patient.id)
        if patient.id in list(dict.fromkeys(self.met))[: self.broken]:
            raise RuntimeError("broken")
        self._whole(session, clinic, patient, now)


def open_events(practice: Practice) -> int:
    with practice.database.read() as session:
        return len(session.scalars(select(Event.id).where(Event.handled_at.is_(None))).all())


def tickets(practice: Practice) -> list[Ticket]:
    with practice.database.read() as session:
        return list(session.scalars(select(Ticket)))


def test_one_patients_failure_holds_up_nobody_and_is_made_good(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail when the event was done whatever became of each: the one was never replanned."""
    for phone in range(3):
        treated(practice, phone)
    breaking = Breaking(monkeypatch)
    set_hours(practice, replace(USUAL, opens="13:00", closes="15:30"))
    assert follow(practice) == 2
    assert open_events(practice) == 1
    assert follow(practice) == 0, "not at once again"
    breaking.broken = 0
    practice.world.pass_time(new_hours.RETRY_AFTER[0])
    assert follow(practice) == 1, "the others are not gone through again"
    assert len(breaking.met) == 4
    assert all(time(17) <= at.astimezone(UTC).time() < time(19, 30) for _, at in planned(practice))
    assert (open_events(practice), tickets(practice)) == (0, [])


def test_who_cannot_be_replanned_becomes_staffs(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail without the ticket, and with tries without an end."""
    for phone in range(2):
        treated(practice, phone)
    breaking = Breaking(monkeypatch)
    set_hours(practice, replace(USUAL, opens="13:00"))
    follow(practice)
    for spacing in new_hours.RETRY_AFTER:
        assert (open_events(practice), tickets(practice)) == (1, [])
        practice.world.pass_time(spacing)
        follow(practice)
    (told,) = tickets(practice)
    assert (told.kind, told.reason, told.patient_id) == (TicketKind.DELIVERY, "not_replanned", breaking.met[0])
    assert (open_events(practice), breaking.met.count(told.patient_id)) == (0, 1 + len(new_hours.RETRY_AFTER))
    page = practice.browser(practice.hire()).get("/").text
    assert "could not follow" in page


def test_a_failure_of_many_is_one_ticket(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail with a ticket for each."""
    monkeypatch.setattr(new_hours, "MANY", 1)
    for phone in range(2):
        treated(practice, phone)
    Breaking(monkeypatch, broken=2)
    set_hours(practice, replace(USUAL, opens="13:00"))
    follow(practice)
    for spacing in new_hours.RETRY_AFTER:
        practice.world.pass_time(spacing)
        follow(practice)
    assert [(one.reason, one.patient_id) for one in tickets(practice)] == [("many_not_replanned", None)]


def test_a_new_change_is_followed_at_once_by_whoever_failed_before(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail when only those left of the earlier change were gone through."""
    for phone in range(2):
        treated(practice, phone)
    breaking = Breaking(monkeypatch)
    set_hours(practice, replace(USUAL, opens="13:00"))
    assert follow(practice) == 1
    breaking.broken = 0
    set_hours(practice, replace(USUAL, opens="14:00"))
    assert follow(practice) == 2
    practice.world.pass_time(new_hours.RETRY_AFTER[0])
    assert follow(practice) == 1
    assert open_events(practice) == 0


def test_the_neighbours_stay_as_they_are(practice: Practice, settings: Settings) -> None:
    treated(practice)
    there = open_world(practice.database, settings, practice.world.now)
    before = planned(practice)
    with practice.database.begin(clinic=there.clinic.id) as session:
        actor = Actor(there.clinic.id, "form")
        clinic_hours.set_hours(session, actor, there.clinic, replace(USUAL, opens="13:00"), there.now)
    assert follow(practice) == 0
    assert planned(practice) == before


def test_what_did_not_change_is_no_event_and_no_entry(practice: Practice) -> None:
    assert not set_hours(practice, USUAL)
    assert set_hours(practice, replace(USUAL, province="ON"))
    with practice.database.read() as session:
        assert session.scalars(select(Event.id)).all() == [], "a province alone moves nothing"
        assert session.scalars(select(Audit.detail)).one() == {"source": "form", "province": "ON"}


def test_the_trail_says_what_changed(practice: Practice) -> None:
    set_hours(practice, replace(USUAL, closes="18:00", closed_dates=("2026-06-24", "2026-07-01")))
    set_hours(practice, replace(USUAL, closes="18:00", closed_dates=("2026-07-01",)))
    with practice.database.read() as session:
        trail = session.scalars(select(Audit.detail).order_by(Audit.at, Audit.id)).all()
    assert trail == [
        {"source": "form", "closes": "18:00", "closed": ["2026-06-24", "2026-07-01"]},
        {"source": "form", "opened": ["2026-06-24"]},
    ]


def test_days_that_are_past_stay(practice: Practice) -> None:
    set_hours(practice, replace(USUAL, closed_dates=("2026-06-24",)))
    practice.world.pass_time(timedelta(days=20))
    set_hours(practice, replace(USUAL, closed_dates=("2026-07-08",)))
    with practice.database.read() as session:
        stored = session.get_one(Clinic, practice.clinic.id)
        assert stored.closed_dates == ["2026-06-24", "2026-07-08"]


def test_a_closure_is_typed_as_its_first_and_last_day(practice: Practice) -> None:
    set_hours(practice, replace(USUAL, first="2026-07-19", last="2026-07-21"))
    with practice.database.read() as session:
        days = session.get_one(Clinic, practice.clinic.id).closed_dates
    assert days == ["2026-07-19", "2026-07-20", "2026-07-21"]


@pytest.mark.parametrize(
    ("typed", "problems"),
    [
        ({"timezone": "America/Montréal"}, {"timezone": "timezone_unknown"}),
        ({"opens": "07:59"}, {"opens": "window_outside"}),
        ({"closes": "21:01"}, {"closes": "window_outside"}),
        ({"opens": "12:00", "closes": "12:00"}, {"closes": "window_backwards"}),
        ({"opens": "noon", "closes": ""}, {"opens": "time_unreadable", "closes": "time_unreadable"}),
        ({"closed_weekdays": tuple("1234567")}, {"closed_weekdays": "all_days_closed"}),
        ({"province": "PQ"}, {"province": "province_unknown"}),
        ({"closed_dates": ("soon",)}, {"closed_dates": "date_unreadable"}),
        ({"first": "2026-06-15"}, {"first": "date_in_past"}),
        ({"first": "2026-07-15", "last": "2026-07-14"}, {"last": "closure_backwards"}),
        ({"first": "2026-07-01", "last": "2026-12-31"}, {"last": "closure_too_long"}),
        ({"first": "2036-07-01"}, {"last": "date_too_far"}),
        ({"last": "2026-07-01"}, {"first": "date_unreadable"}),
    ],
)
def test_hours_that_cannot_be_are_refused(practice: Practice, typed: dict[str, str], problems: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        set_hours(practice, replace(USUAL, **typed))  # type: ignore[arg-type]
    assert {field: problem.key for field, problem in refused.value.problems.items()} == problems


def test_the_holidays_of_a_province_by_name() -> None:
    french = {one.day.isoformat(): one.name for one in holidays_of("QC", (2026,), Language.FR)}
    assert french["2026-06-24"] == "Fête nationale du Québec"
    assert french["2026-12-26"] == "Lendemain de Noël"
    english = {one.name for one in holidays_of("ON", (2026, 2027), Language.EN)}
    assert {"Family Day", "Canada Day"} <= english
