"""E-mail through a mail server: `smtplib` in threads, under one hard time-out."""

import asyncio
import smtplib
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr

from reminders.channels import smtp_wire
from reminders.channels.base import Accepted, ChannelError, Fault, Listed, Outgoing
from reminders.channels.email_message import build, checked
from reminders.channels.smtp_wire import AbandonedError, Envelope, MailServer, Progress, Stage
from schedules.lifecycle import State

_MESSAGES_A_CONNECTION = 50
"""Servers hang up on those who stay too long; we do first."""

_LONGEST_ID = 200
"""A sender's domain may be longer; the id is only shown, as nobody can be asked for it."""


@dataclass(slots=True)
class _Line:
    """An open, logged-in connection and how many messages it has carried."""

    connection: smtplib.SMTP
    carried: int = 0


class SmtpEmail:
    """Hands e-mail to the server at `url`. Accepted is all that it can tell: a mail server keeps no list.

    `timeout` (seconds) covers one message, waiting for a thread included. Connections are kept between messages.
    """

    can_look_up = False

    def __init__(self, url: str, mail_from: str, timeout: float) -> None:
        self._server = MailServer.from_url(url)
        self._mail_from = mail_from
        self._timeout = timeout
        self._idle: deque[_Line] = deque()

    async def send(self, message: Outgoing) -> Accepted:
        """Hand over one e-mail; the provider's id is its Message-ID. See `Channel.send`."""
        mail = build(message, self._mail_from)
        own = checked(parseaddr(self._mail_from)[1], Fault.SENDER)
        envelope, progress = Envelope(own, message.to, mail.as_bytes()), Progress()
        try:
            await asyncio.wait_for(asyncio.to_thread(self._deliver, envelope, progress), self._timeout)
        except TimeoutError:
            raise smtp_wire.lost(progress.abandon(), "timeout") from None
        except asyncio.CancelledError:
            progress.abandon()
            raise
        return Accepted(str(mail["Message-ID"])[:_LONGEST_ID], State.SENT)

    async def find(self, to: str) -> Sequence[Listed]:
        """Not possible; see `can_look_up`."""
        raise ChannelError("a mail server cannot be asked what it took", Fault.UNKNOWN, "no_list")

    async def fetch(self, provider_id: str) -> Listed | None:
        """Not possible; see `can_look_up`."""
        raise ChannelError("a mail server cannot be asked what it took", Fault.UNKNOWN, "no_list")

    async def close(self) -> None:
        """Leave the server; see `Channel.close`."""
        await asyncio.to_thread(self._quit_all)

    def _deliver(self, envelope: Envelope, progress: Progress) -> None:
        """In a thread: the whole conversation. Every failure leaves as a ChannelError."""
        try:
            line = self._take(envelope, progress)
            smtp_wire.hand_over(line.connection, envelope, progress)
        except (smtplib.SMTPException, OSError, ValueError, AbandonedError) as error:
            progress.hang_up()
            raise smtp_wire.explain(error, progress.stage) from None
        self._put_back(line)

    def _take(self, envelope: Envelope, progress: Progress) -> _Line:
        progress.reach(Stage.CONNECT)
        line = self._awake()
        if line is None:
            # Our own domain, because the machine's name is nobody's business and may take a slow look-up.
            helo = envelope.sender.rpartition("@")[2]
            line = _Line(smtp_wire.connect(self._server, helo, self._timeout, progress))
            progress.reach(Stage.LOGIN)
            smtp_wire.log_in(line.connection, self._server)
        progress.use(line.connection)
        return line

    def _awake(self) -> _Line | None:
        """A kept connection that still answers."""
        while self._idle:
            with suppress(IndexError, smtplib.SMTPException, OSError):
                line = self._idle.pop()
                if line.connection.noop()[0] == 250:  # noqa: PLR2004 # RFC 5321: OK
                    return line
                line.connection.close()
        return None

    def _put_back(self, line: _Line) -> None:
        line.carried += 1
        if line.carried < _MESSAGES_A_CONNECTION:
            self._idle.append(line)
            return
        with suppress(smtplib.SMTPException, OSError):
            line.connection.quit()

    def _quit_all(self) -> None:
        while self._idle:
            with suppress(IndexError, smtplib.SMTPException, OSError):
                self._idle.pop().connection.quit()
