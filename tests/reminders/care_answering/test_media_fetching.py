"""A picture that a patient texts is fetched after it was kept, once at a time, and drawn anew; staff are told if not.

Seen to fail when: rows were not written with the reading; two workers fetched the same one; a worker that died kept its
row for good; what failed was tried for ever; the address outlived the fetch; what is no picture was kept.
"""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from reminders.care import attachments, media_fetching
from reminders.care.media_fetching import WAITS, fetch_waiting
from reminders.channels.base import ChannelError, Fault
from reminders.channels.twilio_media import MediaError
from reminders.database import Database
from reminders.models import Attachment, Reply, Ticket
from reminders.models.kinds import AttachmentState, TicketKind
from reminders.settings import SANDBOX_ACCOUNT, Settings
from tests.promises.practice import MARIE, Practice, open_practice
from tests.promises.world import open_world
from tests.reminders import pictures
from tests.reminders.media_source import Source


@pytest.fixture
def practice(database: Database, settings: Settings) -> Iterator[Practice]:
    with open_practice(open_world(database, settings), settings) as opened:
        yield opened


@pytest.fixture
def source() -> Source:
    return Source()


def media(*types: str) -> dict[str, str]:
    """The fields of a text that carries so many files."""
    fields = {"NumMedia": str(len(types))}
    for place, kind in enumerate(types):
        fields |= {f"MediaUrl{place}": f"https://api.twilio.com/zz/{place}", f"MediaContentType{place}": kind}
    return fields


def texted(practice: Practice, *types: str, body: str = "") -> None:
    practice.world.patient(phone=MARIE)
    practice.text(body, **media(*(types or ("image/jpeg",))))


def fetch(practice: Practice, source: Source) -> int:
    return fetch_waiting(practice.database, practice.settings, source)


def rows(practice: Practice) -> list[Attachment]:
    return list(practice.rows(select(Attachment).order_by(Attachment.position)))


def said(practice: Practice) -> list[tuple[str, str]]:
    return [(row.state.value, row.reason) for row in rows(practice)]


def data_of(practice: Practice, row: Attachment) -> bytes | None:
    found: bytes | None = practice.rows(select(Attachment.data).where(Attachment.id == row.id))[0]
    return found


def test_it_waits_with_the_reading_and_is_kept_clean(practice: Practice, source: Source) -> None:
    texted(practice)
    (waiting,) = rows(practice)
    (reply,) = practice.rows(select(Reply))
    assert (waiting.state, waiting.reply_id, waiting.patient_id) == (
        AttachmentState.WAITING,
        reply.id,
        reply.patient_id,
    )
    assert fetch(practice, source) == 1
    assert source.asked == [(SANDBOX_ACCOUNT, "https://api.twilio.com/zz/0")]
    (kept,) = rows(practice)
    assert (kept.state, kept.content_type, kept.source_url) == (AttachmentState.KEPT, "image/jpeg", None)
    data = data_of(practice, kept)
    assert data
    assert len(data) == kept.size > 0
    assert pictures.MARK not in data
    assert fetch(practice, source) == 0


def test_the_same_webhook_again_hangs_nothing_more(practice: Practice) -> None:
    texted(practice)
    practice.text("", MessageSid="MM" + "1" * 32, **media("image/png"))
    practice.text("", MessageSid="MM" + "1" * 32, **media("image/png"))
    assert len(rows(practice)) == 2
    practice.understand_pending()
    assert len(rows(practice)) == 2


def test_several_and_what_is_no_picture(practice: Practice, source: Source) -> None:
    source.deeds = [pictures.photo(), pictures.HTML, pictures.photo()[:2000]]
    texted(practice, "image/jpeg", "text/x-vcard", "image/png", "audio/amr", "")
    assert fetch(practice, source) == 3
    assert sorted(said(practice)) == sorted(
        [("kept", ""), ("refused", "kind"), ("refused", "kind"), ("refused", "kind"), ("refused", "broken")]
    )
    assert [data_of(practice, row) is None for row in rows(practice)].count(True) == 4
    assert {row.source_url for row in rows(practice)} == {None}


