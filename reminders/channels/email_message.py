"""What an e-mail looks like on the wire: headers that cannot be injected, plain text, and the same as simple HTML."""

import re
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape

from reminders.channels.base import ChannelError, Fault, Outgoing
from reminders.clock import host_now

_HEADERS = SMTP.clone(max_line_length=900)
"""Python would break a long List-Unsubscribe into encoded words, which mail programs do not read as an address."""
_PARTS = SMTP.clone(max_line_length=76)
"""RFC 2045: no line of quoted-printable is longer."""

_ADDRESS = re.compile(r"[^\s@<>(),:;\"\[\]\\]+@[^\s@<>(),:;\"\[\]\\]+", re.ASCII)
_PLACED = {"From", "Date", "Message-ID"}
_MAY_BE_GIVEN = re.compile(r"Content-Language|Reply-To|In-Reply-To|References|(List|X)-[A-Za-z0-9-]+")
_LINK = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)])")

_PAGE = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body style="margin:0;padding:24px;background:#ffffff;color:#1f2933;font:16px/1.5 Arial,Helvetica,sans-serif">
<div style="max-width:36em;margin:0 auto">
{paragraphs}
</div>
</body>
</html>
"""


def build(message: Outgoing, mail_from: str) -> EmailMessage:
    """The e-mail for `message`, from `mail_from` ("address" or "Name <address>").

    Everything that came from people is put on one line before it becomes a header.

    Raises:
        ChannelError: the recipient's address is not a single plain one (PERMANENT), or ours is not (SENDER).
        ValueError: `message.headers` has one that is not the caller's to set.
    """
    name, own = parseaddr(mail_from)
    mail = EmailMessage(_HEADERS)
    # First, because it would move Content-Language into a part.
    mail.make_alternative()
    mail["From"] = Address(one_line(_display_name(message.headers) or name), addr_spec=checked(own, Fault.SENDER))
    mail["To"] = Address(addr_spec=checked(message.to, Fault.PERMANENT))
    mail["Subject"] = one_line(message.subject or "")
    mail["Date"] = one_line(message.headers.get("Date") or format_datetime(host_now()))
    mail["Message-ID"] = one_line(
        message.headers.get("Message-ID") or f"<{message.attempt_id}@{own.partition('@')[2]}>"
    )
    mail["Auto-Submitted"] = "auto-generated"
    mail["MIME-Version"] = "1.0"
    _add_given(mail, message.headers)
    mail.attach(_part(message.body, "plain"))
    mail.attach(_part(html(message), "html"))
    return mail


def html(message: Outgoing) -> str:
    """The body as a page that a screen reader and a narrow screen can read; nothing is loaded from anywhere."""
    blocks = [block for block in message.body.split("\n\n") if block.strip()]
    paragraphs = "\n".join(f"<p>{_linked(block.strip())}</p>" for block in blocks)
    language = escape(one_line(message.headers.get("Content-Language", "")))
    return _PAGE.format(language=language, title=escape(one_line(message.subject or "")), paragraphs=paragraphs)


def one_line(text: str) -> str:
    """`text` without line breaks or other control characters, so that it cannot end a header and begin another."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def checked(address: str, fault: Fault) -> str:
    """`address`, if it is one plain ASCII address.

    Raises:
        ChannelError: it is not, with the given fault.
    """
    if not _ADDRESS.fullmatch(address) or not address.isascii():
        raise ChannelError("not an address that e-mail can be sent to", fault, "address")
    return address


def _display_name(headers: Mapping[str, str]) -> str:
    given = headers.get("From", "")
    return parseaddr(given)[0] if "<" in given else given


def _add_given(mail: EmailMessage, headers: Mapping[str, str]) -> None:
    for name in headers.keys() - _PLACED:
        if not _MAY_BE_GIVEN.fullmatch(name):
            raise ValueError(f"not a header to give: {name!r}")
        # Python's parser of addresses stumbles over some that are none.
        value = checked(headers[name], Fault.SENDER) if name == "Reply-To" else headers[name]
        mail[name] = one_line(value)


def _part(content: str, subtype: str) -> EmailMessage:
    part = EmailMessage(_PARTS)
    part.set_content(content.rstrip("\n") + "\n", subtype=subtype, charset="utf-8", cte="quoted-printable")
    # Only the whole message has a version.
    del part["MIME-Version"]
    return part


def _linked(text: str) -> str:
    pieces = _LINK.split(text)
    # Every second piece is a link.
    shown = [f'<a href="{escape(p)}">{escape(p)}</a>' if i % 2 else escape(p) for i, p in enumerate(pieces)]
    return "".join(shown).replace("\n", "<br>\n")
