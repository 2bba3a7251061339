"""Reading a mailbox over real sockets: the sandbox's server, and servers that hang, trickle, lie or refuse.

Seen to fail on purpose: no time limit on the whole conversation, the last mail taken for a new one ("9:*"), UIDs kept
across a new UIDVALIDITY, a literal of any size read.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date, timedelta

import pytest

from reminders.channels import imap_mail
from reminders.channels.imap_address import MailboxAddress, MailboxError
from reminders.channels.imap_mail import Fetched, ImapMailbox, Place, _quoted
from reminders.clock import host_now
from tests.reminders.channels.conftest import Sandbox

LONG_AGO = date(2020, 1, 1)
MEGABYTE = 1024 * 1024


def read(url: str, place: Place | None = None, start: date = LONG_AGO) -> list[Fetched]:
    with ImapMailbox(url, patience=5, at_most=10) as mailbox:
        return list(mailbox.since(place, start))


def put(sandbox: Sandbox, body: str, **more: object) -> None:
    given = {"from": "anne@example.org", "body": body, **more}
    sandbox.http.post("/sandbox/replies", json=given).raise_for_status()


def test_what_came_since_is_read_once(sandbox: Sandbox) -> None:
    url = sandbox.settings.effective_imap_url
    assert read(url) == []
    put(sandbox, "one")
    put(sandbox, "two")
    first, second = read(url)
    assert b"one" in first.raw
    assert first.is_whole
    assert [one.place for one in read(url, first.place)] == [second.place]
    assert read(url, second.place) == []
    assert read(url, start=(host_now() + timedelta(days=2)).date()) == []


def test_a_mailbox_that_is_numbered_anew_is_read_anew(sandbox: Sandbox) -> None:
    put(sandbox, "one")
    (one,) = read(sandbox.settings.effective_imap_url)
    assert len(read(sandbox.settings.effective_imap_url, Place(one.place.validity + 1, one.place.uid + 9))) == 1


def test_of_a_large_mail_the_beginning_is_read(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_mail, "MOST_BYTES", 2 * MEGABYTE)
    put(sandbox, "", raw="Subject: x\r\n\r\nfever\r\n" + "x" * (5 * MEGABYTE))
    (found,) = read(sandbox.settings.effective_imap_url)
    assert (len(found.raw), found.is_whole) == (2 * MEGABYTE, False)


@pytest.mark.parametrize("size", [MEGABYTE - 1, MEGABYTE, 3 * MEGABYTE, 5 * MEGABYTE + 1])
def test_a_mail_with_pictures_comes_whole_in_pieces(sandbox: Sandbox, size: int) -> None:
    """Meant to fail when a piece is asked for at the wrong place."""
    raw = ("Subject: x\r\n\r\n" + "".join(f"{n:09}\n" for n in range(size // 10 + 2)))[:size]
    put(sandbox, "", raw=raw)
    (found,) = read(sandbox.settings.effective_imap_url)
    assert (found.raw.decode(), found.is_whole) == (raw, True)


def test_a_mail_that_is_slow_to_come_is_cut_if_it_is_the_first_and_waits_if_not(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meant to fail when it always waits: nothing after it would ever be read."""
    slow = "Subject: x\r\n\r\nfever\r\n" + "x" * (3 * MEGABYTE)
    put(sandbox, "", raw=slow)
    put(sandbox, "", raw=slow + "2")

    def late_after_a_piece(mailbox: ImapMailbox) -> None:
        chunk = mailbox._chunk

        def one(uid: int, start: int) -> tuple[bytes | None, int]:
            mailbox._watch._half_time = 0
            return chunk(uid, start)

        monkeypatch.setattr(mailbox, "_chunk", one)

    with ImapMailbox(sandbox.settings.effective_imap_url) as opened:
        late_after_a_piece(opened)
        (first,) = opened.since(None, LONG_AGO)
    assert (len(first.raw), first.is_whole) == (MEGABYTE, False)
    with ImapMailbox(sandbox.settings.effective_imap_url) as opened:
        found = opened.since(None, LONG_AGO)
        assert next(found).is_whole
        late_after_a_piece(opened)
        assert list(found) == []


@contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A mail server for one client."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve() -> None:
            client, _ = listening.accept()
            with closing(client), suppress(OSError):
                talk(client)

        threading.Thread(target=serve, daemon=True).start()
        yield f"imap://u:p@127.0.0.1:{listening.getsockname()[1]}/INBOX"


