"""What a mail server reports of a mail of ours that it could not deliver (RFC 3464, and what is sent without it)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_string
from email.message import Message

from reminders.channels.mail_parts import MailPart, decoded, has_empty_path, header

_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REFUSED = re.compile(r"\b5\d\d[ -]")
_STILL_TRIED = re.compile(
    r"\bdelay|\bwill (?:be )?retr|\bstill (?:being )?try|\btemporar|sera réessay|tentatives? se pours", re.I
)
_IDS = re.compile(r"<([^<>\s]{3,250})>")
_MACHINES = ("mailer-daemon", "postmaster")
_GIVEN_UP, _UNSAID = "failed", "5.0.0"
_MOST = 20_000
"""So much of a report that is none is looked through."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report: whether the mail is given up for good, why (an enhanced status such as 5.1.1), and whose Message-IDs
    it quotes."""

    is_final: bool
    status: str
    about: tuple[str, ...]


def bounce_of(mail: MailPart, sender: str, text: str) -> Bounce | None:
    """What `mail`, from `sender` and with that text, reports; None if it is no report."""
    status_part = next((part for part in mail.walk() if part.get_content_type() == "message/delivery-status"), None)
    if status_part is not None and _is_a_servers(mail, sender):
        return _standard(mail, status_part)
    if not _is_machine(sender):
        return None
    return _plain(mail, text[:_MOST])


def _is_a_servers(mail: MailPart, sender: str) -> bool:
    """Whether it is a report itself. A person may forward one, and what they write beside it is theirs to be read."""
    is_report = mail.get_content_type() in {"multipart/report", "message/delivery-status"}
    return is_report or has_empty_path(mail) or _is_machine(sender)


def _is_machine(sender: str) -> bool:
    return sender.partition("@")[0].lower() in _MACHINES


def _standard(mail: MailPart, status_part: MailPart) -> Bounce:
    """By its Action: what is given up is given up, also where each single try failed for a while only (4.4.7)."""
    blocks = list(_blocks(status_part))
    actions = {header(block, "Action").lower() for block in blocks} - {""}
    statuses = [found[1] for block in blocks if (found := _STATUS.search(header(block, "Status")))]
    status = next(iter(statuses), _UNSAID)
    is_final = actions == {_GIVEN_UP} or (not actions and bool(statuses) and status.startswith("5"))
    return Bounce(is_final, status, tuple(dict.fromkeys(_quoted_ids(mail))))


def _blocks(status_part: MailPart) -> Iterator[MailPart]:
    """The groups of fields: one of the mail, and one for each recipient."""
    payload = status_part.get_payload()
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))
    elif isinstance(payload, str):
        yield from map(message_from_string, re.split(r"\r?\n\r?\n", payload))


def _plain(mail: MailPart, text: str) -> Bounce | None:
    """In words for people (qmail, old Exchange): final only if a refusal stands there and no further try does."""
    about = tuple(dict.fromkeys((*_quoted_ids(mail), *_ids(text))))
    status = _STATUS.search(text)
    refused = bool(_REFUSED.search(text)) or (status is not None and status[1].startswith("5"))
    is_final = refused and not _STILL_TRIED.search(text)
    return Bounce(is_final, status[1] if status else _UNSAID, about)


def _quoted_ids(mail: MailPart) -> Iterator[str]:
    """The Message-IDs of the mails, or of their headers alone, that hang on it."""
    for part in mail.walk():
        if part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            written = decoded(payload, None) if isinstance(payload, bytes) else ""
            yield from _ids(str(message_from_string(written).get("Message-ID", "")))
        elif part is not mail and part.get("Message-ID") is not None:
            yield from _ids(str(part["Message-ID"]))


def _ids(text: str) -> Iterator[str]:
    return (found[1] for found in _IDS.finditer(text))
