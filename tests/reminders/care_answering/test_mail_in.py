"""A mail is kept before it is understood, once, whoever reads the mailbox and whatever breaks off in between.

Seen to fail on purpose: the place noted before the mail was kept, and in a transaction of its own after it; a repeat
known by its Message-ID alone, or by its number; a turn that does not end; a token of another clinic taken.
"""

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from sqlalchemy import select, update

from reminders.care import mail_in, mailboxes, replies, understanding
from reminders.care.mail_in import read_mailboxes
from reminders.care.mail_matching import Answered
from reminders.channels import mail_parts
from reminders.channels.imap_address import MailboxError
from reminders.channels.imap_mail import Fetched, Place
from reminders.channels.incoming_mail import IncomingMail
from reminders.crypto import Keyring
from reminders.database import Database
from reminders.delivery.mailbox_standing import Standing
from reminders.delivery.reply_addresses import ids_near, is_token_of, reply_to, tokens_in
from reminders.ids import new_id
from reminders.models import CheckIn, Clinic, Message, Reply, Sender, Ticket
from reminders.models.instance import now as clock
from reminders.models.kinds import Channel, CheckInOutcome, TicketKind
from tests.journeys.mailing import ANNE, MailPractice, open_mail_practice


class FakeMailbox:
    """A mailbox made by hand, in place of the real client."""

    def __init__(self, *raws: bytes, validity: int = 1) -> None:
        self.raws = list(raws)
        self.validity = validity
        self.seen: list[int] = []
        self.fault: Exception | None = None
        self.asked: list[Place | None] = []

    def __call__(self, _url: str) -> Self:
        return self

    def __enter__(self) -> Self:
        if self.fault:
            raise self.fault
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def since(self, place: Place | None, _start: date) -> Iterator[Fetched]:
        self.asked.append(place)
        after = place.uid if place and place.validity == self.validity else 0
        for uid, raw in enumerate(self.raws, start=1):
            if uid > after:
                yield Fetched(Place(self.validity, uid), raw, is_whole=True)

    def mark_seen(self, place: Place) -> None:
        self.seen.append(place.uid)


def mail(body: str, message_id: str = "m1", **headers: str) -> bytes:
    given = {"From": ANNE, "To": "clinic@clinic.example", "Message-ID": f"<{message_id}@x>", **headers}
    return "\r\n".join([*(f"{name}: {value}" for name, value in given.items()), "", body]).encode()


@pytest.fixture
def practice(database: Database, tmp_path: Path) -> Iterator[MailPractice]:
    with open_mail_practice(database, tmp_path) as opened:
        yield opened


def look(practice: MailPractice, box: FakeMailbox) -> int:
    return read_mailboxes(practice.database, practice.settings, box)  # type: ignore[arg-type]


def bodies(practice: MailPractice) -> list[str]:
    return [one.body for one in practice.rows(select(Reply).order_by(Reply.id))]


def _broken(*_args: Any, **_more: Any) -> Any:
    raise ZeroDivisionError("a bug, on purpose")


