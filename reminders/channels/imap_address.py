"""Where a mailbox is, and why it could not be read."""

from dataclasses import dataclass, field

from reminders.channels.server_urls import Tls, read_server_url
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
    tls: Tls
    plus: bool

    @classmethod
    def from_url(cls, url: str) -> "MailboxAddress":
        """Read IMAP_URL, which settings have checked, or a sender's own: MailboxError if it cannot be read."""
        try:
            said = read_server_url(url, "imaps")
        except ValueError:
            raise MailboxError("url") from None
        port, folder, plus = said.port or _PORTS[said.tls], said.path or "INBOX", said.asked.get("plus", True)
        return cls(said.host, port, said.user, said.password, folder, said.tls, plus)
