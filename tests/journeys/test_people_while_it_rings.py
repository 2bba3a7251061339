"""Who is on call is changed on a person's page, or somebody leaves, while an alarm rings.

Seen to fail when: only the flags were changed, so that whoever came on call was called never, and the owners only at
the quarter of an hour; what somebody who left had in hand stayed theirs, silent; a viewer took a red flag by a text.
"""

from typing import Any

import pytest
from sqlalchemy import select, update

from reminders.models import HandOver, Staff, Ticket
from reminders.models.kinds import Language, Role, TicketKind, TicketState
from reminders.web.i18n import catalogue
from tests.journeys.test_hand_over import OWNERS_PHONE, SAID, ZOE_PHONE, hand_over, heard, night, staff_id
from tests.promises.practice import NURSE, Practice
from tests.promises.world import number
from tests.web.conftest import Browser

__all__ = ["night"]

OTHER_PHONE = "+15145550116"
NURSES = {"name": "Priya Shah", "role": "staff", "language": "en", "phone": NURSE}
ZOES = {"name": "Zoé Roy", "role": "staff", "language": "en", "phone": ZOE_PHONE}


def desk_of(practice: Practice, phone: str = OWNERS_PHONE) -> Browser:
    return practice.browser(next(one for one in practice.rows(select(Staff)) if one.phone == phone))


def change(practice: Practice, fields: dict[str, str], status: int = 303, **more: str) -> str:
    answer = desk_of(practice).post(f"/settings/people/{staff_id(practice, fields['phone'])}", fields | more)
    assert answer.status_code == status, answer.text
    return str(answer.text)


def flag_of(practice: Practice) -> Any:
    return practice.rows(select(Ticket).where(Ticket.kind == TicketKind.RED_FLAG))[0]


def test_who_is_put_on_call_is_called_at_once_and_who_is_taken_off_no_more(night: Practice) -> None:
    night.text(SAID["en"], sender=number(1))
    assert heard(night, 0) == (1, 0, 0)
    change(night, ZOES, on_call="yes")
    change(night, NURSES)
    assert heard(night, 1) == (1, 1, 0)
    change(night, ZOES, on_call="yes", language="fr")
    assert heard(night, 5) == (1, 2, 0)
    assert heard(night, 15) == (1, 3, 1)
    assert heard(night, 30) == (1, 4, 2)


def test_with_nobody_left_on_call_the_owners_are_called_at_once(night: Practice) -> None:
    night.text(SAID["en"], sender=number(1))
    assert heard(night, 0) == (1, 0, 0)
    change(night, NURSES)
    assert heard(night, 1) == (1, 0, 1)
    assert heard(night, 5) == (1, 0, 2)
    assert heard(night, 15) == (1, 0, 3)


def test_so_are_they_when_the_only_one_on_call_is_disabled(night: Practice) -> None:
    night.text(SAID["en"], sender=number(1))
    assert heard(night, 0) == (1, 0, 0)
    assert desk_of(night).post(f"/settings/people/{staff_id(night, NURSE)}/disable").status_code == 303
    assert heard(night, 1) == (1, 0, 1)


def test_whoever_is_invited_on_call_hears_what_rings(night: Practice) -> None:
    night.text(SAID["en"], sender=number(1))
    heard(night, 0)
    new = {"name": "Nora Diallo", "email": "nora@clinic.example", "role": "staff", "language": "en"}
    answer = desk_of(night).post("/settings/people", new | {"phone": OTHER_PHONE, "on_call": "yes"})
    assert answer.status_code == 200
    heard(night, 1)
    assert len(night.got(OTHER_PHONE)) == 1


def test_what_is_in_hand_calls_nobody_who_comes_on_call(night: Practice) -> None:
    night.text(SAID["en"], sender=number(1))
    heard(night, 0)
    night.text("OK", sender=NURSE)
    change(night, ZOES, on_call="yes")
    assert heard(night, 30)[1:] == (0, 0)