def test_what_breaks_before_a_mail_is_kept_leaves_it_in_the_mailbox(
    practice: MailPractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = FakeMailbox(mail("one"), mail("two", "m2"))
    monkeypatch.setattr(replies, "receive", _broken)
    assert look(practice, box) == 0, "and whose mailbox comes next is read"
    assert bodies(practice) == box.seen == []
    monkeypatch.undo()
    practice.world.pass_time(mailboxes.LEASE)
    assert look(practice, box) == 2
    assert (bodies(practice), box.seen) == (["one", "two"], [1, 2])


def test_a_mail_that_cannot_be_kept_as_it_reads_stands_before_none(
    practice: MailPractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a character in its words, as a sender's charset once made it (seen to fail without a second try)."""
    monkeypatch.setattr(mail_parts, "storable", lambda text: f"{text}\ud800" if "one" in text else text)
    box = FakeMailbox(mail("one"), mail("I have a fever of 39", "m2"))
    assert look(practice, box) == 2
    assert box.seen == [1, 2]
    assert TicketKind.RED_FLAG in practice.tickets()
    assert len(practice.rows(select(Reply.id))) == 2


def test_what_breaks_before_it_is_marked_doubles_nothing(
    practice: MailPractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = FakeMailbox(mail("3"), mail("two", "m2"))
    monkeypatch.setattr(box, "mark_seen", _broken)
    assert look(practice, box) == 0
    assert bodies(practice) == ["3"]
    monkeypatch.undo()
    practice.world.pass_time(mailboxes.LEASE)
    assert look(practice, box) == 1
    assert bodies(practice) == ["3", "two"]
    assert len(practice.rows(select(Ticket.id))) == 2


def test_what_breaks_in_triage_is_kept_and_reaches_staff(
    practice: MailPractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = FakeMailbox(mail("I have a fever of 39"), mail("two", "m2"))
    monkeypatch.setattr(understanding, "read", _broken)
    assert look(practice, box) == 2
    assert practice.rows(select(Ticket.reason)) == ["unreadable", "unreadable"]
    monkeypatch.undo()
    assert practice.understand_pending() == 2
    assert TicketKind.RED_FLAG in practice.tickets()


def test_a_mail_that_cannot_be_parsed_reaches_staff_as_it_is(
    practice: MailPractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_in, "read_mail", _broken)
    assert look(practice, FakeMailbox(mail("I have a fever of 39"))) == 1
    (reply,) = practice.rows(select(Reply))
    assert "fever of 39" in reply.body
    assert practice.tickets()


def test_a_mail_that_comes_twice_is_kept_once(practice: MailPractice) -> None:
    box = FakeMailbox(mail("3"), mail("3", Received="by another way"))
    assert look(practice, box) == 2
    assert bodies(practice) == ["3"]
    renumbered = FakeMailbox(mail("3"), mail("4", "m2"), validity=2)
    assert look(practice, renumbered) == 2
    assert bodies(practice) == ["3", "4"]
    assert look(practice, renumbered) == 0


def test_two_mails_with_one_id_or_none_are_two(practice: MailPractice) -> None:
    """Some programs give one Message-ID to all that they send; then what they say tells them apart."""
    raws = [
        mail("one"),
        mail("two"),
        mail("one").replace(b"Message-ID", b"X-No"),
        mail("two").replace(b"Message-ID", b"X"),
    ]
    assert look(practice, FakeMailbox(*raws)) == 4
    assert bodies(practice) == ["one", "two", "one", "two"]


def test_one_reader_at_a_time(practice: MailPractice) -> None:
    box, inside, go_on = FakeMailbox(mail("3")), threading.Event(), threading.Event()

    class Slow(FakeMailbox):
        def since(self, place: Place | None, start: date) -> Iterator[Fetched]:
            inside.set()
            assert go_on.wait(10)
            yield from super().since(place, start)

    came: list[int] = []
    slow = threading.Thread(target=lambda: came.append(look(practice, Slow(mail("3")))))
    slow.start()
    assert inside.wait(10)
    assert look(practice, box) == 0
    assert box.asked == []
    practice.world.pass_time(mailboxes.LEASE + timedelta(seconds=1))
    assert look(practice, box) == 1
    go_on.set()
    slow.join()
    # Whoever was given up for dead keeps nothing and moves nothing any more.
    assert came == [0]
    assert bodies(practice) == ["3"]
    assert look(practice, box) == 0


def test_readers_at_the_same_moment(practice: MailPractice) -> None:
    raws = [mail(f"{n}", f"m{n}") for n in range(8)]
    came: list[int] = []
    readers = [threading.Thread(target=lambda: came.append(look(practice, FakeMailbox(*raws)))) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert sum(came) == 8
    assert sorted(bodies(practice)) == [str(n) for n in range(8)]


def test_a_mailbox_that_cannot_be_read_is_said_until_it_can(practice: MailPractice) -> None:
    box = FakeMailbox(mail("3"))
    box.fault = MailboxError("login")
    (sender_id,) = practice.rows(select(Sender.id).where(Sender.channel == Channel.EMAIL))

    def trouble() -> dict[Any, Standing]:
        with practice.database.read() as session:
            return mailboxes.troubles(session, [sender_id])

    assert look(practice, box) == 0
    since = trouble()[sender_id].since
    assert trouble()[sender_id].problem == "login"
    practice.world.pass_time(timedelta(hours=1))
    look(practice, box)
    assert trouble()[sender_id].since == since
    staff = practice.browser(practice.hire())
    assert "refuses the password" in staff.get("/sending").text
    box.fault = None
    assert look(practice, box) == 1
    assert trouble() == {}
    assert "refuses the password" not in staff.get("/sending").text


def test_another_clinics_token_or_thread_proves_nothing_here(practice: MailPractice) -> None:
    patient = practice.ask()
    (asked,) = practice.mails()
    with practice.database.begin() as session:
        other = Clinic(
            **{
                column: getattr(practice.clinic, column)
                for column in ("short_name", "timezone", "language", "opens", "closes", "closed_weekdays", "created_at")
            },
            name="Another",
        )
        session.add(other)
        session.flush()
        session.execute(update(Sender).where(Sender.channel == Channel.EMAIL).values(clinic_id=other.id))
    practice.put("3", answers=asked["id"])
    assert read_mailboxes(practice.database, practice.settings) == 1
    (reply,) = practice.rows(select(Reply))
    assert (reply.clinic_id, reply.patient_id, reply.answers_id) == (other.id, None, None)
    assert practice.rows(select(CheckIn)) == []
    assert practice.rows(select(Ticket.kind).where(Ticket.clinic_id == other.id)) == [TicketKind.UNKNOWN_SENDER]
    assert patient.clinic_id != other.id


@pytest.mark.parametrize("by", ["token", "thread", "references"])
def test_each_proof_is_enough_alone(practice: MailPractice, by: str) -> None:
    practice.ask()
    (message,) = practice.rows(select(Message).where(Message.sent_at.is_not(None)))
    ours = f"<{message.id}@clinic.example>"
    token = reply_to(practice.database.keyring, "clinic@clinic.example", message.id)
    given = {
        "token": {"To": token.upper()},
        "thread": {"In-Reply-To": ours},
        "references": {"References": f"<a@b> {ours}"},
    }
    look(practice, FakeMailbox(mail("3", From="work@other.example", **given[by])))
    assert practice.rows(select(CheckIn.outcome)) == [CheckInOutcome.PERSISTING]
    assert practice.rows(select(Reply.answers_id)) == [message.id]


def test_a_forged_token_proves_nothing(practice: MailPractice) -> None:
    practice.ask()
    (message,) = practice.rows(select(Message).where(Message.sent_at.is_not(None)))
    token = reply_to(Keyring([b"k" * 32], b"another secret, of 32 characters"), "clinic@clinic.example", message.id)
    look(practice, FakeMailbox(mail("1", To=token)))
    assert practice.rows(select(CheckIn)) == []


@pytest.mark.parametrize(
    "before",
    ["Re: ", "Réf. : ", "Rép. : ", "Antw: ", "AW: ", "[EXTERNAL] Re: ", "RE: [EXT] ", "Externe : TR : ", "Réf\u00a0: "],
)
def test_what_a_program_puts_before_a_subject_is_nobodys_words(before: str) -> None:
    """Seen to fail on each but the first with the prefixes known before."""
    heading = Answered(subject="Votre suivi")
    answer = IncomingMail("", "", (), (), f"{before}Votre suivi", "3", (), "")
    assert mail_in._body(answer, heading) == "3"
    own = IncomingMail("", "", (), (), f"{before}Réflexe de rougeur", "", (), "")
    assert mail_in._body(own, heading) == "Réflexe de rougeur"


@pytest.mark.parametrize(
    "subject", ["Automatic reply: Your follow-up", "Out of office", "=?utf-8?q?R=C3=A9ponse_automatique_=3A_Suivi?="]
)
def test_an_absence_that_only_its_subject_tells_waits_for_nobody(practice: MailPractice, subject: str) -> None:
    """Seen to fail where the headers alone told: it stood on Today, with the link to answer it."""
    practice.ask()
    notice = mail("Zzaway until Monday.", Subject=subject)
    look(practice, FakeMailbox(notice))
    assert practice.tickets() == []
    staff = practice.browser(practice.hire())
    assert "Zzaway" not in staff.get("/").text
    look(practice, FakeMailbox(notice, mail("I am away until Monday, zzwords.", "m2", Subject="Re: hello")))
    assert "zzwords" in staff.get("/").text, "words may be a person's after all"


def test_a_subject_of_ones_own_is_read(practice: MailPractice) -> None:
    practice.ask()
    look(practice, FakeMailbox(mail("", Subject="STOP"), mail("3", "m2", Subject="Re: something of mine")))
    assert bodies(practice) == ["STOP", "something of mine\n\n3"]


def test_what_hangs_on_a_mail_reaches_staff(practice: MailPractice) -> None:
    practice.ask()
    raw = mail("", **{"Content-Type": "image/jpeg", "MIME-Version": "1.0"}) + b"\xff\xd8"
    look(practice, FakeMailbox(raw))
    assert practice.rows(select(Ticket.reason)) == ["attachment"]
    assert practice.rows(select(Reply.media)) == [[{"content_type": "image/jpeg"}]]


def test_our_own_mail_come_back_is_nobodys(practice: MailPractice) -> None:
    look(practice, FakeMailbox(mail("I have a fever", From="clinic@clinic.example")))
    assert practice.tickets() == []


def test_a_token_is_short_and_tells_nothing(keyring: Keyring) -> None:
    message_id = new_id()
    address = reply_to(keyring, "care@clinic.example", message_id)
    (token,) = tokens_in([address.upper()], "Care@Clinic.example")
    assert is_token_of(keyring, token, message_id)
    assert ids_near(token)[0] <= message_id <= ids_near(token)[1]
    assert not is_token_of(keyring, token, new_id())
    assert list(tokens_in([address, "care+x@clinic.example", "care@clinic.example"], "other@clinic.example")) == []
    assert reply_to(keyring, "c" * 39 + "@clinic.example", message_id) == ""


def test_nothing_personal_is_readable_in_the_row(practice: MailPractice, caplog: pytest.LogCaptureFixture) -> None:
    with practice.database.begin() as session:
        clock(session)
    look(practice, FakeMailbox(mail("zzwords", "zzhost", Subject="zzsubject")))
    with practice.database.engine.connect() as connection:
        (row,) = connection.exec_driver_sql("SELECT * FROM reply").all()
    stored = " ".join(str(bytes(value) if isinstance(value, memoryview) else value) for value in row)
    assert not {mark for mark in ("zzwords", "zzhost", "zzsubject", ANNE) if mark in stored + caplog.text}
