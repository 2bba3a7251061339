"""One conversation with an IMAP server: bounded in time and size, and every failure a word."""

import imaplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from reminders.channels.imap_address import MailboxError

MOST_ANSWERED = 4 * 1024 * 1024
"""A server that sends more than it was asked for is left before it fills the memory."""


class _Bounded:
    """Of an imaplib connection: the watch can cut it from its first byte on, and a literal larger than anything that
    was asked for is not read."""

    def __init__(self, watch: "Watch", *args: Any, **more: Any) -> None:
        self._watch = watch
        watch.over(self)
        super().__init__(*args, **more)

    def open(self, *args: Any, **more: Any) -> None:
        super().open(*args, **more)  # type: ignore[misc]
        self._watch.over(self)

    def read(self, size: int) -> bytes:
        if size > MOST_ANSWERED:
            raise imaplib.IMAP4.abort("too large")
        return super().read(size)  # type: ignore[misc,no-any-return]


class Wire(_Bounded, imaplib.IMAP4):
    pass


class SecureWire(_Bounded, imaplib.IMAP4_SSL):
    pass


class Watch:
    """Cuts a connection that takes too long, however busy it seems."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._half_time = time.monotonic() + seconds / 2
        self._wire: Any = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def is_late(self) -> bool:
        """Whether nothing more should be begun."""
        return time.monotonic() > self._half_time

    def over(self, wire: Any) -> None:
        self._wire = wire
        if self.is_over:
            self._cut()

    def stop(self) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self.is_over = True
        open_socket = getattr(self._wire, "sock", None)
        if open_socket is not None:
            with suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)


@contextmanager
def otherwise(word: str) -> Iterator[None]:
    """A refusal inside means `word`."""
    try:
        yield
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise MailboxError(word) from None


@contextmanager
def explained(watch: "Watch") -> Iterator[None]:
    """Whatever the wire raises inside leaves as a MailboxError."""
    try:
        yield
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        raise MailboxError("timeout" if watch.is_over else _word(error)) from None


def _word(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate"
    if isinstance(error, TimeoutError):
        return "timeout"
    is_cut = isinstance(error, (OSError, imaplib.IMAP4.abort))
    return "connection" if is_cut else "protocol"
