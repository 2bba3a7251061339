"""What the carrier posts to our webhooks, and how it signs that: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from twilio.request_validator import RequestValidator

from reminders.sandbox.records import Record
from reminders.wording.segments import count

API_VERSION = "2010-04-01"
INBOUND_PATH = "/webhooks/twilio/inbound"

# Twilio guesses places from numbers; often it finds none and sends the parameter blank.
_PLACES = {f"{side}{part}": "" for side in ("From", "To") for part in ("City", "State", "Zip", "Country")}


@dataclass(frozen=True, slots=True)
class Post:
    """One form to post: where and what."""

    url: str
    form: Mapping[str, str]


def receipt(record: Record, account: str) -> Post:
    """The StatusCallback for the status that `record` is in."""
    form = {
        "MessageSid": record.sid,
        "SmsSid": record.sid,
        "MessageStatus": record.status,
        "SmsStatus": record.status,
        "To": record.recipient,
        "From": record.sender,
        "AccountSid": account,
        "ApiVersion": API_VERSION,
    }
    if record.service_sid:
        form["MessagingServiceSid"] = record.service_sid
    if record.error_code:
        form["ErrorCode"] = str(record.error_code)
    return Post(record.callback, form)


def inbound(record: Record, account: str, public_url: str, opt_out_type: str = "") -> Post:
    """A patient's text as the carrier hands it to our software."""
    form = {
        **_PLACES,
        "MessageSid": record.sid,
        "SmsMessageSid": record.sid,
        "SmsSid": record.sid,
        "SmsStatus": "received",
        "AccountSid": account,
        "ApiVersion": API_VERSION,
        "From": record.sender,
        "To": record.recipient,
        "Body": record.body,
        "NumMedia": str(len(record.media)),
        "NumSegments": str(count(record.body).count),
    }
    for place, media in enumerate(record.media):
        form |= {f"MediaUrl{place}": media.url, f"MediaContentType{place}": media.content_type}
    if opt_out_type:
        form["OptOutType"] = opt_out_type
    return Post(public_url + INBOUND_PATH, form)


def signature(post: Post, token: str) -> str:
    """The X-Twilio-Signature of `post`."""
    return str(RequestValidator(token).compute_signature(post.url, post.form))


def texts_in(twiml: str) -> list[str]:
    """The texts that a webhook's answer asks to send back; none when it is not TwiML."""
    try:
        root = ET.fromstring(twiml)  # noqa: S314 (our own software's answer, and expat caps expansion)
    except ET.ParseError:
        return []
    found = ["".join(message.itertext()).strip() for message in root.iter("Message")]
    return [text for text in found if text]
