"""What stands for a patient's own values where a text is weighed or shown before there is a patient."""

from collections.abc import Mapping

from reminders.models.kinds import Channel, Language
from reminders.wording.answers import about_answers, about_taking
from reminders.wording.render import PLACEHOLDERS, is_optional
from reminders.wording.texts import Text

_TOKEN = "k7Qd2mXw" * 7
"""As long as a signed link's way out of e-mail; a check-in's has 22 characters, to fit a text."""

CHECK_IN = "check_in_url"
"""The placeholder of a check-in's link."""

FIRST_NAME: Mapping[Language, str] = {Language.EN: "Olivia", Language.FR: "Geneviève"}
"""Whom a text addresses that is only shown."""

OWN: Mapping[str, str] = {
    "first_name": "Marie-Antoinette",
    "unsubscribe_url": f"https://rappels.clinique.example/u/{_TOKEN}",
    CHECK_IN: f"https://rappels.clinique.example/c/{_TOKEN[:22]}",
    "answers": about_answers(Language.FR, reads=True),
    "taking": about_taking(Language.FR, reads=True),
}
"""A patient's values, about the longest that real ones are."""

LONGEST: Mapping[str, str] = {
    **OWN,
    "clinic": "Centre de dermatologie de Westmount-Nord",
    "phone": "(514) 555-0123",
    "hours": "Mon-Thu 9:00-17:00, Fri 9:00-19:00, Sat 10:00-15:00 or ring",
    "address": "1234, rue Sherbrooke Ouest, bureau 567, Westmount (Quebec) H3Z 2A4",
    "booking_url": "https://www.clinique.example/rendez-vous",
}
"""A clinic's as well: its short name has 40 characters at most."""

NOTHING: Mapping[str, str] = dict.fromkeys(PLACEHOLDERS, "")
"""The least that is known."""


def longest(clinic: Mapping[str, str]) -> dict[str, str]:
    """A clinic's own values (see `clinic_values`) with the longest of a patient's."""
    return {**NOTHING, **OWN, **clinic}


def any_clinic(channel: Channel) -> Mapping[str, str]:
    """Values for a text of no clinic in particular; a text is signed with the short name."""
    name = LONGEST["clinic"] if channel is Channel.SMS else "Centre de dermatologie de Westmount-Est et associes"
    return {**NOTHING, **LONGEST, "clinic": name}


def weighed(text: Text, values: Mapping[str, str]) -> Mapping[str, str]:
    """The values by which a text is weighed: without a check-in's link that it can do without.

    What is sent leaves that link out where it has no room.
    """
    return {**values, CHECK_IN: ""} if is_optional(text, CHECK_IN) else values


def links(text: Text, channel: Channel, *, in_texts: bool) -> dict[str, str]:
    """What stands for the links of a message, as long as real ones. `in_texts`: the clinic has a check-in's link in its
    texts, where they can do without."""
    by_mail = channel is Channel.EMAIL
    check_in = OWN[CHECK_IN] if by_mail or in_texts or not is_optional(text, CHECK_IN) else ""
    return {"unsubscribe_url": OWN["unsubscribe_url"] if by_mail else "", CHECK_IN: check_in}


def without_samples(body: str) -> str:
    """A text to look at: a link that leads nowhere shows no more than that it is one."""
    for name in (CHECK_IN, "unsubscribe_url"):
        body = body.replace(OWN[name], "https://…")
    return body
