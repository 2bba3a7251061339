"""Twilio's error answers, as data, and the checks of a create call that lead to them."""

from collections.abc import Mapping
from dataclasses import dataclass

import phonenumbers

_MAX_BODY = 1600


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer: Twilio's code, the HTTP status, and a message for people."""

    code: int
    status: int
    message: str

    def to_json(self) -> dict[str, object]:
        """The body that Twilio sends with it."""
        more_info = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": self.message, "more_info": more_info, "status": self.status}


class RefusedError(Exception):
    """The carrier refuses the call."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


UNAUTHENTICATED = Refusal(20003, 401, "Authenticate")
BAD_PAGING = Refusal(20001, 400, "Invalid paging parameters")
NOT_FOUND = Refusal(20404, 404, "The requested resource was not found")
THROTTLED = Refusal(20429, 429, "Too Many Requests")
SERVER_ERROR = Refusal(20500, 500, "An internal server error has occurred")
NO_BODY = Refusal(21602, 400, "Message body is required.")
NO_FROM = Refusal(21603, 400, "A 'From' phone number is required.")
NO_TO = Refusal(21604, 400, "A 'To' phone number is required.")
INVALID_TO = Refusal(21211, 400, "Invalid 'To' Phone Number")
INVALID_FROM = Refusal(21212, 400, "Invalid From Number (caller ID)")
OPTED_OUT = Refusal(21610, 400, "Attempt to send to unsubscribed recipient")
TOO_LONG = Refusal(21617, 400, "The concatenated message body exceeds the 1600 character limit")

MAGIC_TO: Mapping[str, Refusal] = {
    "+15005550001": INVALID_TO,
    "+15005550002": Refusal(21612, 400, "The 'To' phone number is not currently reachable using the 'From' number"),
    "+15005550003": Refusal(21408, 400, "Permission to send an SMS has not been enabled for the region"),
    "+15005550004": OPTED_OUT,
    "+15005550009": Refusal(21614, 400, "'To' number is not a valid mobile number"),
}
"""Twilio's test numbers and what a text to each is answered with."""


def is_number(text: str) -> bool:
    """Whether `text` is E.164 and long enough for its country. Fictional 555-01xx numbers are."""
    if not text.startswith("+"):
        return False
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return False
    return f"+{parsed.country_code}{parsed.national_number}" == text and phonenumbers.is_possible_number(parsed)


def check(form: Mapping[str, str]) -> Refusal | None:
    """Why a create call with these parameters is refused, looked at in Twilio's order; None when it is not."""
    to, sender, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
    problems = (
        (not to, NO_TO),
        (not (sender or form.get("MessagingServiceSid")), NO_FROM),
        (not body.strip(), NO_BODY),
        (len(body) > _MAX_BODY, TOO_LONG),
        (to in MAGIC_TO, MAGIC_TO.get(to)),
        (not is_number(to), INVALID_TO),
        (bool(sender) and not is_number(sender), INVALID_FROM),
    )
    return next((refusal for wrong, refusal in problems if wrong), None)
