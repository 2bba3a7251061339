"""Settings: by what the clinic writes, where that comes from, and a test of it to oneself."""

from collections.abc import Mapping

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import RedirectResponse, Response

from reminders.care.sender_tests import last_tests, send_test
from reminders.errors import InvalidInputError, Problem
from reminders.models import Sender
from reminders.models.kinds import Channel
from reminders.web.access import OwnerForm, Reader
from reminders.web.pages.sending_view import sender_lines
from reminders.web.views import page
from reminders.web.visitors import Member

router = APIRouter(include_in_schema=False, prefix="/settings/senders")


@router.get("")
def show(member: Reader) -> Response:
    """The senders, and what became of the tests."""
    return _page(member, {})


@router.post("/{channel}/test")
def test(sent: OwnerForm, channel: Channel) -> Response:
    """Send one to whoever asks."""
    member = sent.member
    try:
        with member.begin() as session:
            send_test(session, member.actor, channel, member.now)
    except InvalidInputError as error:
        return _page(member, error.problems, 422)
    return RedirectResponse("/settings/senders?done=tested", 303)


def _page(member: Member, problems: Mapping[str, Problem], status: int = 200) -> Response:
    with member.read() as session:
        lines = sender_lines(session, member)
        own = set(session.scalars(select(Sender.channel).where(Sender.credentials.is_not(None))))
        tests = {
            channel.value: message for channel, message in last_tests(session, member.staff.id, member.now).items()
        }
    keeps = {channel.value for channel in own}
    return page(member, "settings_senders.html", status, lines=lines, tests=tests, keeps=keeps, problems=problems)
