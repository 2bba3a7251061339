"""The inbox: which conversations it lists, what is unread and who has read it, and both sides of one.

Seen to fail when: the newest reply of another clinic or conversation hid one; a filter looked at the newest reply
alone, so that an unread one below a read one was lost; a page began where the one before had not ended; opening a page
marked it, or a viewer could; what came in after the page was drawn counted as read; a name stood in the title; words
that never stood in the list were read with it; reading a conversation left no trace.
"""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from benchmarks.counting import counted
from reminders.care import seeing
from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, open_ticket
from reminders.ids import new_id
from reminders.models import Audit, Patient, Reply, Sender, Ticket
from reminders.models.kinds import Channel, ReplyKind, Role, TicketKind
from tests.web.conftest import TODAY, Browser, NewBrowser

_OPEN = re.compile(r'<a class="talk" href="([^"#?]+)')
_GLIMPSE = re.compile(r'class="glimpse small"[^>]*>([^<]*)<')


def say(browser: Browser, patient: Patient | None, body: str, minutes: int = 5, **given: Any) -> Reply:
    """What somebody wrote so many minutes ago, with a ticket of the kind that is given."""
    at, kind = TODAY - timedelta(minutes=minutes), given.pop("ticket", None)
    channel = given.setdefault("channel", Channel.SMS)
    usual = {
        "kind": ReplyKind.TEXT, "sender_address": "+14385550177", "from_index": str(new_id()), "labels": ["other"],
        "provider_id": str(new_id()), "received_at": at, "read_at": at, "language": "en",
    }  # fmt: skip
    with browser.database.begin() as session:
        mine = (Sender.channel == channel, Sender.clinic_id == browser.clinic.id)
        sender = session.scalars(select(Sender).where(*mine).limit(1)).one()
        owner = {"clinic_id": browser.clinic.id, "sender_id": sender.id, "patient_id": patient.id if patient else None}
        reply = Reply(**{**owner, "body": body, **usual, **given})
        session.add(reply)
        session.flush()
        if kind:
            new = NewTicket(
                reply.clinic_id, kind, key_for(kind, reply.id), patient.id if patient else None, reply_id=reply.id
            )
            open_ticket(session, new, at)
    return reply


def listed(browser: Browser, query: str = "") -> list[str]:
    """The first words of the conversations in the list, in its order."""
    shown = browser.get(f"/inbox{query}")
    assert shown.status_code == 200
    return [unescape(found) for found in _GLIMPSE.findall(shown.text)]


def stored(browser: Browser, reply: Reply) -> Reply:
    """The reply as it stands now."""
    with browser.database.read() as session:
        return session.scalars(select(Reply).where(Reply.id == reply.id)).one()


