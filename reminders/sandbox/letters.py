"""E-mails that patients and mail servers write in the sandbox: as programs would, with the original quoted."""

from dataclasses import dataclass, field
from email import message_from_bytes, message_from_string, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr

from reminders.clock import host_now
from reminders.sandbox.records import INBOUND, Record, new_sid

_DOMAIN = "sandbox.example"


@dataclass(frozen=True, slots=True)
class PatientMail:
    """An answer from the mailbox of `sender`, to what it got last (`answered`) or to nothing.

    `headers` are added, for what other programs than people's send.
    """

    sender: str
    body: str
    recipient: str = ""
    subject: str = ""
    answered: Record | None = None
    headers: tuple[tuple[str, str], ...] = field(default=())


def written(mail: PatientMail) -> bytes:
    """The mail as it goes over the wire: to the Reply-To of what it answers, in its thread, above the quoted text."""
    built = EmailMessage(policy=policy.SMTP)
    built["From"] = mail.sender
    built["To"] = mail.recipient or _answer_to(mail.answered)
    built["Subject"] = mail.subject or (f"Re: {mail.answered.subject}" if mail.answered else "")
    built["Date"] = format_datetime(host_now())
    built["Message-ID"] = make_msgid(domain=_DOMAIN)
    if mail.answered and mail.answered.message_id:
        built["In-Reply-To"] = mail.answered.message_id
        built["References"] = " ".join((*_thread(mail.answered), mail.answered.message_id))
    for name, value in mail.headers:
        built[name] = value
    quoted = f"\n\n{_quotation(mail.answered)}" if mail.answered else ""
    built.set_content(mail.body + quoted)
    return built.as_bytes()


def bounce(record: Record, status: str = "5.1.1", action: str = "failed") -> bytes:
    """A mail server's report that it could not deliver `record` (RFC 3464), with the headers of what it gives back."""
    original = record.raw.replace("\r\n", "\n").partition("\n\n")[0]
    lines = [
        *("Return-Path: <>", "From: Mail Delivery System <MAILER-DAEMON@mail.example>", f"To: {record.sender}"),
        *("Subject: Undelivered Mail Returned to Sender", f"Date: {format_datetime(host_now())}"),
        *(f"Message-ID: {make_msgid(domain=_DOMAIN)}", "Auto-Submitted: auto-replied", "MIME-Version: 1.0"),
        *('Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"', "", "--=_b"),
        *("Content-Type: text/plain; charset=us-ascii", "", "Your message could not be delivered.", "", "--=_b"),
        *("Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mail.example", ""),
        *(f"Final-Recipient: rfc822; {record.recipient}", f"Action: {action}", f"Status: {status}"),
        *("Diagnostic-Code: smtp; 550 5.1.1 user unknown", "", "--=_b", "Content-Type: text/rfc822-headers", ""),
        *(original, "", "--=_b--", ""),
    ]
    return "\r\n".join(lines).replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "surrogateescape")


def incoming(raw: bytes, sender: str, recipient: str, body: str) -> Record:
    """What the sandbox keeps of a mail that lies in the clinic's mailbox."""
    parsed = message_from_bytes(raw, policy=policy.default)
    now = host_now()
    return Record(
        sid=new_sid("EM"),
        channel="email",
        direction=INBOUND,
        sender=sender,
        recipient=recipient,
        body=body,
        status="received",
        created_at=now,
        updated_at=now,
        sent_at=now,
        subject=str(parsed.get("Subject", "")),
        message_id=str(parsed.get("Message-ID", "")).strip(),
        raw=raw.decode("utf-8", "surrogateescape"),
    )


def _answer_to(answered: Record | None) -> str:
    """Where a mail program sends an answer: the Reply-To, else the From."""
    if answered is None:
        return ""
    given = message_from_string(answered.raw).get("Reply-To")
    return parseaddr(str(given))[1] if given else answered.sender


def _thread(answered: Record) -> list[str]:
    return str(message_from_string(answered.raw).get("References", "")).split()


def _quotation(record: Record) -> str:
    lines = "\n".join(f"> {line}".rstrip() for line in record.body.splitlines())
    return f"On {record.created_at:%a, %b %d, %Y at %H:%M} <{record.sender}> wrote:\n\n{lines}"
