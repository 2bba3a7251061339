"""One conversation with a mail server, in a thread: how far it came decides what its failure means."""

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from reminders.channels.base import ChannelError, Fault
from reminders.channels.server_urls import Tls, read_server_url

_PORTS = {"none": 25, "starttls": 587, "implicit": 465}
_READY = 220
_GO_AHEAD = 354
_LINE_START_DOT = re.compile(rb"^\.", re.MULTILINE)


class Stage(StrEnum):
    """How far the conversation came."""

    CONNECT = "connect"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    BODY = "body"
    """The message itself is on its way: from here on silence means that nobody knows."""


FAULT_BY_REFUSAL: Mapping[Stage, Fault] = {
    Stage.CONNECT: Fault.SENDER,
    Stage.LOGIN: Fault.SENDER,
    Stage.SENDER: Fault.SENDER,
    Stage.RECIPIENT: Fault.PERMANENT,
    Stage.DATA: Fault.PERMANENT,
    Stage.BODY: Fault.PERMANENT,
}
"""What a 5xx means by stage (RFC 5321, 4.2.1); a 4xx is always RETRY."""

_AUTHENTICATE = {530, 534, 535, 538}
"""Codes that speak of our login at whatever stage they come (RFC 4954)."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where and how to hand e-mail over; from `smtp[s]://user:pass@host:port?starttls=1`."""

    host: str
    port: int
    user: str = field(repr=False)
    password: str = field(repr=False)
    tls: Tls

    @classmethod
    def from_url(cls, url: str) -> "MailServer":
        """Read SMTP_URL, which settings have checked, or a sender's own: ChannelError (SENDER) if it cannot be read."""
        try:
            said = read_server_url(url, "smtps")
        except ValueError:
            raise ChannelError("the mail server's URL cannot be read", Fault.SENDER, "url") from None
        return cls(said.host, said.port or _PORTS[said.tls], said.user, said.password, said.tls)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message as the server sees it; `content` has CRLF line ends."""

    sender: str
    recipient: str = field(repr=False)
    content: bytes = field(repr=False)


class AbandonedError(Exception):
    """Nobody waits for this conversation any more, and it must not go on."""


class Progress:
    """How far one conversation came, shared by its thread and by whoever waits for it."""

    def __init__(self) -> None:
        self.stage = Stage.CONNECT
        self._lock = threading.Lock()
        self._abandoned = False
        self._connection: smtplib.SMTP | None = None

    def reach(self, stage: Stage) -> None:
        """Go on to `stage`, unless nobody waits any more. The lock makes this and `abandon` one decision."""
        with self._lock:
            if self._abandoned:
                raise AbandonedError
            self.stage = stage

    def use(self, connection: smtplib.SMTP) -> None:
        """Say by which connection, so that `abandon` can cut it."""
        self._connection = connection

    def hang_up(self) -> None:
        """Close the connection, from the conversation's own thread."""
        if self._connection is not None:
            self._connection.close()

    def abandon(self) -> Stage:
        """Stop the conversation before its next stage, and cut its connection; the stage that it had reached."""
        with self._lock:
            self._abandoned = True
        sock = self._connection.sock if self._connection else None
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        return self.stage


def connect(server: MailServer, helo: str, timeout: float, progress: Progress) -> smtplib.SMTP:
    """An open connection, encrypted as `server` says; `timeout` in seconds for each answer."""
    if server.tls == "implicit":
        context = ssl.create_default_context()
        connection: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname=helo, timeout=timeout, context=context)
    else:
        connection = smtplib.SMTP(local_hostname=helo, timeout=timeout)
    # smtplib learns the host, whose certificate it checks, only when it connects as it is made; but then `abandon`
    # could not cut a connection whose greeting never comes.
    connection._host = server.host  # type: ignore[attr-defined] # noqa: SLF001
    progress.use(connection)
    code, text = connection.connect(server.host, server.port)
    if code != _READY:
        raise smtplib.SMTPConnectError(code, text)
    if server.tls == "starttls":
        connection.starttls(context=ssl.create_default_context())
    return connection


def log_in(connection: smtplib.SMTP, server: MailServer) -> None:
    """Greet, and prove who we are if there is a user."""
    connection.ehlo_or_helo_if_needed()
    if server.user:
        connection.login(server.user, server.password)


def hand_over(connection: smtplib.SMTP, envelope: Envelope, progress: Progress) -> None:
    """MAIL, RCPT, DATA, the message. smtplib's own `data` cannot say on which side of the 354 it failed."""
    progress.reach(Stage.SENDER)
    _expect(connection.mail(envelope.sender))
    progress.reach(Stage.RECIPIENT)
    _expect(connection.rcpt(envelope.recipient))
    progress.reach(Stage.DATA)
    _expect(connection.docmd("DATA"), wanted=_GO_AHEAD)
    progress.reach(Stage.BODY)
    connection.send(_LINE_START_DOT.sub(b"..", envelope.content).removesuffix(b"\r\n") + b"\r\n.\r\n")
    _expect(connection.getreply())


def explain(error: Exception, stage: Stage) -> ChannelError:
    """The ChannelError for what failed at `stage`. The server's own words stay out: they may quote people."""
    if isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
        return ChannelError(f"the mail server refused ({stage}, {code})", _fault(code, stage), str(code))
    if isinstance(error, ssl.SSLCertVerificationError):
        return ChannelError("the mail server's certificate is not valid", Fault.SENDER, "certificate")
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
        return lost(stage, "timeout" if isinstance(error, TimeoutError) else "connection")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return lost(stage, "connection")
    return ChannelError("the mail server lacks what its URL asks for", Fault.SENDER, "unsupported")


def lost(stage: Stage, word: str) -> ChannelError:
    """The ChannelError for a conversation that ended without an answer."""
    if stage is Stage.BODY:
        return ChannelError(f"no answer from the mail server ({word})", Fault.UNKNOWN, word)
    return ChannelError(f"the mail server could not be reached ({word})", Fault.RETRY, word)


def _fault(code: int, stage: Stage) -> Fault:
    if code in _AUTHENTICATE:
        return Fault.SENDER
    if code in range(400, 500):
        return Fault.RETRY
    if code in range(500, 600):
        return FAULT_BY_REFUSAL[stage]
    # Not SMTP, or a line that was cut off.
    return lost(stage, "unreadable").fault


def _expect(reply: tuple[int, bytes], wanted: int = 250) -> None:
    code, text = reply
    if code != wanted and not (wanted != _GO_AHEAD and code in range(200, 300)):
        raise smtplib.SMTPResponseException(code, text)