def people(browser: Browser, count: int) -> list[Patient]:
    """So many patients."""
    names = [f"Ann{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(count)]
    return [browser.add_patient(given_name=name, phone=f"514555{1000 + at}") for at, name in enumerate(names)]


def test_one_line_a_conversation_the_newest_first(browser: Browser) -> None:
    marie, olivia = people(browser, 2)
    say(browser, marie, "first", 60)
    say(browser, olivia, "second", 50)
    say(browser, marie, "third", 40)
    say(browser, None, "who are you", 45, from_index="x")
    say(browser, None, "hello?", 30, from_index="x")
    assert listed(browser) == ["hello?", "third", "second"]


FILTERS = [
    ("?unread=yes", ["old", "asks", "mail", "nobody"]),
    ("?waits=yes", ["asks"]),
    ("?unknown=yes", ["nobody"]),
    ("?label=question", ["asks"]),
    ("?channel=email", ["mail"]),
    ("?language=fr", ["mail", "nobody"]),
    ("?language=fr&unknown=yes", ["nobody"]),
    ("?label=nonsense&channel=pigeon&language=xx&before=x", ["new", "asks", "mail", "nobody", "read"]),
]


@pytest.mark.parametrize(("query", "wanted"), FILTERS)
def test_a_filter_finds_whoever_said_such_a_thing(browser: Browser, query: str, wanted: list[str]) -> None:
    """Also where something else came after it."""
    marie, olivia, emma = (
        browser.add_patient(language="en", phone=f"51455510{n}0", given_name="Ann") for n in (1, 2, 3)
    )
    lea = browser.add_patient(language="fr", phone="", email="lea@patient.example")
    say(browser, marie, "old", 90)
    say(browser, marie, "new", 1, seen_at=TODAY)
    say(browser, olivia, "asks", 10, labels=["question"], ticket=TicketKind.QUESTION)
    say(browser, lea, "mail", 20, kind=ReplyKind.EMAIL, channel=Channel.EMAIL)
    say(browser, None, "nobody", 30, language="fr")
    say(browser, emma, "read", 40, seen_at=TODAY)
    found = listed(browser, query)
    assert found == (wanted if query != "?unread=yes" else ["asks", "mail", "nobody", "old"])


def test_a_page_ends_where_the_next_begins(browser: Browser) -> None:
    everybody = people(browser, 7)
    for at in range(53):
        patient = everybody[at] if at < 7 else None
        say(browser, patient, f"words {at}", 5, from_index=f"index-{at}")
    first = browser.get("/inbox").text
    older = re.search(r'href="(/inbox\?before=[^"]+)"', first)
    assert older
    seen = [*listed(browser), *listed(browser, older[1].removeprefix("/inbox"))]
    assert sorted(seen) == sorted(f"words {at}" for at in range(53))


def test_the_list_takes_as_many_statements_for_one_as_for_fifty(browser: Browser) -> None:
    def asked() -> int:
        with counted(browser.database.engine) as sql:
            assert browser.get("/inbox").status_code == 200
        return sql.statements

    marie, *others = people(browser, 5)
    say(browser, marie, "one", ticket=TicketKind.QUESTION)
    say(browser, None, "nobody")
    asked()
    few = asked()
    for at in range(60):
        say(browser, others[at % 4] if at % 3 else None, f"words {at}", at, ticket=TicketKind.QUESTION)
    assert asked() == few


def test_opening_marks_nothing_until_somebody_has_seen_it(browser: Browser) -> None:
    marie = browser.add_patient()
    first = say(browser, marie, "is this normal", 20)
    shown = browser.get(f"/inbox/patients/{marie.id}").text
    browser.get(f"/replies/{first.id}/answer")
    assert stored(browser, first).seen_at is None
    assert f'data-up-to="{first.id}"' in shown
    later = say(browser, marie, "and this", 1)
    assert browser.post(f"/inbox/patients/{marie.id}/seen", {"as": "read", "up_to": str(first.id)}).status_code == 303
    assert stored(browser, first).seen_by == browser.staff.id
    assert stored(browser, later).seen_at is None
    assert listed(browser, "?unread=yes") == ["and this"]


def test_who_was_first_stays_on_record_and_unread_is_unread_again(browser: Browser) -> None:
    marie = browser.add_patient()
    reply = say(browser, marie, "hello")
    path = f"/inbox/patients/{marie.id}/seen"
    browser.post(path, {"as": "read", "up_to": str(reply.id)})
    first = stored(browser, reply).seen_at
    browser.post(path, {"as": "read", "up_to": str(reply.id)})
    assert stored(browser, reply).seen_at == first
    assert browser.post(path, {"as": "unread"}).headers["location"] == "/inbox"
    assert stored(browser, reply).seen_at is None


def test_a_viewer_reads_and_marks_nothing(browser_for: NewBrowser) -> None:
    viewer = browser_for(role=Role.VIEWER)
    marie = viewer.add_patient()
    reply = say(viewer, marie, "hello")
    shown = viewer.get(f"/inbox/patients/{marie.id}").text
    assert "hello" in shown
    assert "data-seen=" not in shown
    assert "<textarea" not in shown
    for path in (f"/inbox/patients/{marie.id}/seen", f"/inbox/replies/{reply.id}/seen", "/inbox/read"):
        assert viewer.post(path, {"as": "read", "up_to": str(reply.id), "reply": str(reply.id)}).status_code == 403
    assert stored(viewer, reply).seen_at is None


def offered(browser: Browser, query: str = "") -> list[str]:
    """The replies that the list offers to mark as read at once."""
    return re.findall(r'name="reply" value="([^"]+)"', browser.get(f"/inbox{query}").text)


def test_all_that_stands_in_the_list_is_read_at_once(browser: Browser) -> None:
    marie, olivia = people(browser, 2)
    for patient in (marie, olivia, None):
        say(browser, patient, "words", 5, from_index="x")
    say(browser, None, "somebody else", 3, from_index="y")
    ids = offered(browser)
    assert len(ids) == 4
    others = [id_ for id_ in ids if stored(browser, Reply(id=UUID(id_))).body != "somebody else"]
    answer = browser.client.post(
        "/inbox/read?unread=yes", data={"csrf_token": browser.csrf_token, "reply": [*others, "no id"]}
    )
    assert answer.headers["location"] == "/inbox?unread=yes&done=seen"
    assert listed(browser, "?unread=yes") == ["somebody else"]


def test_words_that_never_stood_in_the_list_are_not_read_with_it(browser: Browser) -> None:
    """Also where a form from elsewhere, or from before, names the newest of several."""
    marie, olivia, lea = people(browser, 3)
    below = say(browser, marie, "it is swollen and hot", 60)
    newest = say(browser, marie, "thanks", 5)
    say(browser, olivia, "is this normal? " * 30, 5)
    under_read = say(browser, lea, "there is pus", 60)
    say(browser, lea, "ok", 5, seen_at=TODAY)
    assert offered(browser) == []
    assert offered(browser, "?unread=yes") == [str(under_read.id)]
    assert browser.post("/inbox/read", {"reply": str(newest.id)}).status_code == 303
    assert stored(browser, newest).seen_by == browser.staff.id
    assert stored(browser, below).seen_at is None
    assert "it is swollen and hot" in listed(browser, "?unread=yes")


def test_reading_a_conversation_is_noted_once_a_person_patient_and_hour(browser: Browser) -> None:
    for number, path in enumerate(("/inbox/patients/{}", "/replies/{}/answer", "/patients/{}/write", "/tickets/{}")):
        marie = browser.add_patient(phone=f"51455510{number}0")
        reply = say(browser, marie, "is this normal", ticket=TicketKind.QUESTION)
        with browser.database.read() as session:
            ticket = session.scalars(select(Ticket.id).where(Ticket.reply_id == reply.id)).one()
        id_ = {"/replies/{}/answer": reply.id, "/tickets/{}": ticket}.get(path, marie.id)
        for _ in range(2):
            assert "is this normal" in browser.get(path.format(id_)).text
        assert looks_at(browser, marie) == [browser.staff.id], path
        browser.get(f"/patients/{marie.id}")
        assert len(looks_at(browser, marie)) == 1, path


def looks_at(browser: Browser, patient: Patient) -> list[UUID | None]:
    """Who is on the trail for having looked at a patient's."""
    seen = (Audit.action == "patient.seen", Audit.subject_kind == "patient", Audit.subject_id == patient.id)
    with browser.database.read() as session:
        return list(session.scalars(select(Audit.staff_id).where(*seen)))


@pytest.mark.parametrize(("count", "shown"), [(0, None), (2, "2"), (100, "99+")])
def test_the_bar_says_how_many_conversations_are_unread(browser: Browser, count: int, shown: str | None) -> None:
    for at in range(count):
        say(browser, None, "words", at, from_index=f"index-{at}")
        say(browser, None, "more", at, from_index="index-0", seen_at=TODAY)
    found = re.search(r"<span data-number>([^<]+)</span>", browser.get("/patients").text)
    assert (found and found[1]) == shown
    with browser.database.read() as session, counted(browser.database.engine) as sql:
        seeing.unread(session, browser.clinic.id)
        assert sql.statements == 1


def test_a_search_finds_conversations_and_those_who_never_wrote(browser: Browser) -> None:
    marie = browser.add_patient()
    olivia = browser.add_patient(given_name="Olivia", phone="514-555-0142")
    say(browser, marie, "is this normal")
    assert "is this normal" in browser.post("/inbox", {"q": "mar"}).text
    found = browser.post("/inbox", {"q": "olivia"})
    assert f"/inbox/patients/{olivia.id}" in found.text
    assert "Has not written yet" in found.text
    assert "Nobody was found" in browser.post("/inbox", {"q": "zoe"}).text
    assert "Olivia" not in str(found.request.url)


def test_nobody_knows_who_wrote(browser: Browser) -> None:
    reply = say(browser, None, "who is this", from_index="x")
    say(browser, None, "hello?", 2, from_index="x", sender_address="+14385550177")
    shown = browser.get(f"/inbox/replies/{reply.id}").text
    assert "who is this" in shown
    assert "hello?" in shown
    assert "438 555-0177" in shown
    assert "nothing can be written there" in shown
    assert "<textarea" not in shown


def test_who_shares_an_address_is_asked_for_before_an_answer(browser: Browser) -> None:
    marie = browser.add_patient()
    browser.add_patient(given_name="Léo")
    reply = say(browser, None, "can I swim", from_index=marie.phone_index)
    shown = browser.get(f"/inbox/replies/{reply.id}").text
    assert "It was Marie Tremblay" in shown
    assert "It was Léo Tremblay" in shown


def test_a_reply_of_somebody_known_leads_to_their_conversation(browser: Browser) -> None:
    marie = browser.add_patient()
    reply = say(browser, marie, "hello")
    assert browser.get(f"/inbox/replies/{reply.id}").headers["location"] == f"/inbox/patients/{marie.id}"


def test_no_name_stands_in_a_title(browser: Browser) -> None:
    marie = browser.add_patient()
    reply = say(browser, marie, "hello")
    writing = (f"/inbox/patients/{marie.id}", f"/patients/{marie.id}/write", f"/replies/{reply.id}/answer")
    of_hers = [f"/patients/{marie.id}{page}" for page in ("", "/edit", "/consents", "/hold")]
    for path in (*writing, *of_hers):
        title = re.search(r"<title>(.*?)</title>", browser.get(path).text, re.DOTALL)
        assert title
        assert "Marie" not in title[1]


def test_the_filter_is_kept_from_the_list_to_the_answer_and_back(browser: Browser) -> None:
    marie = browser.add_patient()
    reply = say(browser, marie, "hello")
    shown = browser.get("/inbox?unread=yes&language=fr").text
    assert _OPEN.findall(shown) == [f"/inbox/patients/{marie.id}"]
    assert f'href="/inbox/patients/{marie.id}?unread=yes&amp;language=fr#newest"' in shown
    answer = browser.post(
        f"/inbox/patients/{marie.id}?unread=yes&language=fr", {"text": "Bonjour.", "nonce": "n", "reply": str(reply.id)}
    )
    assert answer.headers["location"] == "/inbox?unread=yes&language=fr&done=answered"
    assert listed(browser, "?unread=yes") == []
