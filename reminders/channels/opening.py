"""Which channel a sender's messages leave by, and with whose credentials."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from reminders.channels.base import Channel, ChannelError, Fault
from reminders.channels.imap_address import MailboxAddress, MailboxError
from reminders.channels.mail_media import MailMedia
from reminders.channels.smtp_email import SmtpEmail
from reminders.channels.twilio_media import TwilioMedia
from reminders.channels.twilio_sms import TwilioAccount, TwilioSms
from reminders.models import kinds
from reminders.settings import SANDBOX_ACCOUNT, Settings

CALL_TIMEOUT_SECONDS = 10.0
"""The longest that one call takes, so what a lease must outlast."""


@dataclass(frozen=True, slots=True)
class SenderIdentity:
    """What of a sender its channel needs. For texts `account` is Twilio's and `address` the number (or service).

    `credentials` are the sender's own: `{"token": ...}` for texts, `{"url": "smtp://...", "imap": "imaps://..."}` for
    e-mail. None means the environment's, or the sandbox's while nobody has given any.
    """

    channel: kinds.Channel
    account: str
    address: str
    service: str
    credentials: Mapping[str, str] | None = field(repr=False)


def open_channel(identity: SenderIdentity, settings: Settings) -> Channel:
    """The channel for one sender. It connects when first used; close it in the event loop that used it.

    Raises:
        ChannelError: its channel is not connected, or it is of another account than the credentials at hand (SENDER).
    """
    if identity.channel is kinds.Channel.EMAIL:
        url = (identity.credentials or {}).get("url") or settings.effective_smtp_url
        if not url:
            raise ChannelError("e-mail is not connected", Fault.SENDER, "credentials")
        return SmtpEmail(url, identity.address or settings.effective_mail_from, CALL_TIMEOUT_SECONDS)
    account = _account(identity, settings)
    return TwilioSms(account, lambda attempt: status_url(settings, attempt), CALL_TIMEOUT_SECONDS, settings.in_flight)


def mailbox_url(identity: SenderIdentity, settings: Settings) -> str:
    """Where answers to this sender's e-mails are read; "" if nobody reads them.

    The environment's mailbox is its own mail identity's; a sender with credentials of its own names its own: `imap`.
    """
    if identity.channel is not kinds.Channel.EMAIL or not identity.address:
        return ""
    if identity.credentials:
        return identity.credentials.get("imap", "")
    return settings.effective_imap_url if identity.address == settings.effective_mail_from else ""


def answers_at(identity: SenderIdentity, settings: Settings) -> MailboxAddress | None:
    """The same, taken apart; None also for one that cannot be read."""
    url = mailbox_url(identity, settings)
    try:
        return MailboxAddress.from_url(url) if url else None
    except MailboxError:
        return None


def open_media(identity: SenderIdentity, settings: Settings) -> TwilioMedia | MailMedia:
    """The way to what hangs on texts to a sender's number, or on answers to its e-mails, with that sender's
    credentials.

    Raises:
        ChannelError: there are none (SENDER).
    """
    if identity.channel is kinds.Channel.EMAIL:
        return MailMedia(mailbox_url(identity, settings))
    return TwilioMedia(_account(identity, settings))


def status_url(settings: Settings, attempt_id: UUID) -> str:
    """Where Twilio reports what became of an attempt."""
    return f"{settings.public_url}/webhooks/twilio/status/{attempt_id}"


def _account(identity: SenderIdentity, settings: Settings) -> TwilioAccount:
    own = settings.twilio_account_sid or SANDBOX_ACCOUNT
    account = identity.account or own
    token = (identity.credentials or {}).get("token") or (_token(settings) if account == own else "")
    if not token:
        raise ChannelError("no credentials for this sender's account", Fault.SENDER, "credentials")
    is_number = identity.address != identity.service and not identity.address.startswith("MG")
    number = identity.address if is_number else ""
    return TwilioAccount(account, token, settings.twilio_api_url, number, identity.service)


def _token(settings: Settings) -> str:
    if settings.sandboxed:
        return settings.sandbox_token
    return settings.twilio_auth_token[0].get_secret_value() if settings.twilio_auth_token else ""