def _says(*answers: bytes) -> Callable[[socket.socket], None]:
    def talk(client: socket.socket) -> None:
        client.sendall(b"* OK hello\r\n")
        for answer in answers:
            tag = client.recv(4096).split(b" ")[0]
            client.sendall(answer.replace(b"TAG", tag))
        client.recv(4096)

    return talk


CAPABLE = b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"
SELECTED = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\nTAG OK done\r\n"
FOUND = b"* SEARCH 5\r\nTAG OK done\r\n"


def _hangs(client: socket.socket) -> None:
    client.recv(4096)
    time.sleep(5)


def _trickles(client: socket.socket) -> None:
    client.sendall(b"* OK hello\r\n")
    for _ in range(100):
        client.sendall(b"* OK wait\r\n")
        time.sleep(0.05)


def _garbage(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def _read_hastily(url: str) -> None:
    with ImapMailbox(url, patience=0.5, at_most=1) as mailbox:
        list(mailbox.since(None, LONG_AGO))


@pytest.mark.parametrize(
    ("talk", "word"),
    [
        (_hangs, "timeout"),
        (_trickles, "timeout"),
        (_garbage, "connection"),
        (_says(CAPABLE, b"TAG NO anne@example.org is not known\r\n"), "login"),
        (_says(CAPABLE, b"TAG OK done\r\n", b"TAG NO no such folder\r\n"), "folder"),
        (_says(CAPABLE, b"TAG OK done\r\n", SELECTED, b"* BYE\r\n"), "connection"),
        (_says(CAPABLE, b"TAG OK done\r\n", SELECTED, b"* SEARCH five\r\nTAG OK done\r\n"), "protocol"),
        (
            _says(CAPABLE, b"TAG OK done\r\n", SELECTED, FOUND, b"* 1 FETCH (UID 5 BODY[]<0> {99999999}\r\nxxx"),
            "connection",
        ),
    ],
)
def test_whatever_the_server_does_it_ends_soon_with_a_word(talk: Callable[[socket.socket], None], word: str) -> None:
    began = time.monotonic()
    with server(talk) as url, pytest.raises(MailboxError) as caught:
        _read_hastily(url)
    assert caught.value.word == word
    assert "anne" not in str(caught.value)
    assert time.monotonic() - began < 3


def test_a_long_list_is_left_for_the_next_look(sandbox: Sandbox) -> None:
    for number in range(4):
        put(sandbox, str(number))
    with ImapMailbox(sandbox.settings.effective_imap_url, at_most=1) as mailbox:
        found = mailbox.since(None, LONG_AGO)
        first = next(found)
        time.sleep(0.6)
        assert list(found) == []
    assert len(read(sandbox.settings.effective_imap_url, first.place)) == 3


def test_nobody_listens() -> None:
    with pytest.raises(MailboxError) as caught:
        read("imap://u:p@127.0.0.1:1/INBOX")
    assert caught.value.word == "connection"


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    with server(_hangs) as url, pytest.raises(MailboxError):
        _read_hastily(url.replace("imap://", "imaps://"))


def test_a_mail_that_somebody_took_away_meanwhile() -> None:
    with server(_says(CAPABLE, b"TAG OK done\r\n", SELECTED, FOUND, b"TAG OK done\r\n")) as url:
        assert read(url) == []


def test_the_parts_of_the_url() -> None:
    found = MailboxAddress.from_url("imaps://an%40ne:p%2Fw@mail.example/Care%20%C3%A9?plus=0")
    assert (found.user, found.password, found.folder, found.port, found.plus) == ("an@ne", "p/w", "Care é", 993, False)
    assert "p/w" not in repr(found)
    plain = MailboxAddress.from_url("imap://mail.example?starttls=1")
    assert (plain.folder, plain.port, plain.tls, plain.plus) == ("INBOX", 143, "starttls", True)
    with pytest.raises(MailboxError):
        MailboxAddress.from_url("imap://mail.example:x")


@pytest.mark.parametrize(("folder", "quoted"), [("INBOX", '"INBOX"'), ('Réponses & "x"', '"R&AOk-ponses &- \\"x\\""')])
def test_folders_are_written_as_imap_wants(folder: str, quoted: str) -> None:
    assert _quoted(folder) == quoted
