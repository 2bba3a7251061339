"""Today by keyboard, on a phone's width, in both languages: what comes in appears, is given, closed, undone."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from reminders.models import Ticket
from reminders.models.kinds import Language, TicketKind, TicketState
from tests.browser.desk import Desk, at_desk, desk_of
from tests.web.conftest import NewBrowser, app, browser_for
from tests.web.test_worklist import hire

__all__ = ["app", "browser_for"]

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

ONE_LOOK = 10_000 + 5_000
SAYS = {
    Language.EN: ("for Geneviève Lapointe", "with me", "Closed: Question. Called, talked.", "2 conversations wait."),
    Language.FR: (
        "pour Geneviève Lapointe",
        "à moi",
        "Fermé : Question. Appel, conversation.",
        "2 conversations en attente.",
    ),
}


@pytest.fixture
def desk(language: Language, app: FastAPI, browser_for: NewBrowser) -> Desk:
    return desk_of(app, browser_for(language=language))


@pytest.fixture
def today(desk: Desk, browser: Browser) -> Iterator[Page]:
    """A phone's width; the server may be gone."""
    with at_desk(desk, browser, 390, may_be_away=True) as page:
        yield page


def _press(today: Page, *keys: str) -> None:
    for key in keys:
        today.keyboard.press(key)


def _until(today: Page, wanted: str, key: str = "Tab", most: int = 80) -> None:
    """Go on by the keyboard until what has the focus matches a selector."""
    for _ in range(most):
        if today.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
            return
        today.keyboard.press(key)
    pytest.fail(f"the keyboard does not come to {wanted}")


def _state(desk: Desk, ticket: Ticket) -> Ticket:
    with desk.member.database.read() as session:
        return session.scalars(select(Ticket).where(Ticket.id == ticket.id)).one()


@pytest.mark.parametrize("language", list(Language))
def test_it_comes_by_itself_is_given_taken_closed_and_undone(desk: Desk, today: Page, language: Language) -> None:
    """Seen to fail when a grown count was not said."""
    nurse = hire(desk.member, "Geneviève Lapointe")
    marie = desk.member.add_patient()
    olivia = desk.member.add_patient(given_name="Olivia", phone="514-555-0142")
    first = desk.say(marie, "Can I use retinol?", TicketKind.QUESTION, 20)
    given, mine, closed, waits = SAYS[language]
    with desk.served():
        today.goto(f"{desk.url}/")
        _until(today, "li.line summary")
        _press(today, "Enter")
        _until(today, f"#outcome-{first.id}")
        second = desk.say(olivia, "And sunscreen?", TicketKind.QUESTION, 10)
        line = today.locator("#lines > li.line", has_text="Olivia")
        expect(line).to_be_visible(timeout=ONE_LOOK)
        assert today.evaluate("document.activeElement.id") == f"outcome-{first.id}"
        expect(today.locator(f"#staff_id-{first.id}")).to_be_visible()
        assert today.evaluate("document.documentElement.scrollWidth") <= 390
        assert today.title().startswith("(2) ")
        expect(today.locator("#live-said")).to_have_text(waits)
        # Given to a colleague, from the row that has just come.
        _until(today, f"li.line:has(#ticket-{second.id}) summary")
        _press(today, "Enter")
        _until(today, f"#staff_id-{second.id}")
        _press(today, "G", "Tab", "Enter")
        expect(line).to_contain_text(given)
        assert _state(desk, second).assigned_to == nurse
        # Taken, closed with an outcome, and closed by mistake.
        _until(today, f"li.line:has(#ticket-{second.id}) summary")
        _press(today, "Enter")
        _until(today, f"button[formaction='/tickets/{second.id}/acknowledge']")
        _press(today, "Enter")
        expect(line).to_contain_text(mine)
        _until(today, f"li.line:has(#ticket-{second.id}) summary")
        _press(today, "Enter")
        _until(today, f"#outcome-{second.id}")
        today.locator(f"#outcome-{second.id}").select_option("called")
        _press(today, "Tab", "Enter")
        notice = today.locator(".notice.undo")
        expect(notice).to_contain_text(closed)
        expect(line).to_have_count(0)
        _until(today, ".notice.undo button")
        _press(today, "Enter")
        expect(line).to_contain_text(mine)
        found = _state(desk, second)
        assert (found.state, found.assigned_to) == (TicketState.ACKNOWLEDGED, desk.member.staff.id)


@pytest.mark.parametrize("language", [Language.EN])
def test_a_wait_ticks_and_turns_red_between_two_looks(desk: Desk, today: Page) -> None:
    """Seen to fail without the tick."""
    desk.say(desk.member.add_patient(), "a fever", TicketKind.RED_FLAG, 14)
    with desk.served():
        today.clock.install()
        today.goto(f"{desk.url}/")
        clock = today.locator(".clock").first
        expect(clock).to_have_text("14 min")
        expect(clock).not_to_have_class("clock late")
    # Nobody answers any more: the page tells the time by itself.
    today.clock.run_for(3 * 60_000)
    expect(clock).to_have_text("17 min")
    expect(clock).to_have_class("clock late")


@pytest.mark.parametrize("language", [Language.EN])
def test_all_of_it_works_without_a_script(desk: Desk, browser: Browser) -> None:
    hire(desk.member, "Geneviève Lapointe")
    ticket = desk.say(desk.member.add_patient(), "Can I use retinol?", TicketKind.QUESTION, 20)
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = context.new_page()
    desk.sign_in(page)
    with desk.served():
        page.goto(f"{desk.url}/")
        page.locator("li.line summary").click()
        page.locator(f"#staff_id-{ticket.id}").select_option(label="Geneviève Lapointe")
        page.get_by_role("button", name="Give").click()
        expect(page.locator("li.line")).to_contain_text("for Geneviève Lapointe")
        page.locator("li.line summary").click()
        page.locator(f"#outcome-{ticket.id}").select_option("called")
        page.get_by_role("button", name="Close").click()
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("li.line")).to_contain_text("for Geneviève Lapointe")
    context.close()
