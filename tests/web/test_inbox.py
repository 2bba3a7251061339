"""Today's page: what waits, most urgent first, and how it is dealt with."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from reminders.care.ticket_keys import key_for
from reminders.care.tickets import NewTicket, open_ticket
from reminders.ids import new_id
from reminders.models import Patient, Reply, Sender, Ticket
from reminders.models.kinds import Channel, ReplyKind, Role, TicketKind, TicketState
from tests.web.conftest import TODAY, Browser, NewBrowser


def say(browser: Browser, patient: Patient | None, body: str, minutes: int, kind: TicketKind | None = None) -> str:
    """A patient's words, so many minutes ago, with a ticket if they need one; its id."""
    at = TODAY - timedelta(minutes=minutes)
    with browser.database.begin() as session:
        sender = session.scalars(select(Sender).where(Sender.channel == Channel.SMS).limit(1)).one()
        reply = Reply(
            clinic_id=browser.clinic.id,
            sender_id=sender.id,
            patient_id=patient.id if patient else None,
            kind=ReplyKind.TEXT,
            channel=Channel.SMS,
            provider_id=str(new_id()),
            sender_address="+14385550177",
            from_index=str(new_id()),
            body=body,
            received_at=at,
            read_at=at,
            labels=["other"],
        )
        session.add(reply)
        session.flush()
        if kind is None:
            return ""
        key = key_for(kind, reply.id)
        new = NewTicket(browser.clinic.id, kind, key, patient.id if patient else None, reply_id=reply.id)
        return str(open_ticket(session, new, at).id)


def test_an_empty_inbox_says_that_all_is_well(browser: Browser) -> None:
    shown = browser.get("/").text
    assert "All is well" in shown
    assert "No replies yet" in shown


def test_the_most_urgent_comes_first_then_replies_newest_first(browser: Browser) -> None:
    marie = browser.add_patient()
    olivia = browser.add_patient(given_name="Olivia", phone="514-555-0142")
    lea = browser.add_patient(given_name="Léa", phone="514-555-0143")
    emma = browser.add_patient(given_name="Emma", phone="514-555-0144")
    say(browser, marie, "words one", 300, TicketKind.QUESTION)
    say(browser, olivia, "words two", 7, TicketKind.RED_FLAG)
    say(browser, lea, "words three", 60)
    say(browser, emma, "words four", 30)
    shown = browser.get("/").text
    order = [shown.index(f"words {word}") for word in ("two", "one", "four", "three")]
    assert order == sorted(order)
    assert re.findall(r">([^<]+)</time> <span class=\"late-word", shown) == ["7 min", "5 h 00"]


def test_somebody_unknown_is_shown_with_their_number(browser: Browser) -> None:
    say(browser, None, "Who is this?", 5, TicketKind.UNKNOWN_SENDER)
    shown = browser.get("/").text
    assert "Unknown sender" in shown
    assert "438 555-0177" in shown


def test_a_ticket_is_taken_in_hand_then_closed(browser: Browser) -> None:
    ticket = say(browser, browser.add_patient(), "Can I use retinol?", 5, TicketKind.QUESTION)
    assert browser.post(f"/tickets/{ticket}/acknowledge").headers["location"] == "/?done=acknowledged"
    shown = browser.get("/").text
    assert "with me" in shown
    assert f"/tickets/{ticket}/acknowledge" not in shown
    assert browser.post(f"/tickets/{ticket}/close", {"outcome": "called"}).headers["location"] == f"/?closed={ticket}"
    with browser.database.read() as session:
        row = session.scalars(select(Ticket)).one()
        assert (row.state, row.outcome, row.closed_by) == (TicketState.CLOSED, "called", browser.staff.id)
    assert "All is well" in browser.get("/").text


def test_who_comes_second_is_told_so(browser: Browser) -> None:
    ticket = say(browser, browser.add_patient(), "?", 5, TicketKind.QUESTION)
    browser.post(f"/tickets/{ticket}/close", {"outcome": "done"})
    assert browser.post(f"/tickets/{ticket}/close", {"outcome": "called"}).headers["location"] == "/?done=already"
    assert browser.post(f"/tickets/{ticket}/acknowledge").headers["location"] == "/?done=already"


@pytest.mark.parametrize("outcome", ["", "nonsense"])
def test_closing_needs_an_outcome(browser: Browser, outcome: str) -> None:
    ticket = say(browser, browser.add_patient(), "?", 5, TicketKind.QUESTION)
    answer = browser.post(f"/tickets/{ticket}/close", {"outcome": outcome})
    assert answer.status_code == 422
    assert f'id="outcome-{ticket}-error"' in answer.text


def test_a_viewer_sees_no_buttons(browser_for: NewBrowser) -> None:
    viewer = browser_for(role=Role.VIEWER)
    say(viewer, viewer.add_patient(), "Can I use retinol?", 5, TicketKind.QUESTION)
    shown = viewer.get("/").text
    assert "retinol" in shown
    assert "<select" not in shown


def test_a_kind_of_ticket_without_a_patient(browser: Browser) -> None:
    with browser.database.begin() as session:
        new = NewTicket(browser.clinic.id, TicketKind.DELIVERY, "ticket:paused:1", reason="sender_paused")
        open_ticket(session, new, TODAY)
    shown = browser.get("/").text
    assert "The clinic" in shown
    assert "is paused" in shown


def test_without_a_script_nothing_reloads_by_itself(browser: Browser) -> None:
    """A reload would throw away what somebody is choosing; a link renews. Seen to fail with a meta refresh."""
    shown = browser.get("/").text
    assert "http-equiv" not in shown
    assert '<a class="no-print" href="/">Renew</a>' in shown


def test_the_title_counts_who_waits(browser: Browser) -> None:
    assert "<title>Today" in browser.get("/").text
    say(browser, browser.add_patient(), "Can I use retinol?", 5, TicketKind.QUESTION)
    assert "<title>(1) Today" in browser.get("/").text
