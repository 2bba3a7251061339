"""The clinic's mailbox by IMAP: what came since a place in it, large mails in part; nothing is moved or deleted."""

import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

from reminders.errors import RemindersError

MOST_BYTES = 2 * 1024 * 1024
"""So much of one mail is read: its words stand before its pictures."""

_MOST_ANSWERED = 2 * MOST_BYTES
"""A server that sends more than it was asked for is left before it fills the memory."""

_PORTS = {"implicit": 993, "starttls": 143, "none": 143}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


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


@dataclass(frozen=True, slots=True)
class Place:
    """How far a mailbox has been read: a mail's UID, which means something while UIDVALIDITY stays the same."""

    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail as it lay in the mailbox; not `is_whole` if only its beginning was read."""

    place: Place
    raw: bytes = field(repr=False)
    is_whole: bool


class ImapMailbox:
    """An open mailbox, for a `with`. Each answer is waited for `patience` seconds, all together `at_most`."""

    def __init__(self, url: str, patience: float = 10, at_most: float = 45) -> None:
        self._address = MailboxAddress.from_url(url)
        self._patience = patience
        self._watch = _Watch(at_most)
        self._wire: Any = None
        self._validity = 0

    def __enter__(self) -> Self:
        with _explained(self._watch):
            try:
                self._open()
            except BaseException:
                self._close()
                raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def since(self, place: Place | None, start: date) -> Iterator[Fetched]:
        """What came after `place`, oldest first. Without one, or in a mailbox numbered anew, what came since `start`:
        some of it may have been read before."""
        with _explained(self._watch):
            uids = self._search(place, start)
        for uid in uids:
            with _explained(self._watch):
                found = self._fetch(uid)
            if found is not None:
                yield found

    def mark_seen(self, place: Place) -> None:
        """Show people that the mail has been read; what goes wrong there loses nothing."""
        with suppress(imaplib.IMAP4.error, OSError):
            self._wire.uid("STORE", str(place.uid), "+FLAGS.SILENT", r"(\Seen)")

    def _open(self) -> None:
        where, context = self._address, ssl.create_default_context()
        if where.tls == "implicit":
            self._wire = _SecureWire(self._watch, where.host, where.port, ssl_context=context, timeout=self._patience)
        else:
            self._wire = _Wire(self._watch, where.host, where.port, timeout=self._patience)
        if where.tls == "starttls":
            self._wire.starttls(ssl_context=context)
        with _otherwise("login"):
            self._wire.login(where.user, where.password)
        with _otherwise("folder"):
            _expect(self._wire.select(_quoted(where.folder)))
        self._validity = int(self._wire.response("UIDVALIDITY")[1][0] or 0)

    def _close(self) -> None:
        self._watch.stop()
        if self._wire is not None:
            with suppress(imaplib.IMAP4.error, OSError):
                self._wire.logout()

    def _search(self, place: Place | None, start: date) -> list[int]:
        if place is not None and place.validity == self._validity:
            after, criterion = place.uid, f"UID {place.uid + 1}:*"
        else:
            after, criterion = 0, f"SINCE {start.day}-{_MONTHS[start.month - 1]}-{start.year}"
        (found,) = _expect(self._wire.uid("SEARCH", None, criterion))[:1]
        # "9:*" finds the last mail even if its number is 8.
        return sorted(uid for uid in map(int, (found or b"").split()) if uid > after)

    def _fetch(self, uid: int) -> Fetched | None:
        """None if somebody has taken it away meanwhile."""
        parts = _expect(self._wire.uid("FETCH", str(uid), f"(RFC822.SIZE BODY.PEEK[]<0.{MOST_BYTES}>)"))
        raw = next((bytes(part[1]) for part in parts if isinstance(part, tuple)), None)
        if raw is None:
            return None
        said = b" ".join(part[0] if isinstance(part, tuple) else part or b"" for part in parts)
        size = _SIZE.search(said)
        return Fetched(Place(self._validity, uid), raw, is_whole=size is None or int(size[1]) <= len(raw))


class _Bounded:
    """Of an imaplib connection: the watch can cut it from its first byte on, and a literal larger than anything that
    was asked for is not read."""

    def __init__(self, watch: "_Watch", *args: Any, **more: Any) -> None:
        self._watch = watch
        watch.over(self)
        super().__init__(*args, **more)

    def open(self, *args: Any, **more: Any) -> None:
        super().open(*args, **more)  # type: ignore[misc]
        self._watch.over(self)

    def read(self, size: int) -> bytes:
        if size > _MOST_ANSWERED:
            raise imaplib.IMAP4.abort("too large")
        return super().read(size)  # type: ignore[misc,no-any-return]


class _Wire(_Bounded, imaplib.IMAP4):
    pass


class _SecureWire(_Bounded, imaplib.IMAP4_SSL):
    pass


class _Watch:
    """Cuts a connection that takes too long, however busy it seems."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._wire: Any = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

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
def _otherwise(word: str) -> Iterator[None]:
    """A refusal inside means `word`."""
    try:
        yield
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise MailboxError(word) from None


@contextmanager
def _explained(watch: "_Watch") -> Iterator[None]:
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


def _expect(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(status)
    return data


def _quoted(folder: str) -> str:
    """A folder's name as IMAP wants it: quoted, in its own UTF-7 where it is not ASCII (RFC 3501, 5.1.3)."""
    coded = re.sub(r"[^\x20-\x7e]+", _shifted, folder.replace("&", "&-"))
    return '"' + coded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shifted(found: re.Match[str]) -> str:
    coded = found[0].encode("utf-7").decode("ascii")
    return "&" + coded.removeprefix("+").removesuffix("-").replace("/", ",") + "-"