@pytest.mark.parametrize("how", ["disabled", "viewer"])
def test_what_somebody_had_who_leaves_rings_again_and_is_nobodys(night: Practice, how: str) -> None:
    night.text(SAID["en"], sender=number(1))
    heard(night, 0)
    flag = flag_of(night)
    desk_of(night, ZOE_PHONE).post(f"/tickets/{flag.id}/acknowledge")
    assert heard(night, 16) == (1, 0, 0)
    if how == "viewer":
        change(night, ZOES, role="viewer")
    else:
        desk_of(night).post(f"/settings/people/{staff_id(night)}/disable")
    found = flag_of(night)
    assert (found.state, found.assigned_to, found.acknowledged_by) == (TicketState.OPEN, None, None)
    assert heard(night, 17) == (2, 0, 1)
    assert heard(night, 30) == (3, 0, 2)
    desk_of(night).post(f"/tickets/{flag.id}/acknowledge")
    assert heard(night, 60) == (3, 0, 2)


def test_what_was_only_meant_for_who_leaves_is_nobodys_and_rings_on(night: Practice) -> None:
    night.text(SAID["en"], sender=number(1))
    heard(night, 0)
    flag = flag_of(night)
    seen = {"staff_id": staff_id(night), "had": ""}
    assert desk_of(night).post(f"/tickets/{flag.id}/give", seen).headers["location"].endswith("done=given")
    desk_of(night).post(f"/settings/people/{staff_id(night)}/disable")
    assert (flag_of(night).state, flag_of(night).assigned_to) == (TicketState.OPEN, None)
    assert heard(night, 5) == (2, 0, 0)


@pytest.mark.parametrize("language", Language)
def test_a_viewer_is_put_on_call_nowhere(night: Practice, language: Language) -> None:
    with night.database.begin() as session:
        session.execute(update(Staff).values(language=language))
    said = catalogue(language).text("problem.viewer_on_call").replace("'", "&#39;")
    shown = change(night, ZOES, 422, role="viewer", on_call="yes")
    assert said in shown
    assert 'id="on_call-error"' in shown
    new = {"name": "N", "email": "n@clinic.example", "role": "viewer", "language": "en", "on_call": "yes"}
    refused = desk_of(night).post("/settings/people", new)
    assert (refused.status_code, said in refused.text) == (422, True)
    change(night, ZOES, role="viewer")
    refused = desk_of(night).post("/on-call", {"staff_id": staff_id(night)})
    assert (refused.status_code, said in refused.text) == (422, True)
    assert f'value="{staff_id(night)}"' not in desk_of(night).get("/on-call").text


def test_a_viewer_whom_an_old_row_has_on_call_is_nobody(night: Practice) -> None:
    with night.database.begin() as session:
        session.execute(update(Staff).where(Staff.role == Role.STAFF).values(role=Role.VIEWER, on_call=True))
    nobody = catalogue(Language.EN).text("on_call.nobody").replace("'", "&#39;")
    assert nobody in desk_of(night).get("/on-call").text
    night.text(SAID["en"], sender=number(1))
    assert heard(night, 0) == (0, 0, 1)
    night.text("OK", sender=NURSE)
    assert flag_of(night).state is TicketState.OPEN


def test_who_was_on_call_and_may_only_look_since_is_called_no_more_and_takes_nothing(night: Practice) -> None:
    night.text(SAID["en"], sender=number(1))
    assert heard(night, 0) == (1, 0, 0)
    change(night, NURSES, role="viewer")
    night.text("OK", sender=NURSE)
    assert flag_of(night).state is TicketState.OPEN
    assert heard(night, 5) == (1, 0, 1)


def test_a_hand_over_to_one_who_may_only_look_since_is_void(night: Practice) -> None:
    hand_over(night, day="2026-03-11", time="03:10")
    change(night, ZOES, role="viewer")
    night.text(SAID["en"], sender=number(1))
    assert heard(night, 15) == (1, 0, 1)
    assert [one.done_at is not None for one in night.rows(select(HandOver))] == [True]
