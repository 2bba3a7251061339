"""The headers of an e-mail beside those that every e-mail has: how it is recognised, left and answered."""

from email.utils import parseaddr

from reminders.channels.imap_address import MailboxAddress
from reminders.crypto import Keyring
from reminders.delivery.composing import Composed
from reminders.delivery.facts import Facts
from reminders.delivery.reply_addresses import reply_to
from reminders.models import Clinic
from reminders.models.kinds import MessageKind


def headers(facts: Facts, composed: Composed, address: str, clinic: Clinic) -> dict[str, str]:
    """From `address` ("Name <address>" or bare), in the clinic's name.

    The Message-ID is the message's, not the attempt's: a retry that doubles can be recognised as the same.
    """
    domain = parseaddr(address)[1].rpartition("@")[2]
    given = {
        "Message-ID": f"<{facts.id}@{domain}>",
        "From": clinic.name,
        "Content-Language": facts.language.value,
    }
    if composed.unsubscribe_url:
        given["List-Unsubscribe"] = f"<{composed.unsubscribe_url}>"
        given["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return given


def answered_at(facts: Facts, address: str, mailbox: MailboxAddress | None, keyring: Keyring) -> dict[str, str]:
    """Reply-To, for an e-mail from `address` whose answers are read in a mailbox that such addresses reach: of a patient,
    and of an alert, which an answer takes."""
    is_patients = facts.patient_id is not None and facts.staff_id is None
    may_answer = is_patients or facts.kind is MessageKind.ALERT
    if mailbox is None or not mailbox.plus or not may_answer:
        return {}
    answers_to = reply_to(keyring, parseaddr(address)[1], facts.id)
    return {"Reply-To": answers_to} if answers_to else {}
