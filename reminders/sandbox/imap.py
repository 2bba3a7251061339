"""The sandbox's IMAP server: the clinic's mailbox, for the real client. A few commands of RFC 3501, no more."""

import re
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime

from reminders.errors import SettingsError
from reminders.sandbox.carrier import Carrier
from reminders.sandbox.records import INBOUND, Record
from reminders.settings import Settings

_HOST = "127.0.0.1"
_SINCE = re.compile(r"SINCE (\d{1,2}-\w{3}-\d{4})", re.IGNORECASE)
_UIDS = re.compile(r"UID (\d+):\*", re.IGNORECASE)
_PARTIAL = re.compile(r"BODY\.PEEK\[\]<(\d+)\.(\d+)>", re.IGNORECASE)
_LONGEST_LINE = 10_000

Answer = Iterator[bytes]


class ImapServer:
    """Listens on this machine alone, on REMINDERS_SANDBOX_IMAP_PORT, in threads of its own from `start` to `close`."""

    def __init__(self, settings: Settings, carrier: Carrier) -> None:
        self._port = settings.sandbox_imap_port
        self._carrier = carrier
        self._server: _Server | None = None

    def start(self) -> None:
        """Begin to listen.

        Raises:
            SettingsError: something else listens on that port.
        """
        try:
            self._server = _Server((_HOST, self._port), _Conversation)
        except OSError:
            raise SettingsError([f"REMINDERS_SANDBOX_IMAP_PORT: port {self._port} is in use"]) from None
        self._server.carrier = self._carrier
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="sandbox-imap", daemon=True).start()

    def close(self) -> None:
        """Stop listening; who is connected is cut off."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    carrier: Carrier


class _Conversation(socketserver.StreamRequestHandler):
    """One client. Whoever knows the port may read: nothing in the sandbox is real."""

    server: _Server

    def handle(self) -> None:
        self._say(b"* OK sandbox mailbox")
        while line := self.rfile.readline(_LONGEST_LINE):
            tag, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            command = rest.upper().removeprefix("UID ").partition(" ")[0]
            for answer in _COMMANDS.get(command, _unknown)(self.server.carrier, rest):
                self._say(answer)
            self._say(f"{tag} {'OK' if command in _COMMANDS else 'BAD'} {command}".encode())
            if command == "LOGOUT":
                return

    def _say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")


def mails(carrier: Carrier) -> list[Record]:
    """What lies in the clinic's mailbox, oldest first."""
    return [one for one in carrier.store.all() if one.channel == "email" and one.direction == INBOUND]


def _capability(_carrier: Carrier, _rest: str) -> Answer:
    yield b"* CAPABILITY IMAP4rev1"


def _select(carrier: Carrier, _rest: str) -> Answer:
    """Numbered anew after a reset, as a mailbox is that was made again."""
    found = mails(carrier)
    validity = int(found[0].created_at.timestamp()) if found else 1
    yield f"* {len(found)} EXISTS".encode()
    yield f"* OK [UIDVALIDITY {validity}] valid".encode()


def _search(carrier: Carrier, rest: str) -> Answer:
    after, since = _UIDS.search(rest), _SINCE.search(rest)
    found = mails(carrier)
    if after:
        # As a real one: "9:*" holds the last mail even if its number is 8.
        found = [one for one in found if one.seq >= int(after[1])] or found[-1:]
    if since:
        start = _day(since[1])
        found = [one for one in found if one.created_at.date() >= start]
    yield b"* SEARCH " + b" ".join(str(one.seq).encode() for one in found)


def _fetch(carrier: Carrier, rest: str) -> Answer:
    uid, most = int(rest.split()[2]), _PARTIAL.search(rest)
    for place, one in enumerate(mails(carrier), start=1):
        if one.seq == uid:
            raw = one.raw.encode("utf-8", "surrogateescape")
            start, size = (int(most[1]), int(most[2])) if most else (0, len(raw))
            part = raw[start : start + size]
            head = f"* {place} FETCH (UID {uid} RFC822.SIZE {len(raw)} BODY[]<{start}> {{{len(part)}}}\r\n"
            yield head.encode() + part + b")"


def _nothing(_carrier: Carrier, _rest: str) -> Answer:
    yield from ()


def _bye(_carrier: Carrier, _rest: str) -> Answer:
    yield b"* BYE"


_unknown = _nothing
_COMMANDS: Mapping[str, Callable[[Carrier, str], Answer]] = {
    "CAPABILITY": _capability,
    "LOGIN": _nothing,
    "SELECT": _select,
    "SEARCH": _search,
    "FETCH": _fetch,
    "STORE": _nothing,
    "NOOP": _nothing,
    "CLOSE": _nothing,
    "LOGOUT": _bye,
}


def _day(written: str) -> date:
    return datetime.strptime(written, "%d-%b-%Y").date()  # noqa: DTZ007 - a day, of no zone
