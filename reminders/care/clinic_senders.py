"""Which numbers and mail identities the clinics send by, as far as the environment's settings say."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.models import Clinic, Sender
from reminders.models.clinic import NOT_CONNECTED
from reminders.models.kinds import Channel
from reminders.settings import SANDBOX_ACCOUNT, SANDBOX_MAIL_FROM, SANDBOX_NUMBER, Settings

# Segments a second: a Canadian long code carries one; the sandbox as many as a test wants.
_LONG_CODE_RATE, _SANDBOX_RATE, _EMAIL_RATE = 1.0, 100.0, 10.0


def seed_senders(session: Session, clinic: Clinic, settings: Settings, now: datetime) -> list[Sender]:
    """Give `clinic` the environment's number and mail identity, where no clinic has them yet.

    A number belongs to one clinic, so the first takes them; a further clinic sends nothing until it has its own.
    """
    fresh = [sender for sender in _wanted(settings).values() if not _is_taken(session, sender)]
    for sender in fresh:
        sender.clinic_id, sender.created_at, sender.next_free_at = clinic.id, now, now
    session.add_all(fresh)
    session.flush()
    return fresh


def follow_environment(session: Session, settings: Settings) -> int:
    """Let the senders that live on the environment's credentials follow it; how many changed.

    A clinic that began in the sandbox and then connects its own number goes on with that number, unpaused; what is
    not connected then has no sender until it is. Where clinics have numbers of their own, nobody can say whose the
    environment's is: only a sender that still is the sandbox's takes it, and never one that is taken.
    """
    wanted = _wanted(settings)
    return sum(_follow(session, channel, wanted.get(channel)) for channel in Channel)


def _follow(session: Session, channel: Channel, wanted: Sender | None) -> int:
    every = session.scalars(
        select(Sender).where(Sender.channel == channel).order_by(Sender.created_at, Sender.id)
    ).all()
    loose = [sender for sender in every if sender.credentials is None and (len(every) == 1 or _is_nobodys(sender))]
    if not every and wanted:
        return _give_to_the_first(session, wanted)
    changed = next(iter(loose), None)
    if changed is None:
        return 0
    # Without anything to follow it keeps its account: that of a number tells whose webhooks those are.
    new = wanted or Sender(account=changed.account, address=NOT_CONNECTED, service="", rate=changed.rate)
    taken = any(_identity(sender)[:2] == _identity(new)[:2] for sender in every if sender is not changed)
    if taken or _identity(changed) == _identity(new):
        return 0
    changed.account, changed.address, changed.service = _identity(new)
    changed.rate, changed.paused_until, changed.paused_reason = new.rate, None, None
    session.flush()
    return 1


def _give_to_the_first(session: Session, new: Sender) -> int:
    """A channel that was connected after the clinics began: it is the first one's."""
    clinic = session.scalars(select(Clinic).order_by(Clinic.created_at, Clinic.id).limit(1)).first()
    if clinic is None:
        return 0
    new.clinic_id, new.created_at, new.next_free_at = clinic.id, clinic.created_at, clinic.created_at
    session.add(new)
    session.flush()
    return 1


def _is_nobodys(sender: Sender) -> bool:
    """Whether it has the sandbox's identity, or none."""
    return sender.account == SANDBOX_ACCOUNT or sender.address in {SANDBOX_MAIL_FROM, NOT_CONNECTED}


def _identity(sender: Sender) -> tuple[str, str, str]:
    return sender.account, sender.address, sender.service


def _wanted(settings: Settings) -> dict[Channel, Sender]:
    """The environment's number and mail identity; none for a channel that is not connected beside one that is."""
    found = {}
    if settings.sandboxed or settings.sms_connected:
        found[Channel.SMS] = _sms_sender(settings)
    if settings.sandboxed or settings.email_connected:
        found[Channel.EMAIL] = _email_sender(settings)
    return found


def _sms_sender(settings: Settings) -> Sender:
    if settings.sandboxed:
        account, number, service, rate = SANDBOX_ACCOUNT, SANDBOX_NUMBER, "", _SANDBOX_RATE
    else:
        account, number = settings.twilio_account_sid, settings.twilio_from_number
        service, rate = settings.twilio_messaging_service_sid, _LONG_CODE_RATE
    return Sender(channel=Channel.SMS, account=account, address=number or service, service=service, rate=rate)


def _email_sender(settings: Settings) -> Sender:
    address = settings.effective_mail_from
    return Sender(channel=Channel.EMAIL, account="", address=address, service="", rate=_EMAIL_RATE)


def _is_taken(session: Session, sender: Sender) -> bool:
    same = (Sender.channel == sender.channel, Sender.account == sender.account, Sender.address == sender.address)
    return session.scalar(select(Sender.id).where(*same)) is not None
