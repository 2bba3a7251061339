"""Where a mailbox is, and why it could not be read."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from reminders.errors import RemindersError

_PORTS = {"implicit": 993, "starttls": 143, "none": 143}


class MailboxError(RemindersError):
    """The mailbox could not be read. `word` says why: connection, timeout, certificate, login, folder, protocol.

    The server's own words stay out: they may quote people.
    """

    def __init__(self, word: str) -> None:
        super().__init__(f"the mailbox could not be read ({word})")
        self.word = word


@dataclass(frozen=True, slots=True)
class MailboxAddress:
    """Where a mailbox is; from `imap[s]://user:pass@host:port/folder?starttls=1&plus=0`.

    `plus`: what comes to `name+anything@domain` lands in it, too.
    """

    host: str
    port: int
    user: str = field(repr=False)
    password: str = field(repr=False)
    folder: str
    tls: Literal["none", "starttls", "implicit"]
    plus: bool

    @classmethod
    def from_url(cls, url: str) -> "MailboxAddress":
        """Read IMAP_URL, which settings have checked, or a sender's own: MailboxError if it cannot be read."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise MailboxError("url") from None
        asked = {name: values[-1] not in {"0", "", "no", "false"} for name, values in parse_qs(parts.query).items()}
        tls: Literal["none", "starttls", "implicit"] = "starttls" if asked.get("starttls") else "none"
        if parts.scheme == "imaps":
            tls = "implicit"
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        folder = unquote(parts.path.strip("/")) or "INBOX"
        return cls(parts.hostname or "", port or _PORTS[tls], user, password, folder, tls, asked.get("plus", True))
