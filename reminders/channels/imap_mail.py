"""The clinic's mailbox by IMAP: what came since a place in it, large mails in part; nothing is moved or deleted."""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from typing import Any, Self

from reminders.channels.imap_address import MailboxAddress
from reminders.channels.imap_wire import SecureWire, Watch, Wire, explained, otherwise

MOST_BYTES = 25 * 1024 * 1024
"""So much of one mail is read, which is what mail services carry at most: a few of a phone's pictures. Reading it takes
some 100 MB for a moment, one mail at a time."""

_CHUNK = 1024 * 1024
"""So much is asked for at once, so that time can be called in between."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


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
        self._watch = Watch(at_most)
        self._wire: Any = None
        self._validity = 0

    def __enter__(self) -> Self:
        with explained(self._watch):
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
        with explained(self._watch):
            uids = self._search(place, start)
        for n, uid in enumerate(uids):
            # The rest comes with the next look, from the place that this one has reached.
            if self._watch.is_late:
                return
            with explained(self._watch):
                found = self._fetch(uid)
            if found is None:
                continue
            # One that is slow to come has all the time of the next look; of one that has had it, the beginning is read.
            if n and not found.is_whole and len(found.raw) < MOST_BYTES:
                return
            yield found

    def at(self, place: Place) -> Fetched | None:
        """The mail at a place; None if it is there no more."""
        if place.validity != self._validity:
            return None
        with explained(self._watch):
            return self._fetch(place.uid)

    def mark_seen(self, place: Place) -> None:
        """Show people that the mail has been read; what goes wrong there loses nothing."""
        with suppress(imaplib.IMAP4.error, OSError):
            self._wire.uid("STORE", str(place.uid), "+FLAGS.SILENT", r"(\Seen)")

    def _open(self) -> None:
        where, context = self._address, ssl.create_default_context()
        if where.tls == "implicit":
            self._wire = SecureWire(self._watch, where.host, where.port, ssl_context=context, timeout=self._patience)
        else:
            self._wire = Wire(self._watch, where.host, where.port, timeout=self._patience)
        if where.tls == "starttls":
            self._wire.starttls(ssl_context=context)
        with otherwise("login"):
            self._wire.login(where.user, where.password)
        with otherwise("folder"):
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
        read, size = bytearray(), 0
        while len(read) < MOST_BYTES and not (read and self._watch.is_late):
            chunk, size = self._chunk(uid, len(read))
            if chunk is None:
                return None
            read += chunk
            # By what came, not by the size that is said: some servers count before they rewrite.
            if len(chunk) < _CHUNK:
                return Fetched(Place(self._validity, uid), bytes(read), is_whole=True)
        return Fetched(Place(self._validity, uid), bytes(read), is_whole=size <= len(read))

    def _chunk(self, uid: int, start: int) -> tuple[bytes | None, int]:
        """So much of a mail from there on, and how large it is said to be."""
        parts = _expect(self._wire.uid("FETCH", str(uid), f"(RFC822.SIZE BODY.PEEK[]<{start}.{_CHUNK}>)"))
        raw = next((bytes(part[1]) for part in parts if isinstance(part, tuple)), None)
        said = b" ".join(part[0] if isinstance(part, tuple) else part or b"" for part in parts)
        size = _SIZE.search(said)
        return raw, int(size[1]) if size else MOST_BYTES


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
