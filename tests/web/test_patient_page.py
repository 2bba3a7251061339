"""The patient's page: how it stands, who changed what, one filter and a hundred lines at a time, each day's pictures.

Seen to fail when: a look was noted each time; `patient.seen` was among the changes; a person without a telephone had a
link to call; the filter let all through; the second part began at the first line; an e-mail was shown whole.
"""

import re
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from benchmarks.counting import counted
from reminders.care import attachments, settling, tickets
from reminders.care.actors import Actor
from reminders.ids import new_id
from reminders.models import Audit, Instance, Message, Patient, Reminder, Reply, Sender, Severity, Ticket
from reminders.models.instance import CLOCK_OFFSET
from reminders.models.kinds import Channel, Language, ReplyKind, TicketKind
from reminders.web.pages.timeline_days import AT_ONCE, shown
from reminders.web.pages.timeline_view import TimelineLine, TimelineView
from tests.reminders import pictures
from tests.web.conftest import TODAY, Browser, NewBrowser

MAIL = "It is better now.\n\nOn Mon, March 2, 2026 Clinique <a@clinic.example> wrote:\n> How is your skin?"


def add_reply(browser: Browser, patient: Patient, body: str = "hello", **given: object) -> Reply:
    """Something that a patient wrote, as it was read."""
    usual = {
        "clinic_id": browser.clinic.id,
        "patient_id": patient.id,
        "kind": ReplyKind.TEXT,
        "channel": Channel.SMS,
        "provider_id": str(new_id()),
        "sender_address": patient.phone or patient.email,
        "from_index": "x",
        "body": body,
        "received_at": TODAY,
        "read_at": TODAY,
    }
    with browser.database.begin() as session:
        sender = session.scalars(select(Sender.id).where(Sender.clinic_id == browser.clinic.id)).first()
        reply = Reply(sender_id=sender, **(usual | given))
        session.add(reply)
    return reply


def page_of(browser: Browser, patient: Patient, query: str = "") -> str:
    return unescape(browser.get(f"/patients/{patient.id}{query}").text)


def looks(browser: Browser) -> int:
    with browser.database.read() as session:
        return len(session.scalars(select(Audit.id).where(Audit.action == "patient.seen")).all())


def test_a_look_is_noted_once_a_person_patient_and_hour(browser: Browser) -> None:
    one, other = browser.add_patient(), browser.add_patient(given_name="Olivia")
    for patient in (one, one, other, one):
        page_of(browser, patient)
    assert looks(browser) == 2
    with browser.database.begin() as session:
        offset = session.scalars(select(Instance).where(Instance.key == CLOCK_OFFSET)).one()
        offset.value = str(float(offset.value) + timedelta(minutes=61).total_seconds())
    page_of(browser, one)
    assert looks(browser) == 3


def test_who_has_no_telephone_cannot_be_called_and_the_page_says_so(browser: Browser) -> None:
    reached = page_of(browser, browser.add_patient())
    assert 'href="tel:+15145550134">Call 514' in reached
    patient = browser.add_patient(given_name="Zoé", phone="", email="zoe@example.com")
    shown_page = page_of(browser, patient)
    assert "Zoé has no telephone on file: you cannot call or text." in shown_page
    assert "tel:" not in shown_page
    assert f"/patients/{patient.id}/write" in shown_page


def test_the_head_says_what_waits_what_comes_and_what_was_said(browser: Browser) -> None:
    patient = browser.add_patient()
    browser.add_treatment(patient)
    reply = add_reply(browser, patient, "is it normal", labels=["question"])
    with browser.database.begin() as session:
        new = tickets.NewTicket(browser.clinic.id, TicketKind.QUESTION, "t", patient.id, reply_id=reply.id)
        tickets.open_ticket(session, new, TODAY)
    head = page_of(browser, patient).partition('class="columns"')[0]
    for words in ("Question", "I have it", "Text: day 1, advice", "is it normal", "by text"):
        assert words in head


def test_a_tickets_line_says_who_took_it_and_what_it_came_to(browser: Browser) -> None:
    patient = browser.add_patient()
    with browser.database.begin() as session:
        new = tickets.NewTicket(browser.clinic.id, TicketKind.MISSED_CHECK_IN, "t", patient.id, reason="silence")
        ticket = tickets.open_ticket(session, new, TODAY)
    assert "Nobody has it in hand." in page_of(browser, patient)
    actor = Actor(browser.clinic.id, "form", browser.staff.id)
    with browser.database.begin(clinic=browser.clinic.id) as session:
        here = session.get_one(Ticket, ticket.id)
        settling.acknowledge(session, actor, here, TODAY)
        settling.close(session, actor, here, "called", TODAY + timedelta(days=1))
    said = page_of(browser, patient)
    assert "Taken in hand by Camille Roy, 11:00\u202fa.m. Closed by Camille Roy, March 11, 2026, 11:00" in said


