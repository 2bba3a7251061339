"""Promise 5: every inbound message is kept before it is understood, once; nothing a patient says is dropped.

Seen to fail when: the webhook understood in the transaction that keeps (a triage that breaks then loses the reply);
a repeat was kept as another; triage's own failure opened no ticket or held up the next reply; an attachment, an
unknown sender or a text read with little confidence opened none.
"""

import threading
from typing import Any

import pytest
from sqlalchemy import select

from reminders.care import understanding
from reminders.care.tickets import PRIORITY
from reminders.models import Message, Reply, Ticket
from reminders.models.kinds import Channel, MessageKind, ReplyKind, TicketKind
from tests.promises.practice import MARIE, Practice
from tests.promises.world import number
from tests.reminders.care_answering.reading_side import conversations

OK = 200


@pytest.fixture
def asked(practice: Practice) -> Practice:
    """Marie has been asked the day-7 question."""
    practice.world.treat(practice.world.patient(phone=MARIE))
    practice.sweep()
    assert len(practice.got(MARIE)) == 1
    return practice


def _broken(*_args: Any) -> None:
    raise ZeroDivisionError("a bug in triage, on purpose")


def test_what_triage_chokes_on_is_kept_and_goes_to_staff(asked: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(understanding, "read", _broken)
    assert asked.text("my skin is burning and I have a fever").status_code == OK
    (reply,) = asked.rows(select(Reply))
    assert (reply.body, reply.read_at) == ("my skin is burning and I have a fever", None)
    assert asked.understand_pending() == 0
    assert asked.rows(select(Ticket.reason)) == ["unreadable"]
    assert asked.rows(select(Ticket.priority)) < [PRIORITY[TicketKind.CONSULT]], "nobody knows: a red flag, perhaps"
    assert asked.understand_pending() == 0
    assert len(asked.rows(select(Ticket))) == 1
    monkeypatch.undo()
    assert asked.understand_pending() == 1
    assert TicketKind.RED_FLAG in asked.tickets()


def test_one_that_chokes_holds_up_no_other(asked: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(understanding, "read", _broken)
    for body in ("3", "2"):
        asked.text(body)
    real, met = understanding.__dict__["decide_effects"], []
    monkeypatch.undo()

    def choke_once(*args: Any) -> Any:
        met.append(args)
        return _broken() if len(met) == 1 else real(*args)

    monkeypatch.setattr(understanding, "decide_effects", choke_once)
    assert asked.understand_pending() == 1
    assert sum(reply.read_at is not None for reply in asked.rows(select(Reply))) == 1


def test_the_same_webhook_ten_times_is_one_reply_and_one_answer(asked: Practice) -> None:
    for _ in range(10):
        assert asked.text("3", MessageSid="SM" + "7" * 32).status_code == OK
    asked.sweep()
    assert len(asked.rows(select(Reply))) == 1
    assert len(asked.rows(select(Message).where(Message.kind == MessageKind.ANSWER))) == 1
    assert asked.tickets() == [TicketKind.CONSULT]
    assert len(asked.got(MARIE)) == 2


def test_the_same_webhook_at_the_same_moment_too(asked: Practice) -> None:
    statuses: list[int] = []

    def bring() -> None:
        statuses.append(asked.text("3", MessageSid="SM" + "8" * 32).status_code)

    threads = [threading.Thread(target=bring) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [OK] * 5
    assert len(asked.rows(select(Reply))) == 1
    assert len(asked.rows(select(Message).where(Message.kind == MessageKind.ANSWER))) == 1
    assert asked.tickets() == [TicketKind.CONSULT]


UNREADABLE = {
    "a NUL": "hello \0 there",
    "letters at random": "qwpoeiruty zmxncbv",
    "ten thousand characters": "blah " * 2000,
    "nothing": "",
    "another script": "皮膚が気になります",
    "marks": "?!?!",
    "broken halves": "\ufffd\ufffd\ufffd",
}


def test_a_text_that_nobody_can_read_reaches_staff_whole(asked: Practice) -> None:
    for what, body in UNREADABLE.items():
        assert asked.text(body).status_code == OK, what
        reply = asked.rows(select(Reply).order_by(Reply.id.desc()))[0]
        assert (reply.body, reply.handled_at) == (body, None), what
        (ticket,) = asked.rows(select(Ticket).where(Ticket.reply_id == reply.id))
        assert ticket.patient_id == reply.patient_id, what


def test_an_emoji_or_thanks_stands_in_the_inbox(asked: Practice) -> None:
    """It may need no ticket, but it is not dropped: staff see it among the replies."""
    said = ["🤷", "😀😀", "👍", "🔥🔥🔥", "merci!"]
    for body in said:
        assert asked.text(body).status_code == OK
    with asked.database.read(clinic=asked.clinic.id) as session:
        assert {reply.body for item in conversations(session, asked.clinic.id) for reply in item.replies} == set(said)


def test_an_unknown_sender_reaches_staff(practice: Practice) -> None:
    for n, body in enumerate(["Is the clinic open tomorrow?", "1", "👍", "", "ok"]):
        assert practice.text(body, sender=number(n)).status_code == OK
        reply = practice.rows(select(Reply).order_by(Reply.id.desc()))[0]
        assert (reply.body, reply.sender_address, reply.patient_id) == (body, number(n), None)
        (ticket,) = practice.rows(select(Ticket).where(Ticket.reply_id == reply.id))
        assert ticket.kind is TicketKind.UNKNOWN_SENDER, body


@pytest.mark.parametrize("sender", [MARIE, number(7)], ids=["a patient", "a stranger"])
def test_a_voice_call_reaches_staff(asked: Practice, sender: str) -> None:
    answer = asked.call(sender)
    assert answer.status_code == OK
    assert "<Say" in answer.text
    (reply,) = asked.rows(select(Reply))
    assert (reply.kind, reply.sender_address) == (ReplyKind.VOICE, sender)
    assert asked.rows(select(Ticket.reason)) == ["voice_call"]


def test_an_attachment_reaches_staff(asked: Practice) -> None:
    """What is on a photo nobody here can read: even beside a 1 a person must look at it."""
    media = {"NumMedia": "1", "MediaUrl0": "https://api.example/Media/ME1", "MediaContentType0": "image/jpeg"}
    for body in ("", "1", "merci", "here is my face"):
        assert asked.text(body, **media).status_code == OK
        reply = asked.rows(select(Reply).order_by(Reply.id.desc()))[0]
        assert reply.media == [{"url": "https://api.example/Media/ME1", "content_type": "image/jpeg"}]
        assert asked.rows(select(Ticket).where(Ticket.reply_id == reply.id)), body


def test_the_channel_and_the_raw_words_of_the_carrier_are_kept(asked: Practice) -> None:
    asked.text("2", Odd="kept as well")
    (reply,) = asked.rows(select(Reply))
    assert reply.channel is Channel.SMS
    assert ["Odd", "kept as well"] in [list(pair) for pair in reply.raw]
