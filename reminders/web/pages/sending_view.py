"""What the page on sending shows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import hand_overs, holds, mailboxes
from reminders.care.sending_rules import YES_OR_NO
from reminders.delivery.mailbox_standing import Standing
from reminders.delivery.spending import spent_in
from reminders.models import Clinic, Protocol, Sender
from reminders.models.clinic import NOT_CONNECTED
from reminders.models.follow_up_rules import follow_up_rules
from reminders.models.kinds import Channel
from reminders.models.options import SPEND_CAP, OnUnknown, rules_of
from reminders.settings import Settings
from reminders.web.moments import Words
from reminders.web.rota_words import rota_lines
from reminders.web.visitors import Member

TROUBLE: Mapping[str, str] = {
    **dict.fromkeys(("credentials", "20003", "20008", "530", "534", "535", "538"), "credentials"),
    **dict.fromkeys(("10001", "20005", "20403", "20404", "21603", "30002"), "account"),
    **dict.fromkeys(("21212", "21606", "21607", "21609", "21659", "21660", "21661"), "number"),
    **dict.fromkeys(("21701", "21703", "21705", "21712"), "service"),
    **dict.fromkeys(("30032", "30034"), "unregistered"),
    **dict.fromkeys(("14107", "20429", "21611", "30022"), "pace"),
    "30007": "filtered",
    "63038": "daily_cap",
    SPEND_CAP: "spend_cap",
    "certificate": "certificate",
    "unsupported": "unsupported",
}
"""Why a sender rests (`Sender.paused_reason`) -> the sentence for staff. What is not here is shown with its code."""


RULES = ("unknown", "monthly_segments", "hours_en", "hours_fr", "link_in_texts")
"""The fields of the form with the clinic's rules."""


@dataclass(frozen=True)
class SenderLine:
    """One channel: by what it is sent, whether that is connected, how fast (a second), and until when it rests."""

    channel: str
    address: str
    connected: bool
    rate: float = 0.0
    paused_until: datetime | None = None
    trouble: str = ""
    code: str = ""
    mailbox: Standing | None = None
    """What is wrong with the mailbox that answers come to, and since when."""


@dataclass(frozen=True)
class ProtocolLine:
    """One protocol as the page lists it."""

    protocol: Protocol
    name: str


def sending_context(session: Session, member: Member) -> dict[str, Any]:
    """Everything on the page but the form. A constant number of queries."""
    clinic = session.get_one(Clinic, member.clinic.id)
    return {
        "clinic": clinic,
        "spent": spent_in(session, clinic, member.now),
        "protocols": _protocols(session, member),
        "patients": holds.held_patients(session),
        "senders": sender_lines(session, member),
        "on_call": rota_lines(hand_overs.rota(session, clinic.id), Words(member.language, member.zone)),
        "choices": [choice.value for choice in OnUnknown],
    }


def rules_form(clinic: Clinic) -> dict[str, str]:
    """The clinic's rules, as the forms would have them typed."""
    rules = rules_of(clinic.options)
    most = rules.monthly_segments
    limit = "" if most is None else str(most)
    link = YES_OR_NO[0 if rules.link_in_texts else 1]
    given = (rules.unknown.value, limit, rules.hours_en, rules.hours_fr, link)
    follow_up = {name: str(value) for name, value in asdict(follow_up_rules(clinic.options)).items()}
    return {**dict(zip(RULES, given, strict=True)), **follow_up}


def sender_lines(session: Session, member: Member) -> list[SenderLine]:
    """The clinic's senders, and a line for a channel that has none."""
    found = {sender.channel: sender for sender in session.scalars(select(Sender).order_by(Sender.created_at.desc()))}
    mute = mailboxes.troubles(session, [sender.id for sender in found.values()])
    of_channel = {found[channel].channel.value: mute.get(found[channel].id) for channel in found}
    lines = [_line(channel, found.get(channel), member) for channel in Channel]
    return [replace(line, mailbox=of_channel.get(line.channel)) for line in lines]


def _line(channel: Channel, sender: Sender | None, member: Member) -> SenderLine:
    if sender is None or not _is_connected(sender, member.settings):
        return SenderLine(channel.value, "", connected=False)
    rests = sender.paused_until is not None and sender.paused_until > member.now
    reason = (sender.paused_reason or "") if rests else ""
    return SenderLine(
        channel=channel.value,
        address=sender.address,
        connected=True,
        rate=sender.rate,
        paused_until=sender.paused_until if rests else None,
        trouble=TROUBLE.get(reason, "other"),
        code="" if reason in TROUBLE else reason,
    )


def _is_connected(sender: Sender, settings: Settings) -> bool:
    by_environment = {Channel.SMS: settings.sms_connected, Channel.EMAIL: settings.email_connected}
    has_credentials = settings.sandboxed or sender.credentials is not None or by_environment[sender.channel]
    return sender.address != NOT_CONNECTED and has_credentials


def _protocols(session: Session, member: Member) -> list[ProtocolLine]:
    language = member.language.value
    found = session.scalars(select(Protocol).order_by(Protocol.key))
    return [ProtocolLine(protocol, protocol.name.get(language, protocol.key)) for protocol in found]
