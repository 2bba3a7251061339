"""What is shown of a text before it is sent weighs what the carrier will bill."""

import pytest

from reminders.models.kinds import Channel
from reminders.wording.fitting import Room, fitting
from reminders.wording.samples import CHECK_IN, links, without_samples
from reminders.wording.segments import count
from reminders.wording.texts import Text

OPTIONAL = Text(None, "How is your skin?[[ Or here: {check_in_url}]] Reply 1, 2 or 3.")
NEEDED = Text(None, "How is your skin? Answer here: {check_in_url}")


@pytest.mark.parametrize(
    ("text", "in_texts", "has_link"),
    [(OPTIONAL, False, False), (OPTIONAL, True, True), (NEEDED, False, True), (NEEDED, True, True)],
)
def test_a_text_has_the_link_where_it_is_sent_with_one(text: Text, in_texts: bool, has_link: bool) -> None:
    """Seen to fail with an ellipsis for the link: it is no character of GSM-7, and shorter than any link."""
    shown, cost = fitting(text, links(text, Channel.SMS, in_texts=in_texts), Room(Channel.SMS, 3))
    assert ("https://" in shown.body) is has_link
    assert (count(shown.body).encoding, cost) == ("GSM-7", count(shown.body).count)


def test_a_link_without_room_is_left_out() -> None:
    long = Text(None, "a" * 120 + OPTIONAL.body)
    values = links(long, Channel.SMS, in_texts=True)
    shown, cost = fitting(long, values, Room(Channel.SMS, 1))
    assert ("https://" in shown.body, cost) == (False, 1)
    assert fitting(long, values, Room(Channel.SMS, 2))[1] == 2


def test_an_e_mail_is_one_and_has_both_links() -> None:
    text = Text("Hello", "{check_in_url} {unsubscribe_url}")
    shown, cost = fitting(text, links(text, Channel.EMAIL, in_texts=False), Room(Channel.EMAIL, 1))
    assert (shown.body.count("https://"), cost) == (2, 1)
    assert without_samples(shown.body) == "https://… https://…"
    assert links(text, Channel.SMS, in_texts=True)["unsubscribe_url"] == ""
    assert links(text, Channel.SMS, in_texts=False)[CHECK_IN], "without it the text could not be read"
