"""The headers of an e-mail beside those that every e-mail has: how it is recognised, left and answered."""

import re
from collections.abc import Mapping
from email.utils import parseaddr

from reminders.channels.imap_address import MailboxAddress
from reminders.crypto import Keyring
from reminders.delivery.composing import Composed
from reminders.delivery.facts import Facts, unseal
from reminders.delivery.reply_addresses import reply_to
from reminders.models import Clinic
from reminders.models.kinds import Channel, MessageKind
from reminders.models.reply import MAIL


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
    """Reply-To, for an e-mail from `address` whose answers are read in a mailbox that such addresses reach: what went
    to a patient, and alerts, since an answer takes them."""
    is_patients = facts.patient_id is not None and facts.staff_id is None
    may_answer = is_patients or facts.kind is MessageKind.ALERT
    if mailbox is None or not mailbox.plus or not may_answer:
        return {}
    answers_to = reply_to(keyring, parseaddr(address)[1], facts.id)
    return {"Reply-To": answers_to} if answers_to else {}


def in_thread(facts: Facts, keyring: Keyring) -> dict[str, str]:
    """In-Reply-To and References of what answers an e-mail, so that mail programs keep the two together.

    What is put there came from whoever wrote: only what is a plain Message-ID goes on.
    """
    if facts.reply_raw is None or facts.reply_channel is not Channel.EMAIL:
        return {}
    said = unseal(keyring, facts.reply_raw, "reply.raw")
    mail = said.get(MAIL) if isinstance(said, Mapping) else None
    thread = str(mail.get("thread", "")).split() if isinstance(mail, Mapping) else []
    ids = [f"<{one}>" for one in thread if _MESSAGE_ID.fullmatch(one)][-_MOST_IDS:]
    return {"In-Reply-To": ids[-1], "References": " ".join(ids)} if ids else {}


_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,200}@[!-;=?-~]{1,200}")
"""Printable ASCII without blanks and angle brackets."""

_MOST_IDS = 10
