"""What Twilio's answers mean for us, as data (https://www.twilio.com/docs/api/errors)."""

from collections.abc import Mapping
from datetime import timedelta

from reminders.channels.base import Fault
from schedules.lifecycle import State

FAULT_BY_STATUS: Mapping[int, Fault] = {
    401: Fault.SENDER,
    403: Fault.SENDER,
    # The path holds nothing of the message but the account.
    404: Fault.SENDER,
    405: Fault.SENDER,
    408: Fault.UNKNOWN,
    410: Fault.SENDER,
    # Twilio does not process what it answers with 429.
    429: Fault.RETRY,
}
"""HTTP statuses that decide alone; so do all 3xx (SENDER) and 5xx (UNKNOWN). The others leave it to the code."""

FAULT_BY_CODE: Mapping[str, Fault] = {
    "21610": Fault.OPTED_OUT,
    # The recipient.
    "21211": Fault.PERMANENT,
    "21217": Fault.PERMANENT,
    "21265": Fault.PERMANENT,
    # The country is not enabled: of this recipient only; pausing the sender would hold back safety texts to all.
    "21408": Fault.PERMANENT,
    "21604": Fault.PERMANENT,
    "21608": Fault.PERMANENT,
    "21612": Fault.PERMANENT,
    "21614": Fault.PERMANENT,
    "30004": Fault.PERMANENT,
    "30005": Fault.PERMANENT,
    "30006": Fault.PERMANENT,
    # The message.
    "21602": Fault.PERMANENT,
    "21617": Fault.PERMANENT,
    "21619": Fault.PERMANENT,
    # The account, the sender, or how we are set up.
    "10001": Fault.SENDER,
    "20003": Fault.SENDER,
    "20005": Fault.SENDER,
    "20008": Fault.SENDER,
    "20403": Fault.SENDER,
    "20404": Fault.SENDER,
    "21212": Fault.SENDER,
    "21603": Fault.SENDER,
    "21606": Fault.SENDER,
    "21607": Fault.SENDER,
    "21609": Fault.SENDER,
    "21659": Fault.SENDER,
    "21660": Fault.SENDER,
    "21661": Fault.SENDER,
    "21701": Fault.SENDER,
    "21703": Fault.SENDER,
    "21705": Fault.SENDER,
    "21712": Fault.SENDER,
    "30002": Fault.SENDER,
    "30007": Fault.SENDER,
    "30032": Fault.SENDER,
    "30034": Fault.SENDER,
    # The account's daily cap: it passes by itself, and all of the day's further messages would meet it.
    "63038": Fault.SENDER,
    # Too much, too fast, or a passing fault of the network.
    "14107": Fault.RETRY,
    "20429": Fault.RETRY,
    "21611": Fault.RETRY,
    "30001": Fault.RETRY,
    "30003": Fault.RETRY,
    "30008": Fault.RETRY,
    "30022": Fault.RETRY,
}
"""Error codes, of calls and of receipts."""

_SAYS_MORE: Mapping[tuple[int, str], Fault] = {(429, "63038"): Fault.SENDER}
"""Codes that say more than their HTTP status."""

TOO_FAST = frozenset({"14107", "20429", "21611", "30022"})
"""Codes that say only that it went too fast: the sender slows down and goes on."""

PAUSE_BY_CODE: Mapping[str, timedelta] = {"63038": timedelta(hours=1), "30022": timedelta(minutes=1)}
"""How long to wait after a refusal or a receipt that says nothing of it: the daily cap, and the carrier's pace."""

ABOUT_ONE_MESSAGE = TOO_FAST | {"30007"}
"""Codes that tell of what was sent or how fast: with them a sender rests, and another message may still get through.
All others say that the account or the sender cannot send at all."""

STATE_BY_STATUS: Mapping[str, State] = {
    "accepted": State.SENT,
    "scheduled": State.SENT,
    "queued": State.SENT,
    "sending": State.SENT,
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "partially_delivered": State.SENT,
    "undelivered": State.UNDELIVERED,
    # Twilio took the message and could not pass it on: our `failed` is for what it never took.
    "failed": State.UNDELIVERED,
    "canceled": State.UNDELIVERED,
}
"""Twilio's word for an outbound message's status -> ours. A word that is not here is no news: SENT."""

_REDIRECTS = range(300, 400)
_SERVER_ERRORS = range(500, 600)


def fault(status: int, code: str) -> Fault:
    """What a refusal with this HTTP status and error code means; the status has the first word, with few exceptions."""
    if (status, code) in _SAYS_MORE:
        return _SAYS_MORE[status, code]
    if status in FAULT_BY_STATUS:
        return FAULT_BY_STATUS[status]
    if status in _REDIRECTS:
        return Fault.SENDER
    if status in _SERVER_ERRORS:
        return Fault.UNKNOWN
    return FAULT_BY_CODE.get(code, Fault.PERMANENT)


def state(status: str | None) -> State:
    """Our state for Twilio's status word."""
    return STATE_BY_STATUS.get(status or "", State.SENT)


def may_get_through(code: str) -> bool:
    """Whether a receipt with this code leaves hope for a further message to the same number, some hours later."""
    return FAULT_BY_CODE.get(code) is Fault.RETRY or code in PAUSE_BY_CODE