def test_changes_say_who_and_which_fields_and_looks_are_none(browser: Browser) -> None:
    patient = browser.add_patient()
    treatment = browser.add_treatment(patient)
    fields = {"given_name": "Marie", "family_name": "Tremblay", "phone": "438 555-0177", "language": "en"}
    browser.post(f"/patients/{patient.id}/edit", fields)
    browser.post(f"/treatments/{treatment.id}/move", {"treated_on": "2026-03-09", "treated_time": "10:00"})
    browser.post(f"/patients/{patient.id}/hold", {"reason": "asked"})
    page_of(browser, patient)
    said = page_of(browser, patient, "?show=changes")
    for words in ("Details changed", "By Camille Roy: Language of the messages, Mobile phone.", "Put on hold"):
        assert said.count(words) == 1
    assert "Date of the treatment changed" in said
    assert said.count("Put on file") == 1


def test_a_neighbours_changes_are_not_shown(browser_for: NewBrowser) -> None:
    one, other = browser_for(), browser_for()
    ours, theirs = one.add_patient(), other.add_patient(given_name="Olivia")
    other.post(f"/patients/{theirs.id}/hold", {"reason": "asked"})
    assert "Put on hold" not in page_of(one, ours, "?show=changes").partition("What was sent")[2]


def test_of_an_email_the_own_words_are_shown_and_the_whole_is_folded(browser: Browser) -> None:
    patient = browser.add_patient(email="marie@example.com")
    mail = {"kind": ReplyKind.EMAIL, "channel": Channel.EMAIL, "labels": ["improving"]}
    add_reply(browser, patient, MAIL, confidence=0.4, evidence=[["improving", "better", "second"], "odd"], **mail)
    said = page_of(browser, patient)
    assert '<blockquote class="small">It is better now.</blockquote>' in said
    assert re.search("<summary>The whole e-mail</summary><blockquote>It is better now.\\s+On Mon", said)
    assert "Read as Improving (“better”, by the second reader). The reading is in doubt: read it yourself." in said
    assert "the second reader decided" in said


def test_an_email_that_was_handed_over_waits_for_no_receipt(browser: Browser) -> None:
    patient = browser.add_patient(phone="", email="marie@example.com")
    browser.add_treatment(patient, day="2026-03-09")
    with browser.database.begin() as session:
        session.execute(update(Message).values(state="sent", sent_at=TODAY, body="Hello"))
    said = page_of(browser, patient)
    assert "e-mail does not say whether it arrived" in said
    assert "handed over</span>" in said
    assert "provider has not yet said" not in said


@pytest.mark.parametrize(
    ("language", "line"), [(Language.EN, "Severity: 6 of 10"), (Language.FR, "Intensité : 6 sur 10")]
)
def test_severities_are_drawn_and_pictures_stand_in_their_order(
    browser_for: NewBrowser, language: Language, line: str
) -> None:
    browser = browser_for(language=language)
    patient = browser.add_patient()
    treatment = browser.add_treatment(patient, day="2026-03-03")
    reply = add_reply(browser, patient)
    with browser.database.begin() as session:
        carried = session.scalars(select(Message).where(Message.patient_id == patient.id)).all()
        session.merge(reply).answers_id = carried[-1].id
        asked = select(Reminder.id).where(Reminder.treatment_id == treatment.id).order_by(Reminder.due_at)
        for reminder_id, value in zip(session.scalars(asked).all()[:2], (2, 6), strict=True):
            own = {"clinic_id": browser.clinic.id, "treatment_id": treatment.id, "reminder_id": reminder_id}
            session.add(Severity(value=value, answered_at=TODAY, **own))
        for _ in range(3):
            attachments.take(session, reply, pictures.photo(), "image/jpeg", TODAY)
        session.flush()
        ids = [str(one.id) for one in attachments.of_replies(session, [reply.id])[reply.id]]
    said = page_of(browser, patient)
    assert 'class="chart line"' in said
    assert line in said
    assert re.findall(r'<img src="/attachments/([^"]+)"', said) == [*ids, *ids]


def _line(number: int, groups: frozenset[str] = frozenset()) -> TimelineLine:
    at = TODAY - timedelta(hours=number)
    return TimelineLine(at, "", str(number), "", False, "", "", "", (), (), groups=groups)


def test_a_hundred_lines_then_earlier_ones() -> None:
    view = TimelineView((), tuple(_line(n) for n in range(AT_ONCE + 30)))
    zone = ZoneInfo("America/Toronto")
    first = shown(view, zone, "", "")
    second = shown(view, zone, "", str(first.earlier))
    assert [line.title for day in second.past for line in day.lines] == [str(n) for n in range(AT_ONCE, AT_ONCE + 30)]
    assert (first.later, second.later, second.earlier) == (None, 0, None)
    assert shown(view, zone, "nonsense", "9999").past == first.past
    assert len({day.day for day in first.past}) == len(first.past)


def test_more_of_everything_costs_no_more_statements(browser: Browser) -> None:
    patient = browser.add_patient()
    browser.add_treatment(patient)
    add_reply(browser, patient)
    page_of(browser, patient)
    with counted(browser.database.engine) as few:
        page_of(browser, patient)
    for number in range(5):
        add_reply(browser, patient, f"again {number}")
        browser.post(f"/patients/{patient.id}/hold", {"reason": "asked"})
        browser.post(f"/patients/{patient.id}/release")
    with counted(browser.database.engine) as many:
        page_of(browser, patient)
    assert many.statements == few.statements