def test_two_workers_fetch_it_once(practice: Practice, source: Source) -> None:
    texted(practice)
    both = threading.Barrier(2)

    def see_the_same() -> None:
        with practice.database.read() as session:
            row = session.execute(select(Attachment.id, Attachment.attempts)).one()
        both.wait(5)
        media_fetching._fetch_one(practice.database, practice.settings, source, row.id, row.attempts)

    threads = [threading.Thread(target=see_the_same) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(source.asked) == 1
    assert said(practice) == [("kept", "")]


def test_a_worker_killed_between_fetch_and_keep(practice: Practice, source: Source) -> None:
    """Its row is nobody's again when its time has come, and not before; what it brings late is not taken."""
    texted(practice)
    settle: Any = media_fetching._settle
    late: list[tuple[Any, ...]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(media_fetching, "_settle", lambda *given: late.append(given))
        assert fetch(practice, source) == 1
    assert fetch(practice, source) == 0
    practice.world.pass_time(WAITS[0])
    source.deeds = [lambda: [settle(*given) for given in late] and pictures.photo((32, 32))]
    assert fetch(practice, source) == 1
    assert said(practice) == [("kept", "")]
    (kept,) = rows(practice)
    assert kept.size < 2000


def test_what_fails_is_tried_again_later_and_later_and_then_given_up(practice: Practice, source: Source) -> None:
    texted(practice, body="1")
    staff = practice.browser(practice.hire())
    for ticket in practice.rows(select(Ticket.id)):
        staff.post(f"/tickets/{ticket}/close", {"outcome": "done"})
    source.deeds = [MediaError("gone"), ChannelError("no token", Fault.SENDER), *[MediaError("unreachable")] * 9]
    for wait in WAITS:
        assert fetch(practice, source) == 1
        assert fetch(practice, source) == 0
        practice.world.pass_time(wait)
    assert fetch(practice, source) == 0
    assert len(source.asked) == len(WAITS)
    assert said(practice) == [("failed", "unreachable")]
    (ticket,) = practice.rows(select(Ticket).where(Ticket.reason == media_fetching.LOST))
    assert (ticket.kind, ticket.patient_id) == (TicketKind.UNCLEAR, rows(practice)[0].patient_id)
    # Nobody stays signed in for so long.
    today = practice.browser(practice.hire()).get("/").text
    assert "Attachment 1 cannot be shown. The carrier could not be reached." in today


def test_where_a_ticket_still_leads_there_no_other_is_opened(practice: Practice, source: Source) -> None:
    texted(practice)
    source.deeds = [MediaError("gone")] * 9
    for wait in WAITS:
        fetch(practice, source)
        practice.world.pass_time(wait)
    assert said(practice) == [("failed", "gone")]
    assert practice.rows(select(Ticket.reason)) == ["attachment"]


def test_one_that_ends_every_worker_ends_too(practice: Practice, source: Source) -> None:
    texted(practice)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(media_fetching, "_settle", lambda *_: None)
        for wait in WAITS:
            assert fetch(practice, source) == 1
            practice.world.pass_time(wait)
    fetch(practice, source)
    assert said(practice) == [("failed", "interrupted")]
    assert len(source.asked) == len(WAITS)


def test_an_address_that_is_not_the_carriers_is_not_asked_again(practice: Practice, source: Source) -> None:
    texted(practice)
    source.deeds = [MediaError("address", final=True)]
    fetch(practice, source)
    practice.world.pass_time(timedelta(days=2))
    assert fetch(practice, source) == 0
    assert said(practice) == [("refused", "address")]


def test_one_that_breaks_us_does_not_hold_up_the_others(practice: Practice, source: Source) -> None:
    texted(practice, "image/jpeg", "image/jpeg")
    source.deeds = [RuntimeError("who knows")]
    assert fetch(practice, source) == 2
    assert sorted(state for state, _ in said(practice)) == ["kept", "waiting"]


def test_its_patient_follows_when_staff_know_who_wrote(practice: Practice) -> None:
    people = [practice.world.patient(phone=MARIE), practice.world.patient(phone=MARIE, given_name="Léo")]
    practice.text("", **media("image/jpeg"))
    (reply,) = practice.rows(select(Reply))
    assert rows(practice)[0].patient_id is None
    staff = practice.browser(practice.hire())
    staff.post(f"/replies/{reply.id}/assign", {"patient_id": str(people[0].id)})
    assert [row.patient_id for row in rows(practice)] == [people[0].id]


def test_others_hand_a_file_over_in_one_call(practice: Practice) -> None:
    """As who reads a mailbox does."""
    texted(practice, "text/plain")
    with practice.database.begin(clinic=practice.clinic.id) as session:
        reply = session.scalars(select(Reply)).one()
        for data, declared in ((pictures.photo(), "image/jpeg"), (b"%PDF-", "application/pdf" + "x" * 200)):
            attachments.take(session, reply, data, declared, practice.world.now)
    assert said(practice) == [("refused", "kind"), ("kept", ""), ("refused", "kind")]
