"""Handing over who is on call: at once or at a time, also while an alarm climbs; seen on the pages and by command.

Seen to fail when: only the flags were changed, so that an alarm in progress called the new nurse never; a hand-over was
made before its time; one to somebody who had left took everybody off call.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from reminders.care.hand_overs import make_due
from reminders.database import Database
from reminders.models import Audit, HandOver, Message, Sender, Staff
from reminders.models.clinic import NOT_CONNECTED
from reminders.models.kinds import Channel, Language, MessageKind, Role
from reminders.settings import Settings
from reminders.web.i18n import catalogue
from tests.promises.practice import NURSE, Practice, open_practice
from tests.promises.world import number, open_world

NIGHT = datetime(2026, 3, 11, 7, 0, tzinfo=UTC)
MINUTE, A_LITTLE = timedelta(minutes=1), timedelta(seconds=10)
ZOE_PHONE, OWNERS_PHONE = "+15145550115", "+15145550114"
SAID = {"en": "I have a fever and there is pus", "fr": "J'ai de la fièvre et il y a du pus"}


@pytest.fixture
def night(database: Database, settings: Settings) -> Iterator[Practice]:
    """03:00; a nurse is on call, Zoé and the owner sleep."""
    with open_practice(open_world(database, settings), settings) as practice:
        practice.nurse(name="Priya Shah")
        practice.hire(name="Zoé Roy", phone=ZOE_PHONE)
        practice.hire(Role.OWNER, name="Camille Roy", phone=OWNERS_PHONE)
        practice.world.treat(practice.world.patient(phone=number(1), language="en"))
        practice.world.set_clock(NIGHT)
        yield practice


def staff_id(practice: Practice, phone: str = ZOE_PHONE) -> str:
    return next(str(one.id) for one in practice.rows(select(Staff)) if one.phone == phone)


def heard(practice: Practice, minute: int) -> tuple[int, ...]:
    """How often the phones of Priya, Zoé and the owner have rung, so many minutes after the red flag."""
    practice.world.set_clock(NIGHT + minute * MINUTE + A_LITTLE)
    make_due(practice.database)
    practice.sweep()
    return tuple(len(practice.got(to)) for to in (NURSE, ZOE_PHONE, OWNERS_PHONE))


def hand_over(practice: Practice, phone: str = ZOE_PHONE, language: str = "en", **at: str) -> str:
    desk = practice.browser(practice.hire(language=language, email=f"{len(practice.rows(select(Staff)))}@c.example"))
    answer = desk.post("/on-call", {"staff_id": staff_id(practice, phone), **at})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


@pytest.mark.parametrize("language", Language)
def test_an_alarm_that_climbs_calls_the_new_nurse_from_the_next_round_on(night: Practice, language: Language) -> None:
    with night.database.begin() as session:
        session.execute(update(Staff).values(language=language))
    night.text(SAID[language], sender=number(1))
    assert heard(night, 0) == (1, 0, 0)
    assert hand_over(night, language=language).endswith("done=handed_over")
    assert heard(night, 1) == (1, 0, 0)
    assert heard(night, 5) == (1, 1, 0)
    assert heard(night, 15) == (1, 2, 1)
    night.text("OK", sender=ZOE_PHONE)
    night.sweep()
    assert heard(night, 60)[:2] == (1, 3), "the third is the answer to hers"


def test_handed_back_it_calls_the_first_again(night: Practice) -> None:
    night.text(SAID["en"], sender=number(1))
    heard(night, 0)
    hand_over(night)
    assert heard(night, 5) == (1, 1, 0)
    hand_over(night, NURSE)
    assert heard(night, 15) == (2, 1, 1)
    assert heard(night, 30) == (3, 1, 2)


def test_at_a_time_it_is_made_then_and_not_before(night: Practice) -> None:
    assert hand_over(night, day="2026-03-11", time="03:10").endswith("done=hand_over_planned")
    night.text(SAID["en"], sender=number(1))
    assert heard(night, 0) == (1, 0, 0)
    assert heard(night, 5) == (2, 0, 0)
    assert night.rows(select(HandOver.done_at)) == [None]
    assert heard(night, 15) == (2, 1, 1)
    assert heard(night, 16) == (2, 1, 1)
    assert [one.on_call for one in night.rows(select(Staff).where(Staff.on_call))] == [True]


def test_what_is_taken_in_hand_calls_nobody_new(night: Practice) -> None:
    night.text(SAID["en"], sender=number(1))
    heard(night, 0)
    night.text("OK", sender=NURSE)
    hand_over(night)
    assert heard(night, 30)[1] == 0


def test_who_has_left_takes_nothing_and_those_before_stay(night: Practice) -> None:
    hand_over(night, day="2026-03-11", time="03:10")
    with night.database.begin() as session:
        session.execute(
            update(Staff).values(disabled_at=NIGHT).where(Staff.id == night.rows(select(HandOver))[0].staff_id)
        )
    night.text(SAID["en"], sender=number(1))
    assert heard(night, 15) == (1, 0, 1)
    assert "hand_over.void" in night.rows(select(Audit.action))


def test_who_can_be_reached_no_longer_takes_nothing_either(night: Practice) -> None:
    """Their number is gone, and the clinic sends no e-mail; seen to fail with the hand-over made all the same."""
    hand_over(night, day="2026-03-11", time="03:10")
    with night.database.begin() as session:
        session.execute(update(Sender).values(address=NOT_CONNECTED).where(Sender.channel == Channel.EMAIL))
        session.execute(update(Staff).values(phone=None).where(Staff.id == night.rows(select(HandOver))[0].staff_id))
    night.text(SAID["en"], sender=number(1))
    assert heard(night, 15) == (1, 0, 1)
    assert "hand_over.void" in night.rows(select(Audit.action))


def test_nobody_on_call_is_the_owners_and_the_pages_say_so(night: Practice) -> None:
    with night.database.begin() as session:
        session.execute(update(Staff).values(on_call=False))
    for language in Language:
        desk = night.browser(night.hire(language=language))
        for path in ("/", "/on-call", "/sending"):
            assert catalogue(language).text("on_call.nobody").replace("'", "&#39;") in desk.get(path).text
    night.text(SAID["en"], sender=number(1))
    assert heard(night, 0) == (0, 0, 1)


@pytest.mark.parametrize(
    ("language", "now", "next_"),
    [
        ("en", "On call: Priya Shah (text, e-mail).", "From March 11, 2026, 6:00 p.m.: Zoé Roy (text, e-mail)."),
        ("fr", "De garde : Priya Shah (texto, courriel).", "Dès le 11 mars 2026, 18 h 00 : Zoé Roy (texto, courriel)."),
    ],
)
def test_the_pages_say_who_is_on_call_now_and_next(night: Practice, language: str, now: str, next_: str) -> None:
    hand_over(night, day="2026-03-11", time="18:00")
    desk = night.browser(night.hire(language=language))
    for path in ("/", "/on-call", "/sending"):
        shown = desk.get(path).text.replace("\xa0", " ").replace("\u202f", " ")
        assert now in shown
        assert next_ in shown
    (row,) = night.rows(select(HandOver))
    assert desk.post(f"/on-call/{row.id}/cancel").status_code == 303
    assert night.rows(select(HandOver)) == []
    assert desk.post(f"/on-call/{row.id}/cancel").status_code == 404


@pytest.mark.parametrize(
    ("typed", "field", "key"),
    [
        ({"staff_id": ""}, "staff_id", "on_call_unknown"),
        ({"staff_id": "00000000-0000-7000-8000-000000000000"}, "staff_id", "on_call_unknown"),
        ({"day": "2026-03-10", "time": "10:00"}, "day", "hand_over_outside"),
        ({"day": "2027-03-10", "time": "10:00"}, "day", "hand_over_outside"),
        ({"day": "soon", "time": "10:00"}, "day", "date_unreadable"),
        ({"day": "2026-03-11"}, "time", "time_unreadable"),
        ({"time": "25:00"}, "time", "time_unreadable"),
    ],
)
@pytest.mark.parametrize("language", Language)
def test_what_cannot_be_is_said_beside_its_field(
    night: Practice, language: Language, typed: dict[str, str], field: str, key: str
) -> None:
    desk = night.browser(night.hire(language=language))
    refused = desk.post("/on-call", {"staff_id": staff_id(night)} | typed)
    assert refused.status_code == 422
    assert f'id="{field}-error"' in refused.text
    assert catalogue(language).text(f"problem.{key}", days="60") in refused.text
    assert night.rows(select(HandOver)) == []
    assert night.rows(select(Message).where(Message.kind == MessageKind.ALERT)) == []
